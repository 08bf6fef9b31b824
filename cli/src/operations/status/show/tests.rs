use std::collections::BTreeMap;

use expect_test::expect_file;
use s3guard_aws::stacks::StackStatus;
use s3guard_aws::stacks::drift::Drifted;
use s3guard_aws::subscriptions::Subscription;
use s3guard_posture::reconcile::ledger::suppression::{Note, Suppression};
use time::macros::datetime;

use crate::operations::status::judge;
use crate::operations::status::show::*;
use crate::operations::subscribers::ALERTS;
use crate::ui::output::Paint;
use crate::ui::text::plain;

const QUEUES: [(&str, bool); 5] = [
    ("bucket events", false),
    ("bucket DLQ", true),
    ("object events", false),
    ("object DLQ", true),
    ("notification DLQ", true),
];

fn stack() -> Stack {
    let output = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Stack {
        id: "arn:stack".to_owned(),
        status: StackStatus::from("UPDATE_COMPLETE"),
        reason: None,
        parameters: BTreeMap::from([
            output("DeployerArns", "arn:aws:iam::111122223333:role/ci"),
            output("BucketPrefix", "ab"),
        ]),
        outputs: BTreeMap::from([
            output("EmailTopicArn", "arn:aws:sns:eu-west-1:111122223333:email"),
            output("AlertTopicArn", "arn:aws:sns:eu-west-1:111122223333:alerts"),
        ]),
        tags: BTreeMap::new(),
        updated: None,
        protected: true,
    }
}

fn rule(state: RuleState) -> Rule {
    Rule { name: "guard-BucketChanged-1".to_owned(), state }
}

fn status() -> Status {
    let alarm = |name: &str| Alarm {
        name: format!("guard-{name}"),
        state: "OK".to_owned(),
        reason: String::new(),
        since: None,
    };
    let function =
        |name: &str| FunctionStatus { name: name.to_owned(), trouble: None, is_changing: false };
    let queue = |(name, is_dead_letters)| QueueStatus {
        name,
        depth: Depth { waiting: 0, in_flight: 0, delayed: 0 },
        is_dead_letters,
    };
    let write = |id: &str, has_failed| WriteStatus::of(&id.parse().unwrap(), has_failed);
    Status {
        stack: "guard".to_owned(),
        region: "eu-west-1".to_owned(),
        account: "111122223333".to_owned(),
        state: "UPDATE_COMPLETE".to_owned(),
        is_protected: true,
        functions: ["guard-GuardFunction-1", "guard-NotifyFunction-1"].map(function).into(),
        queues: QUEUES.map(queue).into(),
        rules: vec![rule(RuleState::Enabled), rule(RuleState::Enabled)],
        alarms: ["GuardDlqAlarm", "GuardErrorsAlarm"].map(alarm).into(),
        subscriptions: Some(["email", ALERTS].map(|topic| subscriber(topic, OWNER)).into()),
        trail: Some("guard-eu-west-1".to_owned()),
        drift: Some(LastDrift {
            status: "IN_SYNC".to_owned(),
            checked: Some("1970-01-01T00:00:00Z".to_owned()),
        }),
        last_writes: vec![
            write("reports@20261124T231502.123Z-encryption", false),
            write("photos@20261124T221502.123Z-policy", true),
        ],
        last_write_age: Some(Duration::minutes(150)),
        last_sweep: Some(SweepStatus::of(&last_sweep())),
        last_sweep_age: Some(Duration::minutes(125)),
        unswept: Some(Duration::minutes(125)),
        buckets: Some(214),
        findings: Some(1),
        open_findings: vec![finding(1)],
        ..Status::default()
    }
}

/// An open finding of a bucket with this number.
fn finding(number: usize) -> FindingStatus {
    let found = OpenFinding {
        aspect: Aspect::PublicAccess,
        reason: "it was public before the installation".to_owned(),
        since: datetime!(2026-11-23 08:00 UTC),
        notified: None,
    };
    FindingStatus::of(&(format!("www-{number}").parse().unwrap(), found))
}

#[test]
fn at_most_twenty_open_findings_are_listed() {
    let all = |count| Status { open_findings: (1..=count).map(finding).collect(), ..status() };
    let lines = |count| {
        let text = plain(&all(count));
        let (_, rest) = text.split_once("Open findings\n").unwrap();
        let (lines, _) = rest.split_once("\n\n").unwrap();
        lines.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let first = "  www-1: public-access since 2026-11-23T08:00:00.000Z: it was public before the installation";
    assert_eq!(lines(1), [first]);
    assert_eq!(lines(20).len(), 20);
    let many = lines(23);
    assert_eq!((many.len(), many[20].as_str()), (21, "  and 3 more"));
}

const OWNER: &str = "owner@example.com";

fn subscriber(topic: &'static str, endpoint: &str) -> Subscriber {
    let (protocol, endpoint) = ("email".to_owned(), endpoint.to_owned());
    Subscriber { topic, subscription: Subscription { protocol, endpoint, is_pending: false } }
}

fn declared(topic: &'static str, protocol: &str, endpoint: &str, has_settings: bool) -> Declared {
    let (protocol, endpoint) = (protocol.to_owned(), endpoint.to_owned());
    Declared { topic, protocol, endpoint, has_settings }
}

fn last_sweep() -> LastSweep {
    let region = "eu-west-1".parse().unwrap();
    LastSweep { time: datetime!(2026-11-24 23:40:00.5 UTC), buckets: 214, region }
}

fn without_trail(problems: &[&str], status: &mut Status) {
    status.trail = None;
    status.trail_problems = Some(problems.iter().map(|&problem| problem.to_owned()).collect());
}

fn drifted() -> LastDrift {
    LastDrift { status: "DRIFTED".to_owned(), checked: None }
}

fn troubled() -> (Status, Stack) {
    let mut status = status();
    let reason = "The following resource(s) failed to update: [Topic]";
    let stack = Stack {
        status: StackStatus::from("UPDATE_ROLLBACK_COMPLETE"),
        reason: Some(reason.to_owned()),
        ..stack()
    };
    status.state = stack.status.to_string();
    status.functions[0].trouble = Some("its state is `Failed`: the key is disabled".to_owned());
    status.queues[1].depth.waiting = 12;
    status.queues[1].depth.in_flight = 1;
    status.queues.remove(3);
    status.not_seen = vec![
        "function: missing permission `lambda:GetFunctionConfiguration`".to_owned(),
        "object DLQ: missing permission `GetQueueAttributes`".to_owned(),
    ];
    status.rules[0] = rule(RuleState::Disabled);
    status.alarms[0].state = "ALARM".to_owned();
    status.alarms[0].reason = "12 is more than 0".to_owned();
    status.alarms[0].since = Some("1970-01-01T00:00:00Z".to_owned());
    status.subscriptions.as_mut().unwrap()[0].subscription.is_pending = true;
    without_trail(&["`org` is stopped"], &mut status);
    status.drift = Some(drifted());
    status.are_writes_partly_seen = true;
    status.last_write_age = None;
    (status, stack)
}

fn shown_as(status: Status, stack: &Stack, width: usize, paint: Paint) -> String {
    let (to_do, remarks) = (judge::to_do(&status, stack), judge::remarks(&status, stack));
    Text::of(&Status { to_do, remarks, ..status }, Some(width)).painted(paint)
}

#[test]
fn a_stack_without_deployers_is_a_problem_with_what_to_do() {
    let (seen, mut stack) = (status(), stack());
    assert_eq!(judge::to_do(&seen, &stack), [""; 0]);
    for none in [Some(String::new()), None] {
        stack.parameters = none.map(|none| ("DeployerArns".to_owned(), none)).into_iter().collect();
        let [problem] = &judge::to_do(&seen, &stack)[..] else { panic!("{stack:?}") };
        assert!(problem.starts_with("it has no deployers, so every principal"), "{problem}");
        assert!(problem.contains("`s3guard deploy --stack guard --region eu-west-1`"), "{problem}");
    }
}

#[test]
fn m7_regions_without_a_guard_and_missing_protection_are_remarks() {
    let mut seen = status();
    seen.unguarded_regions = vec![UnguardedRegion { region: "eu-north-1".to_owned(), buckets: 2 }];
    let unprotected = Stack { protected: false, ..stack() };
    assert_eq!(judge::remarks(&status(), &stack()), [""; 0]);
    assert_eq!(
        judge::remarks(&seen, &unprotected),
        [
            "2 buckets are in Regions without a guard: eu-north-1 (2): `s3guard deploy --stack guard --region \
             eu-north-1,eu-west-1` guards them, too",
            "termination protection of the stack is off: `s3guard deploy --protect --stack guard --region eu-west-1` \
             enables it",
        ]
    );
}

#[test]
fn a_guard_is_shown_on_any_screen_with_and_without_colour() {
    let well = |width, paint| shown_as(status(), &stack(), width, paint);
    let trouble = |width, paint| {
        let (status, stack) = troubled();
        shown_as(status, &stack, width, paint)
    };
    expect_file!["../../../golden/status-well-narrow.txt"].assert_eq(&well(60, Paint::Plain));
    expect_file!["../../../golden/status-well-wide-colour.txt"].assert_eq(&well(120, Paint::Ansi));
    let narrow = trouble(60, Paint::Ansi);
    expect_file!["../../../golden/status-trouble-narrow-colour.txt"].assert_eq(&narrow);
    expect_file!["../../../golden/status-trouble-wide.txt"].assert_eq(&trouble(120, Paint::Plain));
}

#[test]
fn the_headline_says_only_what_is_known() {
    let first = |status: &Status| plain(status).lines().next().unwrap().to_owned();
    assert_eq!(
        first(&status()),
        "healthy: 214 buckets, last sweep 2 h ago, 1 open finding, last write 2 h ago"
    );
    let (last_write_age, last_sweep_age) = (None, None);
    let unknown =
        Status { last_write_age, last_sweep_age, buckets: None, findings: None, ..status() };
    assert_eq!(first(&unknown), "healthy");
    assert_eq!(first(&Status { is_blind: true, ..unknown }), "not known");
    let (mut troubled, stack) = troubled();
    troubled.to_do = judge::to_do(&troubled, &stack);
    let expected = "7 problems: 214 buckets, last sweep 2 h ago, 1 open finding, 12 in dead-letter queues, 1 of 2 alarms firing, 2 not checked";
    assert_eq!(first(&troubled), expected);
    for (seconds, text) in [(-3, "0 s"), (59, "59 s"), (3599, "59 min"), (86_400, "24 h")] {
        assert_eq!(age(Duration::seconds(seconds)), text);
    }
    assert_eq!(age(Duration::days(30)), "30 days");
}

#[test]
fn each_trouble_is_one_thing_to_do_and_a_well_guard_has_none() {
    assert!(judge::to_do(&status(), &stack()).is_empty());
    let check = |change: fn(&mut Status, &mut Stack), words: &str| {
        let (mut status, mut stack) = (status(), stack());
        change(&mut status, &mut stack);
        let to_do = judge::to_do(&status, &stack);
        assert!(to_do.len() == 1 && to_do[0].contains(words), "{words}: {to_do:?}");
    };
    check(
        |_, stack| stack.status = StackStatus::from("UPDATE_ROLLBACK_COMPLETE"),
        "the last operation on the stack failed: `s3guard deploy --stack guard --region eu-west-1` repeats it",
    );
    check(
        |_, stack| stack.status = StackStatus::from("UPDATE_FAILED"),
        "the last operation on the stack failed: `s3guard rollback --stack guard --region eu-west-1`, then deploy again",
    );
    check(
        |_, stack| stack.status = StackStatus::from("ROLLBACK_FAILED"),
        "the last operation on the stack failed: `s3guard destroy --stack guard --region eu-west-1`",
    );
    check(
        |status, _| status.functions[0].trouble = Some("gone".to_owned()),
        "guard-GuardFunction-1: gone",
    );
    check(
        |status, _| status.queues[1].depth.waiting = 1,
        "1 message in the bucket DLQ: fix the cause",
    );
    check(|status, _| status.queues[4].depth.waiting = 1, "an endpoint does not accept them");
    check(
        |status, _| status.rules[1] = rule(RuleState::Disabled),
        "`aws events enable-rule --name guard-BucketChanged-1 --region eu-west-1`",
    );
    check(
        |status, _| status.rules[0] = rule(RuleState::Deleted),
        "`guard-BucketChanged-1` was deleted, so its events do not arrive: `s3guard deploy --stack guard \
         --region eu-west-1 --revert-drift`",
    );
    check(|status, _| without_trail(&[], status), "there is none");
    check(
        |status, stack| {
            without_trail(&["`ab-eu-west-1` is stopped"], status);
            stack.parameters.insert("TrailMode".to_owned(), "create".to_owned());
        },
        "`aws cloudtrail start-logging --name ab-eu-west-1 --region eu-west-1`",
    );
    check(
        |status, stack| {
            status.trail = None;
            status.own_trail_problem = Some("`ab-eu-west-1` is stopped".to_owned());
            stack.parameters.insert("TrailMode".to_owned(), "create".to_owned());
        },
        "the stack's own trail `ab-eu-west-1` is stopped, and it is not known whether another one records",
    );
    check(|status, _| status.subscriptions = Some(Vec::new()), "nothing is subscribed");
    check(
        |_, stack| drop(stack.parameters.insert("Email".to_owned(), "you@example.com".to_owned())),
        "you@example.com is not subscribed to `email` and `alerts` any more and gets nothing from there: `s3guard subscribe \
         --email you@example.com --stack guard --region eu-west-1` subscribes it again",
    );
    check(
        |status, _| status.declared = vec![declared(ALERTS, "email", "team@example.com", false)],
        "email team@example.com of the configuration is not subscribed to `alerts` any more and gets nothing from there: \
         `s3guard subscribe --email team@example.com --stack guard --region eu-west-1` subscribes it again",
    );
    check(
        |status, _| {
            let sms = |topic| declared(topic, "sms", "+4915112345678", false);
            status.declared = ["sms", ALERTS].map(sms).into();
        },
        "sms +4915112345678 of the configuration is not subscribed to `sms` and `alerts` any more and gets nothing from there: \
         `s3guard deploy --stack guard --region eu-west-1 --revert-drift` subscribes it again",
    );
    check(
        |status, _| {
            status.subscriptions = Some(Vec::new());
            status.declared = vec![declared("email", "email", "team@example.com", true)];
        },
        "`s3guard deploy --stack guard --region eu-west-1 --revert-drift` subscribes it again, with its filter",
    );
    check(|status, _| status.drift = Some(drifted()), "`s3guard status --drift --stack guard");
    check(
        |status, _| {
            status.drift = Some(drifted());
            let mut drift = Drift::default();
            drift.drifted.push(Drifted::default());
            status.drifted = Some(drift);
        },
        "CloudFormation: `s3guard deploy --stack guard --region eu-west-1 --revert-drift`",
    );
    check(
        |status, _| status.alarms[1].state = "ALARM".to_owned(),
        "alarm guard-GuardErrorsAlarm is in state ALARM",
    );
}

#[test]
fn a_declared_subscription_that_is_listed_is_no_problem_also_if_it_is_pending() {
    let mut status = status();
    let [email, alerts] =
        ["email", ALERTS].map(|topic| declared(topic, "email", "Owner@Example.com", false));
    status.declared = vec![email, alerts];
    assert_eq!(judge::to_do(&status, &stack()), [""; 0]);
    status.subscriptions.as_mut().unwrap()[0].subscription.is_pending = true;
    assert_eq!(judge::to_do(&status, &stack()), [""; 0]);
}

#[test]
fn a_sweep_is_late_after_twice_its_interval() {
    let check = |schedule: Option<&str>, unswept: Option<Duration>, expected: Option<&str>| {
        let (status, mut stack) = (Status { unswept, ..status() }, stack());
        let schedule = schedule.map(|schedule| ("SweepRate".to_owned(), schedule.to_owned()));
        stack.parameters.extend(schedule);
        let to_do = judge::to_do(&status, &stack);
        assert_eq!(to_do.first().map(String::as_str), expected, "{:?}", stack.parameters);
        assert_eq!(to_do.len(), usize::from(expected.is_some()));
    };
    let hours = |hours| Some(Duration::hours(hours));
    let late = "no sweep has ended for 13 h, though one starts every 6 h: `s3guard logs --errors --stack guard --region \
                eu-west-1` shows the cause";
    check(Some("rate(6 hours)"), hours(13), Some(late));
    check(Some("rate(6 hours)"), hours(12), None);
    check(Some("rate(1 day)"), hours(48), None);
    let late = late.replace("13 h", "2 h").replace("6 h", "30 min");
    check(Some("rate(30 minutes)"), hours(2), Some(&late));
    // Neither is known.
    check(Some("rate(6 hours)"), None, None);
    for schedule in ["cron(0 3 * * ? *)", "rate(6 moons)", "rate(99999999999 days)"] {
        check(Some(schedule), hours(1_000), None);
    }
    check(None, hours(1_000), None);
}

#[test]
fn what_ends_by_itself_or_with_a_mail_is_a_remark_and_no_problem() {
    let check = |change: fn(&mut Status, &mut Stack), words: &str| {
        let (mut status, mut stack) = (status(), stack());
        change(&mut status, &mut stack);
        assert!(judge::to_do(&status, &stack).is_empty(), "{words}");
        let remarks = judge::remarks(&status, &stack);
        assert!(remarks.len() == 1 && remarks[0].contains(words), "{words}: {remarks:?}");
    };
    assert!(judge::remarks(&status(), &stack()).is_empty());
    check(|_, stack| stack.status = StackStatus::from("UPDATE_IN_PROGRESS"), "events --follow");
    check(|status, _| status.functions[0].is_changing = true, "is being created or updated");
    check(
        |status, _| status.subscriptions.as_mut().unwrap()[0].subscription.is_pending = true,
        "email owner@example.com is not confirmed and gets nothing from `email`: give the URL of \"Confirm subscription\"",
    );
}

#[test]
fn a_guard_that_reaches_nobody_is_not_healthy() {
    let (mut status, stack) = (status(), stack());
    for one in status.subscriptions.as_mut().unwrap() {
        one.subscription.is_pending = true;
    }
    let [problem] = &judge::to_do(&status, &stack)[..] else { panic!("one problem") };
    let words = "no subscription is confirmed, so no notification reaches anybody: email owner@example.com is not confirmed \
                 and gets nothing from `email` and `alerts`";
    assert!(problem.starts_with(words), "{problem}");
    assert!(judge::remarks(&status, &stack).is_empty());
}

#[test]
fn a_guard_that_only_reports_says_so_first() {
    let limited = |mode| Status { mode: Some(mode), ..status() };
    let first = |status: &Status| plain(status).lines().next().unwrap().to_owned();
    assert!(first(&limited(Mode::Report)).starts_with("reports only: 214 buckets"));
    assert!(first(&limited(Mode::Off)).starts_with("off by configuration: 214 buckets"));
    assert!(first(&limited(Mode::EnforceNew)).starts_with("healthy: "));
    let troubled = Status { to_do: vec!["x".to_owned()], ..limited(Mode::Report) };
    assert!(first(&troubled).starts_with("1 problem: reports only, 214 buckets"));
    assert_eq!(judge::remarks(&limited(Mode::Report), &stack()).len(), 1);
}

#[test]
fn suppressions_are_counted_and_listed_with_what_ends_each() {
    let suppression = Suppression {
        aspect: Aspect::Encryption,
        made: datetime!(2026-11-24 23:15 UTC),
        until: time::macros::date!(2026 - 12 - 24),
    };
    let undone = "reports@20261124T231502.123Z-encryption";
    let note = Note { undone: undone.to_owned(), by: "arn:a".to_owned(), ..Note::default() };
    let suppressed = Suppressed { bucket: "reports".parse().unwrap(), suppression, note };
    let suppressions = Some(vec![SuppressionStatus::of(suppressed)]);
    let text = plain(&Status { suppressions, ..status() });
    assert!(text.lines().next().unwrap().contains("1 open finding, 1 suppression"), "{text}");
    let line = format!(
        "Suppressions\n  reports: encryption is not remediated until 2026-12-24: `s3guard undo {undone} --end --stack \
         guard --region eu-west-1` ends it\n"
    );
    assert!(text.contains(&line), "{text}");
}

#[test]
fn the_finding_of_the_account_says_what_to_write() {
    let found = OpenFinding {
        aspect: Aspect::AccountPublicAccess,
        reason: "not set".to_owned(),
        since: datetime!(2026-11-23 08:00 UTC),
        notified: None,
    };
    let open_findings = vec![FindingStatus::of(&(BucketName::account(), found))];
    let text = plain(&Status { open_findings, ..status() });
    assert!(text.contains("  the account: account-public-access since"), "{text}");
    assert!(text.contains("not set; `account-public-access` under `[aspects]`"), "{text}");
}

#[test]
fn what_may_not_be_read_is_named_and_is_no_trouble() {
    let status = Status { not_seen: vec!["alarms: denied".to_owned()], ..Status::default() };
    assert!(judge::to_do(&status, &stack()).is_empty());
    let text = plain(&status);
    assert!(text.starts_with("healthy: 1 not checked\n"), "{text}");
    assert!(text.contains("Not checked\n  alarms: denied"), "{text}");
    assert!(!text.contains("Trail") && !text.contains("Subscriptions"), "{text}");
}
