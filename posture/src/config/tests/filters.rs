//! What a filter policy matches in SNS, and what a selection includes.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::config;
use crate::config::{ObjectKind, Selection, Subscription};
use crate::model::change::Change;
use crate::model::change::DETAIL_TYPES;
use crate::model::severity::Severity;

/// Whether SNS delivers a message with these attributes: every key of the policy has to be among the attributes, and one of
/// its values has to match one of the policy.
///
/// Source: Amazon SNS Developer Guide, "Filter policy logic: AND/OR" and "String value matching".
fn delivers(policy: &Value, attributes: &Value) -> bool {
    policy.as_object().unwrap().iter().all(|(key, wanted)| {
        let values = match (&attributes[key], attributes[key].as_str()) {
            (Value::Array(values), _) => values.clone(),
            (_, one) => one.map(Value::from).into_iter().collect(),
        };
        values.iter().map(|value| value.as_str().unwrap()).any(|value| {
            wanted.as_array().unwrap().iter().any(|one| {
                match (one, &one["prefix"], &one["suffix"]) {
                    (Value::String(exactly), ..) => value == exactly,
                    (_, Value::String(prefix), _) => value.starts_with(prefix.as_str()),
                    (_, _, Value::String(suffix)) => value.ends_with(suffix.as_str()),
                    (other, ..) => panic!("{other} is nothing that SNS knows"),
                }
            })
        })
    })
}

fn subscription(filter: &Value) -> Subscription {
    let mut written = filter.clone();
    written["name"] = json!("a");
    written["email"] = json!("a@example.com");
    config(&json!({ "subscription": [written] })).subscriptions()[0].clone()
}

#[test]
fn a_policy_has_only_what_is_said() {
    assert_eq!(subscription(&json!({})).policy(), json!({}));
    let all = subscription(&json!({
        "about": "object",
        "bucket": ["payroll-*", "*-salaries", "one"],
        "severity": "warning",
        "grade": "security",
        "action": ["deleted"],
    }));
    assert_eq!(
        all.policy(),
        json!({
            "kind": ["object"],
            "action": ["deleted"],
            "bucket": ["one", { "prefix": "payroll-" }, { "suffix": "-salaries" }],
            "severity": ["warning", "high", "critical"],
            "grade": ["security"],
        })
    );
}

#[test]
fn of_several_buckets_one_is_enough() {
    let payroll = subscription(&json!({ "bucket": "payroll-*" }));
    assert!(payroll.wants("object", &["deleted"], &["other", "payroll-1"], Severity::Info, &[]));
    assert!(!payroll.wants("object", &["deleted"], &["other"], Severity::Info, &[]));
    assert!(!payroll.wants("guard", &["alarm"], &[], Severity::Critical, &[]));
}

/// So few that a filter does not exceed the limit of combinations.
fn some(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(of, 0..=2)
}

const BUCKETS: &[&str] = &["payroll-*", "*-logs", "payroll-logs", "pay*", "*s", "one"];
const NAMES: &[&str] = &["payroll-logs", "payroll-1", "a-logs", "one", "two", "pay"];
const ACTIONS: &[&str] = &["deleted", "created", "protected", "alarm"];
const KINDS: &[&str] = &["bucket", "object", "guard"];
const GRADES: &[&str] = &["speed", "hybrid", "security"];

proptest! {
    #[test]
    fn a_subscription_wants_what_sns_delivers_by_its_policy(
        (about, actions, buckets, grades) in (some(KINDS), some(ACTIONS), some(BUCKETS), some(GRADES)),
        least in prop::sample::select(&Severity::ALL),
        kind in prop::sample::select(KINDS),
        (sent_actions, sent_buckets, sent_grades) in (some(ACTIONS), some(NAMES), some(GRADES)),
        severity in prop::sample::select(&Severity::ALL),
    ) {
        let mut filter = json!({ "severity": least.name() });
        for (key, values) in [("about", about), ("action", actions), ("bucket", buckets), ("grade", grades)] {
            if !values.is_empty() {
                filter[key] = json!(values);
            }
        }
        let subscription = subscription(&filter);
        let attributes = json!({
            "kind": kind, "action": sent_actions, "bucket": sent_buckets, "grade": sent_grades,
            "severity": severity.name(),
        });
        let wanted = subscription.wants(kind, &sent_actions, &sent_buckets, severity, &sent_grades);
        prop_assert_eq!(wanted, delivers(&subscription.policy(), &attributes), "{}", filter);
    }
}

fn selection(objects: &Value) -> Selection {
    config(&json!({ "notifications": { "objects": objects } })).notifications().objects.clone()
}

#[test]
fn each_field_is_included_and_not_excluded() {
    let all = selection(&json!({}));
    assert!(all.wants("any", "", Change::Moved));
    let some = selection(&json!({
        "include": { "bucket": ["prod-*"], "key": ["in/*", "*.pdf"], "kind": ["created", "deleted"] },
        "exclude": { "bucket": ["*-tmp"], "key": ["in/tmp/*"], "kind": ["expired"] },
    }));
    let created = Change::CreatedOrOverwritten;
    assert!(some.wants("prod-1", "in/a", created));
    assert!(some.wants("prod-1", "out/a/b.pdf", Change::Deleted));
    for (bucket, key, change) in [
        ("test-1", "in/a", created),
        ("prod-tmp", "in/a", created),
        ("prod-1", "out/a", created),
        ("prod-1", "in/tmp/a.pdf", created),
        ("prod-1", "in/a", Change::TagsAdded),
        ("prod-1", "in/a", Change::Expired),
    ] {
        assert!(!some.wants(bucket, key, change), "{bucket} {key} {change:?}");
    }
}

#[test]
fn only_types_that_can_be_reported_are_received() {
    let types = |objects: &Value| selection(objects).detail_types();
    assert_eq!(types(&json!({})), DETAIL_TYPES.map(|(name, _)| name));
    assert_eq!(
        types(&json!({ "include": { "kind": ["expired", "tags"] } })),
        ["Object Deleted", "Object Tags Added", "Object Tags Deleted"]
    );
    assert_eq!(
        types(&json!({ "exclude": { "kind": "deleted-for-good" } })).len(),
        DETAIL_TYPES.len()
    );
    assert!(!types(&json!({ "exclude": { "kind": "deleted" } })).contains(&"Object Deleted"));
    for kind in ObjectKind::ALL {
        assert!(!types(&json!({ "include": { "kind": kind.name() } })).is_empty(), "{kind}");
    }
}

#[test]
fn what_each_notification_does_can_be_filtered_by() {
    let origin = crate::notify::notification::Origin {
        account: &"111122223333".parse().unwrap(),
        region: &"eu-west-1".parse().unwrap(),
        stack: "s3guard",
        now: time::macros::datetime!(2026-11-20 12:00 UTC),
    };
    for sample in crate::digest::samples(&origin) {
        let crate::notify::notification::Attribute::Many(actions) = &sample.attributes["action"]
        else {
            panic!()
        };
        let known: Vec<&str> = crate::model::attributes::actions().collect();
        assert!(actions.iter().all(|action| known.contains(&action.as_str())), "{actions:?}");
    }
}
