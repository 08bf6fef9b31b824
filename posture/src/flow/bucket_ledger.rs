//! A bucket's part of the ledger: read when it is needed, at most once, together with the settings of the bucket.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::{join_all, join3};

use super::{Clock, Ledger, Tally, WriteCounter};
use crate::contract::metrics::Metric;
use crate::reconcile::account::CallError;
use crate::reconcile::ledger::suppression::{self, Note, Suppression};
use crate::reconcile::ledger::{ForeignObject, KeyRange, Stored};
use crate::reconcile::state::{self, BucketState, Callers, InvalidState};
use crate::{
    Account, Aspect, Baseline, BucketId, History, Observed, Question, Reading, Record, Setting,
    Trigger,
};

/// How many suppressions of an aspect are read to find one that counts.
const SUPPRESSIONS_MAX: usize = 8;

/// The account, with a bucket's history from the ledger.
pub(super) struct BucketLedger<'a, A, L> {
    account: &'a WriteCounter<A>,
    ledger: &'a L,
    id: &'a BucketId,
    clock: Clock<'a>,
    /// Whether the state is read with the first settings, because it will be written.
    is_eager: bool,
    /// Whether no call has changed the bucket: a write that AWS has refused is not tried again soon.
    is_swept: bool,
    /// Who has changed which setting now: the writes because of them are counted.
    callers: Callers,
    inner: Mutex<Inner>,
}

/// What was read.
#[derive(Default)]
struct Inner {
    base: Base,
    /// The suppressions in force, with who suppressed.
    suppressions: Vec<(Suppression, Note)>,
    are_suppressions_readable: bool,
    foreign: Vec<ForeignObject>,
    tally: Tally,
}

/// The state of a bucket in the ledger, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) enum Base {
    /// It was not read.
    #[default]
    NotRead,
    /// It was not read, and is probably not there.
    Assumed,
    /// There is none.
    Absent,
    /// The state, and its version.
    Read(Box<BucketState>, String),
    /// The state of a bucket of this name that was deleted, in this version.
    Closed(String),
    /// An object of this version that is not the state of the bucket, and is replaced.
    Replaced(String),
    /// It could not be read, or is left alone.
    Unusable,
}

/// How the state is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StateReading {
    /// With the first settings.
    Eager,
    /// When it is needed.
    Lazy,
    /// Not before it is written: the bucket is new.
    Assumed,
}

impl<'a, A, L> BucketLedger<'a, A, L>
where
    A: Account<Error: CallError>,
    L: Ledger,
{
    pub(super) fn new(
        account: &'a WriteCounter<A>,
        ledger: &'a L,
        id: &'a BucketId,
        clock: Clock<'a>,
        reading: StateReading,
    ) -> Self {
        let base = if reading == StateReading::Assumed { Base::Assumed } else { Base::NotRead };
        let inner = Mutex::new(Inner { base, ..Inner::default() });
        let is_eager = reading == StateReading::Eager;
        let (is_swept, callers) = (false, Callers::new());
        Self { account, ledger, id, clock, is_eager, is_swept, callers, inner }
    }

    /// The same for a bucket that these calls have changed.
    pub(super) fn called(self, trigger: &Trigger) -> Self {
        let is_swept = matches!(trigger, Trigger::Sweep);
        Self { is_swept, callers: state::callers(trigger.calls()), ..self }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state as far as it is known.
    pub(super) fn base(&self) -> Base {
        self.lock().base.clone()
    }

    /// The suppression of an aspect that is in force.
    pub(super) fn suppression(&self, aspect: Aspect) -> Option<(Suppression, Note)> {
        self.lock().suppressions.iter().find(|(one, _)| one.aspect == aspect).cloned()
    }

    /// The objects that do not count, and the metrics of all reads.
    pub(super) fn take_found(&self) -> (Vec<ForeignObject>, Tally) {
        let mut inner = self.lock();
        (std::mem::take(&mut inner.foreign), std::mem::take(&mut inner.tally))
    }

    /// Reads the state, if it was not read yet.
    pub(super) async fn read_state(&self) {
        if !matches!(self.base(), Base::NotRead | Base::Assumed) {
            return;
        }
        let mut tally = Tally::default();
        let (base, foreign) = read_state(self.ledger, self.id, &mut tally).await;
        let mut inner = self.lock();
        inner.base = base;
        inner.foreign.extend(foreign);
        inner.tally.add(tally);
    }

    async fn read_suppressions(&self) {
        let (bucket, now) = (&self.id.name, (self.clock.now)());
        let prefix = suppression::prefix(bucket);
        let keys = match self.ledger.keys(KeyRange { prefix: &prefix, ..KeyRange::default() }).await
        {
            Ok(keys) => keys,
            Err(error) => {
                tracing::error!(%bucket, %error, "the suppressions could not be read");
                self.lock().tally.count(Metric::LedgerNotReadable, 1);
                return;
            }
        };
        self.lock().are_suppressions_readable = true;
        let all: Vec<Suppression> =
            keys.iter().filter_map(|key| suppression::of_key(bucket, key)).collect();
        let by_aspect = suppression::by_aspect(&all, now);
        join_all(by_aspect.iter().map(|of_aspect| self.read_suppression(of_aspect))).await;
    }

    /// Finds the newest suppression of an aspect that counts.
    async fn read_suppression(&self, newest_first: &[Suppression]) {
        let BucketId { name, account, .. } = self.id;
        for one in newest_first.iter().take(SUPPRESSIONS_MAX) {
            let key = one.key(name);
            let (etag, cause) = match self.ledger.read(&key).await {
                Ok(Stored::Ours { etag, body }) => match one.note(&body, name, account) {
                    Ok(note) => {
                        if one.is_in_force((self.clock.now)()) {
                            self.lock().suppressions.push((*one, note));
                        }
                        return;
                    }
                    Err(cause) => (etag, cause),
                },
                Ok(Stored::Foreign { etag, cause }) => (etag, cause),
                Ok(Stored::Absent) => continue,
                Err(error) => {
                    tracing::error!(bucket = %name, %error, "a suppression could not be read");
                    self.lock().tally.count(Metric::LedgerNotReadable, 1);
                    return;
                }
            };
            tracing::error!(key, cause, "an object of the ledger does not count");
            let mut inner = self.lock();
            inner.tally.count(Metric::ForeignObject, 1);
            inner.foreign.push(ForeignObject { key, etag, cause });
        }
    }

    fn history(&self) -> Reading<History> {
        let inner = self.lock();
        if matches!(inner.base, Base::Unusable) && !inner.are_suppressions_readable {
            return Reading::Denied;
        }
        let mut history = History::default();
        if let Base::Read(state, _) = &inner.base {
            state.add_to(&mut history, &self.callers, (self.clock.now)());
            history.refused.retain(|_, _| self.is_swept);
        }
        let suppressed = inner.suppressions.iter().map(|(one, _)| (one.aspect, one.until));
        history.suppressed = suppressed.collect();
        history.suppressed.sort_unstable();
        Reading::Known(history)
    }
}

/// Reads the state of a bucket, and the object in its place if that does not count.
pub(super) async fn read_state<L: Ledger>(
    ledger: &L,
    id: &BucketId,
    tally: &mut Tally,
) -> (Base, Option<ForeignObject>) {
    let key = state::key(&id.name);
    let (etag, cause) = match ledger.read(&key).await {
        Ok(Stored::Absent) => return (Base::Absent, None),
        Ok(Stored::Ours { etag, body }) => match BucketState::read(&body, &id.name, &id.account) {
            Ok(state) if state.closed.is_some() => return (Base::Closed(etag), None),
            Ok(state) if state.is_in(&id.region) => {
                return (Base::Read(Box::new(state), etag), None);
            }
            // A bucket of this name in another Region, which does not exist any more.
            Ok(_) => return (Base::Replaced(etag), None),
            Err(error @ InvalidState::Newer(_)) => {
                tracing::error!(key, %error, "the state of a bucket is left alone");
                tally.count(Metric::LedgerNotReadable, 1);
                return (Base::Unusable, None);
            }
            Err(error) => (etag, error.to_string()),
        },
        Ok(Stored::Foreign { etag, cause }) => (etag, cause),
        Err(error) => {
            tracing::error!(key, %error, "the state of a bucket could not be read");
            tally.count(Metric::LedgerNotReadable, 1);
            return (Base::Unusable, None);
        }
    };
    tracing::error!(key, cause, "an object of the ledger does not count");
    tally.count(Metric::ForeignObject, 1);
    (Base::Replaced(etag.clone()), Some(ForeignObject { key, etag, cause }))
}

impl<A, L> Account for BucketLedger<'_, A, L>
where
    A: Account<Error: CallError>,
    L: Ledger,
{
    type Error = A::Error;

    async fn observe(
        &self,
        ask: &[Question],
        observed: Observed,
        baseline: &Baseline,
    ) -> Result<Option<Observed>, A::Error> {
        let asks_history = ask.contains(&Question::History);
        let base = self.base();
        let reads_state = matches!(base, Base::NotRead) && (asks_history || self.is_eager);
        let state = async {
            if reads_state {
                self.read_state().await;
            }
        };
        let suppressions = async {
            if asks_history {
                self.read_suppressions().await;
            }
        };
        let settings = self.account.observe(ask, observed, baseline);
        let ((), (), seen) = join3(state, suppressions, settings).await;
        let Some(mut seen) = seen? else { return Ok(None) };
        if asks_history {
            seen.history = self.account.at_least(&self.id.name, &self.callers, self.history());
        }
        Ok(Some(seen))
    }

    async fn apply(&self, bucket: &BucketId, setting: &Setting) -> Result<bool, A::Error> {
        let applied = self.account.account().apply(bucket, setting).await?;
        if applied {
            let kind = setting.kind();
            self.account.wrote(&bucket.name, kind, self.callers.get(&kind));
        }
        Ok(applied)
    }

    async fn keep(&self, record: &Record) -> Result<(), A::Error> {
        self.account.keep(record).await
    }

    async fn pause(&self, attempt: u32) {
        self.account.pause(attempt).await;
    }
}
