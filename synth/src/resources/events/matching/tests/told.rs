//! What is said of an event that does not match.

use serde_json::{Value as Json, json};

use crate::resources::events::{Matcher, Mismatch};

fn check(pattern: &Json, event: &Json, expected: &str) {
    let mismatch = Matcher::parse(pattern).unwrap().first_mismatch(event).unwrap();
    assert_eq!(mismatch.to_string(), expected);
}

/// A filter and what is said of a field that it does not want.
fn check_filter(filter: &Json, value: &Json, expected: &str) {
    check(&json!({ "a": [filter] }), &json!({ "a": value }), &format!("`a` is {expected}"));
}

#[test]
fn the_field_is_named_with_what_it_is_and_what_is_wanted() {
    let pattern =
        json!({ "detail": { "errorCode": [{ "exists": false }], "eventName": ["CreateBucket"] } });
    check(
        &pattern,
        &json!({ "detail": { "errorCode": "AccessDenied", "eventName": "CreateBucket" } }),
        "`detail.errorCode` is present, the rule wants it absent",
    );
    let event = json!({ "detail": { "eventName": "DeleteBucket" } });
    check(&pattern, &event, "`detail.eventName` is `DeleteBucket`, the rule wants `CreateBucket`");
    let mismatch = Matcher::parse(&pattern).unwrap().first_mismatch(&event);
    let (is, wanted) = ("`DeleteBucket`".to_owned(), "`CreateBucket`".to_owned());
    assert_eq!(mismatch, Some(Mismatch::Field { path: "detail.eventName".to_owned(), is, wanted }));
}

#[test]
fn the_first_field_is_the_patterns_first() {
    check(
        &json!({ "source": ["aws.s3"], "detail-type": ["Object Created"], "account": ["1"] }),
        &json!({ "source": "aws.ec2", "detail-type": "Other", "account": "2" }),
        "`source` is `aws.ec2`, the rule wants `aws.s3`",
    );
}

#[test]
fn each_operator_has_its_words() {
    let text = json!("no");
    for (filter, expected) in [
        (json!("yes"), "`no`, the rule wants `yes`"),
        (json!(5), "`no`, the rule wants `5`"),
        (json!("5"), "`no`, the rule wants `\"5\"`"),
        (json!(""), "`no`, the rule wants `\"\"`"),
        (json!(null), "`no`, the rule wants `null`"),
        (json!({ "prefix": "x" }), "`no`, the rule wants text that begins with `x`"),
        (
            json!({ "prefix": { "equals-ignore-case": "x" } }),
            "`no`, the rule wants text that begins with `x` in any case",
        ),
        (json!({ "suffix": "x" }), "`no`, the rule wants text that ends with `x`"),
        (
            json!({ "suffix": { "equals-ignore-case": "x" } }),
            "`no`, the rule wants text that ends with `x` in any case",
        ),
        (json!({ "equals-ignore-case": "x" }), "`no`, the rule wants `x` in any case"),
        (json!({ "wildcard": "x*" }), "`no`, the rule wants text like `x*`"),
        (json!({ "anything-but": ["no", "x"] }), "`no`, the rule wants anything but `no` or `x`"),
        (
            json!({ "anything-but": { "prefix": "n" } }),
            "`no`, the rule wants anything but text that begins with `n`",
        ),
        (json!({ "numeric": [">", 0, "<=", 5] }), "`no`, the rule wants a number > 0 and <= 5"),
        (json!({ "cidr": "10.0.0.0/8" }), "`no`, the rule wants an address of `10.0.0.0/8`"),
    ] {
        check_filter(&filter, &text, expected);
    }
}

#[test]
fn what_is_no_leaf_is_said_to_be_none() {
    check_filter(
        &json!({ "exists": true }),
        &json!({ "b": 1 }),
        "an object, the rule wants it present",
    );
    check_filter(&json!("x"), &json!([]), "absent, the rule wants `x`");
    check_filter(&json!("x"), &json!(null), "`null`, the rule wants `x`");
}

#[test]
fn of_many_the_first_are_named() {
    check(
        &json!({ "a": ["a", "b", "c", "d", "e", "f"] }),
        &json!({ "a": ["x", "y", "z"] }),
        "`a` is `x`, `y` and `z`, the rule wants `a`, `b`, `c` or 3 others",
    );
}

#[test]
fn an_event_cannot_break_the_line() {
    check_filter(&json!("x"), &json!("a\r\nb"), "`a\\u{d}\\u{a}b`, the rule wants `x`");
    let long = json!("a".repeat(1_000));
    let shown = format!("`{}…`, the rule wants `x`", "a".repeat(100));
    check_filter(&json!("x"), &long, &shown);
}

#[test]
fn fields_of_different_elements_are_told_apart() {
    let event = json!({ "people": [
        { "first": "Anna", "last": "Smith", "id": 1 }, { "first": "Peter", "last": "Jones" },
    ] });
    check(
        &json!({ "people": { "last": ["Jones"], "first": ["Anna"] } }),
        &event,
        "`people.last` matches, but in another element of an array than the fields before it",
    );
    check(
        &json!({ "people": { "first": ["Anna"], "id": [{ "exists": false }] } }),
        &event,
        "`people.id` is present, the rule wants it absent",
    );
    // That another element has the field is not the reason.
    check(
        &json!({ "people": { "id": [{ "exists": false }], "first": ["Peter"], "last": ["Doe"] } }),
        &event,
        "`people.last` is `Smith` and `Jones`, the rule wants `Doe`",
    );
}

#[test]
fn alternatives_are_told_each_but_once() {
    let pattern =
        json!({ "source": ["aws.s3"], "$or": [{ "a": [1] }, { "b": [{ "exists": true }] }] });
    check(
        &pattern,
        &json!({ "source": "aws.s3", "a": 2 }),
        "no alternative of the rule matches: `a` is `2`, the rule wants `1`; `b` is absent, the rule wants it present",
    );
    check(&pattern, &json!({ "a": 1 }), "`source` is absent, the rule wants `aws.s3`");
}

#[test]
fn what_is_no_event_is_said_to_be_none() {
    check(&json!({ "a": [1] }), &json!([]), "the event is not an object");
}
