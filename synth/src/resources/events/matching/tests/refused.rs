//! Patterns that EventBridge would not take, and where they are wrong.

use serde_json::{Value as Json, json};

use crate::resources::events::Matcher;

fn check(pattern: &Json, path: &str, message: &str) {
    let error = Matcher::parse(pattern).expect_err(&pattern.to_string());
    assert_eq!(error.path(), path, "{pattern}");
    assert_eq!(error.to_string(), message, "{pattern}");
}

/// A filter that is refused.
fn check_filter(filter: &Json, problem: &str) {
    check(&json!({ "a": { "b": ["x", filter] } }), "a.b[1]", &format!("`a.b[1]` {problem}"));
}

#[test]
fn a_pattern_is_an_object_of_objects_and_lists() {
    for pattern in [json!([1, 2, 3]), json!("text"), json!(null)] {
        check(&pattern, "", "the pattern is not an object");
    }
    check(&json!({}), "", "the pattern is empty");
    check(&json!({ "a": { "b": {} } }), "a.b", "`a.b` is empty");
    check(&json!({ "a": { "b": [] } }), "a.b", "`a.b` is empty");
    for scalar in [json!(1), json!("x"), json!(null), json!(true)] {
        check(
            &json!({ "a": scalar }),
            "a",
            "`a` is neither a list of what the field may be nor an object",
        );
    }
    check_filter(&json!(["y"]), "is a list in a list");
}

#[test]
fn a_filter_has_one_operator_that_is_known() {
    check_filter(&json!({}), "is an object without exactly one operator");
    for (filter, operator) in [
        (json!({ "regex": "a.*" }), "regex"),
        (json!({ "Prefix": "a" }), "Prefix"),
        (json!({ "$or": [] }), "$or"),
        (json!({ "prefix": { "wildcard": "a" } }), "wildcard"),
        (json!({ "suffix": { "prefix": "a" } }), "prefix"),
        (json!({ "anything-but": { "numeric": ["=", 1] } }), "numeric"),
        (json!({ "anything-but": { "anything-but": "a" } }), "anything-but"),
    ] {
        let problem =
            format!("has the operator `{operator}`, which EventBridge does not know there");
        check_filter(&filter, &problem);
    }
    for filter in [
        json!({ "prefix": "a", "suffix": "b" }),
        json!({ "prefix": { "equals-ignore-case": "a", "x": "b" } }),
        json!({ "anything-but": { "prefix": "a", "x": 1 } }),
        json!({ "anything-but": {} }),
    ] {
        check_filter(&filter, "is an object without exactly one operator");
    }
}

#[test]
fn an_operator_takes_what_it_is_for() {
    for (operator, argument) in [
        ("prefix", json!(3)),
        ("prefix", json!(["a"])),
        ("suffix", json!(null)),
        ("equals-ignore-case", json!(5)),
        ("equals-ignore-case", json!(["abc"])),
        ("wildcard", json!(["abc"])),
        ("cidr", json!(10)),
    ] {
        let problem = format!("has something else than a text for `{operator}`");
        check_filter(&json!({ operator: argument }), &problem);
    }
    let problem = "has something else than a text for `equals-ignore-case`";
    check_filter(&json!({ "prefix": { "equals-ignore-case": 5 } }), problem);
    let problem = "has something else than true or false for `exists`";
    check_filter(&json!({ "exists": "true" }), problem);
    check_filter(&json!({ "exists": null }), problem);
}

#[test]
fn anything_but_takes_texts_or_numbers_not_both() {
    for argument in [
        json!(["a", 1]),
        json!([]),
        json!(null),
        json!(true),
        json!([null]),
        json!([["a"]]),
        json!({ "prefix": 27 }),
        json!({ "prefix": ["a", 1] }),
        json!({ "suffix": [] }),
        json!({ "wildcard": { "a": 1 } }),
    ] {
        check_filter(
            &json!({ "anything-but": argument }),
            "has neither one text or number nor a list of only texts or only numbers for `anything-but`",
        );
    }
    // Without it, all texts would be left out.
    check_filter(
        &json!({ "anything-but": { "prefix": "" } }),
        "has nothing for `prefix` in `anything-but`",
    );
    check_filter(
        &json!({ "anything-but": { "suffix": ["a", ""] } }),
        "has nothing for `suffix` in `anything-but`",
    );
    let large = "has a number beyond -5e9 to 5e9, which is not compared";
    check_filter(&json!({ "anything-but": 123_456_789_012_u64 }), large);
}

#[test]
fn a_numeric_range_is_one_or_two_comparisons_with_room_between() {
    for range in [
        json!(5),
        json!([]),
        json!(["="]),
        json!(["=", true]),
        json!(["<", "5"]),
        json!(["==", 1]),
        json!([5, "<"]),
        json!(["<>", 1, ">", 0]),
        json!(["<", 1, ">", 2]),
        json!(["=", 1, "<", 2]),
        json!([">", 1, "<", 30, false]),
        json!([">", 1, "<"]),
    ] {
        check_filter(
            &json!({ "numeric": range }),
            "has something else than one or two comparisons for `numeric`, as `[\">\", 0, \"<=\", 5]`",
        );
    }
    for range in [json!([">", 30, "<", 1]), json!([">=", 1, "<=", 1])] {
        let problem = "has a range whose bottom is not below its top";
        check_filter(&json!({ "numeric": range }), problem);
    }
    for range in [json!(["=", 2.0e22]), json!([">", 0, "<", 5_000_000_001_u64])] {
        let problem = "has a number beyond -5e9 to 5e9, which is not compared";
        check_filter(&json!({ "numeric": range }), problem);
    }
}

#[test]
fn a_network_is_an_address_with_bits() {
    for network in [
        "foo",
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/x",
        "10.0.0.0/-1",
        "10.0.0.0/32",
        "10.0.0/8",
        "10.0.0.0/8/8",
        "::/128",
        "example.com/8",
        "::ffff:10.0.0.1/8",
    ] {
        check_filter(
            &json!({ "cidr": network }),
            "has something else than a network for `cidr`, as `10.0.0.0/8` (at most /31, /127 for IPv6)",
        );
    }
}

#[test]
fn an_asterisk_stands_alone_and_a_backslash_does_not() {
    for filter in [
        json!({ "wildcard": "a**b" }),
        json!({ "anything-but": { "wildcard": "a**" } }),
        json!({ "anything-but": { "wildcard": ["a", "**"] } }),
    ] {
        check_filter(&filter, "has two `*` in a row");
    }
    for wildcard in [r"a\b", r"a\", r"a*\"] {
        let problem = r"has a `\` before something else than `*` or `\`";
        check_filter(&json!({ "wildcard": wildcard }), problem);
    }
}

#[test]
fn alternatives_are_two_objects_or_more() {
    for alternatives in [
        json!([]),
        json!([{ "a": [1] }]),
        json!({ "a": [1] }),
        json!(["a", "b"]),
        json!([{ "a": [1] }, "b"]),
        json!(null),
    ] {
        check(
            &json!({ "detail": { "$or": alternatives } }),
            "detail.$or",
            "`detail.$or` is not a list of at least two objects",
        );
    }
    check(&json!({ "$or": [{ "a": [1] }, {} ] }), "$or[1]", "`$or[1]` is empty");
    check(
        &json!({ "$or": [{ "a": [1] }, { "b": { "c": [1, []] } }] }),
        "$or[1].b.c[1]",
        "`$or[1].b.c[1]` is a list in a list",
    );
}

#[test]
fn no_field_among_alternatives_has_an_operators_name() {
    for name in ["prefix", "numeric", "regex"] {
        let path = format!("$or[1].b.{name}");
        check(
            &json!({ "$or": [{ "a": [1] }, { "b": { name: ["x"] } }] }),
            &path,
            &format!("`{path}` is the name of an operator, which no field in a `$or` may have"),
        );
    }
    assert!(Matcher::parse(&json!({ "prefix": ["x"] })).is_ok());
}

#[test]
fn alternatives_do_not_multiply_without_end() {
    let two = json!([{ "a": [1] }, { "b": [1] }]);
    let pattern = |places: usize| {
        let places = (0..places).map(|place| (place.to_string(), json!({ "$or": two })));
        Json::Object(places.collect())
    };
    assert!(Matcher::parse(&pattern(9)).is_ok());
    check(&pattern(10), "9.$or", "`9.$or` has more than 1000 combinations of alternatives");
}

#[test]
fn a_pattern_has_at_most_2048_characters() {
    let pattern =
        |characters: usize| json!({ "a": ["ä".repeat(characters - r#"{"a":[""]}"#.len())] });
    assert!(Matcher::parse(&pattern(2_048)).is_ok());
    check(&pattern(2_049), "", "the pattern has 2049 characters, a pattern has at most 2048");
}
