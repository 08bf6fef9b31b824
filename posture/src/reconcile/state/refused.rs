//! The writes that AWS has refused, in the state of a bucket.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{BucketState, Update};
use crate::SettingKind;
use crate::model::refusal::Refusal;
use crate::text::wire::as_time;

/// A write that AWS has refused for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedAt {
    /// When.
    #[serde(with = "as_time")]
    pub time: OffsetDateTime,
    /// How.
    #[serde(flatten)]
    pub refusal: Refusal,
}

impl BucketState {
    /// The writes that are not tried again yet: AWS has refused them lately, and no call has changed the bucket since then.
    pub(super) fn refused_lately(
        &self,
        now: OffsetDateTime,
    ) -> BTreeMap<SettingKind, (OffsetDateTime, Refusal)> {
        let sources = self.settings.values().filter_map(|last| last.source.as_ref());
        let changed = sources.map(|source| source.time).max();
        let is_lately = |at: &RefusedAt| {
            now - at.time < at.refusal.cause.again_after()
                && changed.is_none_or(|changed| changed <= at.time)
        };
        let lately = self.refused.iter().filter(|(_, at)| is_lately(at));
        lately.map(|(kind, at)| (*kind, (at.time, at.refusal.clone()))).collect()
    }

    /// What was judged and is not refused any more is forgotten.
    pub(super) fn refuse(&mut self, update: &Update) {
        let Update { time, judged, refused, .. } = update;
        self.refused.retain(|kind, at| {
            at.time > *time
                || refused.contains_key(kind)
                || !judged.iter().any(|aspect| aspect.setting() == Some(*kind))
        });
        for (kind, (time, refusal)) in refused {
            if self.refused.get(kind).is_none_or(|at| at.time < *time) {
                self.refused.insert(*kind, RefusedAt { time: *time, refusal: refusal.clone() });
            }
        }
    }
}
