//! The baseline of a bucket by its name, tags and account.

use std::collections::BTreeMap;

use expect_test::expect;
use proptest::prelude::*;
use serde_json::{Value, json};
use time::macros::date;

use crate::config::{Config, EvaluationContext, Extent};
use crate::model::setting::Tags;
use crate::{AccountId, Aspect, Baseline, BucketId, Grade, Mode, Reading};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1";

/// A configuration that trusts tags.
fn config(value: &Value) -> Config {
    let mut value = value.clone();
    value["trust-tags"] = json!(true);
    super::config(&value)
}

fn bucket(name: &str) -> BucketId {
    BucketId {
        name: name.parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    }
}

fn tags(tags: &[(&str, &str)]) -> Reading<Tags> {
    let tags: BTreeMap<String, String> =
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Reading::Known(tags)
}

fn context() -> EvaluationContext {
    EvaluationContext::new(date!(2027 - 01 - 31))
}

fn baseline(config: &Config, name: &str, tags: &Reading<Tags>) -> Baseline {
    config.baseline(&bucket(name), tags, &context())
}

#[track_caller]
fn check(rules: &Value, name: &str, tags: &Reading<Tags>, grade: Grade, reason: &str) {
    let baseline = baseline(&config(&json!({ "rule": rules })), name, tags);
    assert_eq!((baseline.grade, &*baseline.grade_reason), (grade, reason));
}

#[test]
fn the_first_rule_that_matches_and_has_a_grade_wins() {
    let rules = json!([
        { "bucket": "payroll-test-*", "aspects": { "versioning": "off" } },
        { "bucket": ["x-*", "payroll-*"], "grade": "security" },
        { "account": "111122223333", "tags": { "data": "sec*" }, "grade": "hybrid" },
        { "account": "444455556666", "grade": "security" },
    ]);
    let secret = tags(&[("data", "secret")]);
    check(&rules, "payroll-1", &secret, Grade::Security, "rule 2, bucket `payroll-*`");
    check(
        &rules,
        "payroll-test-1",
        &Reading::Absent,
        Grade::Security,
        "rule 2, bucket `payroll-*`",
    );
    check(&rules, "other", &secret, Grade::Hybrid, "rule 3, tag `data=sec*`, account 111122223333");
    check(&rules, "other", &tags(&[("data", "public")]), Grade::Speed, "the default");
    check(&rules, "other", &Reading::Absent, Grade::Speed, "the default");
    let config = config(&json!({ "rule": rules }));
    let test = baseline(&config, "payroll-test-1", &Reading::Absent);
    assert_eq!(test.mode(Aspect::Versioning), Mode::Off);
    assert_eq!(test.mode(Aspect::AccessLogs), Mode::EnforceNew);
}

#[test]
fn clients_are_affected_only_by_a_mode_that_is_certain() {
    let file = config(&json!({
        "aspects": { "sse-c": "enforce", "tls": "report", "ownership": "enforce" },
        "rule": [
            { "tags": { "acls": "yes" }, "aspects": { "ownership": "report" } },
            { "bucket": "web-*", "aspects": { "tls": "enforce", "sse-c": "off" } },
        ],
    }));
    let enforced = |name: &str, tags: &Reading<Tags>| {
        let baseline = baseline(&file, name, tags);
        Aspect::ALL
            .into_iter()
            .filter(|aspect| baseline.mode(*aspect) == Mode::Enforce)
            .collect::<Vec<_>>()
    };
    assert_eq!(enforced("other", &Reading::Absent), [Aspect::SseC, Aspect::Ownership]);
    assert_eq!(enforced("web-1", &Reading::Absent), [Aspect::Tls, Aspect::Ownership]);
    assert_eq!(enforced("other", &tags(&[("acls", "yes")])), [Aspect::SseC]);
    // A rule that may match could set another mode.
    assert_eq!(enforced("other", &Reading::Denied), [Aspect::SseC]);
    let grade = baseline(&Config::default(), "other", &Reading::Absent);
    assert_eq!(grade.mode(Aspect::Tls), Mode::EnforceNew);
}

#[test]
fn a_rule_comes_before_the_parameter_and_the_parameter_before_the_file() {
    let both = config(&json!({
        "grade": "security", "rule": [{ "bucket": "low-*", "grade": "speed" }],
    }));
    let grade = |config: &Config, name: &str, parameter: Option<Grade>| {
        let context = EvaluationContext { default_grade: parameter, ..context() };
        config.baseline(&bucket(name), &Reading::Absent, &context).grade
    };
    assert_eq!(grade(&both, "low-1", Some(Grade::Hybrid)), Grade::Speed);
    assert_eq!(grade(&both, "other", Some(Grade::Hybrid)), Grade::Hybrid);
    assert_eq!(grade(&both, "other", None), Grade::Security);
    assert_eq!(grade(&Config::default(), "other", None), Grade::Speed);
}

#[test]
fn the_tag_raises_a_grade_and_never_lowers_it() {
    let rules = json!([{ "bucket": "h-*", "grade": "hybrid" }]);
    let tag = |value: &str| tags(&[("s3guard:grade", value)]);
    check(&rules, "h-1", &tag("security"), Grade::Security, "the tag `s3guard:grade`");
    check(&rules, "h-1", &tag("hybrid"), Grade::Hybrid, "rule 1, bucket `h-*`");
    check(
        &rules,
        "h-1",
        &tag("speed"),
        Grade::Hybrid,
        "rule 1, bucket `h-*`; the tag `s3guard:grade` does not lower it to `speed`",
    );
    check(
        &rules,
        "h-1",
        &tag("Secret\u{1b}"),
        Grade::Hybrid,
        "rule 1, bucket `h-*`; the tag `s3guard:grade` is ignored: `Secret\\u{1b}` is not a grade",
    );
}

#[test]
fn tags_that_are_not_known_lower_nothing() {
    let rules = json!([
        { "tags": { "data": "secret" }, "grade": "security", "aspects": { "versioning": "enforce" } },
        { "bucket": "a-*", "grade": "speed", "aspects": { "versioning": "off" } },
        { "bucket": "b-*", "grade": "security" },
    ]);
    let file = config(&json!({ "grade": "hybrid", "rule": rules }));
    for unknown in [Reading::Unread, Reading::Denied] {
        let a = baseline(&file, "a-1", &unknown);
        assert_eq!((a.grade, a.mode(Aspect::Versioning)), (Grade::Hybrid, Mode::EnforceNew));
        assert_eq!(
            a.grade_reason,
            "the default, which rule 2 does not lower: the bucket's tags are not known and may match an earlier rule"
        );
        assert_eq!(baseline(&file, "b-1", &unknown).grade, Grade::Security);
        assert_eq!(baseline(&file, "c-1", &unknown).grade, Grade::Hybrid);
    }
    let known = baseline(&file, "a-1", &Reading::Absent);
    assert_eq!((known.grade, known.mode(Aspect::Versioning)), (Grade::Speed, Mode::Off));
}

#[test]
fn tags_are_read_only_where_they_matter() {
    let file = config(&json!({
        "grade": "security",
        "rule": [
            { "bucket": "a-*", "tags": { "data": "x" }, "grade": "speed" },
            { "bucket": "b-*", "grade": "hybrid" },
        ],
        "exemption": [
            { "bucket": "c-*", "tags": { "a": "b" }, "aspects": ["tls"], "reason": "x", "until": "2027-01-31" },
            { "bucket": "d-*", "tags": { "a": "b" }, "aspects": ["tls"], "reason": "x", "until": "2027-01-30" },
        ],
    }));
    let needs = |name: &str, tags: &Reading<Tags>| baseline(&file, name, tags).needs_tags;
    assert!(needs("a-1", &Reading::Unread));
    assert!(needs("b-1", &Reading::Unread), "the tag could raise it");
    assert!(needs("c-1", &Reading::Unread));
    assert!(!needs("d-1", &Reading::Unread), "the exemption is over");
    assert!(!needs("e-1", &Reading::Unread));
    for known in [Reading::Absent, Reading::Denied, tags(&[])] {
        assert!(!needs("a-1", &known) && !needs("b-1", &known) && !needs("c-1", &known));
    }
}

#[test]
fn the_file_says_what_is_done_and_a_rule_says_it_better() {
    let file = config(&json!({
        "aspects": { "versioning": "enforce", "tls": "report", "notifications": "off" },
        "rule": [{ "bucket": "a-*", "aspects": { "tls": "enforce", "versioning": "off" } }],
    }));
    let modes = |name: &str| {
        let baseline = baseline(&file, name, &Reading::Absent);
        [Aspect::Versioning, Aspect::Tls, Aspect::Notifications, Aspect::PublicAccess]
            .map(|aspect| baseline.mode(aspect))
    };
    assert_eq!(modes("b-1"), [Mode::Enforce, Mode::Report, Mode::Off, Mode::EnforceNew]);
    assert_eq!(modes("a-1"), [Mode::Off, Mode::Enforce, Mode::Off, Mode::EnforceNew]);
}

#[test]
fn a_call_has_looked_at_what_it_touched_and_a_sweep_at_everything() {
    let evaluate = |extent| {
        let context = EvaluationContext { extent, ..context() };
        Config::default().baseline(&bucket("abc"), &Reading::Absent, &context)
    };
    let by_call = evaluate(Extent::Touched([Aspect::Acl, Aspect::PublicAccess].into()));
    assert_eq!(by_call.mode(Aspect::Acl), Mode::Report);
    assert_eq!(by_call.mode(Aspect::PublicAccess), Mode::EnforceNew);
    assert_eq!(by_call.mode(Aspect::Lifecycle), Mode::Off);
    assert_eq!(by_call.mode(Aspect::Tls), Mode::Off);
    let by_sweep = evaluate(Extent::of(&crate::Trigger::Sweep));
    assert_eq!(by_sweep.mode(Aspect::Acl), Mode::Report);
    assert_eq!(by_sweep.mode(Aspect::Tls), Mode::EnforceNew);
    assert_eq!(by_sweep.mode(Aspect::Lifecycle), Mode::Report);
}

#[test]
fn an_exemption_counts_until_its_last_day_is_over() {
    let file = config(&json!({ "exemption": [
        { "bucket": "www-*", "aspects": ["public-access", "versioning"], "reason": "web", "until": "2027-01-31" },
        { "bucket": "www-*", "aspects": ["public-access"], "reason": "also", "until": "2028-01-31" },
        { "tags": { "web": "*" }, "aspects": ["tls"], "reason": "old browsers", "until": "2028-01-31" },
    ] }));
    let on = |today, tags: &Reading<Tags>| {
        let baseline = file.baseline(&bucket("www-1"), tags, &EvaluationContext::new(today));
        let exempt = baseline
            .exemptions
            .iter()
            .map(|exempt| format!("{} {} {}", exempt.aspect, exempt.reason, exempt.until.unwrap()));
        let off = Aspect::ALL.into_iter().filter(|aspect| {
            Grade::Speed.wants(*aspect).mode.enforces() && baseline.mode(*aspect) == Mode::Off
        });
        (exempt.collect::<Vec<_>>(), off.collect::<Vec<_>>())
    };
    let (exempt, off) = on(date!(2027 - 01 - 31), &Reading::Absent);
    assert_eq!(exempt, ["public-access web 2027-01-31"], "versions are not asked for");
    assert_eq!(off, [Aspect::PublicAccess]);
    let (exempt, _) = on(date!(2027 - 02 - 01), &Reading::Denied);
    assert_eq!(exempt, ["public-access also 2028-01-31"]);
    let (_, off) = on(date!(2027 - 02 - 01), &tags(&[("web", "")]));
    assert_eq!(off, [Aspect::PublicAccess, Aspect::Tls]);
    let (exempt, off) = on(date!(2028 - 02 - 01), &tags(&[("web", "")]));
    assert_eq!((exempt, off), (vec![], vec![]));
}

#[test]
fn an_end_is_announced_a_week_before_and_a_day_after() {
    let file = config(&json!({ "exemption": [
        { "bucket": ["www-*", "cdn-*"], "aspects": ["public-access", "tls"], "reason": "web", "until": "2027-01-31" },
        { "tags": { "a": "b" }, "account": "111122223333", "aspects": ["tls"], "reason": "x", "until": "2027-02-07" },
    ] }));
    let on = |today| {
        file.ending(today).iter().fold(String::new(), |text, ending| text + &format!("{ending}\n"))
    };
    assert_eq!(on(date!(2027 - 01 - 23)), "");
    assert_eq!(on(date!(2027 - 01 - 24)).lines().count(), 1);
    expect![[r#"
        the exemption of bucket `cdn-*` or `www-*` (public-access, tls) ends on 2027-01-31; reason: web
        the exemption of tag `a=b`, account 111122223333 (tls) ends on 2027-02-07; reason: x
    "#]].assert_eq(&on(date!(2027 - 01 - 31)));
    expect![[r#"
        the exemption of bucket `cdn-*` or `www-*` (public-access, tls) has ended on 2027-01-31; reason: web
        the exemption of tag `a=b`, account 111122223333 (tls) ends on 2027-02-07; reason: x
    "#]].assert_eq(&on(date!(2027 - 02 - 01)));
    assert_eq!(on(date!(2027 - 02 - 02)).lines().count(), 1);
    assert_eq!(on(date!(2027 - 02 - 09)), "");
    let ended = |today| file.ended(today).iter().map(|one| one.number).collect::<Vec<_>>();
    assert_eq!(ended(date!(2027 - 01 - 31)), [0; 0]);
    assert_eq!(ended(date!(2027 - 02 - 07)), [1]);
    assert_eq!(ended(date!(2030 - 01 - 01)), [1, 2]);
}

#[test]
fn the_key_and_the_log_bucket_are_those_of_the_bucket_s_region() {
    let mut elsewhere = bucket("abc");
    elsewhere.region = "us-east-1".parse().unwrap();
    let mut foreign = bucket("abc");
    foreign.account = "444455556666".parse().unwrap();
    let default_key = "arn:aws:kms:us-east-1:111122223333:key/2".parse().ok();
    let context = EvaluationContext { log_bucket: Some(bucket("logs")), default_key, ..context() };
    let file = config(&json!({ "keys": { "eu-west-1": KEY } }));
    let evaluate = |config: &Config, id: &BucketId| {
        let baseline = config.baseline(id, &Reading::Absent, &context);
        (
            baseline.key.map(|key| key.to_string()).unwrap_or_default(),
            baseline.log_bucket.map(|name| name.to_string()).unwrap_or_default(),
        )
    };
    assert_eq!(evaluate(&file, &bucket("abc")), (KEY.to_owned(), "logs".to_owned()));
    assert_eq!(evaluate(&file, &foreign), (KEY.to_owned(), String::new()));
    let (key, logs) = evaluate(&file, &elsewhere);
    assert!(key.ends_with("key/2") && logs.is_empty());
    assert_eq!(evaluate(&Config::default(), &bucket("abc")).0, "");
}

#[test]
fn our_own_buckets_have_neither_access_logs_nor_events() {
    let context = EvaluationContext {
        own_buckets: vec!["logs".parse().unwrap()],
        default_grade: Some(Grade::Security),
        ..context()
    };
    let evaluate =
        |name: &str| Config::default().baseline(&bucket(name), &Reading::Absent, &context);
    assert_eq!(evaluate("logs").mode(Aspect::AccessLogs), Mode::Off);
    assert_eq!(evaluate("logs").mode(Aspect::Notifications), Mode::Off);
    assert_eq!(evaluate("logs").grade, Grade::Speed);
    assert_eq!(evaluate("logs").mode(Aspect::Versioning), Mode::Enforce);
    assert_eq!(evaluate("logs").mode(Aspect::Tls), Mode::Enforce);
    assert_eq!(evaluate("logs2").mode(Aspect::Tls), Mode::EnforceNew);
    assert_eq!(evaluate("logs2").mode(Aspect::Notifications), Mode::EnforceNew);
}

#[test]
fn the_accounts_block_is_only_reported_unless_it_is_enforced() {
    assert_eq!(Config::default().account_mode(), Mode::Report);
    let enforced = config(&json!({ "aspects": { "account-public-access": "enforce" } }));
    assert_eq!(enforced.account_mode(), Mode::Enforce);
}

#[test]
fn the_breaker_is_as_configured() {
    let writes = |config: &Config| baseline(config, "abc", &Reading::Absent).writes_max;
    assert_eq!(writes(&Config::default()), crate::model::baseline::WRITES_MAX);
    assert_eq!(writes(&config(&json!({ "writes-per-hour": 7 }))), 7);
}

#[test]
fn what_is_trusted_is_the_same_for_every_bucket() {
    let config = config(&json!({ "trusted-accounts": ["444455556666"] }));
    let accounts = baseline(&config, "abc", &Reading::Absent).trusted.accounts;
    assert_eq!(accounts.iter().map(AccountId::as_str).collect::<Vec<_>>(), ["444455556666"]);
}

/// A rule or an exemption for few of few buckets, so that they meet.
fn scoped(said: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let bucket = prop::sample::select(vec!["*", "a-*", "a-1"]);
    let tags = prop::option::of(prop::sample::select(vec!["x", "y*"]));
    let account = prop::option::of(prop::sample::select(vec!["111122223333", "444455556666"]));
    (bucket, tags, account, said).prop_map(|(bucket, tag, account, mut said)| {
        said["bucket"] = bucket.into();
        said["tags"] = tag.map_or(json!({}), |value| json!({ "data": value }));
        if let Some(account) = account {
            said["account"] = account.into();
        }
        said
    })
}

fn configs() -> impl Strategy<Value = Value> {
    let grade = || prop::sample::select(Grade::ALL.to_vec()).prop_map(Grade::name);
    let mode = prop::sample::select(Mode::ALL.to_vec()).prop_map(Mode::name);
    let graded = grade().prop_map(|grade| json!({ "grade": grade }));
    let switched = mode.prop_map(|mode| json!({ "aspects": { "versioning": mode } }));
    let rule = scoped(prop_oneof![graded, switched].boxed());
    let exemption = json!({ "aspects": ["tls"], "reason": "x", "until": "2027-01-31" });
    let exemption = scoped(Just(exemption).boxed());
    (grade(), prop::collection::vec(rule, 0..4), prop::collection::vec(exemption, 0..2)).prop_map(
        |(grade, rule, exemption)| json!({ "grade": grade, "rule": rule, "exemption": exemption }),
    )
}

proptest! {
    #[test]
    fn tags_that_need_not_be_read_change_nothing(
        value in configs(),
        data in prop::sample::select(vec!["x", "y1", "z"]),
        raise in prop::sample::select(vec!["speed", "security", "?"]),
    ) {
        let Ok(config) = Config::read(&value) else { return Ok(()) };
        let mut unread = baseline(&config, "a-1", &Reading::Unread);
        let mut known = baseline(&config, "a-1", &tags(&[("data", data), ("s3guard:grade", raise)]));
        // A tag without effect may still be mentioned.
        unread.grade_reason.clear();
        known.grade_reason.clear();
        prop_assert!(unread.needs_tags || known == unread);
    }

    #[test]
    fn a_bucket_whose_tags_are_denied_is_held_to_the_default_or_to_what_its_tags_say(
        value in configs(),
        data in prop::sample::select(vec!["x", "y1", "z"]),
    ) {
        let Ok(config) = Config::read(&value) else { return Ok(()) };
        let denied = baseline(&config, "a-1", &Reading::Denied);
        let known = baseline(&config, "a-1", &tags(&[("data", data)]));
        let default = config.grade().unwrap_or_default();
        prop_assert!(denied.grade >= known.grade.min(default));
        prop_assert!(denied.exemptions.len() <= known.exemptions.len());
    }
}

#[test]
fn a_mode_at_the_top_limits_all_others() {
    for most in Mode::ALL {
        let file = config(&json!({
            "mode": most.name(),
            "aspects": { "tls": "enforce", "account-public-access": "enforce" },
            "rule": [{ "bucket": "a-*", "aspects": { "versioning": "enforce" } }],
        }));
        let baseline = baseline(&file, "a-1", &Reading::Absent);
        assert!(Aspect::ALL.into_iter().all(|aspect| baseline.mode(aspect) <= most), "{most}");
        assert_eq!(baseline.mode(Aspect::Tls), most);
        assert_eq!(file.account_mode(), most);
        assert_eq!(file.writable().is_empty(), !most.enforces(), "{most}");
    }
}

#[test]
fn a_rule_allows_public_buckets_by_name_and_for_a_reason() {
    let file = config(&json!({ "rule": [
        { "bucket": "www-private", "public": false },
        { "bucket": "www-*", "public": true, "reason": "our website" },
    ] }));
    let of = |name: &str| {
        let baseline = baseline(&file, name, &Reading::Denied);
        let exempt = baseline.exemptions.iter().map(|exempt| exempt.reason.clone());
        (baseline.mode(Aspect::PublicAccess), exempt.collect::<Vec<_>>())
    };
    assert_eq!(of("www-1"), (Mode::Off, vec!["our website".to_owned()]));
    assert_eq!(of("www-private"), (Mode::EnforceNew, vec![]));
    assert_eq!(of("other"), (Mode::EnforceNew, vec![]));
}
