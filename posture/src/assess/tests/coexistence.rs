//! Living with others: stacks, people who undo, and those who write as well.

use time::macros::date;

use super::*;
use crate::{Maker, Moment};

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

#[test]
fn a_first_policy_waits_for_cloudformation() {
    let later = Finding::Later { aspect: Aspect::Tls, because: WaitBecause::StackInProgress };
    let speed = baseline(Grade::Speed);
    assert_eq!(tls_of(&of_stack(Reading::Known(true)), &speed), Some(later.clone()));
    for done in [Reading::Known(false), Reading::Absent] {
        let finding = tls_of(&of_stack(done), &speed).unwrap();
        assert_eq!(finding.mended_by(), Some(SettingKind::Policy), "{done:?}");
    }
    // The tags come a moment later than the event.
    let mut new = speed.clone();
    new.moment = Moment { maker: Maker::CloudFormation, has_waited: false };
    assert_eq!(tls_of(&without_policy(), &new), Some(later));
    new.moment.has_waited = true;
    assert!(tls_of(&without_policy(), &new).unwrap().mended_by().is_some());
    // A second statement is in nobody's way.
    let open = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let bucket =
        Observed { policy: Reading::Known(Policy::new(open)), ..of_stack(Reading::Known(true)) };
    assert_eq!(tls_of(&bucket, &speed).unwrap().mended_by(), Some(SettingKind::Policy));
}

#[test]
fn who_has_made_the_bucket_must_be_known_before_its_first_policy() {
    for (bucket, question) in [
        (Observed { tags: Reading::Denied, ..without_policy() }, Question::Tags),
        (of_stack(Reading::Denied), Question::Stack),
    ] {
        let because = LeftBecause::NotReadable(question);
        check_left(&bucket, &baseline(Grade::Speed), Aspect::Tls, &because);
    }
}

#[test]
fn what_somebody_has_undone_stays_so_until_the_day_has_passed() {
    let until = date!(2026 - 12 - 24);
    let history = History { undone: vec![(Aspect::Tls, until)], ..History::default() };
    let bucket = Observed { history: Reading::Known(history), ..without_policy() };
    check_left(&bucket, &baseline(Grade::Speed), Aspect::Tls, &LeftBecause::Undone(until));
}

#[test]
fn a_bucket_that_is_written_to_too_often_is_left() {
    let bucket = |history| Observed { history: Reading::Known(history), ..without_policy() };
    let mut speed = baseline(Grade::Speed);
    speed.writes_max = 7;
    let written = |writes| History { writes, ..History::default() };
    check_left(&bucket(written(7)), &speed, Aspect::Tls, &LeftBecause::TooManyWrites(7));
    assert!(tls_of(&bucket(written(6)), &speed).unwrap().mended_by().is_some());
    let stopped = History { stopped: true, ..History::default() };
    check_left(&bucket(stopped), &speed, Aspect::Tls, &LeftBecause::TooManyWrites(0));
}

#[test]
fn a_plan_stops_in_the_middle_when_the_hour_has_its_writes() {
    let mut hybrid = baseline(Grade::Hybrid);
    hybrid.writes_max = 2;
    let bucket = MemoryBucket::new(Observed::new_bucket(id()));
    assert_eq!(guard(&bucket, &hybrid), [SettingKind::Policy, SettingKind::Encryption]);
    assert_eq!(guard(&bucket, &hybrid), []);
}

#[test]
fn a_policy_without_room_for_the_statement_stays_as_it_is() {
    let statement = |n: usize| serde_json::json!({ "Sid": "x".repeat(n), "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "*" });
    let of = |n| {
        let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": statement(n) });
        Observed { policy: Reading::Known(Policy::new(policy.to_string())), ..safe(Grade::Speed) }
    };
    let finding = tls_of(&of(20_200), &baseline(Grade::Speed)).unwrap();
    let is_left = matches!(
        finding,
        Finding::Left { because: LeftBecause::PolicyTooLarge(bytes), .. } if bytes > 20_480
    );
    assert!(is_left);
    assert!(tls_of(&of(19_000), &baseline(Grade::Speed)).unwrap().mended_by().is_some());
    let nonsense = Observed { policy: Reading::Known(Policy::new("[]")), ..safe(Grade::Speed) };
    let because = LeftBecause::PolicyNotUnderstood;
    check_left(&nonsense, &baseline(Grade::Speed), Aspect::Tls, &because);
}
