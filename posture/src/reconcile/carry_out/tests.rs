use std::future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use time::macros::{date, datetime};

use super::*;
use crate::model::setting::{Notifications, PublicAccessBlock};
use crate::reconcile::memory::Step;
use crate::{Age, Aspect, BucketName, Grade, History, Maker, MemoryBucket, Mode};
use crate::{BucketId, Setting, inspect};

/// A bucket in memory with calls that fail.
struct Failing {
    bucket: MemoryBucket,
    /// What the next writes answer; after them, they go well.
    writes: Mutex<Vec<Result<bool, String>>>,
    /// Whether nothing can be read after the first write.
    reads_fail: bool,
    ledger: Ledger,
    /// Whether what is written does not show.
    writes_show: bool,
    /// What another party does while the ledger is read: before the answer, or after it.
    meanwhile: Meanwhile,
    pauses: Mutex<Vec<u32>>,
    kept: Mutex<Vec<Record>>,
}

type Change = fn(&mut Observed);

/// What another party does meanwhile.
enum Meanwhile {
    Nothing,
    Before(Change),
    After(Change),
}

/// How the ledger is.
enum Ledger {
    /// It takes what it is given.
    Takes,
    /// It takes nothing.
    Refuses,
    /// It never answers once it knows how a write ended.
    Hangs,
}

fn failing() -> Failing {
    let id = BucketId {
        name: "reports".parse::<BucketName>().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    };
    Failing {
        bucket: MemoryBucket::new(Observed::new_bucket(id)),
        writes: Mutex::default(),
        reads_fail: false,
        ledger: Ledger::Takes,
        writes_show: true,
        meanwhile: Meanwhile::Nothing,
        pauses: Mutex::default(),
        kept: Mutex::default(),
    }
}

impl Account for Failing {
    type Error = String;

    async fn observe(
        &self,
        ask: &[Question],
        observed: Observed,
        baseline: &Baseline,
    ) -> Result<Option<Observed>, String> {
        if self.reads_fail && !self.kept.lock().unwrap().is_empty() {
            return Err("SlowDown".to_owned());
        }
        let is_meanwhile = ask.contains(&Question::History);
        if let (true, Meanwhile::Before(change)) = (is_meanwhile, &self.meanwhile) {
            self.bucket.change(change);
        }
        let seen = self.bucket.observe(ask, observed, baseline).await.unwrap();
        if let (true, Meanwhile::After(change)) = (is_meanwhile, &self.meanwhile) {
            self.bucket.change(change);
        }
        Ok(seen)
    }

    async fn apply(&self, bucket: &BucketId, setting: &Setting) -> Result<bool, String> {
        let answer = {
            let mut writes = self.writes.lock().unwrap();
            if writes.is_empty() { Ok(true) } else { writes.remove(0) }
        };
        if answer == Ok(true) && self.writes_show {
            self.bucket.apply(bucket, setting).await.unwrap();
        }
        answer
    }

    async fn keep(&self, record: &Record) -> Result<(), String> {
        self.kept.lock().unwrap().push(record.clone());
        match self.ledger {
            Ledger::Hangs if record.state != State::Begun => future::pending().await,
            Ledger::Takes | Ledger::Hangs => Ok(()),
            Ledger::Refuses => Err("no ledger".to_owned()),
        }
    }

    async fn pause(&self, attempt: u32) {
        self.pauses.lock().unwrap().push(attempt);
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing waits"),
    }
}

fn of_new_bucket() -> Baseline {
    let mut baseline = Baseline::new(Grade::Speed, None);
    baseline.call_context.age = Age::New;
    baseline
}

/// Remediates a new bucket at grade speed: first its policy, then its notifications.
fn remediate(account: &Failing) -> Outcome<String> {
    now(mending(account))
}

async fn mending(account: &Failing) -> Outcome<String> {
    let baseline = |_: &Observed| of_new_bucket();
    let id = account.bucket.truth().id;
    let inspection = inspect(account, &id, &baseline).await.unwrap().unwrap();
    assert_eq!(inspection.plan.actions.len(), 2);
    let noon = datetime!(2026-11-20 12:00:00 UTC);
    carry_out(account, &inspection, &baseline, &Trigger::Sweep, || noon).await
}

fn states(account: &Failing) -> Vec<(SettingKind, State)> {
    account.kept.lock().unwrap().iter().map(|record| (record.setting, record.state)).collect()
}

#[test]
fn the_ledger_hears_of_a_write_as_it_begins_and_as_it_has_ended() {
    let account = failing();
    let outcome = remediate(&account);
    assert_eq!(outcome.done.len(), 2);
    let (policy, bell) = (SettingKind::Policy, SettingKind::Notifications);
    let expected = [
        (policy, State::Begun),
        (policy, State::Verified),
        (bell, State::Begun),
        (bell, State::Verified),
    ];
    assert_eq!(states(&account), expected);
    let kept = account.kept.lock().unwrap().clone();
    assert_eq!(kept[1].from, Some(Setting::Policy(None)));
    assert_eq!(kept[1].id, "reports@20261120T120000.000Z-policy");
    assert_eq!(kept[1].why, ["TLS only: no policy"]);
}

#[test]
fn one_refused_write_does_not_stop_the_next() {
    let account = failing();
    account.writes.lock().unwrap().push(Err("AccessDenied".to_owned()));
    let outcome = remediate(&account);
    assert_eq!(outcome.failed.len(), 1);
    assert_eq!(outcome.failed[0].0.kind(), SettingKind::Policy);
    assert_eq!(outcome.done[0].0.kind(), SettingKind::Notifications);
    let failed = states(&account)[1];
    assert_eq!(failed, (SettingKind::Policy, State::Failed));
    assert_eq!(account.kept.lock().unwrap()[1].cause.as_deref(), Some("AccessDenied"));
}

#[test]
fn a_bucket_that_goes_meanwhile_is_no_failure() {
    let account = failing();
    account.writes.lock().unwrap().push(Ok(false));
    let outcome = remediate(&account);
    assert!(!outcome.bucket_exists && outcome.failed.is_empty() && outcome.done.is_empty());
}

#[test]
fn what_does_not_show_is_read_again_a_few_times_and_not_called_verified() {
    let account = Failing { writes_show: false, ..failing() };
    let outcome = remediate(&account);
    assert_eq!(outcome.done[0].1.state, State::Written);
    assert_eq!(account.pauses.lock().unwrap()[..3], [1, 2, 3]);
}

#[test]
fn nothing_is_written_when_its_setting_cannot_be_read_any_more() {
    let account = Failing { reads_fail: true, ..failing() };
    let outcome = remediate(&account);
    assert_eq!(outcome.interrupted.as_deref(), Some("SlowDown"));
    assert_eq!(outcome.done.len(), 1);
    assert_eq!(outcome.done[0].1.state, State::Written);
}

#[test]
fn protection_does_not_wait_for_the_ledger() {
    let account = Failing { ledger: Ledger::Refuses, ..failing() };
    let outcome = remediate(&account);
    assert_eq!((outcome.done.len(), outcome.unrecorded.len()), (2, 4));
    assert_eq!(outcome.kept, BTreeSet::new());
    let kept = remediate(&failing()).kept;
    let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
    let ids =
        ["notifications", "policy"].map(|kind| format!("reports@20261120T120000.000Z-{kind}"));
    assert_eq!(kept, ids);
}

#[test]
fn no_write_waits_until_the_ledger_has_heard_of_the_one_before() {
    let account = Failing { ledger: Ledger::Hangs, ..failing() };
    assert!(pin!(mending(&account)).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let truth = account.bucket.truth();
    assert!(truth.notifications.known().is_some_and(Notifications::event_bridge));
}

#[test]
fn what_another_party_sets_while_a_write_fails_is_not_overwritten() {
    let account = failing();
    account.writes.lock().unwrap().push(Err("OperationAborted".to_owned()));
    let baseline = |_: &Observed| of_new_bucket();
    let id = account.bucket.truth().id;
    let inspection = now(inspect(&account, &id, &baseline)).unwrap().unwrap();
    let theirs = "<QueueConfiguration>theirs</QueueConfiguration>";
    account.bucket.change(|truth| {
        truth.notifications = Reading::Known(Notifications {
            xml: format!("<NotificationConfiguration>{theirs}</NotificationConfiguration>"),
            elements: vec!["QueueConfiguration".to_owned()],
        });
    });
    let noon = datetime!(2026-11-20 12:00:00 UTC);
    now(carry_out(&account, &inspection, &baseline, &Trigger::Sweep, || noon));
    let after = account.bucket.truth().notifications.known().unwrap().clone();
    assert!(after.xml.contains(theirs) && after.event_bridge(), "{}", after.xml);
}

const THEIRS: &str = r#"{"Statement":[{"Sid":"Theirs","Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"*"}]}"#;

#[test]
fn what_another_party_sets_during_other_reads_is_not_overwritten() {
    let meanwhile = Meanwhile::Before(|truth| truth.set(&Setting::Policy(Some(THEIRS.to_owned()))));
    let account = Failing { meanwhile, ..failing() };
    remediate(&account);
    let policy = account.bucket.truth().policy;
    let text = policy.known().unwrap().text();
    assert!(text.contains("Theirs") && text.contains("aws:SecureTransport"), "{text}");
}

#[test]
fn a_new_bucket_has_its_policy_read_directly_before_it_is_written_at_no_cost() {
    let theirs: Change = |truth| truth.set(&Setting::Policy(Some(THEIRS.to_owned())));
    let key = "arn:aws:kms:eu-west-1:111122223333:key/ours".parse().unwrap();
    let mut baseline = Baseline::new(Grade::Hybrid, Some(key));
    baseline.call_context.maker = Maker::Another;
    baseline.call_context.age = Age::New;
    let wanted = |_: &Observed| baseline.clone();
    let noon = datetime!(2026-11-20 12:00:00 UTC);
    let run = |account: &Failing| {
        let id = account.bucket.truth().id;
        let inspection = now(inspect(account, &id, &wanted)).unwrap().unwrap();
        let outcome = now(carry_out(account, &inspection, &wanted, &Trigger::Sweep, || noon));
        assert!(outcome.failed.is_empty());
        outcome.done.into_iter().map(|(action, _)| action.kind()).collect::<Vec<_>>()
    };
    let expected = [
        SettingKind::Versioning,
        SettingKind::Policy,
        SettingKind::Encryption,
        SettingKind::Notifications,
    ];
    // They set it after the last round of the inspection.
    let account = Failing { meanwhile: Meanwhile::After(theirs), ..failing() };
    assert_eq!(run(&account), expected);
    let policy = account.bucket.truth().policy;
    let text = policy.known().unwrap().text();
    assert!(text.contains("Theirs") && text.contains("aws:SecureTransport"), "{text}");
    // Each write costs the read that verifies it, with that of the next one.
    let account = failing();
    assert_eq!(run(&account), expected);
    let steps = account.bucket.take_steps();
    let first = steps.iter().position(|step| matches!(step, Step::Wrote(_))).unwrap();
    let reads = steps[first..].iter().filter_map(|step| match step {
        Step::Read(questions) => Some(questions.len()),
        Step::Wrote(_) | Step::Kept(_) => None,
    });
    assert_eq!(reads.collect::<Vec<_>>(), [2, 2, 2, 1]);
}

#[test]
fn a_policy_that_raises_more_questions_is_read_again_after_their_answers() {
    let account = failing();
    let mut baseline = Baseline::new(Grade::Speed, None);
    baseline.set_mode(Aspect::PublicAccess, Mode::Off);
    baseline.set_mode(Aspect::Tls, Mode::Enforce);
    let wanted = |_: &Observed| baseline.clone();
    let id = account.bucket.truth().id;
    let mut inspection = now(inspect(&account, &id, &wanted)).unwrap().unwrap();
    account.bucket.take_steps();
    // Without the block, it has to be known whether the bucket is a website.
    inspection.observed.public_access_block = Reading::Absent;
    inspection.observed.website = Reading::Unread;
    inspection.read_last.clear();
    let noon = datetime!(2026-11-20 12:00:00 UTC);
    now(carry_out(&account, &inspection, &wanted, &Trigger::Sweep, || noon));
    let mut before = Vec::new();
    for step in account.bucket.take_steps() {
        match step {
            Step::Read(questions) => before.push(questions),
            Step::Wrote(_) => break,
            Step::Kept(_) => {}
        }
    }
    let answers = vec![Question::Website];
    assert_eq!(before, [vec![Question::Policy], answers, vec![Question::Policy]]);
}

#[test]
fn what_another_party_remediates_before_the_first_write_is_not_written() {
    let closed = |truth: &mut Observed| {
        truth.public_access_block = Reading::Known(PublicAccessBlock::ALL);
    };
    let account = Failing { meanwhile: Meanwhile::After(closed), ..failing() };
    // The policy would be written first; only the ledger shows that it is not.
    let undone =
        History { suppressed: vec![(Aspect::Tls, date!(2030 - 01 - 01))], ..History::default() };
    account.bucket.change(|truth| {
        truth.public_access_block = Reading::Absent;
        truth.history = Reading::Known(undone);
    });
    let mut baseline = of_new_bucket();
    for aspect in Aspect::ALL {
        let is_kept = [Aspect::PublicAccess, Aspect::Tls].contains(&aspect);
        baseline.set_mode(aspect, if is_kept { Mode::EnforceNew } else { Mode::Off });
    }
    let wanted = |_: &Observed| baseline.clone();
    let id = account.bucket.truth().id;
    let inspection = now(inspect(&account, &id, &wanted)).unwrap().unwrap();
    assert_eq!(inspection.plan.actions.len(), 1);
    let noon = datetime!(2026-11-20 12:00:00 UTC);
    let outcome = now(carry_out(&account, &inspection, &wanted, &Trigger::Sweep, || noon));
    assert_eq!(outcome.done, []);
    assert_eq!(states(&account), []);
}
