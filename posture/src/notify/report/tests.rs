use expect_test::{Expect, expect};
use proptest::prelude::*;
use time::macros::{date, datetime};

use super::*;
use crate::BucketName;
use crate::model::baseline::Exempt;
use crate::model::setting::{AccessLogs, Algorithm, Encryption, PublicAccessBlock, SseC};
use crate::notify::notification::Attribute;
use crate::reconcile::inspect::Inspection;
use crate::reconcile::record::State;
use crate::{Aspect, Call, Grade, Observed, Reason, Setting, SettingKind, Tool, plan};

mod channels;
mod not_remediated;
mod others;
mod repeated;
mod safe;

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);

fn id() -> BucketId {
    BucketId {
        name: "reports".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    }
}

fn call(event_name: &str) -> Call {
    Call {
        event_name: event_name.to_owned(),
        event_id: None,
        time: NOON,
        principal: "arn:aws:iam::111122223333:user/careless".to_owned(),
        principal_arn: None,
        tool: Tool::Cli,
        source_ip: None,
        exposes: false,
        opens_sse_c: false,
        makes_default_bucket: false,
        policy: None,
        effect: crate::model::deed::Effect::default(),
    }
}

fn calls(event_name: &str) -> Trigger {
    Trigger::Calls(vec![call(event_name)])
}

fn open() -> Finding {
    Finding::Weak {
        aspect: Aspect::PublicAccess,
        was: "partly off (BlockPublicPolicy)".to_owned(),
        remediate: Setting::PublicAccessBlock(Some(PublicAccessBlock::ALL)),
    }
}

fn sse_c() -> Finding {
    let remediate =
        Encryption { algorithm: Algorithm::SseS3, bucket_key: false, sse_c: SseC::Blocked };
    Finding::Weak {
        aspect: Aspect::SseC,
        was: "SSE-S3, SSE-C not blocked".to_owned(),
        remediate: Setting::Encryption(Some(remediate)),
    }
}

fn not_remediated(aspect: Aspect, reason: Reason) -> Finding {
    Finding::NotRemediated { aspect, reason }
}

fn waiting() -> Finding {
    Finding::Later { aspect: Aspect::Tls }
}

/// A run for a bucket: the failures are given, everything else is done.
struct Run {
    id: BucketId,
    trigger: Trigger,
    findings: Vec<Finding>,
    failing: Vec<SettingKind>,
    exemptions: Vec<Exempt>,
    state: State,
    is_kept: bool,
    is_again: bool,
    is_gone: bool,
    owner: Option<&'static str>,
    times: u32,
}

impl Run {
    fn new(trigger: Trigger, findings: Vec<Finding>) -> Self {
        let (failing, exemptions) = (Vec::new(), Vec::new());
        let state = State::Verified;
        Self {
            id: id(),
            trigger,
            findings,
            failing,
            exemptions,
            state,
            is_kept: true,
            is_again: false,
            is_gone: false,
            owner: None,
            times: 1,
        }
    }

    fn notification(&self) -> Option<Notification> {
        let mut baseline = Baseline::new(Grade::Speed, None);
        baseline.exemptions.clone_from(&self.exemptions);
        let plan = plan(&self.findings);
        let inspection = Inspection {
            observed: Observed::unread(self.id.clone()),
            baseline: baseline.clone(),
            findings: self.findings.clone(),
            plan: plan.clone(),
            read_last: Vec::new(),
            reads: 0,
        };
        let record = |action: &Action| {
            let record = Record::begun(&inspection, action, &self.trigger, NOON);
            Record { state: self.state, ..record }
        };
        let (failed, done): (Vec<Action>, Vec<Action>) =
            plan.actions.into_iter().partition(|action| self.failing.contains(&action.kind()));
        let done: Vec<(Action, Record)> =
            done.into_iter().map(|action| (action.clone(), record(&action))).collect();
        let failed: Vec<(Action, String)> =
            failed.into_iter().map(|action| (action, "AccessDenied".to_owned())).collect();
        let kept = done.iter().map(|(_, record)| record.id.clone());
        let kept = kept.filter(|_| self.is_kept).collect();
        notification(&Report {
            id: &self.id,
            stack: ("s3guard", &id().region),
            baseline: &baseline,
            trigger: &self.trigger,
            findings: &self.findings,
            done: &done,
            kept: &kept,
            failed: &failed,
            took: match self.trigger {
                Trigger::Calls(_) => Some(Duration::from_millis(4_250)),
                Trigger::Sweep => None,
            },
            is_again: self.is_again,
            owner: self.owner,
            times_within_hour: self.times,
            sequence: None,
            is_gone: self.is_gone,
            now: NOON + Duration::from_secs(5),
        })
    }
}

/// A notification as text, with its severity and actions.
fn words(notification: &Notification) -> String {
    let one = |name: &str| match &notification.attributes[name] {
        Attribute::One(value) => value.clone(),
        Attribute::Many(values) => values.join(" "),
    };
    let (severity, actions) = (one("severity"), one("action"));
    format!("{}\n[{severity}: {actions}]\n\n{}", notification.subject, notification.text)
}

fn check(run: &Run, expected: &Expect) {
    let text = run.notification().map(|notification| words(&notification));
    expected.assert_eq(&text.unwrap_or_else(|| "(nothing)\n".to_owned()));
}

/// The subject, severity, actions and sections of a notification; [`check`] checks the common lines.
fn message(run: &Run, expected: &Expect) {
    let words = words(&run.notification().unwrap());
    let parts: Vec<&str> = words.split("\n\n").collect();
    let is_section = |part: &&str| !part.starts_with("https://") && !part.starts_with("Protected ");
    let sections = parts[..1].iter().chain(&parts[2..]).copied().filter(is_section);
    let is_own = |line: &&str| !line.starts_with("    undo: s3guard");
    let sections = sections.map(|part| part.lines().filter(is_own).collect::<Vec<_>>().join("\n"));
    expected.assert_eq(&format!("{}\n", sections.collect::<Vec<_>>().join("\n\n")));
}

fn is_silent(run: &Run) {
    assert_eq!(run.notification(), None);
}

#[test]
fn a_new_bucket_that_is_remediated_is_reported_with_before_and_after() {
    check(
        &Run::new(calls("CreateBucket"), vec![open(), sse_c()]),
        &expect![[r#"
            s3guard protected reports
            [info: protected]

            Bucket  reports (eu-west-1, account 111122223333)
            Event   CreateBucket by IAM user careless with the AWS CLI,
                    2026-11-20 12:00:00 UTC
                    arn:aws:iam::111122223333:user/careless
            Grade   speed (the default)

            Done
              public access block: on (was: partly off (BlockPublicPolicy))
                undo: s3guard undo reports@20261120T120000.000Z-public-access-block --stack s3guard --region eu-west-1
              default encryption: SSE-S3, SSE-C blocked (was: SSE-S3, SSE-C not
                blocked)
                undo: s3guard undo reports@20261120T120000.000Z-encryption --stack s3guard --region eu-west-1

            Protected about 4 s after the event.

            https://eu-west-1.console.aws.amazon.com/s3/buckets/reports?region=eu-west-1&tab=permissions
        "#]],
    );
}

#[test]
fn a_weakening_that_is_undone_names_who_did_it() {
    message(
        &Run::new(calls("DeleteBucketPublicAccessBlock"), vec![open()]),
        &expect![[r#"
            s3guard reverted a weakening of reports
            [warning: protected weakened]

            Done
              public access block: on (was: partly off (BlockPublicPolicy))
        "#]],
    );
    let text =
        Run::new(calls("DeleteBucketPublicAccessBlock"), vec![open()]).notification().unwrap().text;
    assert!(text.contains("\nEvent   DeleteBucketPublicAccessBlock by IAM user careless with\n"));
}

#[test]
fn what_a_call_has_not_touched_it_has_not_weakened() {
    // The first call about an old bucket; a tag that raises its grade.
    for name in ["PutBucketPolicy", "PutBucketTagging", "TagResource"] {
        let notification = Run::new(calls(name), vec![sse_c()]).notification().unwrap();
        assert_eq!(notification.subject, "s3guard protected reports", "{name}");
        assert_eq!(notification.attributes["severity"], Attribute::One("info".to_owned()));
    }
    // Once ACLs are disabled, the rest of the block can be closed.
    let owned = Run::new(calls("PutBucketOwnershipControls"), vec![open()]).notification().unwrap();
    assert_eq!(owned.subject, "s3guard protected reports");
    // The calls that come with the creation of a bucket weaken nothing.
    let both = Trigger::Calls(vec![call("CreateBucket"), call("PutBucketPublicAccessBlock")]);
    let notification = Run::new(both, vec![open()]).notification().unwrap();
    assert_eq!(notification.subject, "s3guard protected reports");
}

#[test]
fn a_failure_comes_first_and_says_its_cause() {
    let mut run = Run::new(calls("CreateBucket"), vec![open(), sse_c()]);
    run.failing = vec![SettingKind::Encryption];
    message(
        &run,
        &expect![[r#"
            HIGH: s3guard could not fully protect reports
            [high: protected failed]

            Done
              public access block: on (was: partly off (BlockPublicPolicy))

            Not done
              AccessDenied (wanted: default encryption: SSE-S3, SSE-C blocked)
              s3guard retries with the bucket's next event, and with the sweep.
        "#]],
    );
}

#[test]
fn what_could_not_be_remediated_at_all_is_reported_as_such() {
    let mut run = Run::new(calls("DeleteBucketPublicAccessBlock"), vec![open()]);
    run.failing = vec![SettingKind::PublicAccessBlock];
    message(
        &run,
        &expect![[r#"
            CRITICAL: bucket reports may be public (public access could not be blocked)
            [critical: failed]

            Not done
              AccessDenied (wanted: public access block: on)
              s3guard retries with the bucket's next event, and with the sweep.
        "#]],
    );
}

#[test]
fn a_bucket_that_is_right_is_not_worth_a_message() {
    is_silent(&Run::new(calls("CreateBucket"), Vec::new()));
    is_silent(&Run::new(Trigger::Sweep, Vec::new()));
}

#[test]
fn what_the_sweep_remediates_is_reported_and_what_fails_is_counted() {
    message(
        &Run::new(Trigger::Sweep, vec![sse_c()]),
        &expect![[r#"
            s3guard protected reports
            [info: protected]

            Done
              default encryption: SSE-S3, SSE-C blocked (was: SSE-S3, SSE-C not
                blocked)
        "#]],
    );
    let mut run = Run::new(Trigger::Sweep, vec![sse_c()]);
    run.failing = vec![SettingKind::Encryption];
    is_silent(&run);
}

#[test]
fn what_an_interrupted_run_may_have_done_is_reported() {
    let mut run = Run::new(calls("CreateBucket"), Vec::new());
    run.is_again = true;
    message(
        &run,
        &expect![[r#"
            s3guard retried reports
            [info: again]

            An earlier run was interrupted, maybe after a remediation.
            The bucket is compliant now.
        "#]],
    );
}

#[test]
fn what_s3_does_not_show_yet_is_not_said_to_be_so() {
    let mut run = Run::new(calls("CreateBucket"), vec![sse_c()]);
    run.state = State::Written;
    let text = run.notification().unwrap().text;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said =
        "(was: SSE-S3, SSE-C not blocked), not yet returned by S3 when it was read again undo:";
    assert!(words.contains(said), "{text}");
}

#[test]
fn what_the_ledger_has_no_record_of_has_no_command_that_undoes_it() {
    let mut run = Run::new(calls("CreateBucket"), vec![sse_c()]);
    run.is_kept = false;
    let text = run.notification().unwrap().text;
    assert!(!text.contains("s3guard undo"), "{text}");
    assert!(
        text.contains("undo: manually, because the record could not be written to the ledger"),
        "{text}"
    );
}

#[test]
fn everybody_who_changed_the_bucket_is_named_up_to_a_number() {
    let by = |number| Call { principal: format!("user/{number}."), ..call("PutBucketEncryption") };
    let run = Run::new(Trigger::Calls((0..30).map(by).collect()), vec![sse_c()]);
    let text = run.notification().unwrap().text;
    assert!((0..10).all(|number| text.contains(&format!("user/{number}."))), "{text}");
    assert!(!text.contains("user/10."));
}

#[test]
fn the_report_has_snippets_for_the_tool_of_the_latest_call() {
    let by = |tool| Call { tool, ..call("PutBucketEncryption") };
    let both = Trigger::Calls(vec![by(Tool::Pulumi), by(Tool::Terraform)]);
    let text = Run::new(both, vec![open(), sse_c()]).notification().unwrap().text;
    let (report, permanent) = text.split_once("To make it permanent in Terraform\n").unwrap();
    assert!(report.contains("careless with Pulumi") && report.contains("careless with Terraform"));
    for kind in ["public_access_block", "server_side_encryption_configuration"] {
        let line = format!("  resource \"aws_s3_bucket_{kind}\" \"reports\" {{\n    bucket");
        assert!(permanent.contains(&line), "{permanent}");
    }
    let text = Run::new(calls("PutBucketEncryption"), vec![sse_c()]).notification().unwrap().text;
    assert!(!text.contains("permanent"), "{text}");
}
