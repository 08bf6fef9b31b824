//! Public access in every path: a bucket that becomes public is closed, whichever way, grade and order.

use super::refused::{later, severity};
use super::*;
use crate::Mode;
use crate::events::OwnMessage;
use crate::model::policy::Policy;
use crate::model::setting::{Acl, Ownership};

/// A way to make a bucket public, and the calls of which one is received, or none.
struct Path {
    name: &'static str,
    opens: fn(&mut Observed),
    calls: &'static [&'static str],
}

fn by_policy(bucket: &mut Observed) {
    let policy = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",
        "Resource":"arn:aws:s3:::reports/*"}]}"#;
    bucket.policy = Reading::Known(Policy::new(policy));
    bucket.policy_is_public = Reading::Known(true);
    bucket.public_access_block = Reading::Absent;
}

fn by_acl(bucket: &mut Observed) {
    bucket.ownership = Reading::Known(Ownership::ObjectWriter);
    let acl = Acl { is_public: true, grants_others: true, ..Acl::default() };
    bucket.acl = Reading::Known(acl);
    bucket.public_access_block = Reading::Absent;
}

fn as_website(bucket: &mut Observed) {
    by_policy(bucket);
    bucket.website = Reading::Known(());
}

/// An access point is as public as its policy, which the bucket's policy lets decide, and the bucket's block closes it too.
fn by_access_point(bucket: &mut Observed) {
    let policy = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*",
        "Resource":["arn:aws:s3:::reports","arn:aws:s3:::reports/*"],
        "Condition":{"StringLike":{"s3:DataAccessPointArn":"arn:aws:s3:*:*:accesspoint/*"}}}]}"#;
    by_policy(bucket);
    bucket.policy = Reading::Known(Policy::new(policy));
}

const PATHS: [Path; 4] = [
    Path {
        name: "policy",
        opens: by_policy,
        calls: &[
            "",
            "PutBucketPolicy",
            "DeleteBucketPublicAccessBlock",
            "PutBucketPublicAccessBlock",
        ],
    },
    Path {
        name: "acl",
        opens: by_acl,
        calls: &[
            "",
            "PutBucketAcl",
            "PutBucketOwnershipControls",
            "DeleteBucketOwnershipControls",
            "DeleteBucketPublicAccessBlock",
        ],
    },
    Path {
        name: "website",
        opens: as_website,
        calls: &["", "PutBucketWebsite", "PutBucketPolicy", "DeleteBucketPublicAccessBlock"],
    },
    Path {
        name: "access point",
        opens: by_access_point,
        calls: &["", "PutBucketPolicy", "DeleteBucketPublicAccessBlock"],
    },
];

fn world(grade: Grade, mode: Mode, rule: &str) -> &'static World {
    let world = World::new();
    let config = format!(r#"{{"aspects":{{"public-access":"{mode}"}}{rule}}}"#);
    world.with(|state| state.configured = Some((grade, config)));
    world
}

/// The first sweep after the installation.
fn installed(world: &'static World) -> Vec<Notification> {
    let bucket = world.id().name;
    world.handle(&[OwnMessage::Reconcile { bucket, known: Some(Known::Before) }.body()]);
    later(world, time::Duration::hours(2));
    world.outgoing.take().notifications
}

/// The event of this call, or a sweep if it is lost.
fn receives(world: &'static World, name: &str) -> Vec<Notification> {
    let body = if name.is_empty() { task_for() } else { call(name, world.now(), None) };
    assert!(world.handle(&[body]).failed.is_empty(), "{name}");
    world.outgoing.take().notifications
}

fn is_critical(notifications: &[Notification]) -> bool {
    notifications.iter().any(|one| severity(one) == "critical")
}

#[test]
fn h2_a_bucket_that_becomes_public_is_closed_in_every_path_grade_and_order() {
    for grade in Grade::ALL {
        for mode in Mode::ALL {
            for Path { name, opens, calls } in PATHS {
                for call_name in calls {
                    let what = format!("{name}, {grade}, {mode}, `{call_name}`");
                    // It becomes public after the installation.
                    let after = world(grade, mode, "");
                    installed(after);
                    after.bucket.change(opens);
                    let published = receives(after, call_name);
                    assert_eq!(after.is_closed(), mode.enforces(), "after: {what}");
                    if mode == Mode::Report {
                        assert!(is_critical(&published), "after: {what}: {published:?}");
                    }
                    // It was public before.
                    let before = world(grade, mode, "");
                    before.bucket.change(opens);
                    let first = installed(before);
                    let closes = mode == Mode::Enforce;
                    assert_eq!(before.is_closed(), closes, "before: {what}");
                    let is_open = matches!(mode, Mode::EnforceNew | Mode::Report);
                    assert_eq!(is_critical(&first), is_open, "before: {what}: {first:?}");
                    receives(before, call_name);
                    assert_eq!(before.is_closed(), closes, "before, and a call: {what}");
                    // A rule allows it.
                    let rule = r#","rule":[{"bucket":"reports","public":true,"reason":"web"}]"#;
                    let allowed = world(grade, mode, rule);
                    installed(allowed);
                    allowed.bucket.change(opens);
                    receives(allowed, call_name);
                    assert!(!allowed.is_closed(), "allowed: {what}");
                }
            }
        }
    }
}

#[test]
fn h2_a_new_bucket_that_is_public_is_closed_at_once() {
    for grade in Grade::ALL {
        for mode in [Mode::EnforceNew, Mode::Enforce] {
            for Path { name, opens, calls } in PATHS {
                for call_name in calls.iter().filter(|call_name| !call_name.is_empty()) {
                    let world = world(grade, mode, "");
                    world.bucket.change(opens);
                    let created = call("CreateBucket", world.now(), None);
                    world.handle(&[created, call(call_name, world.now(), None)]);
                    // A website alone opens nothing: it waits until the bucket has settled.
                    if *call_name == "PutBucketWebsite" {
                        later(world, time::Duration::seconds(20));
                        let sent = world.outgoing.take().messages.into_iter();
                        world.handle(&sent.map(|message| message.body).collect::<Vec<_>>());
                    }
                    assert!(world.is_closed(), "{name}, {grade}, {mode}, {call_name}");
                }
            }
        }
    }
}

#[test]
fn h2_a_website_that_was_set_up_first_is_no_licence() {
    for grade in Grade::ALL {
        let world = world(grade, Mode::EnforceNew, "");
        installed(world);
        world.bucket.change(|bucket| bucket.website = Reading::Known(()));
        receives(world, "PutBucketWebsite");
        world.bucket.change(|bucket| bucket.public_access_block = Reading::Absent);
        receives(world, "DeleteBucketPublicAccessBlock");
        assert!(world.is_closed(), "{grade}: the block of a website");
        // Both in one script, before the first event.
        world.bucket.change(as_website);
        let both = ["PutBucketPolicy", "DeleteBucketPublicAccessBlock"];
        world.handle(&both.map(|name| call(name, world.now(), None)));
        assert!(world.is_closed(), "{grade}: public policy and block");
    }
}
