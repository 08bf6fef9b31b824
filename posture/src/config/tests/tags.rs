//! Tags exempt and lower nothing, unless the file trusts them.

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use time::macros::date;

use super::config;
use crate::config::{Config, EvaluationContext};
use crate::model::setting::Tags;
use crate::{Aspect, Baseline, Grade, Mode, Reading};

/// The mistakes of a file; with `trust-tags = true` there are none.
#[track_caller]
fn check(file: &Value, expect: &Expect) {
    let mistakes = Config::read(file).err().unwrap_or_default();
    let text = mistakes.iter().fold(String::new(), |text, one| text + &format!("{one}\n"));
    expect.assert_eq(&text);
    let mut trusting = file.clone();
    trusting["trust-tags"] = json!(true);
    assert!(Config::read(&trusting).is_ok(), "without the defence the attempt succeeds");
}

fn baseline(config: &Config, tags: &[(&str, &str)], default: Option<Grade>) -> Baseline {
    let id = crate::BucketId {
        name: "payroll-1".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    };
    let tags: Tags =
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let context = EvaluationContext::new(date!(2027 - 01 - 31));
    let context = EvaluationContext { default_grade: default, ..context };
    config.baseline(&id, &Reading::Known(tags), &context)
}

#[test]
fn m3_exemptions_and_rules_by_tags_that_lower_are_refused_unless_tags_are_trusted() {
    let tags = json!({ "team": "web" });
    check(
        &json!({ "exemption": [
            { "tags": tags, "aspects": ["tls"], "reason": "x", "until": "2027-01-31" },
        ] }),
        &expect![[r#"
            `exemption[0].tags`: tags cannot select what is exempt: any principal that may tag a bucket could exempt it (select the buckets by `bucket` or `account`, or write `trust-tags = true` at the top of the file)
        "#]],
    );
    check(
        &json!({ "grade": "security", "rule": [{ "tags": tags, "grade": "hybrid" }] }),
        &expect![[r#"
            `rule[0].grade`: tags cannot lower a grade: any principal that may tag a bucket could lower it from `security`, the default (write `security` or higher; or select the buckets by `bucket` or `account`, or write `trust-tags = true` at the top of the file)
        "#]],
    );
    check(
        &json!({ "rule": [
            { "tags": tags, "grade": "hybrid" },
            { "bucket": "payroll-*", "grade": "security" },
        ] }),
        &expect![[r#"
            `rule[0].grade`: tags cannot lower a grade: any principal that may tag a bucket could keep it from rule 2, which sets a higher one (move rule 2 above this one; or select the buckets by `bucket` or `account`, or write `trust-tags = true` at the top of the file)
        "#]],
    );
    check(
        &json!({ "rule": [{ "bucket": "a-*", "tags": tags, "aspects": { "tls": "off" } }] }),
        &expect![[r#"
            `rule[0].aspects.tls`: tags cannot lower a mode: any principal that may tag a bucket could lower `tls` from `enforce-new` (write `enforce-new`; or select the buckets by `bucket` or `account`, or write `trust-tags = true` at the top of the file)
        "#]],
    );
    check(
        &json!({ "rule": [
            { "tags": tags, "aspects": { "tls": "enforce-new" } },
            { "bucket": "a-*", "aspects": { "tls": "enforce" } },
        ] }),
        &expect![[r#"
            `rule[0].aspects.tls`: tags cannot lower a mode: any principal that may tag a bucket could lower `tls` to less than rule 2 sets (move rule 2 above this one; or select the buckets by `bucket` or `account`, or write `trust-tags = true` at the top of the file)
        "#]],
    );
    // What raises is not refused.
    let raises = json!({ "rule": [
        { "bucket": "payroll-*", "grade": "security" },
        { "tags": tags, "grade": "hybrid", "aspects": { "tls": "enforce" } },
        { "account": "444455556666", "grade": "speed" },
    ] });
    check(&raises, &expect![""]);
}

#[test]
fn m3_a_rule_by_tags_only_raises_whatever_the_parameter_of_the_stack_says() {
    let rule = json!([{ "tags": { "team": "web" }, "grade": "hybrid" }]);
    let file = config(&json!({ "rule": rule }));
    let tagged = [("team", "web")];
    assert_eq!(baseline(&file, &tagged, None).grade, Grade::Hybrid);
    let kept = baseline(&file, &tagged, Some(Grade::Security));
    assert_eq!((kept.grade, &*kept.grade_reason), (Grade::Security, "the default"));
    // Without the defence the tag lowers it, which is reported.
    let trusting = config(&json!({ "rule": rule, "trust-tags": true }));
    let lowered = baseline(&trusting, &tagged, Some(Grade::Security));
    assert_eq!(lowered.grade, Grade::Hybrid);
    assert_eq!(
        lowered.by_tags[0].words,
        "the grade is `hybrid` in place of `security`, by rule 1, tag `team=web`"
    );
    // A mode that is higher at another grade.
    let rule = json!([
        { "bucket": "payroll-*", "grade": "security" },
        { "tags": { "team": "web" }, "aspects": { "versioning": "report" } },
    ]);
    let file = config(&json!({ "rule": rule }));
    assert_eq!(baseline(&file, &tagged, None).mode(Aspect::Versioning), Mode::EnforceNew);
    let trusting = config(&json!({ "rule": rule, "trust-tags": true }));
    let lowered = baseline(&trusting, &tagged, None);
    assert_eq!(lowered.mode(Aspect::Versioning), Mode::Report);
    assert_eq!(lowered.by_tags.len(), 1);
    assert!(baseline(&trusting, &[], None).by_tags.is_empty());
}

#[test]
fn m3_the_tag_of_a_grade_never_lowers_it() {
    for trust in [false, true] {
        let file = config(&json!({ "grade": "hybrid", "trust-tags": trust }));
        for (value, expected) in
            [("speed", Grade::Hybrid), ("hybrid", Grade::Hybrid), ("security", Grade::Security)]
        {
            let tagged = baseline(&file, &[("s3guard:grade", value)], None);
            assert_eq!((tagged.grade, tagged.by_tags), (expected, Vec::new()), "{value}");
        }
    }
}
