//! The cases of `tests/cases` that are answers of AWS, or policies: what the guard makes of them.

use serde_json::Value as Json;

use super::refused::{later, refusals, refusing, said, severity, sweep, unreadable};
use super::*;
use crate::events::OwnMessage;
use crate::model::observed::DescribedKey;
use crate::model::policy::{BYTES_MAX, Policy};
use crate::model::setting::{Algorithm, Key, Ownership};

macro_rules! case {
    ($name:literal) => {
        serde_json::from_str::<Json>(include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../tests/cases/",
            $name
        )))
        .unwrap()
    };
}

/// The policy that a call puts.
fn put_policy(event: &Json) -> Policy {
    Policy::new(event["detail"]["requestParameters"]["bucketPolicy"].to_string())
}

fn with_policy(world: &World, policy: Policy) {
    world.bucket.change(|truth| {
        truth.policy = Reading::Known(policy);
        truth.policy_is_public = Reading::Known(false);
    });
}

#[test]
fn a_not_principal_that_locks_the_guard_out_is_named_and_the_rest_is_written() {
    let case = case!("17-not-principal-locks-the-guard-out.json");
    let world = World::with_bucket("standard");
    with_policy(world, put_policy(&case["events"][1]));
    world.with(|state| {
        let refuses = [SettingKind::Policy, SettingKind::PublicAccessBlock];
        state.refuses = refuses.map(|kind| (kind, Cause::Denied)).into();
        state.config = Some(
            r#"{"aspects":{"tls":"enforce","notifications":"enforce","versioning":"enforce"}}"#,
        );
    });
    world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
    let task = task_for().replace("reports", "standard");
    assert!(world.handle(&[task]).failed.is_empty());
    let published = world.outgoing.take().notifications;
    assert_eq!(published.len(), 1);
    let said = said(&published[0]);
    let reason = "(AccessDenied) by a NotPrincipal deny (statement `Deny-changing-bucket-permission`) in its \
                 policy: add arn:aws:iam::111122223333:role/s3guard-GuardRole-1 to its NotPrincipal";
    for call in ["PutPublicAccessBlock", "PutBucketPolicy"] {
        assert!(said.contains(&format!("{call} was refused {reason}")), "{said}");
    }
    let truth = world.bucket.truth();
    assert!(truth.notifications.known().unwrap().event_bridge());
    assert!(truth.versioning.known().unwrap().enabled);
}

#[test]
fn a_bucket_for_one_endpoint_that_the_guard_cannot_read_is_one_finding() {
    let case = case!("18-only-from-a-vpc-endpoint.json");
    let world = World::new();
    unreadable(world, Cause::BucketPolicy);
    let swept = sweep(world);
    assert_eq!((swept.len(), severity(&swept[0])), (1, "high".to_owned()));
    let said = said(&swept[0]);
    assert!(said.contains("not readable: the bucket's policy denies it"), "{said}");
    assert!(said.contains("or to aws:PrincipalArn of its ArnNotLike"), "{said}");
    assert_eq!(world.state().unwrap().findings.len(), 1);
    later(world, time::Duration::days(29));
    assert_eq!(sweep(world), []);
    later(world, time::Duration::days(1));
    assert_eq!(sweep(world).len(), 1);
    // Where the policy can be read, the statement is named.
    let policy = Policy::new(case["policy"].to_string());
    let denying = policy.denying("s3:GetBucketAcl", &"alb-logs".parse().unwrap(), Some(ROLE));
    assert_eq!(denying.unwrap().sid.as_deref(), Some("OnlyFromOurNetwork"));
}

#[test]
fn a_policy_near_the_limit_is_measured_without_white_space() {
    let case = case!("19-policy-near-20-kb.json");
    let enforcing = || {
        let world = World::new();
        world.with(|state| state.config = Some(r#"{"aspects":{"tls":"enforce"}}"#));
        world
    };
    let text = case["a_indented_text"].as_str().unwrap();
    assert!(text.len() > BYTES_MAX);
    let world = enforcing();
    with_policy(world, Policy::new(text));
    sweep(world);
    let after = world.bucket.truth().policy.known().unwrap().text().to_owned();
    assert!(after.len() <= BYTES_MAX && after.contains("S3GuardTlsOnly"), "{}", after.len());
    let text = case["b_compact_text"].as_str().unwrap();
    let world = enforcing();
    with_policy(world, Policy::new(text));
    let swept = sweep(world);
    let after = world.bucket.truth().policy.known().unwrap().text().to_owned();
    if after == text {
        let said = said(&swept[0]);
        assert!(said.contains("bytes with the shortest statement, and S3 takes 20480"), "{said}");
        assert!(said.contains("resource control policy"), "{said}");
    } else {
        // The short form of the statement fits.
        assert!(after.len() <= BYTES_MAX && !after.contains("S3GuardTlsOnly"), "{}", after.len());
    }
}

#[test]
fn a_policy_with_a_key_twice_is_not_understood_and_never_written() {
    let case = case!("20-the-same-key-twice-in-a-condition.json");
    let text = case["text"].as_str().unwrap();
    for mode in ["enforce", "enforce-new"] {
        let world = World::new();
        world.with(|state| {
            let config = format!(r#"{{"aspects":{{"tls":"{mode}"}}}}"#);
            state.configured = Some((Grade::Security, config));
        });
        with_policy(world, Policy::new(text));
        let swept = sweep(world);
        assert_eq!(world.bucket.truth().policy.known().unwrap().text(), text);
        let said = said(&swept[0]);
        assert!(
            said.contains("has a key twice, so nothing was added to it: put it again"),
            "{said}"
        );
    }
}

#[test]
fn an_acl_that_the_block_hides_is_a_refusal_with_its_remedy_and_is_not_written_again() {
    let case = case!("21-public-acl-hidden-by-the-block.json");
    let world = World::with_bucket("shared-acl");
    world.with(|state| {
        state.refuses = [(SettingKind::Ownership, Cause::StoredAcl)].into();
        state.configured = Some((
            Grade::Security,
            r#"{"aspects":{"ownership":"enforce","notifications":"enforce"}}"#.into(),
        ));
    });
    world.bucket.change(|truth| truth.ownership = Reading::Known(Ownership::ObjectWriter));
    let handled = world.handle(&[case["event"].to_string()]);
    assert!(handled.failed.is_empty(), "it is not retried");
    let published = world.outgoing.take().notifications;
    let said = said(&published[0]);
    assert!(
        said.contains("its ACL grants something that the block hides: reset the ACL"),
        "{said}"
    );
    refusals(world);
    let task = task_for().replace("reports", "shared-acl");
    for _ in 0..4 {
        later(world, time::Duration::days(1));
        world.handle(std::slice::from_ref(&task));
    }
    assert_eq!(refusals(world), 0, "it is not written by each sweep");
    assert!(world.bucket.truth().notifications.known().unwrap().event_bridge(), "the rest is set");
}

#[test]
fn a_bucket_that_the_account_closes_is_no_failure_if_its_own_block_is_denied() {
    let world = refusing(&[(SettingKind::PublicAccessBlock, Cause::ServiceControlPolicy)]);
    world.bucket.change(|truth| {
        truth.account_block = Reading::Known(PublicAccessBlock::ALL);
        truth.set(&Setting::PublicAccessBlock(None));
    });
    let swept = sweep(world);
    assert_eq!(swept.len(), 1);
    assert!(
        !matches!(severity(&swept[0]).as_str(), "high" | "critical"),
        "{}",
        severity(&swept[0])
    );
    let said = said(&swept[0]);
    let words =
        "closed by the account's public access block; the bucket's own could not be set (SCP)";
    assert!(said.contains(words), "{said}");
    refusals(world);
    for _ in 0..4 {
        later(world, time::Duration::hours(5));
        assert_eq!((sweep(world), refusals(world)), (vec![], 0));
    }
}

#[test]
fn the_key_that_aws_manages_is_replaced_although_its_arn_is_named() {
    let case = case!("24-aws-managed-key-by-its-key-arn.json");
    let ours = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let answer = case["calls"].as_object().unwrap().values().next().unwrap();
    let arn = answer["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let is_aws_managed = answer["KeyMetadata"]["KeyManager"] == "AWS";
    let world = World::new();
    world.with(|state| {
        state.configured = Some((Grade::Hybrid, "{}".to_owned()));
        state.key = Some(ours.to_owned());
    });
    world.handle(&[call("CreateBucket", NOON - time::Duration::HOUR, None)]);
    world.bucket.change(|truth| {
        let Some(Setting::Encryption(Some(mut encryption))) =
            truth.setting(SettingKind::Encryption)
        else {
            panic!("it is encrypted")
        };
        encryption.algorithm = Algorithm::Kms(Key::Named(arn.clone()));
        truth.set(&Setting::Encryption(Some(encryption)));
        truth.bucket_key = Reading::Known(DescribedKey { arn, is_aws_managed });
    });
    assert!(world.handle(&[case["event"].to_string()]).failed.is_empty());
    let after = world.bucket.truth().setting(SettingKind::Encryption);
    let Some(Setting::Encryption(Some(after))) = after else { panic!("{after:?}") };
    assert_eq!(after.algorithm, Algorithm::Kms(Key::Named(ours.to_owned())));
}

#[test]
fn the_buckets_of_control_tower_are_left_without_a_write() {
    let case = case!("47-control-tower-log-archive.json");
    for name in case["buckets"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        let world = World::with_bucket(name);
        world.with(|state| {
            state.refuses = SettingKind::ALL.map(|kind| (kind, Cause::ServiceControlPolicy)).into();
        });
        let task = task_for().replace("reports", name);
        assert!(world.handle(std::slice::from_ref(&task)).failed.is_empty());
        let published = world.outgoing.take().notifications;
        assert_eq!((published.len(), refusals(world)), (1, 0), "{name}");
        assert!(published[0].text.contains("AWS Control Tower"), "{}", published[0].text);
        later(world, time::Duration::days(1));
        world.handle(&[task]);
        assert_eq!((world.outgoing.take().notifications, refusals(world)), (vec![], 0));
    }
}

#[test]
fn an_organization_decides_the_accounts_block_and_a_failed_call_is_no_change() {
    let case = case!("54-organization-s3-policy-decides-the-account-block.json");
    let account = OwnMessage::Reconcile { bucket: BucketName::account(), known: None }.body();
    let world = refusing(&[(SettingKind::AccountPublicAccessBlock, Cause::Organization)]);
    world.with(|state| {
        state.config = Some(r#"{"aspects":{"account-public-access":"enforce"}}"#);
    });
    assert!(world.handle(std::slice::from_ref(&account)).failed.is_empty());
    let published = world.outgoing.take().notifications;
    assert_eq!(published.len(), 1);
    assert!(published[0].text.contains("the organization decides"), "{}", published[0].text);
    // A sweep looks at it each time, and says nothing new.
    later(world, time::Duration::hours(6));
    world.handle(&[account]);
    assert_eq!((world.outgoing.take().notifications, refusals(world)), (vec![], 1));
    let failed = case["b"]["events"][0].to_string();
    let handled = world.handle(&[failed]);
    assert!(handled.failed.is_empty() && handled.tally.counts.is_empty(), "{:?}", handled.tally);
    assert_eq!(world.outgoing.take().notifications, []);
}
