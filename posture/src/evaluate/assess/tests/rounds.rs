//! What a look costs: questions, and rounds of them.

use super::*;
use crate::model::watch;
use crate::reconcile::memory::Step;
use crate::{Age, BucketName, CallContext, Maker};

/// The questions of each round until the first write, when this bucket is looked at.
fn rounds(truth: Observed, baseline: &Baseline) -> Vec<Vec<Question>> {
    let bucket = MemoryBucket::new(truth);
    guard(&bucket, baseline);
    let reads = bucket.take_steps().into_iter().map_while(|step| match step {
        Step::Read(questions) => Some(questions),
        Step::Wrote(_) | Step::Kept(_) => None,
    });
    reads.collect()
}

/// As an event has it that only touches what is kept.
fn kept_only(grade: Grade) -> Baseline {
    let mut kept = kept(grade);
    kept.needs_tags = grade < Grade::Security;
    kept
}

#[test]
fn a_bucket_that_is_right_costs_one_round() {
    for (grade, calls) in [(Grade::Speed, 5), (Grade::Hybrid, 6), (Grade::Security, 7)] {
        let rounds = rounds(safe(grade), &kept_only(grade));
        let counts: Vec<usize> = rounds.iter().map(Vec::len).collect();
        assert_eq!(counts, [calls], "{grade}: {rounds:?}");
    }
}

#[test]
fn a_sweep_of_a_bucket_that_is_right_makes_at_most_eight_calls_on_it() {
    let mut swept = existing(Grade::Speed);
    swept.needs_tags = true;
    let plain = Observed { replication: Reading::Absent, ..safe(Grade::Speed) };
    let rounds = rounds(plain, &swept);
    let of_bucket: Vec<_> =
        rounds.iter().flatten().filter(|question| question.is_of_bucket()).collect();
    assert!(of_bucket.len() <= 8, "{rounds:?}");
}

#[test]
fn an_event_on_one_setting_makes_at_most_four_calls_on_the_bucket() {
    let suspended = Versioning { enabled: false, mfa_delete: false };
    for (aspect, truth) in [
        (
            Aspect::Versioning,
            Observed { versioning: Reading::Known(suspended), ..safe(Grade::Hybrid) },
        ),
        (
            Aspect::PublicAccess,
            Observed { public_access_block: Reading::Absent, ..safe(Grade::Hybrid) },
        ),
        (Aspect::Notifications, Observed::new_bucket(id())),
    ] {
        let mut baseline = changed(Grade::Hybrid, aspect);
        baseline.needs_tags = true;
        for other in Aspect::ALL.into_iter().filter(|other| *other != aspect) {
            baseline.set_mode(other, Mode::Off);
        }
        let bucket = MemoryBucket::new(truth);
        guard(&bucket, &baseline);
        let calls = bucket.take_steps().into_iter().map(|step| match step {
            Step::Read(questions) => {
                questions.into_iter().filter(|question| question.is_of_bucket()).count()
            }
            Step::Wrote(_) => 1,
            Step::Kept(_) => 0,
        });
        assert!(calls.sum::<usize>() <= 4, "{aspect}");
    }
}

#[test]
fn a_new_bucket_costs_seven_reads_at_most_and_three_rounds_before_the_first_write() {
    for grade in Grade::ALL {
        for maker in [Maker::Another, Maker::CloudFormation] {
            let mut baseline = kept_only(grade);
            // As the event of a new bucket has it, which says that it has S3's own ownership.
            let touched = watch::touched(["CreateBucket"]);
            for aspect in Aspect::ALL.into_iter().filter(|aspect| !touched.contains(aspect)) {
                baseline.set_mode(aspect, Mode::Off);
            }
            baseline.call_context = CallContext { maker, age: Age::New, ..CallContext::default() };
            let mut truth = Observed::new_bucket(id());
            if maker == Maker::CloudFormation {
                let tag = ("aws:cloudformation:stack-id".to_owned(), "arn".to_owned());
                truth.tags = Reading::Known([tag].into());
                truth.stack_in_progress = Reading::Known(true);
            }
            let rounds = rounds(truth, &baseline);
            assert!(rounds.len() <= 3, "{grade}: {rounds:?}");
            let of_bucket = rounds.iter().flatten().filter(|question| question.is_of_bucket());
            let count = of_bucket.count();
            assert!(count <= 7, "{grade}: {count}: {rounds:?}");
        }
    }
}

#[test]
fn the_ledger_is_asked_only_when_there_is_something_to_write() {
    for (truth, asked) in [(safe(Grade::Speed), false), (Observed::new_bucket(id()), true)] {
        let rounds = rounds(truth, &kept_only(Grade::Speed));
        assert_eq!(rounds.concat().contains(&Question::History), asked);
    }
}

#[test]
fn nothing_is_judged_before_what_a_change_could_break_is_read() {
    let read = Observed {
        encryption: Reading::Absent,
        public_access_block: Reading::Absent,
        ..Observed::unread(id())
    };
    assert_eq!(plan(&assess(&read, &kept_only(Grade::Hybrid))).actions, []);
    let ask = questions(&read, &kept_only(Grade::Hybrid));
    for question in [Question::PolicyStatus, Question::Acl, Question::Ownership, Question::Key] {
        assert!(ask.contains(&question), "{ask:?}");
    }
}

#[test]
fn after_each_write_only_that_setting_and_the_next_are_read_again() {
    let bucket = MemoryBucket::new(Observed::new_bucket(id()));
    let mut new = kept_only(Grade::Hybrid);
    new.call_context.age = Age::New;
    guard(&bucket, &new);
    let steps = bucket.take_steps();
    let first = steps.iter().position(|step| matches!(step, Step::Wrote(_))).unwrap();
    let reads = steps[first..].iter().filter_map(|step| match step {
        Step::Read(questions) => Some(questions.clone()),
        Step::Wrote(_) | Step::Kept(_) => None,
    });
    let expected = [
        vec![Question::Encryption, Question::Policy],
        vec![Question::Encryption, Question::Versioning],
        vec![Question::Versioning, Question::Notifications],
        vec![Question::Notifications],
    ];
    assert_eq!(reads.collect::<Vec<_>>(), expected);
}

#[test]
fn of_the_account_nothing_is_read_that_only_a_bucket_has() {
    let account = Observed::unread(BucketId { name: BucketName::account(), ..id() });
    let mut baseline = Baseline::of_account(Mode::Enforce);
    let of_block = questions(&account, &baseline);
    // As after a call on a key.
    for aspect in Aspect::ALL.into_iter().filter(|one| *one != Aspect::AccountPublicAccess) {
        baseline.set_mode(aspect, Mode::Enforce);
    }
    assert_eq!(questions(&account, &baseline), of_block);
}
