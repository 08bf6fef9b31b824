//! Reads from S3 what its events do not have: whether an object was overwritten, and whether an ACL is public.

use futures_util::{StreamExt as _, stream};
use s3guard_posture::events::object_event::ObjectEvent;
use s3guard_posture::model::change::Change;

use super::Notify;

/// The most objects of one batch that are looked up. The others are published as in S3's events.
const LOOKUPS_MAX: usize = 500;
/// How many are looked up at once.
const AT_ONCE: usize = 16;

impl Notify {
    /// Looks events up if that is wanted. An event that cannot be looked up is published as in S3's event.
    pub(super) async fn look_up(&self, events: &mut [ObjectEvent]) {
        let places: Vec<usize> =
            (0..events.len()).filter(|place| self.is_looked_up(&events[*place])).collect();
        if places.len() > LOOKUPS_MAX {
            let left_out = places.len() - LOOKUPS_MAX;
            tracing::warn!(left_out, "too many objects in a batch to look all of them up");
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
        let notifications = self.settings.config.notifications();
        event.change == Change::AclUpdated
            || event.change == Change::CreatedOrOverwritten
                // Without versions it cannot be read.
                && event.version_id.is_some()
                && notifications.reports_overwrites_in(event.bucket.as_str())
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
