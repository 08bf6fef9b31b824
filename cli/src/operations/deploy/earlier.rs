//! The keys of earlier stacks whose ledger a new stack takes over: what they encrypt there still counts.
//!
//! A new stack has a new key, and CloudFormation cannot import the old one: a KMS key has no name. The policy of the kept
//! ledger names the key with which everything in it had to be written, and only deployers could change it.

use std::collections::{BTreeMap, BTreeSet};

use s3guard_aws::kept_bucket::{Found, KeptBucket};
use s3guard_posture::contract::parameter;
use s3guard_posture::model::policy::statements;
use s3guard_posture::{AccountId, BucketName, KeyArn, Region};
use serde_json::Value as Json;

use crate::operations::deploy::target::DeployTarget;

/// The statement of the ledger's policy that names the stack's key.
const ONLY_WITH_KEY: &str = "OnlyWithTheStacksKey";
const KEY_HEADER: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";

/// Adds the keys of a kept ledger to the parameters of a new stack, and says so.
pub(crate) async fn take_over(
    target: &DeployTarget,
    template: &Json,
    parameters: &mut BTreeMap<String, String>,
) -> anyhow::Result<()> {
    let name = template.pointer("/Resources/LedgerBucket/Properties/BucketName");
    let Some(name) = name.and_then(Json::as_str).and_then(|name| name.parse::<BucketName>().ok())
    else {
        return Ok(());
    };
    let (connection, owner) = (&target.account.connection, &target.account.caller.account);
    let bucket = KeptBucket::new(connection, name.clone(), owner.clone());
    let Some(found) = bucket.locks().await? else { return Ok(()) };
    let mut all: BTreeSet<String> = keys(&found, owner, target.region());
    if all.is_empty() {
        return Ok(());
    }
    for key in &all {
        target.output.say(format_args!(
            "the ledger `{name}` is of an earlier stack: the new stack also accepts objects there that the key `{key}` encrypts"
        ));
    }
    let given = parameters.get(parameter::EARLIER_KEY_ARNS).map_or("", String::as_str);
    all.extend(given.split(',').filter(|key| !key.is_empty()).map(str::to_owned));
    let all: Vec<String> = all.into_iter().collect();
    parameters.insert(parameter::EARLIER_KEY_ARNS.to_owned(), all.join(","));
    Ok(())
}

/// The keys of a kept ledger: the one that its policy demands, and with such a policy the default of the bucket, which is
/// still that of the stack before if CloudFormation has not changed it.
fn keys(found: &Found, account: &AccountId, region: &Region) -> BTreeSet<String> {
    let document = found.policy.known().and_then(|policy| policy.document());
    let demanded = document.into_iter().flat_map(statements).filter_map(|statement| {
        let is_it = statement.effect() == Some("Deny")
            && statement.0.get("Sid").and_then(Json::as_str) == Some(ONLY_WITH_KEY);
        let tests = statement.0.get("Condition").filter(|_| is_it)?.as_object()?;
        tests.iter().find_map(|(operator, test)| {
            let key = test.get(KEY_HEADER)?.as_str()?;
            operator.ends_with("NotEquals").then(|| key.to_owned())
        })
    });
    let is_own = |key: &String| {
        let own = format!(":kms:{region}:{account}:key/");
        key.parse::<KeyArn>().is_ok() && key.contains(&own)
    };
    let mut keys: BTreeSet<String> = demanded.filter(is_own).collect();
    if !keys.is_empty() {
        keys.extend(found.kms_key().map(str::to_owned).filter(is_own));
    }
    keys
}

#[cfg(test)]
mod tests {
    use s3guard_posture::Reading;
    use s3guard_posture::model::policy::Policy;
    use s3guard_posture::model::setting::{Algorithm, Encryption, Key, SseC};
    use s3guard_synth::cfn::Resolver;
    use s3guard_synth::stacks;
    use serde_json::json;

    use super::*;

    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1";
    const FIRST: &str = "arn:aws:kms:eu-west-1:111122223333:key/0";

    fn check(policy: &Json, default: &str, expected: &[&str]) {
        let encryption = Encryption {
            algorithm: Algorithm::Kms(Key::Named(default.to_owned())),
            bucket_key: true,
            sse_c: SseC::Blocked,
        };
        let found = Found {
            policy: Reading::Known(Policy::new(policy.to_string())),
            encryption: Reading::Known(encryption),
            ..Found::default()
        };
        let (account, region) = ("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
        let found: Vec<String> = keys(&found, &account, &region).into_iter().collect();
        assert_eq!(found, expected, "{policy:#}");
    }

    fn of_ledger(key: &str) -> Json {
        let condition = json!({
            "Null": { KEY_HEADER: "false" }, "StringNotEquals": { KEY_HEADER: key },
        });
        json!({ "Statement": [{
            "Sid": ONLY_WITH_KEY, "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::ledger/*", "Condition": condition,
        }] })
    }

    #[test]
    fn the_keys_are_those_that_the_policy_of_a_ledger_vouches_for() {
        check(&of_ledger(KEY), KEY, &[KEY]);
        check(&of_ledger(KEY), FIRST, &[FIRST, KEY]);
        let outside = "arn:aws:kms:eu-west-1:999900001111:key/1";
        check(&of_ledger(KEY), outside, &[KEY]);
        check(&of_ledger(outside), KEY, &[]);
        check(&json!({ "Statement": [] }), KEY, &[]);
        let mut allowed = of_ledger(KEY);
        allowed["Statement"][0]["Effect"] = json!("Allow");
        check(&allowed, KEY, &[]);
    }

    #[test]
    fn the_ledger_of_the_template_has_such_a_policy() {
        let template = stacks::guard().render().unwrap();
        let known = |name: &str| (name == "Key.Arn").then(|| KEY.to_owned());
        let resolver = Resolver::new(&Json::Null, &known);
        let policy = &template["Resources"]["LedgerBucketPolicy"]["Properties"]["PolicyDocument"];
        check(&resolver.value(policy), KEY, &[KEY]);
    }
}
