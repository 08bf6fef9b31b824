//! All mistakes are reported, with a proposal.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::config::Config;

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

#[track_caller]
fn check_rule(rule: &Value, expect: &Expect) {
    check(&json!({ "rule": [rule] }), expect);
}

#[track_caller]
fn check_exemption(change: &Value, expect: &Expect) {
    let mut exemption = json!({
        "bucket": "www-*", "aspects": ["public-access"], "reason": "web", "until": "2027-01-31",
    });
    for (key, value) in change.as_object().unwrap() {
        exemption[key] = value.clone();
    }
    exemption.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    check(&json!({ "exemption": [exemption] }), expect);
}

#[test]
fn all_mistakes_are_reported_at_once() {
    check(
        &json!({
            "grad": "speed",
            "settle-seconds": "15",
            "writes-per-hour": 6,
            "keys": { "eu-west": "alias/aws/s3" },
            "rule": [{ "grade": "secret" }, { "bucket": "b-*", "grad": "speed" }],
            "exemption": [{ "bucket": "a_*!", "reson": "x" }],
        }),
        &expect![[r#"
            `grad`: `grad` is not a setting of the configuration (write `grade`)
            `settle-seconds`: expected an integer, found a string (write `15`, without quotes)
            `writes-per-hour`: 6 is not between 7 and 1000 (write `7`)
            `keys.eu-west`: `eu-west` is not a Region's code, such as `eu-west-1`
            `rule[0].grade`: `secret` is not a grade (write `speed`, `hybrid` or `security`)
            `rule[1].grad`: `grad` is not a setting of a rule (write `grade`)
            `exemption[0].reson`: `reson` is not a setting of an exemption (write `reason`)
            `exemption[0].bucket`: a bucket's name cannot contain `!` (write only letters, digits, `.`, `-` and `_`, and `*` or `?` as wildcards)
            `rule[0]`: no buckets are selected (add `bucket`, `tags` or `account`; `bucket = "*"` selects all)
            `exemption[0].aspects`: the exemption has no aspects (add `aspects = ["…"]`)
            `exemption[0].until`: the exemption has no end (add `until = 2027-01-31`, the last day on which it counts)
        "#]],
    );
}

#[test]
fn a_setting_of_another_type_is_reported_once() {
    check(
        &json!({ "rule": { "bucket": "a" } }),
        &expect![[r#"
            `rule`: expected a list, found a table (write `[[rule]]` on a line of its own, and the settings below)
        "#]],
    );
    check(
        &json!({ "rule": [5], "exemption": [true] }),
        &expect![[r#"
            `rule[0]`: expected a table, found an integer (write `[[rule]]` on a line of its own, and the settings below)
            `exemption[0]`: expected a table, found a boolean (write `[[exemption]]` on a line of its own, and the settings below)
        "#]],
    );
    check(
        &json!({ "settle-seconds": 1.5, "writes-per-hour": 20.0, "grade": null }),
        &expect![[r#"
            `settle-seconds`: expected an integer, found a float (write an integer, or remove the line)
            `writes-per-hour`: expected an integer, found a float (write `20`)
            `grade`: expected a string, found an unsupported value (write `"speed"`, `"hybrid"` or `"security"`)
        "#]],
    );
    check(
        &json!({ "keys": [], "aspects": "enforce" }),
        &expect![[r#"
            `keys`: expected a table, found a list (write `[keys]` on a line of its own, and the settings below)
            `aspects`: expected a table, found a string (write `[aspects]` on a line of its own, and the settings below)
        "#]],
    );
    check(
        &json!({ "aspects": { "tls": true } }),
        &expect![[r#"
            `aspects.tls`: expected a string, found a boolean (write `"off"`, `"report"`, `"enforce-new"` or `"enforce"`)
        "#]],
    );
    check_rule(
        &json!({ "account": 111_122_223_333_u64, "grade": "speed" }),
        &expect![[r#"
            `rule[0].account`: expected a string, found an integer (write `"111122223333"`, in quotes)
        "#]],
    );
    check_rule(
        &json!({ "bucket": ["a-*", 5], "grade": ["speed"] }),
        &expect![[r#"
            `rule[0].bucket[1]`: expected a string, found an integer (write `"5"`, in quotes)
            `rule[0].grade`: expected a string, found a list (write `"speed"`, `"hybrid"` or `"security"`)
        "#]],
    );
    check_rule(
        &json!({ "tags": { "secret": true }, "grade": "speed" }),
        &expect![[r#"
            `rule[0].tags.secret`: expected a string, found a boolean (write `"true"`, in quotes)
        "#]],
    );
    check_exemption(
        &json!({ "aspects": "tls" }),
        &expect![[r#"
            `exemption[0].aspects`: expected a list, found a string (write `["tls"]`)
        "#]],
    );
}

#[test]
fn a_setting_in_the_wrong_place_is_sent_where_it_belongs() {
    check(
        &json!({ "aspects": { "grade": "speed", "settle-seconds": 3 } }),
        &expect![[r#"
            `aspects.grade`: `grade` is not an aspect (move it above the first line with `[`)
            `aspects.settle-seconds`: `settle-seconds` is not an aspect (move it above the first line with `[`)
        "#]],
    );
    check_rule(
        &json!({ "bucket": "a-*", "aspects": { "writes-per-hour": 3 } }),
        &expect![[r#"
            `rule[0].aspects.writes-per-hour`: `writes-per-hour` is not an aspect (move it above the first line with `[`)
        "#]],
    );
    check_exemption(
        &json!({ "settle-seconds": 3, "grade": "speed", "colour": 1 }),
        &expect![[r#"
            `exemption[0].settle-seconds`: `settle-seconds` is not a setting of an exemption (move it above the first line with `[`)
            `exemption[0].grade`: `grade` is not a setting of an exemption (move it above the first line with `[`)
            `exemption[0].colour`: `colour` is not a setting of an exemption (an exemption has `bucket`, `tags`, `account`, `aspects`, `reason` and `until`)
        "#]],
    );
}

#[test]
fn what_is_trusted_has_its_form() {
    check(
        &json!({
            "trusted-accounts": ["444455556666", "4444"],
            "trusted-organizations": ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111", "*"],
            "trusted-canonical-ids": ["79a59df900b949e5"],
        }),
        &expect![[r#"
            `trusted-accounts[1]`: `4444` is not an AWS account, which has twelve digits
            `trusted-organizations[0]`: `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111` is neither an organization, as `o-a1b2c3d4e5`, nor a path, as `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*`
            `trusted-organizations[1]`: `*` is neither an organization, as `o-a1b2c3d4e5`, nor a path, as `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*`
            `trusted-canonical-ids[0]`: `79a59df900b949e5` is not a canonical user id, which has 64 digits of 0-9 and a-f
        "#]],
    );
    check(
        &json!({ "trusted-accounts": "444455556666" }),
        &expect![[r#"
        `trusted-accounts`: expected a list, found a string (write `["444455556666"]`)
    "#]],
    );
    check(
        &json!({ "trusted-accounts": [444_455_556_666_u64] }),
        &expect![[r#"
        `trusted-accounts[0]`: expected a string, found an integer (write `"444455556666"`, in quotes)
    "#]],
    );
    check(
        &json!({ "trusted-account": ["444455556666"] }),
        &expect![[r#"
        `trusted-account`: `trusted-account` is not a setting of the configuration (write `trusted-accounts`)
    "#]],
    );
}

#[test]
fn numbers_have_bounds() {
    check(
        &json!({ "settle-seconds": 901, "writes-per-hour": 1001 }),
        &expect![[r#"
        `settle-seconds`: 901 is not between 0 and 900 (write `900`)
        `writes-per-hour`: 1001 is not between 7 and 1000 (write `1000`)
    "#]],
    );
    check(
        &json!({ "settle-seconds": -1, "writes-per-hour": i64::MAX }),
        &expect![[r#"
        `settle-seconds`: -1 is not between 0 and 900 (write `0`)
        `writes-per-hour`: 9223372036854775807 is not between 7 and 1000 (write `1000`)
    "#]],
    );
    check(
        &json!({ "settle-seconds": 900, "writes-per-hour": 7 }),
        &expect![[r#"
        nothing is wrong
    "#]],
    );
}

#[test]
fn a_key_is_one_of_its_region_and_never_an_alias() {
    let check = |region: &str, arn: &str, expect: &Expect| {
        check(&json!({ "keys": { region: arn } }), expect);
    };
    check(
        "eu-west-1",
        "arn:aws:kms:eu-west-1:111122223333:key/1",
        &expect![[r#"
        nothing is wrong
    "#]],
    );
    check(
        "eu-west-1",
        "arn:aws:kms:us-east-1:111122223333:key/1",
        &expect![[r#"
            `keys.eu-west-1`: the key is in `us-east-1` and cannot be used in `eu-west-1` (use the ARN of a key in `eu-west-1`)
        "#]],
    );
    check(
        "eu-west-1",
        "arn:aws:kms:eu-west-1:111122223333:alias/mine",
        &expect![[r#"
            `keys.eu-west-1`: `arn:aws:kms:eu-west-1:111122223333:alias/mine` is an alias, which S3 resolves in the caller's account; give the key's ARN
        "#]],
    );
    check(
        "eu-central-1",
        "1234abcd",
        &expect![[r#"
            `keys.eu-central-1`: `1234abcd` is not a key's ARN, as `arn:aws:kms:eu-west-1:111122223333:key/…` is
        "#]],
    );
    check(
        "Ireland",
        "arn:aws:kms:eu-west-1:111122223333:key/1",
        &expect![[r#"
            `keys.Ireland`: `Ireland` is not a Region's code, such as `eu-west-1`
        "#]],
    );
}

#[test]
fn an_aspect_is_one_that_there_is_and_kept_only_if_it_can_be() {
    check(
        &json!({ "aspects": { "versionning": "on", "tls": "of", "acl": "enforce" } }),
        &expect![[r#"
            `aspects.versionning`: `versionning` is not an aspect (write `versioning`)
            `aspects.tls`: `of` is not a mode (write `off`)
            `aspects.acl`: `acl` cannot be enforced: s3guard has no write for it (write `report`)
        "#]],
    );
    check(
        &json!({ "aspects": { "acl": "report", "account-public-access": "enforce" } }),
        &expect![[r#"
            nothing is wrong
        "#]],
    );
    check_rule(
        &json!({ "bucket": "a-*", "aspects": { "account-public-access": "enforce" } }),
        &expect![[r#"
            `rule[0].aspects.account-public-access`: `account-public-access` belongs to the account and cannot be enforced for some buckets (set it in `[aspects]`, or in a rule with only an `account`)
        "#]],
    );
    check_rule(
        &json!({ "account": "111122223333", "aspects": { "account-public-access": "enforce" } }),
        &expect![[r#"
            nothing is wrong
        "#]],
    );
}

#[test]
fn a_bucket_is_public_for_a_reason_and_not_by_its_tags() {
    check_rule(
        &json!({ "bucket": "www", "public": true }),
        &expect![[r#"
        `rule[0].reason`: `public = true` has no reason (add `reason = "…"`)
    "#]],
    );
    check_rule(
        &json!({ "bucket": "www", "public": true, "reason": "web" }),
        &expect![[r#"
        nothing is wrong
    "#]],
    );
    check_rule(
        &json!({ "bucket": "www", "grade": "speed", "reason": "web" }),
        &expect![[r#"
        `rule[0].reason`: only `public = true` has a reason (remove the line)
    "#]],
    );
    let by_tag = json!({ "tags": { "public": "yes" }, "public": true, "reason": "web" });
    check_rule(
        &by_tag,
        &expect![[r#"
        `rule[0].public`: tags cannot select buckets that may be public: any principal that may tag a bucket could open it (select the buckets by `bucket` only)
    "#]],
    );
}

#[test]
fn a_rule_says_something_of_some_buckets() {
    check_rule(
        &json!({}),
        &expect![[r#"
            `rule[0]`: no buckets are selected (add `bucket`, `tags` or `account`; `bucket = "*"` selects all)
        "#]],
    );
    check_rule(
        &json!({ "bucket": "*" }),
        &expect![[r#"
            `rule[0]`: the rule sets nothing for the buckets that it matches (add a `grade`, `aspects` or `public`)
        "#]],
    );
    check_rule(
        &json!({ "bucket": [], "account": "1", "grade": "speed" }),
        &expect![[r#"
            `rule[0].bucket`: the list is empty (add a value, or remove the line)
            `rule[0].account`: `1` is not an AWS account, which has twelve digits
        "#]],
    );
    for good in ["*", "abc", "a*", "log-?", "My_Old.Bucket"] {
        check_rule(&json!({ "bucket": good, "grade": "speed" }), &expect!["nothing is wrong\n"]);
    }
    check_rule(
        &json!({ "bucket": "", "grade": "speed" }),
        &expect![[r#"
            `rule[0].bucket`: the pattern is empty and matches no bucket (write `*` for all buckets)
        "#]],
    );
    check_rule(
        &json!({ "bucket": "ab", "grade": "speed" }),
        &expect![[r#"
            `rule[0].bucket`: `ab` is too short for a bucket's name (add a `*` if it is only a part of the name)
        "#]],
    );
    check_rule(
        &json!({ "bucket": "a/b", "grade": "speed" }),
        &expect![[r#"
            `rule[0].bucket`: a bucket's name cannot contain `/` (write only letters, digits, `.`, `-` and `_`, and `*` or `?` as wildcards)
        "#]],
    );
    check_rule(
        &json!({ "bucket": "a".repeat(256), "grade": "speed" }),
        &expect![[r#"
            `rule[0].bucket`: the pattern has 256 characters (write at most 255, the limit of a bucket's name)
        "#]],
    );
    check_rule(
        &json!({ "tags": { "": "a", "b": "b".repeat(257) }, "grade": "speed" }),
        &expect![[r#"
            `rule[0].tags.b`: the value of the tag has 257 characters (write at most 256, the limit of S3)
        "#]],
    );
}

#[test]
fn a_rule_that_is_never_reached_is_reported() {
    let check = |first: Value, second: Value, is_reached: bool| {
        let result = Config::read(&json!({ "trust-tags": true, "rule": [first, second] }));
        assert_eq!(result.is_ok(), is_reached, "{result:?}");
    };
    let speed = json!({ "bucket": "a-*", "grade": "speed" });
    check(speed.clone(), json!({ "bucket": "a-*", "grade": "hybrid" }), false);
    check(speed.clone(), json!({ "bucket": "a-b", "grade": "hybrid" }), true);
    check(speed.clone(), json!({ "bucket": "a-*", "aspects": { "tls": "off" } }), true);
    check(speed.clone(), json!({ "account": "111122223333", "grade": "speed" }), true);
    check(
        speed,
        json!({ "bucket": "a-*", "tags": { "a": "b" }, "account": "111122223333", "grade": "speed" }),
        false,
    );
    let all = json!({ "bucket": "*", "grade": "speed", "aspects": { "tls": "off" } });
    check(all.clone(), json!({ "tags": { "a": "b" }, "aspects": { "tls": "enforce" } }), false);
    check(all, json!({ "tags": { "a": "b" }, "aspects": { "acl": "off" } }), true);
    let list = json!({ "bucket": ["a-*", "b-*"], "grade": "speed" });
    check(list.clone(), json!({ "bucket": "b-*", "grade": "hybrid" }), false);
    check(list, json!({ "bucket": ["b-*", "c-*"], "grade": "hybrid" }), true);
    let tag = json!({ "tags": { "data": "*" }, "grade": "speed" });
    check(tag.clone(), json!({ "tags": { "data": "x", "b": "c" }, "grade": "hybrid" }), false);
    check(tag.clone(), json!({ "bucket": "a-*", "grade": "hybrid" }), true);
    check(tag, json!({ "tags": { "b": "c" }, "grade": "hybrid" }), true);
}

#[test]
fn a_rule_that_is_never_reached_says_which_one_comes_first() {
    check(
        &json!({ "rule": [
            { "bucket": "a-*", "grade": "speed" },
            { "bucket": "b-*", "grade": "speed" },
            { "bucket": "b-*", "grade": "hybrid" },
        ] }),
        &expect![[r#"
            `rule[2]`: the rule is never reached: rule 2 matches the same buckets first (remove it, or move it above rule 2)
        "#]],
    );
}

#[test]
fn an_exemption_has_a_reason_and_an_end() {
    check_exemption(
        &json!({}),
        &expect![[r#"
        nothing is wrong
    "#]],
    );
    check_exemption(
        &json!({ "bucket": null, "aspects": null, "reason": null, "until": null }),
        &expect![[r#"
            `exemption[0]`: no buckets are selected (add `bucket`, `tags` or `account`; `bucket = "*"` selects all)
            `exemption[0].aspects`: the exemption has no aspects (add `aspects = ["…"]`)
            `exemption[0].reason`: the exemption has no reason (add `reason = "…"`)
            `exemption[0].until`: the exemption has no end (add `until = 2027-01-31`, the last day on which it counts)
        "#]],
    );
    check_exemption(
        &json!({ "aspects": [], "reason": "  " }),
        &expect![[r#"
            `exemption[0].reason`: the exemption has no reason (add `reason = "…"`)
            `exemption[0].aspects`: the exemption has no aspects (add `aspects = ["…"]`)
        "#]],
    );
    check_exemption(
        &json!({ "aspects": ["publik-access"], "reason": "a\nb" }),
        &expect![[r#"
            `exemption[0].aspects[0]`: `publik-access` is not an aspect (write `public-access`)
            `exemption[0].reason`: the reason has a control character (write one line of text)
        "#]],
    );
    check_exemption(
        &json!({ "reason": "x".repeat(257) }),
        &expect![[r#"
            `exemption[0].reason`: the reason has 257 characters (write at most 256)
        "#]],
    );
    for bad in
        ["2027-1-31", "2027-02-30", "31.01.2027", "+027-01-31", "2027-01-31T00:00:00Z", "🦀🦀🦀"]
    {
        let text = Config::read(&json!({ "exemption": [
            { "bucket": "a-*", "aspects": ["tls"], "reason": "x", "until": bad },
        ] }));
        assert_eq!(text.unwrap_err().len(), 1, "{bad}");
    }
    check_exemption(
        &json!({ "until": "2027-01-31T00:00:00Z" }),
        &expect![[r#"
        `exemption[0].until`: `2027-01-31T00:00:00Z` is not a day (write only the day, `2027-01-31`)
    "#]],
    );
    check_exemption(
        &json!({ "until": "soon" }),
        &expect![[r#"
        `exemption[0].until`: `soon` is not a day (write it as `2027-01-31`)
    "#]],
    );
}
