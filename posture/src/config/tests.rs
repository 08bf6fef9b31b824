use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

mod contexts;
mod deploy;
mod exceptions;
mod filters;
mod mistakes;
mod notifications;
pub(super) mod schema;
mod tags;

fn config(value: &Value) -> Config {
    Config::read(value).unwrap_or_else(|mistakes| panic!("{}", InvalidConfig(mistakes)))
}

/// One of everything.
fn whole() -> Value {
    json!({
        "grade": "hybrid",
        "settle-seconds": 0,
        "writes-per-hour": 1000,
        "trusted-accounts": ["444455556666"],
        "trusted-organizations": ["o-a1b2c3d4e5", "o-a1b2c3d4e6/r-ab12/ou-ab12-11111111/*"],
        "trusted-canonical-ids": [
            "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
        ],
        "keys": { "eu-west-1": "arn:aws:kms:eu-west-1:111122223333:key/1234" },
        "aspects": { "versioning": "enforce", "account-public-access": "report" },
        "rule": [
            { "bucket": "payroll-*", "tags": { "data": "secret" }, "grade": "security" },
            { "bucket": ["a-*", "b-?"], "account": "111122223333", "aspects": { "tls": "off" } },
        ],
        "exemption": [
            {
                "bucket": ["www-*"],
                "aspects": ["tls", "public-access", "tls"],
                "reason": " the public web site ",
                "until": "2027-01-31",
            },
        ],
    })
}

#[test]
fn the_same_configuration_has_the_same_bytes() {
    let text = config(&whole()).to_json();
    expect![[r#"
        {
          "grade": "hybrid",
          "settle-seconds": 0,
          "writes-per-hour": 1000,
          "trusted-accounts": [
            "444455556666"
          ],
          "trusted-organizations": [
            "o-a1b2c3d4e5",
            "o-a1b2c3d4e6/r-ab12/ou-ab12-11111111/*"
          ],
          "trusted-canonical-ids": [
            "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
          ],
          "keys": {
            "eu-west-1": "arn:aws:kms:eu-west-1:111122223333:key/1234"
          },
          "aspects": {
            "versioning": "enforce",
            "account-public-access": "report"
          },
          "rule": [
            {
              "bucket": "payroll-*",
              "tags": {
                "data": "secret"
              },
              "grade": "security"
            },
            {
              "bucket": [
                "a-*",
                "b-?"
              ],
              "account": "111122223333",
              "aspects": {
                "tls": "off"
              }
            }
          ],
          "exemption": [
            {
              "bucket": "www-*",
              "aspects": [
                "public-access",
                "tls"
              ],
              "reason": "the public web site",
              "until": "2027-01-31"
            }
          ]
        }
    "#]]
    .assert_eq(&text);
    assert_eq!(Config::from_json(&text), Ok(config(&whole())));
    assert_eq!(Config::from_json("{}"), Ok(Config::default()));
    assert_eq!(Config::default().to_json(), "{}\n");
}

#[test]
fn what_is_not_json_is_reported() {
    let check = |text: &str, expect: Expect| {
        expect.assert_eq(&format!("{}\n", Config::from_json(text).unwrap_err()));
    };
    check(
        "",
        expect![[r#"
            the configuration has a mistake: it is not JSON: EOF while parsing a value at line 1 column 0
        "#]],
    );
    check(
        "[]",
        expect![[r#"
            the configuration has a mistake: expected a table, found a list
        "#]],
    );
    check(
        r#"{"grade": "no", "settle": 1}"#,
        expect![[r#"
            the configuration has 2 mistakes: `settle`: `settle` is not a setting of the configuration (the configuration has `grade`, `mode`, `settle-seconds`, `writes-per-hour`, `trusted-accounts`, `trusted-organizations`, `trusted-canonical-ids`, `trust-tags`, `keys`, `aspects`, `rule`, `exemption`, `notifications`, `subscription` and `deploy`); `grade`: `no` is not a grade (write `speed`, `hybrid` or `security`)
        "#]],
    );
}

#[test]
fn the_strongest_grade_is_the_one_that_needs_a_key() {
    assert_eq!(Config::default().strongest_grade(), Grade::Speed);
    assert_eq!(config(&whole()).strongest_grade(), Grade::Security);
}

/// Values as a file may have them, right and wrong.
fn values() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "speed",
        "security",
        "enforce",
        "off",
        "tls",
        "policy",
        "*",
        "a-*",
        "",
        "ab",
        "Ä",
        "2027-01-31",
        "2027-02-30",
        "111122223333",
        "eu-west-1",
        "arn:aws:kms:eu-west-1:111122223333:key/1",
        "5m",
        "warning",
        "critical",
        "deleted",
        "object",
        "a@example.com",
        "+4915112345678",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_i64..30).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let keys = prop::sample::select(vec![
        "grade",
        "settle-seconds",
        "writes-per-hour",
        "trusted-accounts",
        "trusted-organizations",
        "trusted-canonical-ids",
        "trust-tags",
        "keys",
        "aspects",
        "rule",
        "exemption",
        "bucket",
        "tags",
        "account",
        "reason",
        "until",
        "tls",
        "eu-west-1",
        "grad",
        "notifications",
        "window",
        "chat",
        "alert",
        "deleted",
        "objects",
        "include",
        "key",
        "kind",
        "subscription",
        "name",
        "email",
        "sms",
        "about",
        "severity",
        "s3guard:grade",
    ]);
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(keys.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_is_read_or_reported(value in values()) {
        match Config::read(&value) {
            Ok(config) => prop_assert_eq!(Config::from_json(&config.to_json()), Ok(config)),
            Err(mistakes) => prop_assert!(!mistakes.is_empty()),
        }
    }
}
