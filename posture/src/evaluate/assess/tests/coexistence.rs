//! Living with others: stacks, people who undo, and those who write as well.

use time::macros::date;

use super::*;
use crate::{CallContext, Maker};

fn without_policy() -> Observed {
    Observed { policy: Reading::Absent, policy_is_public: Reading::Absent, ..safe(Grade::Speed) }
}

fn of_stack(in_progress: Reading<bool>) -> Observed {
    let tags = [("aws:cloudformation:stack-id".to_owned(), "arn:aws:…".to_owned())];
    Observed {
        tags: Reading::Known(tags.into()),
        stack_in_progress: in_progress,
        ..without_policy()
    }
}

fn tls_of(observed: &Observed, baseline: &Baseline) -> Option<Finding> {
    assess(observed, baseline).into_iter().find(|finding| finding.aspect() == Aspect::Tls)
}

fn later() -> Finding {
    Finding::Later { aspect: Aspect::Tls }
}

fn for_the_stack(finding: &Finding) -> Option<Setting> {
    match finding {
        Finding::NotRemediated { reason, .. } => reason.for_the_stack(),
        Finding::Weak { .. } | Finding::Later { .. } => None,
    }
}

#[test]
fn a_first_policy_of_a_stacks_bucket_is_left_to_its_template_and_reported_with_its_text() {
    let mut speed = baseline(Grade::Speed);
    for progress in [Reading::Unread, Reading::Known(true), Reading::Known(false), Reading::Absent]
    {
        let finding = tls_of(&of_stack(progress), &speed).unwrap();
        let Some(Setting::Policy(Some(policy))) = for_the_stack(&finding) else {
            panic!("{finding:?}")
        };
        assert_eq!(policy, tls_policy(Grade::Speed).text());
        assert_eq!(finding.remediated_by(), None);
        assert_eq!(questions(&of_stack(progress), &speed), [], "the stack is not asked for");
    }
    // The policy may have been deleted by hand to make room for the stack's.
    speed.call_context.changed.extend(Aspect::ALL);
    assert!(for_the_stack(&tls_of(&of_stack(Reading::Absent), &speed).unwrap()).is_some());
    speed.call_context.maker = Maker::Another;
    assert!(for_the_stack(&tls_of(&of_stack(Reading::Absent), &speed).unwrap()).is_some());
    // What is only reported is reported as before.
    speed.set_mode(Aspect::Tls, Mode::Report);
    let finding = tls_of(&of_stack(Reading::Known(true)), &speed).unwrap();
    assert!(matches!(finding, Finding::NotRemediated { reason: Reason::ReportOnly(_), .. }));
}

#[test]
fn a_bucket_that_cloudformation_makes_is_judged_when_its_tags_have_come() {
    let mut new = baseline(Grade::Speed);
    new.call_context =
        CallContext { maker: Maker::CloudFormation, age: Age::New, ..CallContext::default() };
    assert_eq!(tls_of(&without_policy(), &new), Some(later()));
    assert!(for_the_stack(&tls_of(&of_stack(Reading::Unread), &new).unwrap()).is_some());
    // It may also change a bucket that is none of its own.
    new.call_context.has_waited = true;
    assert!(tls_of(&without_policy(), &new).unwrap().remediated_by().is_some());
}

#[test]
fn a_first_policy_that_is_enforced_waits_for_cloudformation() {
    let enforces = enforcing(Grade::Speed, Aspect::Tls);
    assert_eq!(questions(&of_stack(Reading::Unread), &enforces), [Question::Stack]);
    assert_eq!(tls_of(&of_stack(Reading::Known(true)), &enforces), Some(later()));
    for done in [Reading::Known(false), Reading::Absent] {
        let finding = tls_of(&of_stack(done), &enforces).unwrap();
        assert_eq!(finding.remediated_by(), Some(SettingKind::Policy), "{done:?}");
    }
    let mut new = enforces;
    new.call_context =
        CallContext { maker: Maker::CloudFormation, age: Age::New, ..CallContext::default() };
    assert_eq!(tls_of(&without_policy(), &new), Some(later()));
}

#[test]
fn a_second_statement_is_in_no_stacks_way() {
    let open = r#"{"Version":"2012-10-17","Statement":[]}"#;
    for progress in [Reading::Unread, Reading::Known(true)] {
        let policy = Reading::Known(Policy::new(open));
        let finding = tls_of(&Observed { policy, ..of_stack(progress) }, &baseline(Grade::Speed));
        assert_eq!(finding.unwrap().remediated_by(), Some(SettingKind::Policy));
    }
}

#[test]
fn who_has_made_the_bucket_must_be_known_before_its_first_policy() {
    for (bucket, question) in [
        (Observed { tags: Reading::Denied, ..without_policy() }, Question::Tags),
        (of_stack(Reading::Denied), Question::Stack),
    ] {
        let reason = Reason::NotReadable(question);
        check_not_remediated(&bucket, &enforcing(Grade::Speed, Aspect::Tls), Aspect::Tls, &reason);
    }
    let untold = Observed { tags: Reading::Denied, ..without_policy() };
    let reason = Reason::NotReadable(Question::Tags);
    check_not_remediated(&untold, &baseline(Grade::Speed), Aspect::Tls, &reason);
}

#[test]
fn a_suppressed_aspect_is_left_until_the_day_has_passed() {
    let until = date!(2026 - 12 - 24);
    let history = History { suppressed: vec![(Aspect::Tls, until)], ..History::default() };
    let bucket = Observed { history: Reading::Known(history), ..without_policy() };
    check_not_remediated(&bucket, &baseline(Grade::Speed), Aspect::Tls, &Reason::Undone(until));
}

#[test]
fn a_setting_that_is_written_too_often_is_left_and_the_others_are_not() {
    let bucket = |history| Observed { history: Reading::Known(history), ..without_policy() };
    let mut speed = baseline(Grade::Speed);
    speed.writes_max = 7;
    let (policy, other) = (SettingKind::Policy, SettingKind::Encryption);
    let written = |kind, writes| History { writes: [(kind, writes)].into(), ..History::default() };
    let left = |writes| Reason::TooManyWrites(policy, writes);
    check_not_remediated(&bucket(written(policy, 7)), &speed, Aspect::Tls, &left(7));
    for goes_on in [written(policy, 6), written(other, 100)] {
        assert!(tls_of(&bucket(goes_on), &speed).unwrap().remediated_by().is_some());
    }
    let stopped = |kind| History { stopped: [kind].into(), ..History::default() };
    check_not_remediated(&bucket(stopped(policy)), &speed, Aspect::Tls, &left(0));
    assert!(tls_of(&bucket(stopped(other)), &speed).unwrap().remediated_by().is_some());
}

#[test]
fn a_tug_of_war_over_one_setting_ends_and_leaves_the_others_guarded() {
    let mut speed = baseline(Grade::Speed);
    speed.writes_max = 2;
    let bucket = MemoryBucket::new(safe(Grade::Speed));
    for expected in [&[SettingKind::Policy][..], &[SettingKind::Policy], &[]] {
        bucket.change(|truth| truth.policy = Reading::Absent);
        assert_eq!(guard(&bucket, &speed), expected);
    }
    // Public access is closed each time.
    for _ in 0..5 {
        bucket.change(|truth| truth.public_access_block = Reading::Absent);
        assert_eq!(guard(&bucket, &speed), [SettingKind::PublicAccessBlock]);
    }
}

#[test]
fn a_policy_without_room_for_the_statement_stays_as_it_is() {
    let statement = |n: usize| serde_json::json!({ "Sid": "x".repeat(n), "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "*" });
    let of = |n| {
        let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": statement(n) });
        Observed { policy: Reading::Known(Policy::new(policy.to_string())), ..safe(Grade::Speed) }
    };
    let finding = tls_of(&of(20_300), &baseline(Grade::Speed)).unwrap();
    let is_left = matches!(
        finding,
        Finding::NotRemediated { reason: Reason::PolicyTooLarge(bytes), .. } if bytes > 20_480
    );
    assert!(is_left);
    assert!(tls_of(&of(19_000), &baseline(Grade::Speed)).unwrap().remediated_by().is_some());
    let nonsense = Observed { policy: Reading::Known(Policy::new("[]")), ..safe(Grade::Speed) };
    let reason = Reason::PolicyNotUnderstood;
    check_not_remediated(&nonsense, &baseline(Grade::Speed), Aspect::Tls, &reason);
}

#[test]
fn the_public_access_block_does_not_count_on_a_write_that_is_stopped() {
    // The owner wants ACLs disabled, another party keeps enabling them, and the guard has stopped: objects may be public.
    let enforces = enforcing(Grade::Security, Aspect::Ownership);
    let stopped = History { stopped: [SettingKind::Ownership].into(), ..History::default() };
    let written = History { writes: [(SettingKind::Ownership, 20)].into(), ..History::default() };
    for history in [stopped, written] {
        let bucket = Observed {
            public_access_block: Reading::Absent,
            ownership: Reading::Known(Ownership::ObjectWriter),
            history: Reading::Known(history),
            ..safe(Grade::Security)
        };
        let policies = Setting::PublicAccessBlock(Some(PublicAccessBlock::POLICIES));
        check(&bucket, &enforces, &[policies]);
        check_not_remediated(
            &bucket,
            &enforces,
            Aspect::Ownership,
            &Reason::TooManyWrites(
                SettingKind::Ownership,
                bucket.history.known().unwrap().writes.values().copied().sum(),
            ),
        );
    }
}
