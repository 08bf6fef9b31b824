//! EventBridge's matching rules, each with events that match, events that do not, and the reason that is given.

use serde_json::{Value as Json, json};

use super::*;
use crate::{
    cfn::Pseudo,
    resources::events::{EventPattern, Filter},
};

/// A pattern whose texts are known.
fn known(pattern: &EventPattern) -> KnownPattern {
    pattern.resolved(&|_| None)
}

#[track_caller]
fn check(pattern: &EventPattern, event: &Json, expected: Result<(), &str>) {
    let mismatch = known(pattern).first_mismatch(event).map(|mismatch| mismatch.to_string());
    assert_eq!(mismatch.as_deref(), expected.err(), "{} on {event}", json!(pattern));
}

/// A filter on values of its field.
#[track_caller]
fn check_filter(filter: &Filter, matching: &[Json], others: &[Json]) {
    let pattern = known(&EventPattern::new().field("a", [filter.clone()]));
    for (values, expected) in [(matching, true), (others, false)] {
        for value in values {
            assert_eq!(pattern.matches(&json!({ "a": value })), expected, "{filter:?} on {value}");
        }
    }
}

#[test]
fn a_text_matches_itself_and_no_other_scalar_that_looks_so() {
    check_filter(&"running".into(), &[json!("running")], &[json!("Running"), json!("running ")]);
    check_filter(&"".into(), &[json!("")], &[json!(null), json!(" ")]);
    check_filter(&"5".into(), &[json!("5")], &[json!(5), json!(true)]);
}

#[test]
fn a_prefix_and_a_suffix_are_of_texts_only() {
    let (prefix, suffix) = (Filter::Prefix("1".into()), Filter::Suffix(".png".into()));
    check_filter(&prefix, &[json!("1"), json!("12")], &[json!("21"), json!(12), json!(null)]);
    check_filter(&suffix, &[json!(".png"), json!("a.png")], &[json!("a.PNG"), json!(null)]);
    check_filter(&Filter::Prefix("".into()), &[json!("")], &[json!(1)]);
}

#[test]
fn an_asterisk_is_any_characters_also_none() {
    let like = |text: &str| Filter::Wildcard(text.into());
    check_filter(&like("h*l*o"), &[json!("hlo"), json!("hello")], &[json!("ho"), json!(5)]);
    check_filter(&like(r"a\*\\*"), &[json!(r"a*\b")], &[json!(r"ab\")]);
}

#[test]
fn anything_but_is_every_other_scalar_of_whatever_type() {
    let others = [json!("c"), json!(5), json!(true), json!(null), json!("")];
    let but = Filter::AnythingBut(vec!["a".into(), "b".into()]);
    check_filter(&but, &others, &[json!("a"), json!("b")]);
    check_filter(&Filter::AnythingButPrefix("a".into()), &others, &[json!("a"), json!("ab")]);
    let but = Filter::AnythingButWildcard(vec!["a*".into(), "*b".into()]);
    check_filter(&but, &others, &[json!("ac"), json!("cb")]);
}

#[test]
fn exists_is_of_scalars_and_null_is_one() {
    let there = [json!("x"), json!(""), json!(null), json!([1]), json!([[1]])];
    let absent = [json!({ "inner": 1 }), json!({}), json!([]), json!([{ "inner": 1 }])];
    check_filter(&Filter::Exists(true), &there, &absent);
    check_filter(&Filter::Exists(false), &absent, &there);
}

#[test]
fn a_missing_field_is_only_matched_by_exists_false() {
    for filter in [
        "".into(),
        Filter::Prefix("".into()),
        Filter::Wildcard("*".into()),
        Filter::AnythingBut(vec!["x".into()]),
        Filter::AnythingButPrefix("x".into()),
        Filter::Exists(true),
    ] {
        assert!(!known(&EventPattern::new().field("a.b", [filter])).matches(&json!({ "a": {} })));
    }
    for event in [json!({}), json!({ "a": {} }), json!({ "a": "text" }), json!([])] {
        check(&EventPattern::new().field("a.b", [Filter::Exists(false)]), &event, Ok(()));
    }
}

#[test]
fn an_array_matches_if_one_of_its_elements_does() {
    let event = json!({ "resources": ["arn:1", ["arn:2"]], "people": [{ "name": "Ann" }] });
    let resources = |filter: Filter| EventPattern::new().field("resources", [filter]);
    check(&resources("arn:2".into()), &event, Ok(()));
    check(&resources(Filter::AnythingBut(vec!["arn:1".into()])), &event, Ok(()));
    check(
        &resources("arn:3".into()),
        &event,
        Err("`resources` is `arn:1` and `arn:2`, the rule wants `arn:3`"),
    );
    check(&EventPattern::new().field("people.name", ["Ann"]), &event, Ok(()));
}

#[test]
fn every_field_has_to_match_and_the_first_that_does_not_is_named() {
    let pattern = EventPattern::new()
        .field("source", ["aws.s3"])
        .field("detail.errorCode", [Filter::Exists(false)])
        .field("detail.eventName", ["CreateBucket", "PutBucketAcl"]);
    let event = |source: &str, detail: &Json| json!({ "source": source, "detail": detail });
    check(&pattern, &event("aws.s3", &json!({ "eventName": "PutBucketAcl", "id": 1 })), Ok(()));
    check(
        &pattern,
        &event("aws.ec2", &json!({})),
        Err("`source` is `aws.ec2`, the rule wants `aws.s3`"),
    );
    check(
        &pattern,
        &event("aws.s3", &json!({ "errorCode": "AccessDenied", "eventName": "CreateBucket" })),
        Err("`detail.errorCode` is present, the rule wants it absent"),
    );
    check(
        &pattern,
        &event("aws.s3", &json!({ "eventName": {} })),
        Err("`detail.eventName` is an object, the rule wants `CreateBucket` or `PutBucketAcl`"),
    );
}

#[test]
fn of_alternatives_one_is_enough_and_the_first_has_its_reason() {
    let state = |value| EventPattern::new().field("state.value", [value]);
    let pattern = EventPattern::new()
        .field("source", ["aws.cloudwatch"])
        .either("detail", [state("ALARM"), state("OK").field("previous", [Filter::Exists(true)])]);
    let event = |detail: &Json| json!({ "source": "aws.cloudwatch", "detail": detail });
    check(&pattern, &event(&json!({ "state": { "value": "ALARM" } })), Ok(()));
    check(&pattern, &event(&json!({ "state": { "value": "OK" }, "previous": 1 })), Ok(()));
    check(
        &pattern,
        &event(&json!({ "state": { "value": "OK" } })),
        Err("`detail.state.value` is `OK`, the rule wants `ALARM`"),
    );
    check(&pattern, &json!({}), Err("`source` is absent, the rule wants `aws.cloudwatch`"));
}

#[test]
fn each_filter_has_its_words() {
    for (filter, expected) in [
        ("yes".into(), "`yes`"),
        ("5".into(), "`\"5\"`"),
        ("".into(), "`\"\"`"),
        (Filter::Prefix("x".into()), "text that begins with `x`"),
        (Filter::Suffix("x".into()), "text that ends with `x`"),
        (Filter::Wildcard("x*".into()), "text like `x*`"),
        (Filter::AnythingBut(vec!["no".into(), "x".into()]), "anything but `no` or `x`"),
        (Filter::AnythingButPrefix("n".into()), "anything but text that begins with `n`"),
        (
            Filter::AnythingButWildcard(vec!["n*".into(), "x".into()]),
            "anything but text like `n*` or text like `x`",
        ),
    ] {
        let expected = format!("`a` is `no`, the rule wants {expected}");
        check(&EventPattern::new().field("a", [filter]), &json!({ "a": "no" }), Err(&expected));
    }
}

#[test]
fn of_many_the_first_are_named_and_an_event_cannot_break_the_line() {
    check(
        &EventPattern::new().field("a", ["a", "b", "c", "d", "e", "f"]),
        &json!({ "a": ["x", "y\r\n", null] }),
        Err("`a` is `x`, `y\\u{d}\\u{a}` and `null`, the rule wants `a`, `b`, `c` or 3 others"),
    );
    let expected = format!("`a` is `{}…`, the rule wants `x`", "a".repeat(100));
    let long = json!({ "a": "a".repeat(1_000) });
    check(&EventPattern::new().field("a", ["x"]), &long, Err(&expected));
}

#[test]
fn a_text_that_is_not_known_matches_nothing() {
    let pattern = EventPattern::new().field("region", [Filter::Exactly(Pseudo::Region.into())]);
    let event = json!({ "region": "eu-west-1" });
    assert!(!pattern.resolved(&|_| None).matches(&event));
    let resolved =
        pattern.resolved(&|name| (name == "AWS::Region").then(|| "eu-west-1".to_owned()));
    assert!(resolved.matches(&event));
}
