//! Reads from S3 what its events do not have: whether an object was overwritten, and whether an ACL is public.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};
use s3guard_posture::BucketName;
use s3guard_posture::digest::objects::lookup::{Lookup, lookups};
use s3guard_posture::events::object_event::ObjectEvent;
use s3guard_posture::model::change::Change;

use super::Notify;

/// How many are looked up at once.
const AT_ONCE: usize = 16;

impl Notify {
    /// Looks events up if that is wanted. An event that cannot be looked up is published as in S3's event.
    pub(super) async fn look_up(&self, events: &mut [ObjectEvent]) {
        let open = self.open_to_acls(events).await;
        let notifications = self.settings.config.notifications();
        let lookups = lookups(
            events,
            |event| open.contains(&event.bucket) && self.wants_acl(event),
            |bucket| notifications.reports_overwrites_in(bucket),
        );
        if lookups.left_out > 0 {
            let left_out = lookups.left_out;
            tracing::warn!(left_out, "too many objects in a batch to look all of them up");
        }
        let all = &*events;
        let found = stream::iter(&lookups.wanted)
            .map(|(place, lookup)| async { (*place, self.found(&all[*place], *lookup).await) });
        let found: Vec<_> = found.buffered(AT_ONCE).collect().await;
        for (place, (change, is_acl_unchecked)) in found {
            events[place].change = change;
            events[place].is_acl_unchecked = is_acl_unchecked;
        }
        for place in lookups.unchecked {
            events[place].is_acl_unchecked = true;
        }
    }

    /// Whether changes of this object's ACL are reported, and so one with which it was created.
    fn wants_acl(&self, event: &ObjectEvent) -> bool {
        let selection = &self.settings.config.notifications().objects;
        selection.wants(event.bucket.as_str(), &event.key, Change::AclUpdated)
    }

    /// The buckets of created objects in which an object can be public by its ACL, each read once.
    async fn open_to_acls(&self, events: &[ObjectEvent]) -> BTreeSet<BucketName> {
        let is_created = |event: &&ObjectEvent| {
            event.change == Change::CreatedOrOverwritten && self.wants_acl(event)
        };
        let buckets: BTreeSet<&BucketName> =
            events.iter().filter(is_created).map(|event| &event.bucket).collect();
        let read = stream::iter(buckets).map(|bucket| async move {
            let is_open = self.s3.creates_public_objects(bucket).await.unwrap_or_else(|error| {
                tracing::warn!(%bucket, %error, "it could not be read whether ACLs count");
                true
            });
            is_open.then(|| bucket.clone())
        });
        read.buffered(AT_ONCE).filter_map(async |bucket| bucket).collect().await
    }

    /// What has happened to the object, and whether it may be public because its ACL could not be read.
    async fn found(&self, event: &ObjectEvent, lookup: Lookup) -> (Change, bool) {
        let ObjectEvent { bucket, key, version_id, .. } = event;
        let version_id = version_id.as_deref();
        let failed = |error| {
            tracing::warn!(%bucket, %error, "an object could not be looked up");
        };
        let mut is_unchecked = false;
        if lookup.acl {
            let is_public = self.s3.is_public(bucket, key, version_id).await;
            is_unchecked = is_public.is_err() && event.change == Change::CreatedOrOverwritten;
            if is_public.map_err(failed).ok().flatten() == Some(true) {
                let is_updated = event.change == Change::AclUpdated;
                let change = if is_updated { Change::MadePublic } else { Change::CreatedPublic };
                return (change, false);
            }
        }
        let mut change = event.change;
        if lookup.overwritten {
            let version_id = version_id.unwrap_or_default();
            let has = self.s3.has_overwritten(bucket, key, version_id).await.map_err(failed);
            change = match has {
                Ok(true) => Change::Overwritten,
                Ok(false) => Change::Created,
                Err(()) => change,
            };
        }
        (change, is_unchecked)
    }
}
