//! EventBridge's rules of matching, each with the values that it lets through and those that it does not.

mod fields;
mod properties;
mod refused;
mod told;

use serde_json::{Value as Json, json};

use super::Matcher;

/// A pattern on an event.
fn check(pattern: &Json, event: &Json, expected: bool) {
    let matcher = Matcher::parse(pattern).unwrap();
    assert_eq!(matcher.matches(event), expected, "{pattern} on {event}");
}

/// A filter on values of its field.
fn check_filter(filter: &Json, matching: &[Json], others: &[Json]) {
    for (values, expected) in [(matching, true), (others, false)] {
        for value in values {
            check(&json!({ "a": [filter] }), &json!({ "a": value }), expected);
        }
    }
}

#[test]
fn a_text_matches_itself_and_no_other_scalar_that_looks_so() {
    check_filter(&json!("running"), &[json!("running")], &[json!("Running"), json!("running ")]);
    check_filter(&json!(""), &[json!("")], &[json!(null), json!(" ")]);
    check_filter(&json!("true"), &[json!("true")], &[json!(true)]);
    check_filter(&json!("5"), &[json!("5")], &[json!(5)]);
}

#[test]
fn true_false_and_null_match_themselves() {
    check_filter(&json!(true), &[json!(true)], &[json!(false), json!("true"), json!(1)]);
    check_filter(&json!(false), &[json!(false)], &[json!(true), json!(null), json!(0)]);
    check_filter(&json!(null), &[json!(null)], &[json!(""), json!("null"), json!(false)]);
}

#[test]
fn a_number_matches_by_value_not_by_spelling() {
    check_filter(
        &json!(300),
        &[json!(300), json!(300.0), json!(3.0e2)],
        &[json!(301), json!("300")],
    );
    check_filter(&json!(-0.0), &[json!(0)], &[json!(0.1)]);
    // An account's number is too large to be compared, but is still the same text.
    check_filter(
        &json!(123_456_789_012_u64),
        &[json!(123_456_789_012_u64)],
        &[json!(123_456_789_013_u64)],
    );
}

#[test]
fn an_address_matches_itself_however_it_is_written() {
    check_filter(&json!("192.0.2.0"), &[json!("192.0.2.0")], &[json!("192.0.2.1")]);
    check_filter(&json!("::1"), &[json!("0:0:0:0:0:0:0:1")], &[json!("::2"), json!("0.0.0.1")]);
}

#[test]
fn a_prefix_is_of_texts_only() {
    check_filter(
        &json!({ "prefix": "zoo" }),
        &[json!("zoo"), json!("zookeeper")],
        &[json!("Zoo"), json!("zo"), json!(null)],
    );
    check_filter(&json!({ "prefix": "1" }), &[json!("12")], &[json!(12)]);
    check_filter(&json!({ "prefix": "" }), &[json!(""), json!("a")], &[json!(1), json!(null)]);
    check_filter(
        &json!({ "prefix": { "equals-ignore-case": "EventB" } }),
        &[json!("eventbridge"), json!("EVENTB")],
        &[json!("event"), json!("my-eventb")],
    );
}

#[test]
fn a_suffix_is_of_texts_only() {
    check_filter(
        &json!({ "suffix": ".png" }),
        &[json!(".png"), json!("a.png")],
        &[json!("a.PNG"), json!("a.png.gz"), json!(null)],
    );
    check_filter(
        &json!({ "suffix": { "equals-ignore-case": "tBridge" } }),
        &[json!("eventbridge"), json!("TBRIDGE")],
        &[json!("bridge"), json!("eventbridges")],
    );
}

#[test]
fn capitals_may_be_ignored_in_every_alphabet() {
    check_filter(
        &json!({ "equals-ignore-case": "aBc" }),
        &[json!("ABC"), json!("abc")],
        &[json!("abcd"), json!("ab"), json!(null)],
    );
    check_filter(&json!({ "equals-ignore-case": "" }), &[json!("")], &[json!("a")]);
    check_filter(
        &json!({ "equals-ignore-case": "größe" }),
        &[json!("GRÖSSE"), json!("Größe")],
        &[],
    );
}

#[test]
fn an_asterisk_is_any_characters_also_none() {
    for (wildcard, matching, others) in [
        ("*", vec!["", "hello"], vec![]),
        ("*bc", vec!["bc", "abcbc"], vec!["bcd", "b"]),
        ("xy*", vec!["xy", "xyzzz"], vec!["x", "axy"]),
        ("h*o", vec!["ho", "hello"], vec!["h", "hello!"]),
        ("h*l*o", vec!["hlo", "hello", "hallelujo"], vec!["ho", "hol"]),
        ("*/lib/*", vec!["/usr/lib/a", "/lib/"], vec!["/usr/lib"]),
        // What one end has taken, the other may not use.
        ("ab*ba", vec!["abba", "ab-ba"], vec!["aba"]),
        ("a*ab*b", vec!["aabb", "a-ab-b"], vec!["aab", "abb"]),
        ("no", vec!["no"], vec!["noo"]),
        ("", vec![""], vec!["a"]),
        (r"a\*\\*", vec![r"a*\", r"a*\b"], vec![r"ab\", "a*"]),
    ] {
        let texts = |texts: Vec<&str>| texts.into_iter().map(Json::from).collect::<Vec<_>>();
        check_filter(&json!({ "wildcard": wildcard }), &texts(matching), &texts(others));
    }
    check_filter(&json!({ "wildcard": "*" }), &[], &[json!(1), json!(null)]);
}

#[test]
fn anything_but_is_every_other_scalar_of_whatever_type() {
    let others = [json!("running"), json!(5), json!(true), json!(null), json!("")];
    check_filter(&json!({ "anything-but": "stopped" }), &others, &[json!("stopped")]);
    check_filter(
        &json!({ "anything-but": ["stopped", "overloaded"] }),
        &others,
        &[json!("stopped"), json!("overloaded")],
    );
    check_filter(&json!({ "anything-but": 123 }), &others, &[json!(123), json!(123.0)]);
    check_filter(
        &json!({ "anything-but": [111, 222] }),
        &[json!("111"), json!(333), json!(6e9), json!(null)],
        &[json!(111), json!(2.22e2)],
    );
}

#[test]
fn anything_but_takes_other_operators_with_one_or_more_texts() {
    for (operator, texts, matching, others) in [
        ("prefix", json!("init"), "running", "initializing"),
        ("prefix", json!(["init", "run"]), "stopped", "running"),
        ("suffix", json!(".png"), "a.jpg", "a.png"),
        ("suffix", json!([".png", ".jpg"]), "a.gif", "a.jpg"),
        ("equals-ignore-case", json!("initializing"), "initialized", "INITIALIZING"),
        ("equals-ignore-case", json!(["a", "b"]), "c", "B"),
        ("wildcard", json!("*/lib/*"), "/usr/bin/", "/usr/lib/a"),
        ("wildcard", json!(["a*", "*b"]), "ba", "cb"),
    ] {
        check_filter(
            &json!({ "anything-but": { operator: texts } }),
            &[json!(matching), json!(5), json!(null)],
            &[json!(others)],
        );
    }
}

#[test]
fn a_numeric_range_has_its_ends_or_has_not() {
    for (range, matching, others) in [
        (json!(["=", 301.8]), vec![301.8, 3.018e2], vec![301.0, 301.800_001]),
        (json!(["<", 10]), vec![9.999_999, -5e9], vec![10.0, 5e9]),
        (json!(["<=", 10]), vec![10.0], vec![10.000_001]),
        (json!([">", 0]), vec![0.000_001, 5e9], vec![0.0, -1.0]),
        (json!([">=", 0]), vec![0.0, -0.0], vec![-0.000_001]),
        (json!([">", 0, "<=", 5]), vec![1.0, 5.0], vec![0.0, 6.0]),
        (json!([">=", 0, "<", 5]), vec![0.0, 4.0], vec![5.0, -1.0]),
        (json!([">=", -4e-8, "<", 1]), vec![0.0], vec![1.0]),
    ] {
        let numbers = |numbers: Vec<f64>| numbers.into_iter().map(Json::from).collect::<Vec<_>>();
        check_filter(&json!({ "numeric": range }), &numbers(matching), &numbers(others));
    }
    check_filter(
        &json!({ "numeric": [">", 0] }),
        &[json!(5)],
        &[json!("5"), json!(6e9), json!(null)],
    );
}

#[test]
fn a_network_has_all_addresses_that_begin_so() {
    for (network, matching, others) in [
        ("10.0.0.0/24", vec!["10.0.0.0", "10.0.0.255"], vec!["10.0.1.0", "9.255.255.255"]),
        ("10.0.0.0/31", vec!["10.0.0.1"], vec!["10.0.0.2"]),
        // The address may be any of its network.
        ("10.0.0.33/8", vec!["10.0.0.0", "10.255.255.255"], vec!["11.0.0.33"]),
        ("0.0.0.0/0", vec!["0.0.0.0", "255.255.255.255"], vec!["::", "::1"]),
        ("2001:db8::/32", vec!["2001:db8::", "2001:DB8:ffff::1"], vec!["2001:db9::", "10.0.0.1"]),
        ("10.0.0.0/8", vec![], vec!["example.com", "10.0.0", "", "cloudformation.amazonaws.com"]),
    ] {
        let texts = |texts: Vec<&str>| texts.into_iter().map(Json::from).collect::<Vec<_>>();
        check_filter(&json!({ "cidr": network }), &texts(matching), &texts(others));
    }
}

#[test]
fn one_filter_of_a_field_is_enough() {
    let pattern = json!({ "a": ["x", { "prefix": "y" }, 5, { "exists": false }] });
    for (event, expected) in [
        (json!({ "a": "x" }), true),
        (json!({ "a": "yes" }), true),
        (json!({ "a": 5 }), true),
        (json!({}), true),
        (json!({ "a": "no" }), false),
        (json!({ "a": null }), false),
    ] {
        check(&pattern, &event, expected);
    }
}
