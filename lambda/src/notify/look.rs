//! Asks S3 what its events do not say: whether an object was overwritten, and what an ACL says now.

use futures_util::{StreamExt as _, stream};
use s3guard_posture::events::object_event::ObjectEvent;
use s3guard_posture::model::change::Change;

use super::Notify;

/// The most objects of one batch that are looked up. The others are told as S3 tells them.
const LOOKUPS_MAX: usize = 500;
/// How many are looked up at once.
const AT_ONCE: usize = 16;

impl Notify {
    /// Looks events up where that is wanted. What cannot be looked up is told as S3 tells it.
    pub(super) async fn look_up(&self, events: &mut [ObjectEvent]) {
        let places: Vec<usize> =
            (0..events.len()).filter(|place| self.is_looked_up(&events[*place])).collect();
        if places.len() > LOOKUPS_MAX {
            let left_out = places.len() - LOOKUPS_MAX;
            tracing::warn!(left_out, "more objects than are looked up in a batch");
        }
        let places = &places[..places.len().min(LOOKUPS_MAX)];
        let all = &*events;
        let changes =
            stream::iter(places).map(|&place| async move { self.change(&all[place]).await });
        let changes: Vec<Change> = changes.buffered(AT_ONCE).collect().await;
        for (&place, change) in places.iter().zip(changes) {
            events[place].change = change;
        }
    }

    fn is_looked_up(&self, event: &ObjectEvent) -> bool {
        let tells = self.settings.config.notifications();
        event.change == Change::AclUpdated
            || event.change == Change::CreatedOrOverwritten
                // Without versions there is nothing that tells.
                && event.version_id.is_some()
                && tells.tells_overwrites_in(event.bucket.as_str())
    }

    async fn change(&self, event: &ObjectEvent) -> Change {
        let ObjectEvent { bucket, key, version_id, .. } = event;
        let version_id = version_id.as_deref();
        let found = if event.change == Change::AclUpdated {
            let is_public = self.s3.is_public(bucket, key, version_id).await;
            is_public.map(|is_public| match is_public {
                Some(true) => Change::MadePublic,
                Some(false) | None => Change::AclUpdated,
            })
        } else {
            let version_id = version_id.unwrap_or_default();
            let has = self.s3.has_overwritten(bucket, key, version_id).await;
            has.map(|has| if has { Change::Overwritten } else { Change::Created })
        };
        found.unwrap_or_else(|error| {
            tracing::warn!(%bucket, %error, "an object could not be looked up");
            event.change
        })
    }
}
