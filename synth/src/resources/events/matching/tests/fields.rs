//! Fields together: missing ones, arrays, and `$or`.

use serde_json::{Value as Json, json};

use super::check;

/// An event with what each pattern makes of it.
fn check_all(event: &Json, patterns: &[(Json, bool)]) {
    for (pattern, expected) in patterns {
        check(pattern, event, *expected);
    }
}

#[test]
fn every_field_has_to_match_and_others_do_not_count() {
    check_all(
        &json!({ "source": "aws.s3", "id": "1", "detail": { "bucket": { "name": "reports" }, "reason": "PutObject" } }),
        &[
            (
                json!({ "source": ["aws.s3"], "detail": { "bucket": { "name": ["reports"] } } }),
                true,
            ),
            (json!({ "source": ["aws.s3"], "detail": { "bucket": { "name": ["logs"] } } }), false),
            (
                json!({ "source": ["aws.ec2"], "detail": { "bucket": { "name": ["reports"] } } }),
                false,
            ),
            (json!({ "detail": { "reason": ["PutObject", "CopyObject"] } }), true),
        ],
    );
}

#[test]
fn a_missing_field_is_only_matched_by_exists_false() {
    for filter in [
        json!("x"),
        json!(""),
        json!(null),
        json!({ "prefix": "" }),
        json!({ "wildcard": "*" }),
        json!({ "anything-but": "x" }),
        json!({ "anything-but": { "prefix": "x" } }),
        json!({ "numeric": ["<", 5] }),
        json!({ "exists": true }),
    ] {
        check(&json!({ "detail": { "a": [filter] } }), &json!({ "detail": { "b": 1 } }), false);
    }
    for event in [json!({}), json!({ "detail": {} }), json!({ "detail": "text" })] {
        check(&json!({ "detail": { "a": [{ "exists": false }] } }), &event, true);
    }
}

#[test]
fn exists_is_of_leaves_and_null_is_one() {
    for (value, exists) in [
        (json!("x"), true),
        (json!(""), true),
        (json!(null), true),
        (json!([1]), true),
        (json!([[1]]), true),
        (json!({ "inner": 1 }), false),
        (json!({}), false),
        (json!([]), false),
        (json!([{ "inner": 1 }]), false),
    ] {
        let event = json!({ "a": value });
        check(&json!({ "a": [{ "exists": true }] }), &event, exists);
        check(&json!({ "a": [{ "exists": false }] }), &event, !exists);
    }
}

#[test]
fn an_array_matches_if_one_of_its_elements_does() {
    check_all(
        &json!({ "resources": ["arn:1", "arn:2"], "codes": [116, [943]], "none": [] }),
        &[
            (json!({ "resources": ["arn:2", "arn:3"] }), true),
            (json!({ "resources": ["arn:3"] }), false),
            // One other is enough.
            (json!({ "resources": [{ "anything-but": "arn:1" }] }), true),
            (json!({ "resources": [{ "anything-but": ["arn:1", "arn:2"] }] }), false),
            (json!({ "codes": [943] }), true),
            (json!({ "codes": [{ "numeric": ["<", 100] }] }), false),
            (json!({ "none": [{ "anything-but": "x" }] }), false),
        ],
    );
}

/// After Event Ruler's README and its test of arrays.
#[test]
fn fields_have_to_match_in_the_same_element() {
    check_all(
        &json!({ "employees": [
            [
                { "firstName": "John", "lastName": "Doe", "ids": [1234, 1000, 9999] },
                { "firstName": "Anna", "lastName": "Smith" },
            ],
            [{ "firstName": "Peter", "lastName": "Jones", "ids": [] }],
        ] }),
        &[
            (json!({ "employees": { "firstName": ["Anna"] } }), true),
            (json!({ "employees": { "firstName": ["Anna"], "lastName": ["Smith"] } }), true),
            (json!({ "employees": { "firstName": ["Anna"], "lastName": ["Jones"] } }), false),
            (json!({ "employees": { "firstName": ["Anna"], "lastName": ["Doe"] } }), false),
            (json!({ "employees": { "firstName": ["John"], "ids": [1000] } }), true),
            (json!({ "employees": { "firstName": ["Anna"], "ids": [1000] } }), false),
            (json!({ "employees": { "firstName": ["Anna"], "ids": [{ "exists": false }] } }), true),
            (json!({ "employees": { "firstName": ["Anna"], "ids": [{ "exists": true }] } }), false),
            (
                json!({ "employees": { "firstName": ["Peter"], "ids": [{ "exists": false }] } }),
                true,
            ),
            (
                json!({ "employees": { "firstName": ["John"], "ids": [{ "exists": false }] } }),
                false,
            ),
            (json!({ "employees": { "ids": [{ "exists": false }] } }), false),
            (json!({ "employees": ["Anna"] }), false),
        ],
    );
}

/// After Event Ruler's test with songs.
#[test]
fn elements_are_told_apart_in_arrays_in_arrays() {
    check_all(
        &json!({
            "Year": 1966,
            "Genres": [{ "Pop": true }, { "Classical": false }],
            "Songs": [
                { "Name": "Paperback Writer", "Writers": [
                    { "First": "John", "Last": "Lennon" }, { "First": "Paul", "Last": "McCartney" },
                ] },
                { "Name": "Paint It Black", "Writers": [
                    { "First": "Mick", "Last": "Jagger" }, { "First": "Keith", "Last": "Richards" },
                ] },
            ],
        }),
        &[
            (
                json!({
                    "Year": [1966],
                    "Songs": { "Name": ["Paperback Writer"], "Writers": { "First": ["Paul"], "Last": ["McCartney"] } },
                }),
                true,
            ),
            (json!({ "Genres": { "Pop": [true] }, "Songs": { "Name": ["Paint It Black"] } }), true),
            (
                json!({ "Songs": { "Name": ["Paperback Writer"], "Writers": { "First": ["Mick"] } } }),
                false,
            ),
            (
                json!({ "Songs": { "Writers": { "First": ["Mick"], "Last": ["McCartney"] } } }),
                false,
            ),
            (json!({ "Songs": { "Writers": { "First": ["Mick"], "Last": ["Richards"] } } }), false),
        ],
    );
}

/// After Event Ruler's test with intensities.
#[test]
fn a_scalar_goes_with_every_object_beside_it() {
    check_all(
        &json!({ "points": [[{ "pp": "index0" }, 483.3], [{ "pp": "index1" }, 489.9]] }),
        &[
            (json!({ "points": [483.3], "points.pp": ["index0"] }), true),
            (json!({ "points": [483.3], "points.pp": ["index1"] }), false),
        ],
    );
}

#[test]
fn a_dot_in_a_name_is_a_step() {
    for event in [
        json!({ "a": { "b.c": 1 } }),
        json!({ "a.b": { "c": 1 } }),
        json!({ "a": { "b": { "c": 1 } } }),
    ] {
        check(&json!({ "a": { "b": { "c": [1] } } }), &event, true);
        check(&json!({ "a.b.c": [1] }), &event, true);
    }
}

/// After Event Ruler's README.
#[test]
fn of_alternatives_one_is_enough_beside_the_other_fields() {
    let pattern = json!({
        "source": ["aws.cloudwatch"],
        "$or": [
            { "metricName": ["CPUUtilization", "ReadLatency"] },
            {
                "metricType": ["MetricType"],
                "namespace": ["AWS/EC2"],
                "$or": [{ "metricId": [1234] }, { "spaceId": [1000] }],
            },
            { "scope": ["Service"] },
        ],
    });
    for (event, expected) in [
        (json!({ "source": "aws.cloudwatch", "metricName": "ReadLatency" }), true),
        (json!({ "source": "aws.cloudwatch", "scope": "Service" }), true),
        (
            json!({ "source": "aws.cloudwatch", "metricType": "MetricType", "namespace": "AWS/EC2", "spaceId": 1000 }),
            true,
        ),
        (
            json!({ "source": "aws.cloudwatch", "metricType": "MetricType", "namespace": "AWS/EC2" }),
            false,
        ),
        (json!({ "source": "aws.cloudwatch", "metricType": "MetricType", "spaceId": 1000 }), false),
        (json!({ "source": "aws.cloudwatch" }), false),
        (json!({ "source": "aws.s3", "scope": "Service" }), false),
    ] {
        check(&pattern, &event, expected);
    }
}

#[test]
fn alternatives_in_two_places_are_combined() {
    let pattern = json!({
        "$or": [{ "a": [1] }, { "b": [{ "exists": false }] }],
        "detail": { "$or": [{ "c": [{ "numeric": [">", 0] }] }, { "d": [{ "prefix": "x" }] }] },
    });
    for (event, expected) in [
        (json!({ "a": 1, "b": 1, "detail": { "c": 1 } }), true),
        (json!({ "a": 2, "detail": { "d": "xy" } }), true),
        (json!({ "a": 2, "b": 1, "detail": { "c": 1, "d": "xy" } }), false),
        (json!({ "a": 1, "detail": { "c": 0, "d": "y" } }), false),
        // The alternatives are `detail`'s, not the event's.
        (json!({ "a": 1, "c": 1, "d": "x" }), false),
    ] {
        check(&pattern, &event, expected);
    }
}

/// Event Ruler puts each field into a map.
#[test]
fn of_a_field_that_is_there_twice_the_last_counts() {
    let pattern = json!({ "a": { "b": ["x"] }, "a.b": ["y"] });
    check(&pattern, &json!({ "a": { "b": "y" } }), true);
    check(&pattern, &json!({ "a": { "b": "x" } }), false);
}

#[test]
fn only_an_object_is_an_event() {
    for event in [json!(null), json!([]), json!("text"), json!([{ "b": 1 }])] {
        check(&json!({ "a": [{ "exists": false }] }), &event, false);
    }
}

#[test]
fn independent_arrays_do_not_multiply() {
    let many: Vec<Json> = (0..100).map(|index| json!({ "x": index })).collect();
    let event = json!({ "a": many, "b": many, "c": many, "d": many, "e": many });
    let any = json!({ "x": [{ "exists": true }] });
    let pattern = json!({ "a": any, "b": any, "c": any, "d": any, "e": any, "f": ["x"] });
    check(&pattern, &event, false);
}
