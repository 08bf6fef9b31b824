//! Notifications and subscriptions in the configuration, and their mistakes.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::config;
use crate::config::{Config, Endpoint, Threshold};
use crate::model::severity::Severity;

/// A configuration with all settings.
pub(super) fn whole() -> Value {
    json!({
        "notifications": {
            "window": "300s",
            "chat": "warning",
            "alert": { "deleted": 50, "deleted-for-good": 10, "acl-changed": 10, "overwritten": 3, "created": 1 },
            "objects": {
                "include": { "bucket": ["prod-*", "prod-*"], "key": ["in/*", "*.pdf"], "kind": ["created", "deleted"] },
                "exclude": { "bucket": "*-tmp", "key": ["tmp/*"], "kind": ["expired"] },
                "report-overwrites": ["payroll-*"],
            },
        },
        "subscription": [
            {
                "name": "payroll-team",
                "email": "payroll@example.com",
                "about": ["object", "bucket"],
                "action": "deleted",
                "bucket": ["payroll-*", "*-salaries", "one"],
                "severity": "warning",
                "grade": ["security"],
            },
            { "name": "night", "sms": "+4915112345678" },
            { "name": "hook", "https": "https://hooks.example.com/in?a=b" },
            { "name": "queue", "sqs": "arn:aws:sqs:eu-west-1:111122223333:notified", "severity": "info" },
            { "name": "code", "lambda": "arn:aws:lambda:eu-west-1:111122223333:function:notified:live" },
        ],
    })
}

#[test]
fn what_is_said_of_notifications_is_written_in_one_way() {
    let text = config(&whole()).to_json();
    expect![[r#"
        {
          "notifications": {
            "window": "5m",
            "chat": "warning",
            "alert": {
              "deleted": 50,
              "deleted-for-good": 10,
              "acl-changed": 10,
              "overwritten": 3,
              "created": 1
            },
            "objects": {
              "include": {
                "bucket": "prod-*",
                "key": [
                  "*.pdf",
                  "in/*"
                ],
                "kind": [
                  "created",
                  "deleted"
                ]
              },
              "exclude": {
                "bucket": "*-tmp",
                "key": "tmp/*",
                "kind": "expired"
              },
              "report-overwrites": "payroll-*"
            }
          },
          "subscription": [
            {
              "name": "payroll-team",
              "email": "payroll@example.com",
              "about": [
                "bucket",
                "object"
              ],
              "action": "deleted",
              "bucket": [
                "one",
                "payroll-*",
                "*-salaries"
              ],
              "severity": "warning",
              "grade": "security"
            },
            {
              "name": "night",
              "sms": "+4915112345678"
            },
            {
              "name": "hook",
              "https": "https://hooks.example.com/in?a=b"
            },
            {
              "name": "queue",
              "sqs": "arn:aws:sqs:eu-west-1:111122223333:notified",
              "severity": "info"
            },
            {
              "name": "code",
              "lambda": "arn:aws:lambda:eu-west-1:111122223333:function:notified:live"
            }
          ]
        }
    "#]]
    .assert_eq(&text);
    assert_eq!(Config::from_json(&text), Ok(config(&whole())));
}

#[test]
fn by_default_the_window_is_a_minute_without_subscriptions() {
    let config = Config::default();
    let notifications = config.notifications();
    assert_eq!(notifications.window().seconds(), 60);
    assert_eq!(notifications.chat, None);
    let alert = notifications.alert();
    let usual = [(Threshold::Deleted, 100), (Threshold::DeletedForGood, 10)];
    assert_eq!(alert, usual.into());
    assert!(config.subscriptions().is_empty());
    assert!(!notifications.reports_overwrites_in("payroll"));
}

#[test]
fn the_values_are_those_in_the_file() {
    let config = config(&whole());
    let notifications = config.notifications();
    assert_eq!(notifications.window().seconds(), 300);
    assert_eq!(notifications.chat, Some(Severity::Warning));
    assert_eq!(notifications.alert()[&Threshold::AclChanged], 10);
    assert!(
        notifications.reports_overwrites_in("payroll-1")
            && !notifications.reports_overwrites_in("x")
    );
    let [_, night, .., code] = config.subscriptions() else { panic!("there are five") };
    assert!(!night.wants("object", &[], &[], Severity::High, &[]));
    assert!(night.wants("guard", &[], &[], Severity::Critical, &[]));
    let Endpoint::Lambda(arn) = code.endpoint() else { panic!("it is a function") };
    assert_eq!((arn.region.as_str(), arn.account.as_str()), ("eu-west-1", "111122223333"));
}

#[test]
fn the_values_of_an_empty_setting_are_the_usual_ones() {
    let written =
        json!({ "notifications": { "alert": { "deleted": 100 }, "objects": { "include": {} } } });
    let usual = Config::default();
    assert_eq!(config(&written).notifications().alert(), usual.notifications().alert());
    assert_eq!(config(&written).notifications().objects, usual.notifications().objects);
}

#[test]
fn every_action_can_be_filtered_by() {
    for action in crate::model::attributes::actions() {
        config(
            &json!({ "subscription": [{ "name": "a", "sms": "+4915112345678", "action": action }] }),
        );
    }
}

#[track_caller]
fn check(value: &Value, expect: &Expect) {
    let text = match Config::read(value) {
        Ok(_) => "nothing is wrong\n".to_owned(),
        Err(mistakes) => {
            mistakes.iter().fold(String::new(), |text, mistake| text + &format!("{mistake}\n"))
        }
    };
    expect.assert_eq(&text);
}

/// Subscriptions with names added where they are missing.
#[track_caller]
fn check_each<const N: usize>(subscriptions: [Value; N], expect: &Expect) {
    let named = subscriptions.into_iter().enumerate().map(|(index, mut one)| {
        if one.get("name").is_none() {
            one["name"] = json!(format!("s{index}"));
        }
        one
    });
    check(&json!({ "subscription": named.collect::<Value>() }), expect);
}

#[test]
fn an_invalid_window_is_reported_with_a_proposal() {
    for window in ["5s", "10m", "2h", "soon", ""] {
        let value = json!({ "notifications": { "window": window } });
        assert!(Config::read(&value).is_err(), "{window}");
    }
    check(
        &json!({ "notifications": { "window": "10m", "chat": "warn" } }),
        &expect![[r#"
            `notifications.window`: `10m` is not a window (write `10s` to `300s`, `1m` to `5m`, `15m`, `1h` or `1d`)
            `notifications.chat`: `warn` is not a valid choice (write `info`, `warning`, `high` or `critical`)
        "#]],
    );
    check(
        &json!({ "notifications": { "window": "soon", "chat": "loud" } }),
        &expect![[r#"
            `notifications.window`: `soon` is not a window (write `10s` to `300s`, `1m` to `5m`, `15m`, `1h` or `1d`)
            `notifications.chat`: `loud` is not a valid choice (write `info`, `warning`, `high` or `critical`)
        "#]],
    );
    check(
        &json!({ "notifications": { "window": 60, "chat": true } }),
        &expect![[r#"
            `notifications.window`: expected a time such as `5m`, found an integer
            `notifications.chat`: expected a string, found a boolean (write `"info"`, `"warning"`, `"high"` or `"critical"`)
        "#]],
    );
    check(
        &json!({ "notifications": { "window": 1.5, "alert": 5, "objects": { "include": ["a"] } } }),
        &expect![[r#"
            `notifications.window`: expected a time such as `5m`, found a float
            `notifications.alert`: expected a table, found an integer (write `[notifications.alert]` on a line of its own, and the settings below)
            `notifications.objects.include`: expected a table, found a list (write `[notifications.objects.include]` on a line of its own, and the settings below)
        "#]],
    );
}

#[test]
fn an_alert_that_is_off_is_left_out() {
    check(
        &json!({ "notifications": { "alert": {
            "deleted": 0, "deleted-for-good": "off", "acl-changed": false, "created": 0, "overwritten": 1_000_001,
            "delete": 5,
        } } }),
        &expect![[r#"
            `notifications.alert.deleted`: 0 is not between 1 and 1000000 (write `1` or more, or remove the line)
            `notifications.alert.deleted-for-good`: expected an integer, found a string (write an integer, or remove the line)
            `notifications.alert.acl-changed`: expected an integer, found a boolean (write an integer, or remove the line)
            `notifications.alert.created`: 0 is not between 1 and 1000000 (write `1` or more, or remove the line)
            `notifications.alert.overwritten`: 1000001 is not between 1 and 1000000 (write `1000000`)
            `notifications.alert.delete`: `delete` is not a valid choice (write `deleted`)
        "#]],
    );
}

#[test]
fn impossible_objects_are_reported() {
    check(
        &json!({ "notifications": { "objects": {
            "include": { "bucket": ["ab", "*"], "key": ["", "ok"], "kind": ["delete", "removed"] },
            "exclude": { "bucket": [], "key": "k".repeat(1025), "kind": [], "region": "x" },
            "report-overwrites": ["Ä"],
        } } }),
        &expect![[r#"
            `notifications.objects.include.bucket[0]`: `ab` is too short for a bucket's name (add a `*` if it is only a part of the name)
            `notifications.objects.include.key[0]`: the pattern is empty and matches no key (write `*`)
            `notifications.objects.include.kind[0]`: `delete` is not a valid choice (write `deleted`)
            `notifications.objects.include.kind[1]`: `removed` is not a valid choice (write `moved`)
            `notifications.objects.exclude.region`: `region` is not a setting of what is included or excluded (what is included or excluded has `bucket`, `key` and `kind`)
            `notifications.objects.exclude.bucket`: the list is empty (add a value, or remove the line)
            `notifications.objects.exclude.key`: the pattern has 1025 bytes (write at most 1024, the limit of a key)
            `notifications.objects.exclude.kind`: the list is empty (add a value, or remove the line)
            `notifications.objects.report-overwrites[0]`: a bucket's name cannot contain `Ä` (write only letters, digits, `.`, `-` and `_`, and `*` or `?` as wildcards)
        "#]],
    );
    check(
        &json!({ "notifications": { "objects": {
            "include": { "kind": "deleted-for-good" }, "exclude": { "key": ["a", "**"], "kind": "deleted" },
        } } }),
        &expect![[r#"
            `notifications.objects.exclude.key`: everything is excluded: no object is ever reported (remove the `*`, or set `notifications = "off"` in `[aspects]`)
            `notifications.objects`: every included kind is excluded: no object is ever reported (remove some of `exclude`)
        "#]],
    );
    let many: Vec<String> = (0..101).map(|number| format!("key-{number}")).collect();
    check(
        &json!({ "notifications": { "objects": {
            "include": { "key": &many }, "report-overwrites": many[..21],
        } } }),
        &expect![[r#"
            `notifications.objects.report-overwrites`: there are more than 20 patterns (use patterns that match more buckets)
        "#]],
    );
}

#[test]
fn invalid_email_addresses_are_reported() {
    check_each(
        [
            "payroll",
            "a@b",
            "a b@example.com",
            "Pay Roll <pay@example.com>",
            "mailto:pay@example.com",
            "pay@-x.com",
            "bücher@example.com",
        ]
        .map(|email| json!({ "email": email })),
        &expect![[r#"
            `subscription[0].email`: `payroll` is not an email address (write it as `name@example.com`)
            `subscription[1].email`: `a@b` is not an email address (write it as `name@example.com`)
            `subscription[2].email`: `a b@example.com` is not an email address (write it as `name@example.com`)
            `subscription[3].email`: `Pay Roll <pay@example.com>` is not an email address (write `pay@example.com`)
            `subscription[4].email`: `mailto:pay@example.com` is not an email address (write `pay@example.com`)
            `subscription[5].email`: `pay@-x.com` is not an email address (write it as `name@example.com`)
            `subscription[6].email`: `bücher@example.com` is not an email address (write it as `name@example.com`)
        "#]],
    );
}

#[test]
fn phone_numbers_have_e_164_format() {
    check_each(
        [
            "+49 151 12345678",
            "0049-151/12345678",
            "+49 (0) 151 12345678",
            "4915112345678",
            "0151 12345678",
            "+1",
            "+4915112345678901",
            "call me",
        ]
        .map(|sms| json!({ "sms": sms })),
        &expect![[r#"
            `subscription[0].sms`: `+49 151 12345678` is not a phone number in E.164 format (write `+4915112345678`)
            `subscription[1].sms`: `0049-151/12345678` is not a phone number in E.164 format (write `+4915112345678`)
            `subscription[2].sms`: `+49 (0) 151 12345678` is not a phone number in E.164 format (write `+4915112345678`)
            `subscription[3].sms`: `4915112345678` is not a phone number in E.164 format (write `+4915112345678`)
            `subscription[4].sms`: `0151 12345678` is not a phone number in E.164 format (write `+`, the country code and the number, as `+4915112345678`)
            `subscription[5].sms`: `+1` is not a phone number in E.164 format (write `+`, the country code and the number, as `+4915112345678`)
            `subscription[6].sms`: `+4915112345678901` is not a phone number in E.164 format (write `+`, the country code and the number, as `+4915112345678`)
            `subscription[7].sms`: `call me` is not a phone number in E.164 format (write `+`, the country code and the number, as `+4915112345678`)
        "#]],
    );
    check_each(
        [
            json!({ "sms": "+4915112345678", "severity": "high" }),
            json!({ "sms": "+15550100123", "severity": "critical" }),
        ],
        &expect![[r#"
            `subscription[0].severity`: SMS is sent only for `critical` (write `critical`, or remove the line)
        "#]],
    );
}

#[test]
fn addresses_on_the_web_are_private() {
    check_each(
        [
            "http://example.com/a",
            "https://",
            "https:///a",
            "example.com",
            "https://localhost/a",
            "https://example.com:0/",
            "https://exa mple.com/",
        ]
        .map(|https| json!({ "https": https })),
        &expect![[r#"
            `subscription[0].https`: `http://example.com/a` is not encrypted: s3guard publishes only over TLS (write `https://example.com/a`)
            `subscription[1].https`: `https://` has no host (write it as `https://example.com/path`)
            `subscription[2].https`: `https:///a` has no host (write it as `https://example.com/path`)
            `subscription[3].https`: `example.com` is not a URL that begins with `https://` (write it as `https://example.com/path`)
            `subscription[4].https`: `https://localhost/a` has a host that SNS cannot resolve (write it as `https://example.com/path`)
            `subscription[5].https`: `https://example.com:0/` has a host that SNS cannot resolve (write it as `https://example.com/path`)
            `subscription[6].https`: `https://exa mple.com/` is not a URL of at most 2048 ASCII characters (write it as `https://example.com/path`)
        "#]],
    );
    check_each(
        ["https://example.com", "https://user:secret@example.com:8443/a?b#c"]
            .map(|https| json!({ "https": https })),
        &expect![["nothing is wrong\n"]],
    );
}

#[test]
fn arns_are_of_what_they_have_to_be() {
    check_each(
        [
            "arn:aws:sqs:eu-west-1:111122223333:notified.fifo",
            "arn:aws:sqs:eu-west-1:1111:notified",
            "arn:aws:lambda:eu-west-1:111122223333:function:notified",
            "arn:aws-cn:sqs:eu-west-1:111122223333:notified",
            "https://sqs.eu-west-1.amazonaws.com/111122223333/queue-name",
            "queue-name",
        ]
        .map(|sqs| json!({ "sqs": sqs })),
        &expect![[r#"
            `subscription[0].sqs`: `arn:aws:sqs:eu-west-1:111122223333:notified.fifo` is a FIFO queue, to which a standard topic cannot send (use a standard queue)
            `subscription[1].sqs`: `arn:aws:sqs:eu-west-1:1111:notified` is not the ARN of a queue (write it as `arn:aws:sqs:eu-west-1:111122223333:name`)
            `subscription[2].sqs`: `arn:aws:lambda:eu-west-1:111122223333:function:notified` is not the ARN of a queue (write it as `arn:aws:sqs:eu-west-1:111122223333:name`)
            `subscription[3].sqs`: `arn:aws-cn:sqs:eu-west-1:111122223333:notified` is not the ARN of a queue (write it as `arn:aws:sqs:eu-west-1:111122223333:name`)
            `subscription[4].sqs`: `https://sqs.eu-west-1.amazonaws.com/111122223333/queue-name` is not the ARN of a queue (write `arn:aws:sqs:eu-west-1:111122223333:queue-name`)
            `subscription[5].sqs`: `queue-name` is not the ARN of a queue (write it as `arn:aws:sqs:eu-west-1:111122223333:name`)
        "#]],
    );
    check_each(
        [
            "arn:aws:sqs:eu-west-1:111122223333:notified",
            "arn:aws:lambda:eu-west-1:111122223333:layer:notified",
            "arn:aws:lambda:eu-west-1:111122223333:function:",
            "queue-name",
        ]
        .map(|arn| json!({ "lambda": arn })),
        &expect![[r#"
            `subscription[0].lambda`: `arn:aws:sqs:eu-west-1:111122223333:notified` is not the ARN of a function (write it as `arn:aws:lambda:eu-west-1:111122223333:function:name`)
            `subscription[1].lambda`: `arn:aws:lambda:eu-west-1:111122223333:layer:notified` is not the ARN of a function (write it as `arn:aws:lambda:eu-west-1:111122223333:function:name`)
            `subscription[2].lambda`: `arn:aws:lambda:eu-west-1:111122223333:function:` is not the ARN of a function (write it as `arn:aws:lambda:eu-west-1:111122223333:function:name`)
            `subscription[3].lambda`: `queue-name` is not the ARN of a function (write it as `arn:aws:lambda:eu-west-1:111122223333:function:name`)
        "#]],
    );
}

#[test]
fn a_subscription_has_one_name_and_one_address() {
    let mail = |name: &str, email: &str| json!({ "name": name, "email": email });
    check(
        &json!({ "subscription": [{}, { "name": "1st", "email": "a@example.com", "sms": "+4915112345678" }] }),
        &expect![[r#"
            `subscription[1].name`: `1st` is not a valid name of a subscription (write a letter and at most 31 letters, digits and `-`: it becomes part of a logical id)
            `subscription[0]`: the subscription has no name (add `name = "…"`)
            `subscription[0]`: the subscription has no endpoint (add one of `email`, `sms`, `https`, `sqs` or `lambda`)
            `subscription[1]`: the subscription has more than one endpoint (keep one, and add a `[[subscription]]` for each of the others)
        "#]],
    );
    check_each(
        [
            mail("a-b", "a@example.com"),
            mail("a-b", "b@example.com"),
            mail("AB", "c@example.com"),
            mail("d", "A@example.com"),
        ],
        &expect![[r#"
            `subscription[1].name`: there is already a subscription `a-b` (use another name)
            `subscription[2].name`: `AB` and `a-b` have the same logical id, which has no `-` (use another name)
            `subscription[3].email`: subscription `a-b` already has this endpoint, and SNS accepts it once (merge both, or use another endpoint)
        "#]],
    );
    let many: Vec<Value> =
        (0..101).map(|n| mail(&format!("s{n}"), &format!("s{n}@example.com"))).collect();
    check(
        &json!({ "subscription": many }),
        &expect![[r#"
            `subscription`: there are 101 subscriptions, at most 100 are allowed (subscribe a queue or a function that notifies the others)
        "#]],
    );
}

#[test]
fn invalid_filters_are_reported() {
    let mail = |mut value: Value| {
        value["email"] = json!(format!("a{}@example.com", value.to_string().len()));
        value
    };
    check_each(
        [
            mail(json!({ "about": ["objects", "x"], "action": ["delete", "x"], "grade": [] })),
            mail(json!({ "severity": "warn", "grade": "secure" })),
            mail(
                json!({ "bucket": ["*", "a-*-b", "*mid*", "pay?oll-2026", "*-?-logs", "a", "*-tail", "head-*", "one"] }),
            ),
            mail(json!({ "buckets": "x", "action": 5 })),
        ],
        &expect![[r#"
            `subscription[0].about[0]`: `objects` is not a valid choice (write `object`)
            `subscription[0].about[1]`: `x` is not a valid choice (write `bucket`, `object` or `guard`)
            `subscription[0].action[0]`: `delete` is not a valid choice (write `deleted`)
            `subscription[0].action[1]`: `x` is not a valid choice (write `protected`, `weakened`, `failed`, `not-remediated`, `exempt`, `again`, `stopped`, `suppressed`, `acl`, `annotation`, `created`, `deleted`, `moved`, `overwritten`, `restored`, `retention`, `tags`, `missed`, `exemption-ends`, `foreign-object`, `flood`, `unguarded`, `alarm`, `alarm-ok`, `alarm-unknown` or `test`)
            `subscription[0].grade`: the list is empty (add a value, or remove the line)
            `subscription[1].severity`: `warn` is not a valid choice (write `info`, `warning`, `high` or `critical`)
            `subscription[1].grade`: `secure` is not a grade (write `speed`, `hybrid` or `security`)
            `subscription[2].bucket[0]`: `*` is not a valid filter: SNS has no wildcards (remove `bucket` to match all buckets)
            `subscription[2].bucket[1]`: `a-*-b` is not a valid filter: SNS has no wildcards (write `a-*`)
            `subscription[2].bucket[2]`: `*mid*` is not a valid filter: SNS has no wildcards (write the beginning of the names, as `name-*`, or the end, as `*-name`)
            `subscription[2].bucket[3]`: `pay?oll-2026` is not a valid filter: SNS has no wildcards (write `*oll-2026`)
            `subscription[2].bucket[4]`: `*-?-logs` is not a valid filter: SNS has no wildcards (write `*-logs`)
            `subscription[2].bucket[5]`: `a` is too short for a bucket's name (add a `*` if it is only a part of the name)
            `subscription[3].buckets`: `buckets` is not a setting of a subscription (write `bucket`)
            `subscription[3].action`: expected a string or a list of strings, found an integer (write `"5"`, in quotes)
        "#]],
    );
}

#[test]
fn a_filter_has_no_more_combinations_than_sns_takes() {
    let buckets =
        |count: usize| -> Vec<String> { (0..count).map(|n| format!("bucket-{n}")).collect() };
    let one = |bucket: Vec<String>| {
        json!({
            "name": "a", "email": "a@example.com", "about": ["bucket", "object", "guard"], "severity": "high", "bucket": bucket,
        })
    };
    check(&json!({ "subscription": [one(buckets(25))] }), &expect![["nothing is wrong\n"]]);
    check(
        &json!({ "subscription": [one(buckets(26))] }),
        &expect![[r#"
            `subscription[0]`: the filter has 3 × 26 × 2 = 156 combinations of values, SNS allows 150 (remove some values of `bucket`)
        "#]],
    );
}
