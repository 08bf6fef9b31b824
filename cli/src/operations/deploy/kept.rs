//! Buckets of an earlier installation that a stack imports: shown before, because another principal may have created them.
//!
//! A bucket policy that was retained is deleted just before the change set is executed: CloudFormation does not overwrite it
//! ("The bucket policy already exists on bucket"), and importing it would keep the ARNs of roles that are gone.

use std::collections::BTreeSet;

use anyhow::Context as _;
use futures_util::future::try_join_all;
use s3guard_aws::kept_bucket::{Found, KeptBucket};
use s3guard_aws::stacks::Change;
use s3guard_aws::stacks::change_set::ResourceAction;
use s3guard_posture::contract::ledger;
use s3guard_posture::evaluate::admitted::{Admitted, admitted};
use s3guard_posture::model::policy::{Policy, statements};
use s3guard_posture::model::setting::Ownership;
use s3guard_posture::text::{shown, shown_time};
use s3guard_posture::{AccountId, BucketName, Reading, Trusted};
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::error::Advice as _;
use crate::operations::deploy::target::DeployTarget;
use crate::operations::session::Account;

/// The logical id of the ledger.
const LEDGER: &str = "LedgerBucket";

/// A bucket that becomes the stack's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Imported {
    /// Its name.
    pub(crate) bucket: String,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<String>,
    /// What its keys begin with.
    pub(crate) prefixes: BTreeSet<String>,
    /// What a bucket of an earlier installation would not have.
    pub(crate) findings: Vec<String>,
    /// Its policy, which the stack's replaces.
    #[serde(skip)]
    pub(crate) policy: Option<String>,
}

/// Reads the buckets that a change set imports.
pub(crate) async fn imported(
    changes: &[Change],
    account: &Account,
) -> anyhow::Result<Vec<Imported>> {
    let is_imported = |change: &&Change| {
        change.action == ResourceAction::Imported && change.resource_type == "AWS::S3::Bucket"
    };
    let reads = changes.iter().filter(is_imported).map(|change| read(change, changes, account));
    try_join_all(reads).await
}

async fn read(change: &Change, changes: &[Change], account: &Account) -> anyhow::Result<Imported> {
    let bucket = kept(change.physical_id.as_deref().unwrap_or_default(), account)?;
    let why = || {
        format!("the existing bucket `{}` cannot be checked before it is imported", bucket.name())
    };
    let found = bucket.read().await.with_context(why)?;
    let is_ledger = change.logical_id == LEDGER;
    let mut findings = findings(&found, is_ledger, &account.caller.account);
    if is_ledger {
        for prefix in ledger::OF_OPERATORS {
            let others =
                bucket.not_encrypted_with(found.kms_key(), prefix).await.with_context(why)?;
            findings.extend(others.first().map(|key| {
                format!(
                    "`{}` is not encrypted with the ledger's key, so that its origin is unknown",
                    shown(key, 200)
                )
            }));
        }
    }
    // The template names the policy of a bucket after the bucket.
    let policy_id = format!("{}Policy", change.logical_id);
    let action = changes.iter().find(|one| one.logical_id == policy_id).map(|one| one.action);
    if action == Some(ResourceAction::Imported) {
        findings.push(
            "its policy is imported as it is: `s3guard deploy --revert-drift` replaces it afterwards".to_owned(),
        );
    }
    let policy = found.policy.known().map(|policy| policy.text().to_owned());
    Ok(Imported {
        bucket: bucket.name().to_string(),
        created: found.created.map(shown_time),
        prefixes: found.beginnings.iter().map(|one| shown(one, 100)).collect(),
        findings,
        policy: policy.filter(|_| action == Some(ResourceAction::Added)),
    })
}

fn kept(name: &str, account: &Account) -> anyhow::Result<KeptBucket> {
    let name: BucketName = name.parse()?;
    Ok(KeptBucket::new(&account.connection, name, account.caller.account.clone()))
}

/// What is strange about a bucket of an earlier installation.
fn findings(found: &Found, is_ledger: bool, account: &AccountId) -> Vec<String> {
    let mut findings = Vec::new();
    match &found.policy {
        Reading::Known(policy) if allows(policy, is_ledger, account) => {
            findings.push("its policy allows principals that the stack does not".to_owned());
        }
        Reading::Denied => findings.push("its policy cannot be read".to_owned()),
        Reading::Known(_) | Reading::Absent | Reading::Unread => {}
    }
    if found.ownership != Reading::Known(Ownership::BucketOwnerEnforced) {
        findings.push("ACLs are not disabled".to_owned());
    }
    if !found.versioning.known().is_some_and(|versioning| versioning.enabled) {
        findings.push("versioning is not enabled".to_owned());
    }
    if is_ledger {
        let known: BTreeSet<&str> =
            [&ledger::OF_GUARD[..], &ledger::OF_NOTIFY, &ledger::OF_OPERATORS]
                .concat()
                .into_iter()
                .collect();
        let strange = found.beginnings.iter().filter(|one| !known.contains(one.as_str()));
        findings
            .extend(strange.map(|one| format!("the keys `{}…` are of no ledger", shown(one, 100))));
    }
    findings
}

/// Whether a policy allows anything to principals for whom the stack's own policies allow nothing: these only let AWS
/// services write logs, and to the ledger none.
fn allows(policy: &Policy, is_ledger: bool, account: &AccountId) -> bool {
    let Some(document) = policy.document() else { return true };
    let others = statements(document).filter(|statement| {
        let only_services = statement.0.get("Principal").and_then(Json::as_object);
        let is_service =
            only_services.is_some_and(|kinds| kinds.len() == 1 && kinds.contains_key("Service"));
        statement.effect() != Some("Deny") && (is_ledger || !is_service)
    });
    let others: Vec<&Json> = others.map(|statement| statement.0).collect();
    let is_any_ledger = is_ledger && !others.is_empty();
    is_any_ledger
        || admitted(
            &Policy::new(json!({ "Statement": others }).to_string()),
            account,
            &Trusted::default(),
        )
        .iter()
        .any(Admitted::needs_key)
}

/// Deletes the retained policies that the stack replaces.
pub(crate) async fn unlock(target: &DeployTarget, imported: &[Imported]) -> anyhow::Result<()> {
    for one in imported.iter().filter(|one| one.policy.is_some()) {
        let name = &one.bucket;
        kept(name, &target.account)?
            .delete_policy()
            .await
            .with_context(|| format!("the policy that bucket `{name}` has from an earlier stack cannot be replaced"))
            .hint(format!(
                "deploy as one of the deployers that the policy names, or delete it as the account's root user with \
                 `aws s3api delete-bucket-policy --bucket {name}`"
            ))?;
        target.output.say(format_args!("the policy of bucket `{name}` is replaced by the stack's"));
    }
    Ok(())
}

/// Puts the policies back after a failure, so that the buckets are not without one.
pub(crate) async fn lock(target: &DeployTarget, imported: &[Imported]) {
    for one in imported {
        let Some(policy) = &one.policy else { continue };
        let put = async {
            let bucket = kept(&one.bucket, &target.account)?;
            let is_open = bucket.read().await?.policy == Reading::Absent;
            if is_open {
                bucket.put_policy(policy).await?;
            }
            anyhow::Ok(is_open)
        };
        match put.await {
            // A stack whose failure is kept has its own.
            Ok(false) => {}
            Ok(true) => target.output.say(format_args!("the policy of bucket `{}` was put back", one.bucket)),
            Err(error) => target.output.warn(format_args!(
                "bucket `{}` has no policy now, because its policy could not be put back: {error:#}",
                one.bucket
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use s3guard_posture::model::setting::Versioning;
    use s3guard_synth::stacks;

    use super::*;

    fn account() -> AccountId {
        "111122223333".parse().unwrap()
    }

    fn right() -> Found {
        Found {
            ownership: Reading::Known(Ownership::BucketOwnerEnforced),
            versioning: Reading::Known(Versioning { enabled: true, mfa_delete: false }),
            policy: Reading::Absent,
            beginnings: ["records/", "state/", "suppressions/"].map(str::to_owned).into(),
            ..Found::default()
        }
    }

    fn with(principal: &Json) -> Found {
        let statement = json!({ "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*" });
        let policy = Policy::new(json!({ "Statement": [statement] }).to_string());
        Found { policy: Reading::Known(policy), ..right() }
    }

    #[test]
    fn a_bucket_of_an_earlier_installation_has_no_findings() {
        assert_eq!(findings(&right(), true, &account()), [""; 0]);
        let delivery = json!({ "Service": "logging.s3.amazonaws.com" });
        assert_eq!(findings(&with(&delivery), false, &account()), [""; 0]);
        let deny = Policy::new(r#"{"Statement":{"Effect":"Deny","Principal":"*"}}"#);
        let denies = Found { policy: Reading::Known(deny), ..right() };
        assert_eq!(findings(&denies, true, &account()), [""; 0]);
    }

    #[test]
    fn what_another_principal_prepared_is_found() {
        let check = |found: &Found, is_ledger: bool, words: &str| {
            let all = findings(found, is_ledger, &account());
            assert!(all.len() == 1 && all[0].contains(words), "{words}: {all:?}");
        };
        let allows = "allows principals that the stack does not";
        check(&with(&json!({ "AWS": "111122223333" })), true, allows);
        check(&with(&json!({ "Service": "logging.s3.amazonaws.com" })), true, allows);
        check(&with(&json!({ "AWS": "999900001111" })), false, allows);
        check(&with(&json!("*")), false, allows);
        let broken = Found { policy: Reading::Known(Policy::new("text")), ..right() };
        check(&broken, false, allows);
        check(&Found { policy: Reading::Denied, ..right() }, true, "cannot be read");
        check(&Found { ownership: Reading::Absent, ..right() }, true, "ACLs");
        check(&Found { versioning: Reading::Absent, ..right() }, true, "versioning");
        let strange = Found { beginnings: BTreeSet::from(["buckets/".to_owned()]), ..right() };
        check(&strange, true, "the keys `buckets/…` are of no ledger");
        assert!(findings(&strange, false, &account()).is_empty());
    }

    #[test]
    fn the_policy_of_a_bucket_is_named_after_it() {
        let template = stacks::guard().render().unwrap();
        let resources = template["Resources"].as_object().unwrap();
        let policies = resources.iter().filter(|(_, one)| one["Type"] == "AWS::S3::BucketPolicy");
        let ids: Vec<_> = policies
            .map(|(id, policy)| {
                let bucket = policy["Properties"]["Bucket"]["Ref"].as_str().unwrap();
                assert_eq!(*id, format!("{bucket}Policy"));
                bucket
            })
            .collect();
        assert!(ids.contains(&LEDGER), "{ids:?}");
    }
}
