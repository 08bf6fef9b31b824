//! A YAML 1.2 reader gets the JSON back; `tests/it/gates.rs` has a YAML 1.1 reader.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use serde_yaml::Value as Yaml;

use super::write;

fn check(json: &Json, expected: &Expect) {
    let yaml = write(json);
    expected.assert_eq(&yaml);
    assert_eq!(&read(&yaml), json);
}

#[test]
fn functions_are_short_tags() {
    check(
        &json!({
            "Role": { "Fn::GetAtt": ["Role", "Arn"] },
            "Name": { "Fn::Sub": "${AWS::StackName}-topic" },
            "Key": { "Fn::If": ["Own", { "Ref": "Key" }, { "Ref": "AWS::NoValue" }] },
            "Conditions": { "Fn::And": [{ "Condition": "A" }, { "Fn::Not": [{ "Fn::Equals": [{ "Ref": "B" }, ""] }] }] },
        }),
        &expect![[r#"
            Role: !GetAtt Role.Arn
            Name: !Sub ${AWS::StackName}-topic
            Key: !If
              - Own
              - !Ref Key
              - !Ref AWS::NoValue
            Conditions: !And
              - !Condition A
              - !Not
                - !Equals
                  - !Ref B
                  - ''
        "#]],
    );
}

#[test]
fn a_function_of_a_function_has_only_one_short_tag() {
    check(
        &json!({ "Value": { "Fn::ImportValue": { "Fn::Sub": "${Stack}-Topic" } } }),
        &expect![[r#"
            Value:
              Fn::ImportValue: !Sub ${Stack}-Topic
        "#]],
    );
}

#[test]
fn what_only_looks_like_a_function_is_left_as_it_is() {
    check(
        &json!([{ "Ref": 1 }, { "Fn::GetAtt": "A.B" }, { "Fn::GetAtt": ["A.B", "C"] }, { "Fn::If": "x" }]),
        &expect![[r#"
            - Ref: 1
            - Fn::GetAtt: A.B
            - Fn::GetAtt:
                - A.B
                - C
            - Fn::If: x
        "#]],
    );
}

#[test]
fn text_of_several_lines_is_a_block() {
    check(
        &json!({ "a": "one\ntwo\n", "b": { "Fn::Sub": "one\n\n  two" }, "c": ["x\ny"], "d": " x\ny" }),
        &expect![[r#"
            a: |
              one
              two
            b: !Sub |-
              one

                two
            c:
              - |-
                x
                y
            d: " x\ny"
        "#]],
    );
}

#[test]
fn what_yaml_1_1_does_not_take_for_text_is_quoted() {
    check(
        &json!([
            "on",
            "Yes",
            "2012-10-17",
            "1:30",
            "1_000",
            "=",
            "<<",
            "~",
            "0x1f",
            ".5",
            "",
            " a",
            "a ",
            "a: b",
            "a #b",
            "it's"
        ]),
        &expect![[r#"
            - 'on'
            - 'Yes'
            - '2012-10-17'
            - '1:30'
            - '1_000'
            - '='
            - '<<'
            - '~'
            - '0x1f'
            - '.5'
            - ''
            - ' a'
            - 'a '
            - 'a: b'
            - 'a #b'
            - it's
        "#]],
    );
}

#[test]
fn empty_and_nested_collections_keep_their_shape() {
    check(
        &json!({ "a": {}, "b": [], "c": [[1, [2]], [], {}, { "d": [{}] }], "e": null, "f": [-1, 2.5, 1e30, true] }),
        &expect![[r#"
            a: {}
            b: []
            c:
              - - 1
                - - 2
              - []
              - {}
              - d:
                  - {}
            e: null
            f:
              - -1
              - 2.5
              - 1.0e+30
              - true
        "#]],
    );
}

#[test]
fn a_key_too_long_for_a_line_is_still_a_key() {
    let long = "k".repeat(2_000);
    let json = json!({ "a": { long: [1] } });
    assert_eq!(read(&write(&json)), json);
}

proptest! {
    #[test]
    fn a_reader_gets_the_json_back(json in any_json()) {
        prop_assert_eq!(read(&write(&json)), json);
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    let text = prop_oneof![
        "[a-z:#'\"{}!&*|>%@` \\n\\t,.=<~0-9_-]{0,12}",
        "\\PC{0,8}",
        any::<String>(),
        proptest::sample::select(vec![
            "on", "NO", "null", "1:30", "0o7", "1e3", ".inf", "---", "...", "? a", "- a"
        ])
        .prop_map(str::to_owned),
    ];
    let key = prop_oneof![
        text.clone(),
        proptest::sample::select(vec![
            "Ref",
            "Condition",
            "Fn::GetAtt",
            "Fn::Sub",
            "Fn::If",
            "Fn::Not",
            "Fn::Join"
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_filter("JSON has no such number", |f| f.is_finite()).prop_map(Json::from),
        text.prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 48, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            proptest::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

/// Reads as CloudFormation does: a short tag is its function.
fn read(yaml: &str) -> Json {
    let value: Yaml = serde_yaml::from_str(yaml).unwrap_or_else(|e| panic!("{e} in\n{yaml}"));
    json_of(value)
}

fn json_of(value: Yaml) -> Json {
    match value {
        Yaml::Null => Json::Null,
        Yaml::Bool(truth) => json!(truth),
        Yaml::Number(number) => {
            let whole = number.as_u64().map(Json::from).or(number.as_i64().map(Json::from));
            whole.unwrap_or_else(|| json!(number.as_f64().unwrap()))
        }
        Yaml::String(text) => json!(text),
        Yaml::Sequence(items) => items.into_iter().map(json_of).collect(),
        Yaml::Mapping(map) => {
            let text = |key: Yaml| key.as_str().expect("a key is text").to_owned();
            map.into_iter().map(|(key, value)| (text(key), json_of(value))).collect()
        }
        Yaml::Tagged(tagged) => {
            let name = tagged.tag.to_string().trim_start_matches('!').to_owned();
            let argument = json_of(tagged.value);
            match (name.as_str(), argument) {
                ("Ref" | "Condition", argument) => json!({ name: argument }),
                ("GetAtt", Json::String(text)) => {
                    let (id, attribute) = text.split_once('.').unwrap();
                    json!({ "Fn::GetAtt": [id, attribute] })
                }
                (_, argument) => json!({ format!("Fn::{name}"): argument }),
            }
        }
    }
}
