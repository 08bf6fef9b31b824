//! Buckets in Regions without a guard: reported once, and again every 30 days.
//!
//! Which Regions have a guard is said by the deployers alone, in a parameter of the stack. Nothing that another principal could
//! create there counts: neither a stack of that name, nor a bucket or a role.

use std::collections::{BTreeMap, BTreeSet};

use super::{Flow, Ledger, Outgoing, TaskResult};
use crate::contract::metrics::Metric;
use crate::notify::report;
use crate::reconcile::account::CallError;
use crate::reconcile::ledger::{Condition, Stored};
use crate::reconcile::unguarded::{self, Unguarded};
use crate::{Account, Region};

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Reports at the beginning of a sweep which Regions have buckets and no guard. The guard of the first Region by name
    /// does it for all of them.
    pub(super) async fn report_unguarded(&self, result: &mut TaskResult) {
        let own = &self.settings.region;
        let mut guarded = self.settings.guarded.clone();
        guarded.insert(own.clone());
        if guarded.first() != Some(own) {
            return;
        }
        let mut elsewhere: BTreeMap<_, _> = match self.account.regions().await {
            Ok(regions) => regions,
            Err(error) => {
                tracing::error!(%error, "the buckets of all Regions could not be listed");
                result.tally.count(Metric::Failed, 1);
                return;
            }
        };
        elsewhere.retain(|region, buckets| !guarded.contains(region) && !buckets.is_empty());
        let regions: BTreeSet<Region> = elsewhere.keys().cloned().collect();
        let known = match self.ledger.read(unguarded::KEY).await {
            Ok(Stored::Ours { body, .. }) => Unguarded::read(&body).unwrap_or_default(),
            Ok(Stored::Absent | Stored::Foreign { .. }) => Unguarded::default(),
            Err(error) => return Self::not_readable(&error, &mut result.tally),
        };
        let mut next = known.of(&regions);
        if known.is_due(&regions, self.now()) {
            let guarded: Vec<Region> = guarded.into_iter().collect();
            let notification = report::unguarded_regions(&elsewhere, &guarded, &self.origin());
            if !self.publish(&notification).await {
                result.retry = true;
                return;
            }
            next = Unguarded::reported(&regions, self.now());
        }
        if next == known {
            return;
        }
        let written = self.ledger.write(unguarded::KEY, next.json(), Condition::Always).await;
        if let Err(error) = written {
            tracing::error!(%error, "the ledger could not be written");
            result.tally.count(Metric::NotRecorded, 1);
        }
    }
}
