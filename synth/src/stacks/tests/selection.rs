//! The rule `ObjectChanged` against a selection: it lets through everything that is selected, and drops what it can.

use proptest::prelude::*;
use s3guard_posture::Config;
use s3guard_posture::config::Selection;
use s3guard_posture::model::change::DETAIL_TYPES;
use serde_json::{Value as Json, json};

use crate::{
    resources::events::KnownPattern,
    stacks::{Deployed, PATTERN_LENGTH_MAX, object_pattern_length_max, rule_patterns},
};

const OWN: &str = "s3guard-ledger-111122223333-eu-west-1-an";

fn selection(objects: &Json) -> Selection {
    let config = Config::read(&json!({ "notifications": { "objects": objects } })).unwrap();
    config.notifications().objects.clone()
}

fn pattern(objects: &Json) -> KnownPattern {
    let deployed = Deployed {
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        bucket_prefix: "s3guard".to_owned(),
        guard_role: String::new(),
        selection: selection(objects),
    };
    rule_patterns(&deployed).object_changed
}

fn event(detail_type: &str, bucket: &str, key: &str) -> Json {
    json!({
        "account": "111122223333",
        "source": "aws.s3",
        "detail-type": detail_type,
        "detail": { "bucket": { "name": bucket }, "object": { "key": key } },
    })
}

/// What the pattern says of buckets and of keys.
#[track_caller]
fn check(objects: &Json, buckets: &Json, keys: &Json) {
    let detail = &json!(pattern(objects))["detail"];
    assert_eq!((&detail["bucket"]["name"], &detail["object"]["key"]), (buckets, keys));
}

fn but_own(others: &[&str]) -> Vec<String> {
    let own =
        ["ledger", "logs", "trail"].map(|name| format!("s3guard-{name}-111122223333-eu-west-1-an"));
    own.into_iter().chain(others.iter().map(|other| (*other).to_owned())).collect()
}

#[test]
fn what_begins_or_ends_so_needs_no_wildcard() {
    check(
        &json!({ "include": { "bucket": ["prod-*", "*-logs", "one"], "key": ["in/**", "*.pdf", "a*b*c"] } }),
        &json!([{ "suffix": "-logs" }, "one", { "prefix": "prod-" }]),
        &json!([{ "suffix": ".pdf" }, { "wildcard": "a*b*c" }, { "prefix": "in/" }]),
    );
}

#[test]
fn what_is_excluded_stands_beside_the_stacks_own_buckets() {
    check(&json!({}), &json!([{ "anything-but": but_own(&[]) }]), &json!(null));
    check(
        &json!({ "exclude": { "bucket": ["one"], "key": ["a.txt", "b.txt"] } }),
        &json!([{ "anything-but": but_own(&["one"]) }]),
        &json!([{ "anything-but": ["a.txt", "b.txt"] }]),
    );
    check(
        &json!({ "exclude": { "bucket": ["*-tmp", "one"], "key": ["tmp/*", r"back\slash*"] } }),
        &json!([{ "anything-but": { "wildcard": but_own(&["*-tmp", "one"]) } }]),
        &json!([{ "anything-but": { "wildcard": [r"back\\slash*", "tmp/*"] } }]),
    );
}

#[test]
fn the_rule_has_the_inclusions_of_a_field_that_has_both() {
    check(
        &json!({ "include": { "bucket": "prod-*" }, "exclude": { "bucket": "prod-tmp", "key": "a?" } }),
        &json!([{ "prefix": "prod-" }]),
        &json!(null),
    );
}

#[test]
fn what_eventbridge_cannot_express_is_widened_as_little_as_possible() {
    check(
        &json!({ "include": { "bucket": ["prod-?-logs", "?-archive"], "key": ["a?", "20??-*.csv"] } }),
        &json!([{ "suffix": "-archive" }, { "prefix": "prod-" }]),
        &json!([{ "suffix": ".csv" }, { "prefix": "a" }]),
    );
    check(
        &json!({ "include": { "bucket": ["prod-*", "?*"], "key": ["*"] }, "exclude": { "bucket": "a?c" } }),
        &json!([{ "anything-but": but_own(&[]) }]),
        &json!(null),
    );
}

#[test]
fn many_wildcards_are_widened_before_they_are_too_complex() {
    let keys: Vec<String> = (0..30).map(|n| format!("a{n:02}/*/b")).collect();
    let pattern = json!(pattern(&json!({ "include": { "key": keys } })));
    let filters = pattern["detail"]["object"]["key"].as_array().unwrap();
    let wildcards = filters.iter().filter(|filter| filter.get("wildcard").is_some()).count();
    assert_eq!((wildcards, filters.len()), (20, 30));
    assert_eq!(filters[29], json!({ "prefix": "a29/" }));
}

#[test]
fn a_selection_that_is_too_long_for_a_rule_is_known() {
    assert!(object_pattern_length_max(&Selection::default()) < PATTERN_LENGTH_MAX);
    let keys: Vec<String> = (0..90).map(|n| format!("some/folder/{n}/")).collect();
    let long = selection(&json!({ "include": { "key": keys } }));
    assert!(object_pattern_length_max(&long) > PATTERN_LENGTH_MAX);
}

/// Patterns and names that often meet.
fn some(of: &'static str) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(of, 0..3)
}

fn kinds() -> impl Strategy<Value = Vec<&'static str>> {
    let kinds = ["created", "deleted", "deleted-for-good", "expired", "tags", "restored"];
    prop::sample::subsequence(kinds.to_vec(), 0..3)
}

fn fields() -> impl Strategy<Value = Json> {
    (some("a[ab*?.-]{1,3}[b*]"), some(r"[ab*?\\/]{1,4}"), kinds()).prop_map(
        |(bucket, key, kind)| {
            let mut fields = json!({});
            for (name, values) in
                [("bucket", json!(bucket)), ("key", json!(key)), ("kind", json!(kind))]
            {
                if values != json!([]) {
                    fields[name] = values;
                }
            }
            fields
        },
    )
}

proptest! {
    #[test]
    fn the_rule_lets_through_all_that_is_wanted(
        include in fields(), exclude in fields(), bucket in "a[ab.-]{1,3}b", key in r"[ab*\\/]{0,5}",
    ) {
        let objects = json!({ "include": include, "exclude": exclude });
        let config = Config::read(&json!({ "notifications": { "objects": objects } }));
        // All kinds may be excluded, which is refused.
        prop_assume!(config.is_ok());
        let selection = selection(&objects);
        let pattern = pattern(&objects);
        for (detail_type, changes) in DETAIL_TYPES {
            let passes = pattern.matches(&event(detail_type, &bucket, &key));
            let wanted = changes.iter().any(|change| selection.wants(&bucket, &key, *change));
            prop_assert!(passes || !wanted, "{} {} {} {}", detail_type, bucket, key, json!(pattern));
            // What can be said of each field alone is dropped by the rule.
            let plain = |fields: &Json| !fields.to_string().contains('?');
            let one_way = include.as_object().unwrap().keys().all(|key| exclude.get(key).is_none());
            if plain(&include) && plain(&exclude) && one_way {
                prop_assert_eq!(passes, wanted, "{} {} {} {}", detail_type, bucket, key, json!(pattern));
            }
        }
        let own_passes = pattern.matches(&event("Object Created", OWN, &key));
        let named = include.get("bucket").is_some();
        prop_assert!(!own_passes || named, "{}", json!(pattern));
    }
}
