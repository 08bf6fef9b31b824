//! An account that counts the writes of this process, for the case that the ledger is not available.
//!
//! The ledger is the only lasting state. If it is deleted, cannot be read or rejects records, a conflict would never end. So
//! each process counts its writes within the hour, and the history is never less than that. A cold start resets the count,
//! and each of the few concurrent processes has its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use time::{Duration, OffsetDateTime};

use super::recent::Recent;
use crate::evaluate::downgrade::Fall;
use crate::reconcile::account::Page;
use crate::reconcile::state::Callers;
use crate::{
    Account, Baseline, BucketId, BucketName, History, Observed, Question, Reading, Record, Region,
    Setting, SettingKind,
};

/// An account, and the writes of this process.
pub struct WriteCounter<A> {
    account: A,
    now: Box<dyn Fn() -> OffsetDateTime + Send + Sync>,
    memory: Mutex<BTreeMap<Key, Memory>>,
    recent: Mutex<Recent>,
}

/// A setting of a bucket, and who had changed it, if that is known.
type Key = (BucketName, SettingKind, Option<String>);

/// The writes of one setting of a bucket because of one principal.
#[derive(Default)]
struct Memory {
    /// When it was written within the last hour.
    writes: Vec<OffsetDateTime>,
    /// Until when it is not written.
    still_until: Option<OffsetDateTime>,
}

impl<A> WriteCounter<A> {
    /// Starts to count.
    pub fn new(account: A, now: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        Self { account, now: Box::new(now), memory: Mutex::default(), recent: Mutex::default() }
    }

    pub(super) fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was switched off lately in all buckets, as far as this process knows.
    pub(super) fn recent_falls(&self) -> Vec<(BucketName, Fall)> {
        self.recent().falls()
    }

    /// Notes what was switched off in a bucket.
    pub(super) fn fell(&self, bucket: &BucketName, falls: impl IntoIterator<Item = Fall>) {
        self.recent().add(bucket, falls);
    }

    /// When this process has raised the last alarm about a principal.
    pub(super) fn alarm(&self, principal: &str) -> Option<OffsetDateTime> {
        self.recent().alarm(principal)
    }

    /// Notes an alarm.
    pub(super) fn alarmed(&self, principal: &str, time: OffsetDateTime) {
        self.recent().alarmed(principal, time);
    }

    /// Forgets an alarm that could not be published.
    pub(super) fn not_alarmed(&self, principal: &str) {
        self.recent().not_alarmed(principal);
    }

    /// The account itself.
    pub fn account(&self) -> &A {
        &self.account
    }

    /// Notes that a setting is not written until then, which was reported.
    pub(super) fn stopped(
        &self,
        bucket: &BucketName,
        kind: SettingKind,
        by: Option<&String>,
        until: OffsetDateTime,
    ) {
        let key = (bucket.clone(), kind, by.cloned());
        self.lock().entry(key).or_default().still_until = Some(until);
    }

    /// Counts a write because of this principal.
    pub(super) fn wrote(&self, bucket: &BucketName, kind: SettingKind, by: Option<&String>) {
        let key = (bucket.clone(), kind, by.cloned());
        self.lock().entry(key).or_default().writes.push((self.now)());
    }

    /// The memory, without what has expired.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Memory>> {
        let now = (self.now)();
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.retain(|_, memory| {
            memory.writes.retain(|time| *time > now - Duration::HOUR);
            memory.still_until = memory.still_until.filter(|until| *until > now);
            !memory.writes.is_empty() || memory.still_until.is_some()
        });
        memory
    }

    /// The history of the ledger, but at least the writes of this process because of these callers.
    pub(super) fn at_least(
        &self,
        bucket: &BucketName,
        callers: &Callers,
        recorded: Reading<History>,
    ) -> Reading<History> {
        let memory = self.lock();
        let counts = |by: &Option<String>, kind: &SettingKind| {
            let caller = callers.get(kind);
            by.is_none() || caller.is_none() || by.as_ref() == caller
        };
        let mut of_bucket =
            memory.iter().filter(|((of, kind, by), _)| of == bucket && counts(by, kind)).peekable();
        if of_bucket.peek().is_none() {
            return recorded;
        }
        let mut history = recorded.known().cloned().unwrap_or_default();
        for ((_, kind, _), memory) in of_bucket {
            let written = u32::try_from(memory.writes.len()).unwrap_or(u32::MAX);
            let writes = history.writes.entry(*kind).or_default();
            *writes = written.max(*writes);
            history.stopped.extend(memory.still_until.map(|_| *kind));
        }
        Reading::Known(history)
    }
}

impl<A: Account> Account for WriteCounter<A> {
    type Error = A::Error;

    async fn observe(
        &self,
        ask: &[Question],
        observed: Observed,
        baseline: &Baseline,
    ) -> Result<Option<Observed>, A::Error> {
        let Some(mut seen) = self.account.observe(ask, observed, baseline).await? else {
            return Ok(None);
        };
        if ask.contains(&Question::History) {
            seen.history = self.at_least(&seen.id.name, &Callers::new(), seen.history);
        }
        Ok(Some(seen))
    }

    async fn apply(&self, bucket: &BucketId, setting: &Setting) -> Result<bool, A::Error> {
        let applied = self.account.apply(bucket, setting).await?;
        if applied {
            self.wrote(&bucket.name, setting.kind(), None);
        }
        Ok(applied)
    }

    async fn keep(&self, record: &Record) -> Result<(), A::Error> {
        self.account.keep(record).await
    }

    async fn pause(&self, attempt: u32) {
        self.account.pause(attempt).await;
    }

    async fn created(&self, bucket: &BucketId) -> Result<Option<OffsetDateTime>, A::Error> {
        self.account.created(bucket).await
    }

    async fn regions(&self) -> Result<BTreeMap<Region, Vec<BucketName>>, A::Error> {
        self.account.regions().await
    }

    async fn list(&self, continuation: Option<String>) -> Result<Page, A::Error> {
        self.account.list(continuation).await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::FutureExt as _;
    use time::macros::datetime;

    use super::*;
    use crate::{Grade, MemoryBucket, Trigger, carry_out, inspect};

    const NOON: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);

    thread_local! {
        /// The time of a test.
        static NOW: Cell<OffsetDateTime> = const { Cell::new(NOON) };
    }

    /// A bucket whose ledger says this, whatever was written.
    fn bucket(ledger: Reading<History>) -> WriteCounter<MemoryBucket> {
        let id = BucketId {
            name: "reports".parse().unwrap(),
            account: "111122223333".parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
        };
        let truth = Observed { history: ledger, ..Observed::new_bucket(id) };
        WriteCounter::new(MemoryBucket::new(truth), || NOW.get())
    }

    /// Takes its policy away and reconciles it; returns the settings that were written.
    fn round(bucket: &WriteCounter<MemoryBucket>) -> Vec<SettingKind> {
        bucket.account().change(|truth| truth.policy = Reading::Absent);
        let wanted = |_: &Observed| {
            let mut baseline = Baseline::new(Grade::Speed, None);
            baseline.writes_max = 3;
            baseline.call_context.age = crate::Age::New;
            baseline
        };
        let id = bucket.account().truth().id;
        let inspection = inspect(bucket, &id, &wanted).now_or_never().unwrap().unwrap().unwrap();
        let outcome = carry_out(bucket, &inspection, &wanted, &Trigger::Sweep, || NOW.get());
        outcome.now_or_never().unwrap().done.iter().map(|(action, _)| action.kind()).collect()
    }

    #[test]
    fn a_conflict_ends_also_without_the_ledger() {
        let open = SettingKind::Policy;
        for ledger in [Reading::Denied, Reading::Absent] {
            NOW.set(NOON);
            let bucket = bucket(ledger);
            // The first round protects the new bucket otherwise, too.
            assert!(round(&bucket).contains(&open));
            for expected in [&[open][..], &[open], &[], &[]] {
                assert_eq!(round(&bucket), expected);
            }
            bucket.account().change(|truth| truth.public_access_block = Reading::Absent);
            let closed = [SettingKind::PublicAccessBlock];
            assert_eq!(round(&bucket), closed, "the others are guarded");
            NOW.set(NOON + Duration::minutes(61));
            assert_eq!(round(&bucket), [open], "after an hour");
        }
    }

    #[test]
    fn a_stopped_setting_is_not_written_until_then() {
        NOW.set(NOON);
        let bucket = bucket(Reading::Denied);
        let name = bucket.account().truth().id.name;
        round(&bucket);
        bucket.stopped(&name, SettingKind::Policy, None, NOON + Duration::hours(2));
        NOW.set(NOON + Duration::minutes(90));
        assert_eq!(round(&bucket), []);
        NOW.set(NOON + Duration::minutes(121));
        assert_eq!(round(&bucket), [SettingKind::Policy]);
    }

    #[test]
    fn the_ledger_counts_where_it_knows_of_more() {
        let bucket = bucket(Reading::Unread);
        let name: BucketName = "reports".parse().unwrap();
        let recorded = History { writes: [(SettingKind::Policy, 5)].into(), ..History::default() };
        let recorded = Reading::Known(recorded);
        assert_eq!(bucket.at_least(&name, &Callers::new(), recorded.clone()), recorded);
        assert_eq!(bucket.at_least(&name, &Callers::new(), Reading::Denied), Reading::Denied);
        let write = Memory { writes: vec![NOON], still_until: None };
        NOW.set(NOON);
        bucket.memory.lock().unwrap().insert((name.clone(), SettingKind::Policy, None), write);
        assert_eq!(bucket.at_least(&name, &Callers::new(), recorded.clone()), recorded);
        let none = Reading::Known(History::default());
        let one = History { writes: [(SettingKind::Policy, 1)].into(), ..History::default() };
        assert_eq!(bucket.at_least(&name, &Callers::new(), none), Reading::Known(one));
    }
}
