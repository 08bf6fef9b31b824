use s3guard_posture::config::EvaluationContext;
use s3guard_posture::{Config, Grade, Reading};
use time::macros::date;

use crate::operations::verify::plan::*;

const KEY_ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// What is planned, in short, and what is left out with its reason.
fn planned(config: &str, grade: Grade, key: Option<&str>) -> (String, Vec<String>) {
    let config = Config::from_json(config).unwrap();
    let bucket = BucketId {
        name: "s3guard-canary-1-111122223333-eu-west-1-an".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    };
    let log: BucketName = "logs".parse().unwrap();
    let context = EvaluationContext {
        default_grade: Some(grade),
        default_key: key.map(|key| key.parse().unwrap()),
        log_bucket: Some(BucketId { name: log, ..bucket.clone() }),
        ..EvaluationContext::new(date!(2026 - 11 - 25))
    };
    let baseline = config.baseline(&bucket, &Reading::Known([].into()), &context);
    let plan = plan(&baseline, &bucket, config.notifications());
    let weakened = plan.weakenings.iter().map(|one| {
        let aspects: Vec<&str> = one.aspects.iter().map(|aspect| aspect.name()).collect();
        aspects.join("+")
    });
    let mut all: Vec<String> = weakened.collect();
    all.extend(plan.changes.iter().map(|step| step.replace("record: object ", "")));
    all.extend(plan.waits_for_window.then(|| "digest".to_owned()));
    (all.join(" "), plan.skipped.iter().map(skipped).collect())
}

#[test]
fn without_the_ledger_nothing_is_tried_that_only_the_ledger_shows() {
    let id = BucketId {
        name: "s3guard-canary-1-111122223333-eu-west-1-an".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    };
    let config = Config::default();
    let context = EvaluationContext::new(date!(2026 - 11 - 25));
    let baseline = config.baseline(&id, &Reading::Known([].into()), &context);
    let whole = plan(&baseline, &id, config.notifications());
    let (steps, before) = (whole.steps(), whole.skipped.len());
    let plan = whole.without_ledger();
    assert_eq!(plan.steps(), [""; 0]);
    assert_eq!(plan.skipped.len(), steps.len() + before);
    for (step, name) in plan.skipped.iter().zip(steps) {
        assert!(
            skipped(step).starts_with(&format!("{name}: not checked: no operator role")),
            "{step:?}"
        );
    }
}

fn skipped(step: &VerifyStep) -> String {
    format!("{}: {}", step.name, step.detail.as_deref().unwrap_or_default())
}

#[track_caller]
fn check(config: &str, grade: Grade, key: Option<&str>, all: &str) -> Vec<String> {
    let (planned, skipped) = planned(config, grade, key);
    assert_eq!(planned, all, "{skipped:#?}");
    skipped
}

#[test]
fn what_a_grade_keeps_is_weakened_and_one_call_weakens_a_setting() {
    let objects = "put overwritten deleted digest";
    let speed = format!("public-access sse-c tls {objects}");
    check("{}", Grade::Speed, None, &speed);
    let hybrid = format!("public-access encryption+sse-c tls versioning {objects}");
    check("{}", Grade::Hybrid, Some(KEY_ARN), &hybrid);
    let security =
        format!("public-access encryption+sse-c tls ownership versioning access-logs {objects}");
    check("{}", Grade::Security, Some(KEY_ARN), &security);
    let keyless = format!("public-access sse-c tls versioning {objects}");
    let skipped = check("{}", Grade::Hybrid, None, &keyless);
    assert!(skipped[0].contains("no KMS key is configured for eu-west-1"), "{skipped:?}");
}

#[test]
fn what_the_configuration_switches_off_is_not_tried_and_said() {
    let aspects = r#"{"aspects":{"tls":"off","public-access":"report","notifications":"off"}}"#;
    let skipped = check(aspects, Grade::Speed, None, "sse-c");
    for said in [
        "remediate: public access block: it is reported only (mode \"report\")",
        "remediate: TLS only: it is switched off (mode \"off\")",
        "record: object put: it is switched off (mode \"off\")",
        "publish: the digest of the window: no change of an object is tried",
    ] {
        assert!(skipped.iter().any(|one| one == said), "{said}: {skipped:#?}");
    }
    let exempt = r#"{"exemption":[{"bucket":"s3guard-canary-*","aspects":["tls"],"reason":"old","until":"2027-01-31"}]}"#;
    let skipped =
        check(exempt, Grade::Speed, None, "public-access sse-c put overwritten deleted digest");
    assert!(skipped.iter().any(|one| one.ends_with("s3guard.toml exempts it: old")), "{skipped:?}");
    let objects =
        r#"{"notifications":{"window":"1h","objects":{"exclude":{"bucket":"s3guard-canary-*"}}}}"#;
    check(objects, Grade::Speed, None, "public-access sse-c tls");
    let window = r#"{"notifications":{"window":"1h"}}"#;
    let skipped =
        check(window, Grade::Speed, None, "public-access sse-c tls put overwritten deleted");
    assert!(skipped.iter().any(|one| one.contains("the window is 1h")), "{skipped:?}");
}

#[test]
fn only_a_grade_with_more_than_two_protections_raises_the_alarm() {
    let bucket: BucketName = "canary".parse().unwrap();
    let plan = |aspects: &[&[Aspect]]| VerifyPlan {
        weakenings: aspects
            .iter()
            .map(|aspects| Weakening { aspects: aspects.to_vec(), to: Setting::Policy(None) })
            .collect(),
        ..VerifyPlan::default()
    };
    let speed = plan(&[&[Aspect::PublicAccess], &[Aspect::SseC], &[Aspect::Tls]]);
    assert_eq!((speed.protections().len(), speed.is_alarm(&bucket)), (2, false));
    assert_eq!(speed.clone().without_alarm(&bucket).steps(), speed.steps());
    let encryption = [Aspect::Encryption, Aspect::SseC];
    let hybrid =
        plan(&[&[Aspect::PublicAccess], &encryption, &[Aspect::Tls], &[Aspect::Versioning]]);
    assert_eq!((hybrid.protections().len(), hybrid.is_alarm(&bucket)), (4, true));
    let less = hybrid.without_alarm(&bucket);
    assert_eq!(
        less.steps(),
        ["remediate: public access block", "remediate: TLS only", "remediate: versioning"]
    );
    assert_eq!(
        less.skipped.iter().map(skipped).collect::<Vec<_>>(),
        [format!("remediate: default encryption and the block on SSE-C: {ALARMING}")]
    );
}
