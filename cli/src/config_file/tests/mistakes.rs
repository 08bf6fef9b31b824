//! What a configuration says wrong is shown where it stands.

use expect_test::expect;

use crate::config_file::tests::check;

#[test]
fn what_is_wrong_with_notifications_is_shown_where_it_stands() {
    check(
        "[notifications]\nwindow = \"10m\"\n\n[notifications.alert]\ndeleted = 0\n\n[[subscription]]\n\
         name = \"team\"\nhttps = \"http://example.com\"\nbucket = [\"ok-*\", \"a-*-b\"]\n",
        &expect![[r#"
            error: `10m` is not a window
             --> s3guard.toml:2:10
              |
            2 | window = "10m"
              |          ^^^^^ write `10s` to `300s`, `1m` to `5m`, `15m`, `1h` or `1d`

            error: 0 is not between 1 and 1000000
             --> s3guard.toml:5:11
              |
            5 | deleted = 0
              |           ^ write `1` or more, or remove the line

            error: `http://example.com` is not encrypted: s3guard publishes only over TLS
             --> s3guard.toml:9:9
              |
            9 | https = "http://example.com"
              |         ^^^^^^^^^^^^^^^^^^^^ write `https://example.com`

            error: `a-*-b` is not a valid filter: SNS has no wildcards
              --> s3guard.toml:10:19
               |
            10 | bucket = ["ok-*", "a-*-b"]
               |                   ^^^^^^^ write `a-*`

            error: `s3guard.toml` has 4 mistakes
        "#]],
    );
}

#[test]
fn a_selection_that_makes_too_long_a_rule_is_shown() {
    let keys: Vec<String> = (0..99).map(|n| format!("\"some/folder/{n}/\"")).collect();
    let include = format!("include = {{ key = [{}] }}", keys.join(", "));
    let report = crate::config_file::tests::report(
        format!("[notifications.objects]\n{include}\n").as_bytes(),
    );
    let first = report.lines().take(2).collect::<Vec<_>>().join("\n");
    expect![[r#"
        error: the selection makes a rule of 2422 characters, and EventBridge accepts 2048
         --> s3guard.toml:1:1"#]]
    .assert_eq(&first);
    assert!(report.contains("write fewer or shorter patterns"), "{report}");
}

#[test]
fn a_setting_that_there_is_none_of_is_shown_with_the_nearest() {
    check(
        "[[rule]]\nbucket = \"a-*\"\n\ngrad = \"security\"\n",
        &expect![[r#"
        error: `grad` is not a setting of a rule
         --> s3guard.toml:4:1
          |
        4 | grad = "security"
          | ^^^^ write `grade`
    "#]],
    );
    check(
        "rules = []\n",
        &expect![[r#"
        error: `rules` is not a setting of the configuration
         --> s3guard.toml:1:1
          |
        1 | rules = []
          | ^^^^^ write `rule`
    "#]],
    );
    check(
        "[notifications]\nemail = \"me@example.com\"\n",
        &expect![[r#"
            error: `email` is not a setting of the table `[notifications]`
             --> s3guard.toml:2:1
              |
            2 | email = "me@example.com"
              | ^^^^^ the table `[notifications]` has `window`, `chat`, `alert` and `objects`
        "#]],
    );
    check(
        "[aspects]\nversionning = \"enforce\"\n\"strange key\" = \"off\"\n",
        &expect![[r#"
            error: `versionning` is not an aspect
             --> s3guard.toml:2:1
              |
            2 | versionning = "enforce"
              | ^^^^^^^^^^^ write `versioning`

            error: `strange key` is not an aspect
             --> s3guard.toml:3:1
              |
            3 | "strange key" = "off"
              | ^^^^^^^^^^^^^ write `encryption`, `sse-c`, `public-access`, `tls`, `ownership`, `versioning`, `access-logs`, `notifications`, `policy`, `acl`, `replication`, `lifecycle`, `object-lock`, `account-public-access`, `access-points` or `exports`

            error: `s3guard.toml` has 2 mistakes
        "#]],
    );
    check(
        "[aspects]\ntls = \"off\"\n\nsettle-seconds = 5\n",
        &expect![[r#"
            error: `settle-seconds` is not an aspect
             --> s3guard.toml:4:1
              |
            4 | settle-seconds = 5
              | ^^^^^^^^^^^^^^ move it above the first line with `[`
        "#]],
    );
}

#[test]
fn a_value_of_another_kind_is_shown_with_the_right_way_to_write_it() {
    check(
        "settle-seconds = \"15\"\nwrites-per-hour = 20.0\ngrade = true\n",
        &expect![[r#"
            error: expected an integer, found a string
             --> s3guard.toml:1:18
              |
            1 | settle-seconds = "15"
              |                  ^^^^ write `15`, without quotes

            error: expected an integer, found a float
             --> s3guard.toml:2:19
              |
            2 | writes-per-hour = 20.0
              |                   ^^^^ write `20`

            error: expected a string, found a boolean
             --> s3guard.toml:3:9
              |
            3 | grade = true
              |         ^^^^ write `"speed"`, `"hybrid"` or `"security"`

            error: `s3guard.toml` has 3 mistakes
        "#]],
    );
    check(
        "[[rule]]\naccount = 111122223333\ngrade = \"hybrid\"\n",
        &expect![[r#"
            error: expected a string, found an integer
             --> s3guard.toml:2:11
              |
            2 | account = 111122223333
              |           ^^^^^^^^^^^^ write `"111122223333"`, in quotes
        "#]],
    );
    check(
        "[rule]\nbucket = \"a-*\"\ngrade = \"hybrid\"\n",
        &expect![[r#"
            error: expected a list, found a table
             --> s3guard.toml:1:1
              |
            1 | [rule]
              | ^^^^^^ write `[[rule]]` on a line of its own, and the settings below
        "#]],
    );
    check(
        "aspects.tls = false\nkeys = 3\n",
        &expect![[r#"
            error: expected a string, found a boolean
             --> s3guard.toml:1:15
              |
            1 | aspects.tls = false
              |               ^^^^^ write `"off"`, `"report"`, `"enforce-new"` or `"enforce"`

            error: expected a table, found an integer
             --> s3guard.toml:2:8
              |
            2 | keys = 3
              |        ^ write `[keys]` on a line of its own, and the settings below

            error: `s3guard.toml` has 2 mistakes
        "#]],
    );
    check(
        "settle-seconds = inf\nwrites-per-hour = 99999999999999999999\n",
        &expect![[r#"
            error: expected an integer, found an unsupported value
             --> s3guard.toml:1:18
              |
            1 | settle-seconds = inf
              |                  ^^^ write an integer, or remove the line

            error: 9223372036854775807 is not between 7 and 1000
             --> s3guard.toml:2:19
              |
            2 | writes-per-hour = 99999999999999999999
              |                   ^^^^^^^^^^^^^^^^^^^^ write `1000`

            error: `s3guard.toml` has 2 mistakes
        "#]],
    );
}

#[test]
fn a_value_that_makes_no_sense_is_shown() {
    check(
        "grade = \"secure\"\nsettle-seconds = 901\n",
        &expect![[r#"
            error: `secure` is not a grade
             --> s3guard.toml:1:9
              |
            1 | grade = "secure"
              |         ^^^^^^^^ write `speed`, `hybrid` or `security`

            error: 901 is not between 0 and 900
             --> s3guard.toml:2:18
              |
            2 | settle-seconds = 901
              |                  ^^^ write `900`

            error: `s3guard.toml` has 2 mistakes
        "#]],
    );
    check(
        "[[rule]]\nbucket = [\n  \"a-*\",\n  \"B/*\",\n]\ngrade = \"hibrid\"\n",
        &expect![[r#"
            error: a bucket's name cannot contain `/`
             --> s3guard.toml:4:3
              |
            4 |   "B/*",
              |   ^^^^^ write only letters, digits, `.`, `-` and `_`, and `*` or `?` as wildcards

            error: `hibrid` is not a grade
             --> s3guard.toml:6:9
              |
            6 | grade = "hibrid"
              |         ^^^^^^^^ write `hybrid`

            error: `s3guard.toml` has 2 mistakes
        "#]],
    );
    check(
        "rule = [{ bucket = \"a-*\" }, { grade = \"speed\" }]\n",
        &expect![[r#"
            error: the rule sets nothing for the buckets that it matches
             --> s3guard.toml:1:9
              |
            1 | rule = [{ bucket = "a-*" }, { grade = "speed" }]
              |         ^^^^^^^^^^^^^^^^^^ add a `grade`, `aspects` or `public`

            error: no buckets are selected
             --> s3guard.toml:1:29
              |
            1 | rule = [{ bucket = "a-*" }, { grade = "speed" }]
              |                             ^^^^^^^^^^^^^^^^^^^ add `bucket`, `tags` or `account`; `bucket = "*"` selects all

            error: `s3guard.toml` has 2 mistakes
        "#]],
    );
}

#[test]
fn a_key_of_another_region_and_an_alias_are_shown() {
    check(
        "[keys]\n\
         eu-west-1 = \"arn:aws:kms:us-east-1:111122223333:key/1\"\n\
         eu-west-2 = \"alias/aws/s3\"\n\
         ireland = \"arn:aws:kms:eu-west-1:111122223333:key/1\"\n",
        &expect![[r#"
            error: the key is in `us-east-1` and cannot be used in `eu-west-1`
             --> s3guard.toml:2:13
              |
            2 | eu-west-1 = "arn:aws:kms:us-east-1:111122223333:key/1"
              |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ use the ARN of a key in `eu-west-1`

            error: `alias/aws/s3` is an alias, which S3 resolves in the caller's account; give the key's ARN
             --> s3guard.toml:3:13
              |
            3 | eu-west-2 = "alias/aws/s3"
              |             ^^^^^^^^^^^^^^

            error: `ireland` is not a Region's code, such as `eu-west-1`
             --> s3guard.toml:4:1
              |
            4 | ireland = "arn:aws:kms:eu-west-1:111122223333:key/1"
              | ^^^^^^^

            error: `s3guard.toml` has 3 mistakes
        "#]],
    );
}

#[test]
fn what_is_missing_is_shown_at_the_table_that_lacks_it() {
    check(
        "grade = \"speed\"\n\n[[exemption]]\nbucket = \"www-*\"\n\n[[exemption]]\nreson = \"x\"\n",
        &expect![[r#"
            error: the exemption has no aspects
             --> s3guard.toml:3:1
              |
            3 | [[exemption]]
              | ^^^^^^^^^^^^^ add `aspects = ["…"]`

            error: the exemption has no reason
             --> s3guard.toml:3:1
              |
            3 | [[exemption]]
              | ^^^^^^^^^^^^^ add `reason = "…"`

            error: the exemption has no end
             --> s3guard.toml:3:1
              |
            3 | [[exemption]]
              | ^^^^^^^^^^^^^ add `until = 2027-01-31`, the last day on which it counts

            error: no buckets are selected
             --> s3guard.toml:6:1
              |
            6 | [[exemption]]
              | ^^^^^^^^^^^^^ add `bucket`, `tags` or `account`; `bucket = "*"` selects all

            error: the exemption has no aspects
             --> s3guard.toml:6:1
              |
            6 | [[exemption]]
              | ^^^^^^^^^^^^^ add `aspects = ["…"]`

            error: the exemption has no end
             --> s3guard.toml:6:1
              |
            6 | [[exemption]]
              | ^^^^^^^^^^^^^ add `until = 2027-01-31`, the last day on which it counts

            error: `reson` is not a setting of an exemption
             --> s3guard.toml:7:1
              |
            7 | reson = "x"
              | ^^^^^ write `reason`

            error: `s3guard.toml` has 7 mistakes
        "#]],
    );
    check(
        "exemption = [{ aspects = [], reason = \" \", until = \"\" }]\n",
        &expect![[r#"
            error: no buckets are selected
             --> s3guard.toml:1:14
              |
            1 | exemption = [{ aspects = [], reason = " ", until = "" }]
              |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ add `bucket`, `tags` or `account`; `bucket = "*"` selects all

            error: the exemption has no aspects
             --> s3guard.toml:1:26
              |
            1 | exemption = [{ aspects = [], reason = " ", until = "" }]
              |                          ^^ add `aspects = ["…"]`

            error: the exemption has no reason
             --> s3guard.toml:1:39
              |
            1 | exemption = [{ aspects = [], reason = " ", until = "" }]
              |                                       ^^^ add `reason = "…"`

            error: `` is not a day
             --> s3guard.toml:1:52
              |
            1 | exemption = [{ aspects = [], reason = " ", until = "" }]
              |                                                    ^^ write it as `2027-01-31`

            error: `s3guard.toml` has 4 mistakes
        "#]],
    );
}

#[test]
fn a_day_is_a_day() {
    let exemption = |until: &str| {
        format!(
            "[[exemption]]\nbucket = \"a-*\"\naspects = [\"tls\"]\nreason = \"x\"\nuntil = {until}\n"
        )
    };
    check(
        exemption("2027-01-31"),
        &expect![[r#"
        nothing is wrong
    "#]],
    );
    check(
        exemption("\"2027-01-31\""),
        &expect![[r#"
        nothing is wrong
    "#]],
    );
    check(
        exemption("\"31.1.2027\""),
        &expect![[r#"
        error: `31.1.2027` is not a day
         --> s3guard.toml:5:9
          |
        5 | until = "31.1.2027"
          |         ^^^^^^^^^^^ write it as `2027-01-31`
    "#]],
    );
    check(
        exemption("2027-02-30"),
        &expect![[r#"
            error: this is not TOML: invalid date
             --> s3guard.toml:5:9
              |
            5 | until = 2027-02-30
              |         ^^^^^^^^^^ expected day between 01 and 28
        "#]],
    );
    check(
        exemption("2027-01-31T23:59:59Z"),
        &expect![[r#"
        error: `2027-01-31T23:59:59Z` is not a day
         --> s3guard.toml:5:9
          |
        5 | until = 2027-01-31T23:59:59Z
          |         ^^^^^^^^^^^^^^^^^^^^ write only the day, `2027-01-31`
    "#]],
    );
    check(
        exemption("2027"),
        &expect![[r#"
            error: expected a day such as `2027-01-31`, found an integer
             --> s3guard.toml:5:9
              |
            5 | until = 2027
              |         ^^^^
        "#]],
    );
}

#[test]
fn a_rule_that_is_never_reached_is_shown() {
    check(
        "[[rule]]\nbucket = \"*\"\ngrade = \"hybrid\"\n\n[[rule]]\nbucket = \"a-*\"\ngrade = \"security\"\n",
        &expect![[r#"
            error: the rule is never reached: rule 1 matches the same buckets first
             --> s3guard.toml:5:1
              |
            5 | [[rule]]
              | ^^^^^^^^ remove it, or move it above rule 1
        "#]],
    );
}
