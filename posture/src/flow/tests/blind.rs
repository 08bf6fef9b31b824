//! A bucket whose settings the guard may not read: it is a severe finding, it is counted with every pass, and the events of
//! calls are judged in place of what is hidden.

use serde_json::Value as Json;

use super::refused::{later, said, severity, sweep, unreadable};
use super::*;

const DAY: time::Duration = time::Duration::DAY;

/// The message of a call with these parameters.
fn with(name: &str, parameters: &Json, at: OffsetDateTime) -> String {
    let mut message: Json = serde_json::from_str(&call(name, at, None)).unwrap();
    let all = message["detail"]["requestParameters"].as_object_mut().unwrap();
    all.extend(parameters.as_object().unwrap().clone());
    message.to_string()
}

/// A policy with one more statement than the one that denies the reads of these principals.
fn policy(denied: &Json, more: &Json) -> Json {
    let deny = json!({
        "Sid": "Hide", "Effect": "Deny", "Principal": denied, "Action": "s3:GetBucket*",
        "Resource": "arn:aws:s3:::reports",
    });
    json!({ "bucketPolicy": { "Version": "2012-10-17", "Statement": [deny, more] } })
}

fn allow(principal: &Json) -> Json {
    json!({
        "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::reports/*",
    })
}

/// A bucket that was right, until this call has hidden it; what was published.
fn blinded(put: &Json) -> (&'static World, Vec<Notification>) {
    let world = World::new();
    world.handle(&[task_for()]);
    world.outgoing.take();
    unreadable(world, Cause::BucketPolicy);
    let handled = world.handle(&[with("PutBucketPolicy", put, world.now())]);
    assert!(handled.failed.is_empty());
    assert_eq!(count(&handled, Metric::Blinded), 1);
    (world, world.outgoing.take().notifications)
}

#[test]
fn h3_a_policy_that_names_the_guards_role_in_a_deny_is_critical() {
    let account = allow(&json!({ "AWS": "arn:aws:iam::111122223333:root" }));
    for (denied, expected) in [
        (json!({ "AWS": ROLE }), "critical"),
        (json!({ "AWS": [ROLE, "arn:aws:iam::111122223333:role/other"] }), "critical"),
        (
            json!({ "AWS": "arn:aws:sts::111122223333:assumed-role/s3guard-GuardRole-1/x" }),
            "critical",
        ),
        // It hits the guard as everyone else.
        (json!("*"), "high"),
        (json!({ "AWS": "arn:aws:iam::111122223333:root" }), "high"),
    ] {
        let (world, published) = blinded(&policy(&denied, &account));
        assert_eq!(published.len(), 1, "{denied}");
        assert_eq!(severity(&published[0]), expected, "{denied}: {}", published[0].text);
        assert!(published[0].text.contains("arn:aws:iam::111122223333:root"), "who: {denied}");
        // Its state knows it, so the sweep says the same, once a month.
        for _ in 0..3 {
            later(world, time::Duration::hours(6));
            assert_eq!(sweep(world), [], "{denied}");
        }
        later(world, DAY * 30);
        let again = sweep(world);
        assert_eq!((again.len(), severity(&again[0])), (1, expected.to_owned()), "{denied}");
    }
}

#[test]
fn h3_the_alarm_stays_until_the_bucket_can_be_read() {
    let (world, _) = blinded(&policy(&json!("*"), &allow(&json!({ "AWS": ROLE }))));
    for _ in 0..10 {
        later(world, time::Duration::hours(6));
        let handled = world.handle(&[task_for()]);
        assert_eq!(count(&handled, Metric::Blinded), 1, "also if it is not reported again");
        assert!(world.outgoing.take().notifications.is_empty());
    }
    let readable = World::new().bucket.truth();
    world.bucket.change(|truth| *truth = readable.clone());
    assert_eq!(count(&world.handle(&[task_for()]), Metric::Blinded), 0);
}

#[test]
fn h3_what_iam_does_not_allow_yet_is_not_counted_before_it_is_reported() {
    let world = World::new();
    unreadable(world, Cause::NoPermission);
    let first = world.handle(&[task_for()]);
    let sent = world.outgoing.take();
    assert_eq!((count(&first, Metric::Blinded), sent.notifications.len()), (0, 0));
    later(world, time::Duration::minutes(5));
    let second = world.handle(&[sent.messages[0].body.clone()]);
    assert_eq!(count(&second, Metric::Blinded), 1);
    assert_eq!(world.outgoing.take().notifications.len(), 1);
}

#[test]
fn h3_a_policy_that_hides_the_bucket_is_judged_by_its_event() {
    let other = json!({ "AWS": "arn:aws:iam::444455556666:root" });
    for (principal, expected, words) in [
        (json!("*"), "critical", "its policy makes it public"),
        (other, "high", "its policy lets others in: account 444455556666"),
    ] {
        let put = policy(&json!("*"), &allow(&principal));
        let (world, published) = blinded(&put);
        assert_eq!((published.len(), severity(&published[0])), (1, expected.to_owned()));
        let said = said(&published[0]);
        assert!(said.contains(words) && said.contains("as the event of PutBucketPolicy"), "{said}");
        assert!(!published[0].text.contains("Done"), "nothing is written: {}", published[0].text);
        // Without the event nothing is known of it: it is hidden from a sweep.
        assert_eq!(world.bucket.truth().policy, Reading::Denied);
        later(world, DAY * 31);
        assert!(!sweep(world)[0].text.contains(words));
    }
}

#[test]
fn h3_each_setting_that_is_hidden_is_judged_by_its_event() {
    let switches = |on: bool| {
        let switches = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy"];
        let mut all: Json = switches.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
        all["RestrictPublicBuckets"] = json!(on);
        json!({ "PublicAccessBlockConfiguration": all })
    };
    let grant = |grantee: Json| {
        json!({ "AccessControlPolicy": {
            "Owner": { "ID": "us" },
            "AccessControlList": { "Grant": [
                { "Grantee": { "ID": "us" }, "Permission": "FULL_CONTROL" },
                { "Grantee": grantee, "Permission": "READ" },
            ] },
        } })
    };
    let encryption = |algorithm: &str, key: &str| {
        json!({ "ServerSideEncryptionConfiguration": { "Rule": {
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": algorithm, "KMSMasterKeyID": key,
            },
            "BlockedEncryptionTypes": { "EncryptionType": "SSE-C" },
        } } })
    };
    let foreign = "arn:aws:kms:eu-west-1:444455556666:key/1";
    let everyone = "http://acs.amazonaws.com/groups/global/AllUsers";
    for (name, parameters, expected) in [
        ("PutBucketAcl", json!({ "x-amz-acl": "public-read" }), Some("its ACL makes it public")),
        ("PutBucketAcl", grant(json!({ "URI": everyone })), Some("its ACL makes it public")),
        ("PutBucketAcl", grant(json!({ "ID": "them" })), Some("its ACL grants access to others")),
        ("PutBucketAcl", grant(json!({ "ID": "us" })), None),
        ("PutBucketAcl", json!({ "x-amz-acl": "private" }), None),
        (
            "PutBucketPublicAccessBlock",
            switches(false),
            Some("block is off (RestrictPublicBuckets)"),
        ),
        ("PutBucketPublicAccessBlock", switches(true), None),
        ("DeleteBucketPublicAccessBlock", json!({}), Some("public access block is off")),
        (
            "PutBucketEncryption",
            encryption("aws:kms", foreign),
            Some("encrypted with a key of account 444455556666"),
        ),
        ("PutBucketEncryption", encryption("AES256", ""), None),
    ] {
        let world = World::new();
        unreadable(world, Cause::BucketPolicy);
        let before = world.bucket.truth();
        world.handle(&[with(name, &parameters, world.now())]);
        let published = world.outgoing.take().notifications;
        let text: String = published.iter().map(said).collect();
        // That of the block is said as a protection that was switched off.
        let is_said = text.contains(&format!("as the event of {name} says"))
            || text.contains("what it was before is not known");
        assert_eq!(is_said, expected.is_some(), "{name} {parameters}: {text}");
        assert!(text.contains(expected.unwrap_or_default()), "{name} {parameters}: {text}");
        let is_public = text.contains("public: ") || text.contains("its ACL makes it public");
        let severity = published.first().map(severity);
        assert_eq!(
            severity.as_deref(),
            Some(if is_public { "critical" } else { "high" }),
            "{text}"
        );
        assert_eq!(world.bucket.truth(), before, "{name}: nothing is written from an event");
    }
    // Where the setting can be read, the setting decides.
    let world = World::new();
    world.handle(&[with("PutBucketAcl", &json!({ "x-amz-acl": "public-read" }), world.now())]);
    let published = world.outgoing.take().notifications;
    assert!(published.iter().all(|one| !one.text.contains("as the event of")), "{published:?}");
}

#[test]
fn h3_a_weaker_encryption_than_the_grade_asks_is_judged_by_its_event() {
    let world = World::new();
    world.with(|state| state.configured = Some((Grade::Security, "{}".to_owned())));
    unreadable(world, Cause::BucketPolicy);
    let rule = json!({ "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": "aws:kms" } });
    let put = json!({ "ServerSideEncryptionConfiguration": { "Rule": rule } });
    world.handle(&[with("PutBucketEncryption", &put, world.now())]);
    let published = world.outgoing.take().notifications;
    let said = said(&published[0]);
    assert!(said.contains("`aws:kms`, weaker than the grade security asks"), "{said}");
}

#[test]
fn a_deny_for_other_principals_is_not_blamed() {
    use crate::evaluate::shown::denies_by_name;
    use crate::model::policy::Policy;
    let name = "reports".parse().unwrap();
    let deny = |principal: &str, condition: &Json| {
        let statement = json!({ "Statement": {
            "Effect": "Deny", "Principal": { "AWS": principal }, "Action": "s3:*",
            "Resource": ["arn:aws:s3:::reports"], "Condition": condition,
        } });
        Policy::new(statement.to_string())
    };
    let limited = |operator: &str, arn: &str| json!({ operator: { "aws:PrincipalArn": arn } });
    for (policy, denies, is_named) in [
        (deny("*", &limited("ArnLike", ROLE)), true, true),
        (deny("*", &limited("ArnLike", "arn:aws:iam::*:role/s3guard-*")), true, true),
        (deny("*", &limited("StringEqualsIfExists", ROLE)), true, true),
        (deny("*", &limited("ArnLike", "arn:aws:iam::111122223333:*")), true, false),
        (deny("*", &limited("ArnLike", "arn:aws:iam::111122223333:role/ci")), false, false),
        (deny("*", &limited("ArnNotLike", ROLE)), false, false),
        (deny("arn:aws:iam::111122223333:role/ci", &json!({})), false, false),
        (deny("*", &json!({})), true, false),
    ] {
        let denying = policy.denying("s3:GetBucketAcl", &name, Some(ROLE));
        assert_eq!(denying.is_some(), denies, "{}", policy.text());
        assert_eq!(denies_by_name(&policy, &name, Some(ROLE)), is_named, "{}", policy.text());
    }
}
