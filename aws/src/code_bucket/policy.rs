//! The policy of the code bucket: TLS, and only deployers write.
//!
//! Statements of others stay, unless they allow principals what a deployer's rights depend on.

use std::collections::BTreeSet;

use s3guard_posture::evaluate::admitted;
use s3guard_posture::evaluate::tls::{self, Denied};
use s3guard_posture::model::glob::Glob;
use s3guard_posture::model::policy::{Policy, Statement, listed, statements};
use s3guard_posture::{AccountId, BucketId, Trusted};
use serde_json::{Value, json};

use super::CodeBucketError;

/// The `Sid` of our own statement.
const SID: &str = "S3GuardDeployersOnly";

/// What only deployers may do: replace what is deployed, also by replication, keep it from being deleted, or change the
/// locks of the bucket.
const GUARDED: [&str; 12] = [
    "s3:PutObject",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:ReplicateDelete",
    "s3:ReplicateObject",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketVersioning",
];

/// The policy that the bucket should have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The document; `None` if it is already so.
    pub(super) document: Option<Value>,
    /// Further principals that it names as deployers.
    pub(super) others: BTreeSet<String>,
    /// Whether it already denies writes to all but deployers.
    pub(super) is_locked: bool,
}

/// The bucket's policy with our statements, or why it cannot be merged. The policy is a JSON object.
pub(super) fn wanted(
    found: Option<&Policy>,
    deployers: &BTreeSet<String>,
    bucket: &BucketId,
) -> Result<Wanted, CodeBucketError> {
    let document = found.and_then(Policy::document);
    let known = document.map(|document| named(document, &bucket.account)).unwrap_or_default();
    let all: BTreeSet<String> = known.iter().chain(deployers).cloned().collect();
    if let Some(what) = found.and_then(|found| admitted(found, &all, &bucket.account)) {
        return Err(CodeBucketError::Admits { bucket: bucket.name.clone(), what });
    }
    let ours = statement(&all, bucket);
    let is_ours = |statement: &Value| statement["Sid"] == SID;
    let mut merged = tls::merged(document, &[Denied::PlainHttp], bucket)
        .or_else(|| document.cloned())
        .unwrap_or_default();
    let mut statements: Vec<Value> = listed(&merged["Statement"]).cloned().collect();
    match statements.iter_mut().find(|statement| is_ours(statement)) {
        Some(statement) => *statement = ours,
        None => statements.push(ours),
    }
    merged["Statement"] = Value::Array(statements);
    Ok(Wanted {
        document: (document != Some(&merged)).then_some(merged),
        others: known.difference(deployers).cloned().collect(),
        is_locked: !known.is_empty(),
    })
}

/// Source: AWS IAM User Guide, "AWS global condition context keys", `aws:PrincipalArn`: of a session it is the ARN of the
/// role.
fn statement(deployers: &BTreeSet<String>, bucket: &BucketId) -> Value {
    let arn = bucket.arn();
    json!({
        "Sid": SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": GUARDED,
        "Resource": [arn, format!("{arn}/*")],
        "Condition": { "ArnNotLike": { "aws:PrincipalArn": deployers } },
    })
}

/// The deployers whom our statement names. A pattern that means more than one principal does not count.
fn named(document: &Value, account: &AccountId) -> BTreeSet<String> {
    let ours = statements(document).filter(|statement| statement.0["Sid"] == SID);
    let names = ours.flat_map(|statement| {
        listed(&statement.0["Condition"]["ArnNotLike"]["aws:PrincipalArn"])
            .filter_map(Value::as_str)
    });
    names.filter(|name| is_one_principal(name, account)).map(str::to_owned).collect()
}

/// Whether a pattern means one principal of the account: `role/*/NAME` is the role of that name under any path.
fn is_one_principal(pattern: &str, account: &AccountId) -> bool {
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let [arn, partition, "iam" | "sts", "", of, resource] = parts[..] else { return false };
    let rest = resource.strip_prefix("role/*/").unwrap_or(resource);
    let is_principal = resource == "root"
        || ["role/", "user/", "federated-user/"]
            .iter()
            .any(|kind| resource.strip_prefix(kind).is_some_and(|name| !name.is_empty()));
    is_principal
        && arn == "arn"
        && of == account.as_str()
        && !format!("{partition}{rest}").contains(['*', '?'])
}

/// What the policy allows to principals that are no deployers, if it does.
fn admitted(policy: &Policy, deployers: &BTreeSet<String>, account: &AccountId) -> Option<String> {
    let admitted = admitted::admitted(policy, account, &Trusted::default());
    if let Some(names) = admitted::names(admitted.iter().filter(|one| one.needs_key())) {
        return Some(format!("principals outside of the account: {names}"));
    }
    let document = policy.document()?;
    let writes = statements(document)
        .filter(|statement| statement.effect() != Some("Deny") && allows_writes(*statement));
    let names = writes
        .flat_map(|statement| statement.each("Principal"))
        .flat_map(|principal| listed(principal.get("AWS").unwrap_or(principal)));
    let mut names = names.map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned));
    let other = names.find(|name| !deployers.contains(name))?;
    Some(format!("writes to `{other}`, which is no deployer"))
}

fn allows_writes(statement: Statement<'_>) -> bool {
    let is_guarded = |pattern: &Value| {
        let pattern = pattern.as_str().map(str::to_ascii_lowercase);
        pattern.is_none_or(|pattern| {
            let glob = Glob::new(&pattern);
            GUARDED.iter().any(|action| glob.matches(&action.to_ascii_lowercase()))
        })
    };
    statement.0.get("NotAction").is_some() || statement.each("Action").any(is_guarded)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/deployer";
    const OTHER: &str = "arn:aws:iam::111122223333:role/*/other";

    fn bucket() -> BucketId {
        BucketId {
            name: "code".parse().unwrap(),
            account: "111122223333".parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
        }
    }

    fn of(document: Option<&Value>, deployers: &[&str]) -> Result<Wanted, CodeBucketError> {
        let policy = document.map(|document| Policy::new(document.to_string()));
        let deployers = deployers.iter().map(|&one| one.to_owned()).collect();
        wanted(policy.as_ref(), &deployers, &bucket())
    }

    fn allow(principal: &Value, action: &str) -> Value {
        json!({ "Statement": { "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*" } })
    }

    #[test]
    fn only_deployers_write_and_the_policy_is_written_once() {
        let first = of(None, &[ROLE]).unwrap();
        assert!(!first.is_locked && first.others.is_empty());
        let document = first.document.unwrap();
        let ours = &document["Statement"][1];
        assert_eq!(ours["Condition"]["ArnNotLike"]["aws:PrincipalArn"], json!([ROLE]));
        assert_eq!(ours["Effect"], "Deny");
        assert_eq!(document["Statement"][0]["Sid"], "S3GuardTlsOnly");
        let again = of(Some(&document), &[ROLE]).unwrap();
        assert_eq!((again.document, again.is_locked), (None, true));
    }

    #[test]
    fn deployers_are_added_and_none_is_removed() {
        let document = of(None, &[OTHER]).unwrap().document.unwrap();
        let both = of(Some(&document), &[ROLE]).unwrap();
        assert_eq!(both.others, BTreeSet::from([OTHER.to_owned()]));
        let document = both.document.unwrap();
        assert_eq!(document["Statement"].as_array().unwrap().len(), 2);
        let named = &document["Statement"][1]["Condition"]["ArnNotLike"]["aws:PrincipalArn"];
        assert_eq!(*named, json!([OTHER, ROLE]));
    }

    #[test]
    fn a_planted_pattern_makes_no_deployers() {
        for planted in [
            "*",
            "arn:*:iam::111122223333:role/x",
            "arn:aws:iam::111122223333:*",
            "arn:aws:iam::111122223333:role/*",
            "arn:aws:iam::111122223333:role/*/*",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/*/????",
            "arn:aws:iam::999900001111:role/x",
            "arn:aws:iam::*:root",
        ] {
            let document = of(None, &[planted]).unwrap().document.unwrap();
            let wanted = of(Some(&document), &[ROLE]).unwrap();
            assert!(wanted.others.is_empty() && !wanted.is_locked, "{planted}");
            let text = wanted.document.unwrap().to_string();
            assert!(!text.contains(&format!("\"{planted}\"")) || planted == "*", "{text}");
        }
    }

    #[test]
    fn statements_of_others_stay_if_they_let_none_write() {
        let root = json!({ "AWS": "arn:aws:iam::111122223333:root" });
        let mut document = allow(&root, "s3:GetObject*");
        document["Version"] = json!("2012-10-17");
        let merged = of(Some(&document), &[ROLE]).unwrap().document.unwrap();
        assert_eq!(merged["Statement"][0], document["Statement"]);
        assert_eq!(merged["Statement"].as_array().unwrap().len(), 3);
        let deployer = allow(&json!({ "AWS": ROLE }), "s3:*");
        assert!(of(Some(&deployer), &[ROLE]).is_ok());
    }

    #[test]
    fn a_policy_that_admits_others_is_refused() {
        let refused = |document: &Value, words: &str| {
            let error = of(Some(document), &[ROLE]).unwrap_err().to_string();
            assert!(
                error.starts_with("the policy of bucket `code` allows ") && error.contains(words),
                "{error}"
            );
        };
        refused(&allow(&json!("*"), "s3:GetObject"), "outside of the account: everyone");
        refused(&allow(&json!({ "AWS": "999900001111" }), "s3:GetObject"), "999900001111");
        refused(&allow(&json!({ "Service": "x.amazonaws.com" }), "s3:PutObject"), "outside");
        let user = json!({ "AWS": "arn:aws:iam::111122223333:user/dev" });
        for action in
            ["s3:PutObject", "S3:putobject", "s3:ReplicateObject", "s3:Put*", "*", "s3:*Policy"]
        {
            refused(&allow(&user, action), "writes to `arn:aws:iam::111122223333:user/dev`");
        }
        let mut but = allow(&user, "s3:GetObject");
        but["Statement"]["NotAction"] = json!("s3:GetObject");
        refused(&but, "no deployer");
    }
}
