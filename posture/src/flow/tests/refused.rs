//! What AWS refuses for good: reported once and again after thirty days, and never retried.

use expect_test::expect;

use super::*;
use crate::events::OwnMessage;
use crate::model::policy::Policy;
use crate::model::refusal::Refusal;
use crate::model::setting::Ownership;
use crate::notify::notification::Attribute;

const DAY: time::Duration = time::Duration::DAY;

/// A bucket in which everything is to be set, and of which these writes are refused.
pub(super) fn refusing(refuses: &[(SettingKind, Cause)]) -> &'static World {
    let world = World::new();
    world.with(|state| {
        state.config = Some(r#"{"aspects":{"tls":"enforce","notifications":"enforce"}}"#);
        state.refuses = refuses.iter().copied().collect();
    });
    world
}

/// Sweeps the bucket; what was published.
pub(super) fn sweep(world: &'static World) -> Vec<Notification> {
    let handled = world.handle(&[task_for()]);
    assert_eq!(handled.failed, Vec::<String>::new(), "it is not retried");
    world.outgoing.take().notifications
}

pub(super) fn severity(notification: &Notification) -> String {
    match &notification.attributes["severity"] {
        Attribute::One(severity) => severity.clone(),
        Attribute::Many(_) => panic!("there is one severity"),
    }
}

/// The subject, the severity and what was not done or left, in one line for each.
pub(super) fn said(notification: &Notification) -> String {
    let text = notification.text.replace("\n    ", " ");
    let lines = text.lines().skip_while(|line| !["Not done", "Left as it is"].contains(line));
    let lines = lines.take_while(|line| !line.starts_with("https"));
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    format!("{} [{}]\n{}\n", notification.subject, severity(notification), lines.join("\n"))
}

pub(super) fn refusals(world: &World) -> usize {
    world.with(|state| std::mem::take(&mut state.refusals))
}

pub(super) fn later(world: &World, duration: time::Duration) {
    world.with(|state| state.now += duration);
}

#[test]
fn a_refused_write_is_reported_once_and_again_after_thirty_days() {
    for cause in [
        Cause::BucketPolicy,
        Cause::ServiceControlPolicy,
        Cause::ResourceControlPolicy,
        Cause::BlockPublicPolicy,
        Cause::InvalidPrincipal,
        Cause::Denied,
        Cause::Other,
    ] {
        let world = refusing(&[(SettingKind::Policy, cause)]);
        let first = sweep(world);
        assert_eq!((first.len(), refusals(world)), (1, 1), "{cause:?}");
        assert!(first[0].text.contains("TLS only: "), "{cause:?}: {}", first[0].text);
        // Everything else is set all the same.
        assert!(world.bucket.truth().notifications.known().unwrap().event_bridge());
        for _ in 0..4 {
            later(world, time::Duration::hours(5));
            assert_eq!(sweep(world), [], "{cause:?}");
        }
        assert_eq!(refusals(world), 0, "{cause:?}: it is not written with each sweep");
        later(world, DAY * 28);
        let handled = world.handle(&[task_for()]);
        assert_eq!(
            handled.tally.counts,
            [(Metric::NotRemediated, 1)].into(),
            "{cause:?}: no alarm"
        );
        assert!(world.outgoing.take().notifications.is_empty(), "{cause:?}");
        later(world, DAY * 2);
        assert_eq!(sweep(world).len(), 1, "{cause:?}: after thirty days");
        assert!(refusals(world) > 0, "{cause:?}");
        let findings = world.state().unwrap().findings;
        assert_eq!(findings.len(), 1, "one state is one finding: {findings:?}");
    }
}

#[test]
fn a_permission_that_was_missing_is_tried_again_after_a_day() {
    for (cause, is_tried) in [
        (Cause::ServiceControlPolicy, true),
        (Cause::BucketPolicy, true),
        (Cause::Denied, true),
        (Cause::Other, true),
        (Cause::StoredAcl, false),
        (Cause::InvalidPrincipal, false),
    ] {
        let world = refusing(&[(SettingKind::Policy, cause)]);
        sweep(world);
        world.with(|state| state.refuses.clear());
        later(world, DAY);
        assert_eq!(sweep(world).len(), usize::from(is_tried), "{cause:?}");
        assert_eq!(world.bucket.truth().policy.known().is_some(), is_tried, "{cause:?}");
        assert_eq!(world.state().unwrap().findings.is_empty(), is_tried, "{cause:?}");
        assert_eq!(world.state().unwrap().refused.is_empty(), is_tried, "{cause:?}");
    }
}

#[test]
fn what_a_pause_refuses_is_written_by_the_next_sweep() {
    let world = refusing(&[(SettingKind::PublicAccessBlock, Cause::OwnRole)]);
    world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
    world.handle(&[call("DeleteBucketPublicAccessBlock", world.now(), None)]);
    assert!(!world.is_closed());
    world.with(|state| state.refuses.clear());
    sweep(world);
    assert!(world.is_closed());
}

#[test]
fn a_call_on_the_bucket_ends_the_wait() {
    let world = refusing(&[(SettingKind::Policy, Cause::InvalidPrincipal)]);
    sweep(world);
    refusals(world);
    later(world, DAY);
    let put = call("PutBucketPolicy", world.now() - time::Duration::MINUTE, None);
    assert!(world.handle(&[put]).failed.is_empty());
    assert_eq!(refusals(world), 1, "the call's own setting");
    assert_eq!(world.outgoing.take().notifications.len(), 1, "a call is always reported");
    assert_eq!(sweep(world), []);
    assert_eq!(refusals(world), 0);
    later(world, DAY);
    // A call on another setting may have removed the cause.
    world.with(|state| state.refuses.clear());
    let acl = call("PutBucketAcl", world.now() - time::Duration::MINUTE, None);
    world.handle(&[acl]);
    assert_eq!(sweep(world).len(), 1);
    assert!(world.bucket.truth().policy.known().is_some());
    assert!(world.state().unwrap().findings.is_empty());
}

#[test]
fn a_deny_with_exceptions_in_the_policy_is_named_with_the_line_that_lets_the_guard_in() {
    let deny = |exception: &str| {
        Policy::new(format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"Locked","Effect":"Deny",{exception},
                "Action":["s3:PutBucketPolicy","s3:PutBucketPublicAccessBlock"],
                "Resource":"arn:aws:s3:::reports"}}]}}"#
        ))
    };
    let role = r#""arn:aws:iam::111122223333:role/OrganizationAccountAccessRole""#;
    let world = refusing(&[
        (SettingKind::Policy, Cause::Denied),
        (SettingKind::PublicAccessBlock, Cause::Denied),
    ]);
    let not_principal = deny(&format!(r#""NotPrincipal":{{"AWS":{role}}}"#));
    world.bucket.change(|truth| {
        truth.policy = Reading::Known(not_principal);
        truth.policy_is_public = Reading::Known(false);
        truth.set(&Setting::PublicAccessBlock(None));
    });
    let swept = sweep(world);
    assert_eq!(swept.len(), 1);
    expect![[r#"
        CRITICAL: bucket reports may be public (public access could not be blocked) [critical]
        Not done
          public access block: PutPublicAccessBlock was refused (AccessDenied) by a NotPrincipal deny (statement `Locked`) in its policy: add arn:aws:iam::111122223333:role/s3guard-GuardRole-1 to its NotPrincipal
          TLS only: PutBucketPolicy was refused (AccessDenied) by a NotPrincipal deny (statement `Locked`) in its policy: add arn:aws:iam::111122223333:role/s3guard-GuardRole-1 to its NotPrincipal
    "#]]
    .assert_eq(&said(&swept[0]));
    assert!(world.bucket.truth().notifications.known().unwrap().event_bridge(), "the rest is set");
    let condition = |operator: &str, key: &str| {
        deny(&format!(r#""Principal":"*","Condition":{{"{operator}":{{"{key}":[{role}]}}}}"#))
    };
    for (policy, line) in [
        (condition("ArnNotLike", "aws:PrincipalArn"), "to aws:PrincipalArn of its ArnNotLike"),
        (
            condition("StringNotEquals", "aws:principalarn"),
            "to aws:PrincipalArn of its StringNotEquals",
        ),
        (condition("StringNotEquals", "aws:SourceVpce"), "\"aws:PrincipalArn\": \"arn:aws:iam::"),
        (deny(r#""Principal":"*""#), "\"aws:PrincipalArn\": \"arn:aws:iam::"),
    ] {
        let world = refusing(&[(SettingKind::PublicAccessBlock, Cause::Denied)]);
        world.bucket.change(|truth| {
            truth.policy = Reading::Known(policy.clone());
            truth.set(&Setting::PublicAccessBlock(None));
        });
        let said = said(&sweep(world)[0]);
        assert!(said.contains("(statement `Locked`)") && said.contains(line), "{said}");
    }
    // What does not deny it is not blamed.
    for policy in [
        condition("Bool", "aws:SecureTransport"),
        condition("StringNotEquals", "s3:x-amz-server-side-encryption"),
        deny(&format!(r#""NotPrincipal":{{"AWS":"{ROLE}"}}"#)),
        deny(&format!(r#""Principal":{{"AWS":{role}}}"#)),
        deny(
            r#""Principal":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/s3guard-*"}}"#,
        ),
    ] {
        let world = refusing(&[(SettingKind::PublicAccessBlock, Cause::Denied)]);
        world.bucket.change(|truth| {
            truth.policy = Reading::Known(policy.clone());
            truth.set(&Setting::PublicAccessBlock(None));
        });
        let said = said(&sweep(world)[0]);
        assert!(said.contains("was refused: AccessDenied: Its words"), "{said}");
    }
}

#[test]
fn the_same_refusal_of_a_call_and_of_a_sweep_is_one_finding() {
    let world = refusing(&[(SettingKind::PublicAccessBlock, Cause::Denied)]);
    world.bucket.change(|truth| {
        let policy = r#"{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"x"},"Action":"s3:Put*",
            "Resource":"arn:aws:s3:::reports"}}"#;
        truth.policy = Reading::Known(Policy::new(policy));
        truth.set(&Setting::PublicAccessBlock(None));
    });
    sweep(world);
    // The call does not read the policy, so it cannot name the statement.
    assert!(world.handle(&[opened()]).failed.is_empty());
    assert_eq!(world.outgoing.take().notifications.len(), 1);
    assert_eq!(sweep(world), []);
}

/// Denies every read of the bucket, for this cause.
pub(super) fn unreadable(world: &World, cause: Cause) {
    world.bucket.change(|truth| {
        truth.encryption = Reading::Denied;
        truth.public_access_block = Reading::Denied;
        truth.policy = Reading::Denied;
        truth.policy_is_public = Reading::Denied;
        truth.acl = Reading::Denied;
        truth.website = Reading::Denied;
        truth.ownership = Reading::Denied;
        truth.notifications = Reading::Denied;
        truth.tags = Reading::Denied;
        truth.replication = Reading::Denied;
        truth.lifecycle = Reading::Denied;
        truth.object_lock = Reading::Denied;
        for question in Question::ALL.into_iter().filter(|question| question.is_of_bucket()) {
            let (call, code) = (question.name().to_owned(), "AccessDenied".to_owned());
            let words = "Access Denied".to_owned();
            truth.refused.insert(question, Refusal { call, code, words, cause });
        }
    });
}

#[test]
fn a_bucket_that_cannot_be_read_is_one_finding_with_the_line_that_lets_the_guard_in() {
    let world = World::new();
    unreadable(world, Cause::BucketPolicy);
    let handled = world.handle(&[task_for()]);
    assert!(handled.failed.is_empty());
    let counts = [(Metric::NotRemediated, 1), (Metric::Blinded, 1)].into();
    assert_eq!(handled.tally.counts, counts, "it is not compliant");
    let swept = world.outgoing.take().notifications;
    assert_eq!(swept.len(), 1);
    expect![[r#"
        HIGH: bucket reports: not readable: the bucket's policy denies it (s3:GetBucketAcl, s3:GetBucketNo… [high]
        Left as it is
          public access block: not readable: the bucket's policy denies it (s3:GetBucketAcl, s3:GetBucketNotification, s3:GetBucketOwnershipControls, s3:GetBucketPolicy and 3 more), and nothing that depends on it was changed: add arn:aws:iam::111122223333:role/s3guard-GuardRole-1 to the NotPrincipal of the statement that denies it, or to aws:PrincipalArn of its ArnNotLike
    "#]]
    .assert_eq(&said(&swept[0]));
    assert_eq!(world.state().unwrap().findings.len(), 1);
    for _ in 0..3 {
        later(world, time::Duration::hours(6));
        assert_eq!(sweep(world), []);
    }
    later(world, DAY * 30);
    assert_eq!(sweep(world).len(), 1, "after thirty days");
    // A call on it ends as well.
    let handled = world.handle(&[call("PutBucketPolicy", world.now(), None)]);
    assert!(handled.failed.is_empty());
    let published = world.outgoing.take().notifications;
    assert_eq!((published.len(), severity(&published[0])), (1, "high".to_owned()));
    // It is the same finding for the sweep, which reads more.
    assert_eq!(sweep(world), []);
}

#[test]
fn another_denial_of_reads_names_what_denies_them() {
    for (cause, words) in [
        (Cause::ServiceControlPolicy, "a service control policy (SCP) denies it"),
        (Cause::ResourceControlPolicy, "a resource control policy (RCP) denies it"),
        (Cause::Denied, "AccessDenied: Access Denied"),
    ] {
        let world = World::new();
        unreadable(world, cause);
        let swept = sweep(world);
        assert_eq!((swept.len(), severity(&swept[0])), (1, "high".to_owned()));
        let said = said(&swept[0]);
        assert!(said.contains(words) && !said.contains("NotPrincipal"), "{said}");
    }
}

#[test]
fn an_acl_that_the_block_hides_is_named_with_the_command_that_resets_it() {
    let world = refusing(&[(SettingKind::Ownership, Cause::StoredAcl)]);
    let config = r#"{"aspects":{"ownership":"enforce","tls":"enforce","notifications":"enforce"}}"#;
    world.with(|state| state.config = Some(config));
    world.bucket.change(|truth| truth.ownership = Reading::Known(Ownership::ObjectWriter));
    let swept = sweep(world);
    expect![[r#"
        HIGH: s3guard could not fully protect reports [high]
        Not done
          object ownership: PutBucketOwnershipControls was refused (InvalidBucketAclWithObjectOwnership): its ACL grants something that the block hides: reset the ACL (`aws s3api put-bucket-acl --bucket reports --acl private`), then s3guard makes the write with the next sweep
    "#]]
    .assert_eq(&said(&swept[0]));
    for _ in 0..20 {
        later(world, DAY);
        assert_eq!(sweep(world), []);
    }
    assert_eq!(refusals(world), 1);
    // The ACL is reset.
    world.with(|state| state.refuses.clear());
    world.handle(&[call("PutBucketAcl", world.now(), None)]);
    assert_eq!(sweep(world).len(), 1);
    let ownership = world.bucket.truth().ownership;
    assert_eq!(ownership, Reading::Known(Ownership::BucketOwnerEnforced));
}

#[test]
fn a_bucket_that_the_account_closes_is_of_low_severity_if_its_own_block_cannot_be_set() {
    let world = refusing(&[(SettingKind::PublicAccessBlock, Cause::ServiceControlPolicy)]);
    world.handle(&[call("CreateBucket", NOON - time::Duration::MINUTE, None)]);
    world.outgoing.take();
    world.bucket.change(|truth| {
        truth.account_block = Reading::Known(PublicAccessBlock::ALL);
        truth.set(&Setting::PublicAccessBlock(None));
    });
    let swept = sweep(world);
    expect![[r#"
        s3guard left a bucket as it is: reports [warning]
        Left as it is
          public access block: closed by the account's public access block; the bucket's own could not be set (SCP)
          public access block: the public access block is off (BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets), was on; s3guard knows of no call that has done it
    "#]]
    .assert_eq(&said(&swept[0]));
    later(world, time::Duration::hours(6));
    assert_eq!((sweep(world), refusals(world)), (vec![], 1));
    // It is critical as soon as the account does not close it.
    world.bucket.change(|truth| truth.account_block = Reading::Absent);
    later(world, DAY);
    let swept = sweep(world);
    assert_eq!((swept.len(), severity(&swept[0])), (1, "critical".to_owned()));
}

#[test]
fn an_organization_that_decides_the_accounts_block_is_reported_once() {
    let account = OwnMessage::Reconcile { bucket: BucketName::account(), known: None }.body();
    for cause in [Cause::Organization, Cause::ServiceControlPolicy, Cause::Denied] {
        let world = refusing(&[(SettingKind::AccountPublicAccessBlock, cause)]);
        world.with(|state| {
            state.config = Some(r#"{"aspects":{"account-public-access":"enforce"}}"#);
        });
        let handled = world.handle(std::slice::from_ref(&account));
        assert!(handled.failed.is_empty());
        let published = world.outgoing.take().notifications;
        assert_eq!((published.len(), severity(&published[0])), (1, "warning".to_owned()));
        assert!(published[0].text.contains("the organization decides"), "{}", published[0].text);
        later(world, time::Duration::hours(6));
        assert!(world.handle(std::slice::from_ref(&account)).failed.is_empty());
        assert_eq!((world.outgoing.take().notifications, refusals(world)), (vec![], 1));
        // The block of a bucket is set all the same.
        world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
        world.with(|state| state.config = None);
        sweep(world);
        assert!(world.is_closed());
    }
}

#[test]
fn a_bucket_of_control_tower_is_left_without_a_write_and_reported_once() {
    let world = World::with_bucket("aws-controltower-logs-111122223333-eu-west-1");
    world.with(|state| {
        state.refuses = SettingKind::ALL.map(|kind| (kind, Cause::ServiceControlPolicy)).into();
    });
    let task = task_for().replace("reports", world.id().name.as_str());
    assert!(world.handle(std::slice::from_ref(&task)).failed.is_empty());
    let published = world.outgoing.take().notifications;
    assert_eq!((published.len(), refusals(world)), (1, 0));
    assert_eq!(published[0].text.matches("AWS Control Tower").count(), 1, "{}", published[0].text);
    assert_eq!(severity(&published[0]), "warning");
    world.handle(std::slice::from_ref(&task));
    assert_eq!((world.outgoing.take().notifications, refusals(world)), (vec![], 0));
    // Such a name does not keep a bucket open.
    world.with(|state| state.refuses.clear());
    world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
    world.handle(&[task]);
    assert!(world.is_closed());
    // Nor is it taken for one with the number of another account.
    let other = World::with_bucket("aws-controltower-logs-444455556666-eu-west-1");
    other.handle(&[task_for().replace("reports", other.id().name.as_str())]);
    assert!(other.bucket.truth().policy.known().is_some());
}

#[test]
fn a_list_that_aws_refuses_is_counted_and_not_retried() {
    let world = World::new();
    world.with(|state| state.is_list_refused = true);
    let handled = world.handle(&[scheduled()]);
    assert!(handled.failed.is_empty());
    assert_eq!(count(&handled, Metric::Failed), 1);
    assert_eq!(world.ledger.object(last_sweep::KEY), None, "the sweep has not ended");
}

#[test]
fn only_a_write_that_may_succeed_is_retried() {
    let refused = Failure::Refused(SettingKind::Policy, Cause::Other);
    for (failure, is_retried) in
        [(refused, false), (Failure::Denied, false), (Failure::Other, true)]
    {
        let world = World::new();
        world.with(|state| state.writes_fail = vec![failure]);
        let handled = world.handle(&[task_for()]);
        assert_eq!(!handled.failed.is_empty(), is_retried, "{failure:?}");
        assert_eq!(count(&handled, Metric::Failed), 1);
    }
}

#[test]
fn what_iam_does_not_allow_yet_is_tried_once_more_before_it_is_reported() {
    for (cause, is_lasting) in
        [(Cause::NoPermission, false), (Cause::NoPermission, true), (Cause::BucketPolicy, true)]
    {
        let world = refusing(&[(SettingKind::PublicAccessBlock, cause)]);
        world.bucket.change(|truth| truth.set(&Setting::PublicAccessBlock(None)));
        let delivered = call("DeleteBucketPublicAccessBlock", world.now(), None);
        let waits = cause == Cause::NoPermission;
        let said = |notifications: &[Notification]| {
            notifications.iter().any(|one| one.text.contains("PutPublicAccessBlock was refused"))
        };
        assert!(world.handle(&[delivered]).failed.is_empty());
        let sent = world.outgoing.take();
        assert_eq!(said(&sent.notifications), !waits, "{cause:?}");
        assert_eq!(sent.messages.len(), usize::from(waits), "{cause:?}");
        let Some(again) = sent.messages.into_iter().next() else { continue };
        assert_eq!(again.delay_seconds, 300);
        later(world, time::Duration::minutes(5));
        if !is_lasting {
            world.with(|state| state.refuses.clear());
        }
        assert!(world.handle(&[again.body]).failed.is_empty());
        let sent = world.outgoing.take();
        assert_eq!(said(&sent.notifications), is_lasting);
        assert_eq!((world.is_closed(), sent.messages), (!is_lasting, Vec::new()), "no third try");
        // Once it was reported, it waits like every other refusal.
        later(world, time::Duration::MINUTE);
        world.handle(&[task_for()]);
        let sent = world.outgoing.take();
        assert!(!said(&sent.notifications) && sent.messages.is_empty(), "{sent:?}");
    }
}
