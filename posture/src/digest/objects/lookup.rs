//! Which events of a batch are looked up in S3, because they do not have what a notification needs.

use crate::events::object_event::ObjectEvent;
use crate::model::change::Change;

/// The most objects of one batch that are looked up. The others are published as in S3's events.
pub const LOOKUPS_MAX: usize = 500;

/// What is looked up of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Whether the object's ACL makes it public.
    pub acl: bool,
    /// Whether it has replaced an older version.
    pub overwritten: bool,
}

/// What is looked up of the events of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lookups {
    /// The places of the events, with what is looked up.
    pub wanted: Vec<(usize, Lookup)>,
    /// How many others there are.
    pub left_out: usize,
    /// The places of those of the others that may be public by their ACL.
    pub unchecked: Vec<usize>,
}

/// What is looked up of these events: first the ACLs that were changed, then those of created objects that can be public by
/// one, then whether an object was overwritten.
pub fn lookups(
    events: &[ObjectEvent],
    can_be_public: impl Fn(&ObjectEvent) -> bool,
    reports_overwrites_in: impl Fn(&str) -> bool,
) -> Lookups {
    let lookup = |event: &ObjectEvent| {
        let is_created = event.change == Change::CreatedOrOverwritten;
        let acl = event.change == Change::AclUpdated || is_created && can_be_public(event);
        // Without versions it cannot be read.
        let overwritten = is_created
            && event.version_id.is_some()
            && reports_overwrites_in(event.bucket.as_str());
        (acl || overwritten).then_some(Lookup { acl, overwritten })
    };
    let all = events.iter().enumerate();
    let mut wanted: Vec<(usize, Lookup)> =
        all.filter_map(|(place, event)| Some((place, lookup(event)?))).collect();
    wanted.sort_by_key(|(place, lookup)| {
        (!lookup.acl, events[*place].change != Change::AclUpdated, *place)
    });
    let others = wanted.split_off(wanted.len().min(LOOKUPS_MAX));
    let is_unchecked = |(place, lookup): &&(usize, Lookup)| {
        lookup.acl && events[*place].change == Change::CreatedOrOverwritten
    };
    let unchecked = others.iter().filter(is_unchecked).map(|(place, _)| *place).collect();
    Lookups { wanted, left_out: others.len(), unchecked }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn event(bucket: &str, change: Change, version_id: Option<&str>) -> ObjectEvent {
        ObjectEvent {
            id: "1".to_owned(),
            change,
            bucket: bucket.parse().unwrap(),
            key: "k".to_owned(),
            version_id: version_id.map(str::to_owned),
            size_bytes: None,
            sequencer: None,
            retention: None,
            is_acl_unchecked: false,
            requester: None,
            source_ip: None,
            time: datetime!(2026-11-20 12:00:00 UTC),
        }
    }

    #[test]
    fn created_objects_are_looked_up_where_acls_count_and_where_overwrites_are_reported() {
        let created = |bucket, version_id| event(bucket, Change::CreatedOrOverwritten, version_id);
        let events = [
            created("closed", Some("v")),
            created("open", None),
            event("closed", Change::AclUpdated, None),
            event("open", Change::Deleted, Some("v")),
            created("versions", Some("v")),
            created("versions", None),
        ];
        let is_open = |event: &ObjectEvent| event.bucket.as_str() == "open";
        let found = lookups(&events, is_open, |bucket| bucket == "versions");
        let acl = Lookup { acl: true, overwritten: false };
        let overwritten = Lookup { acl: false, overwritten: true };
        let expected = vec![(2, acl), (1, acl), (4, overwritten)];
        assert_eq!(found, Lookups { wanted: expected, ..Lookups::default() });
    }

    #[test]
    fn what_is_too_much_is_marked_as_not_checked() {
        let is_open = |event: &ObjectEvent| event.bucket.as_str() == "open";
        let mut events = vec![event("open", Change::CreatedOrOverwritten, Some("v")); 500];
        events.push(event("closed", Change::AclUpdated, None));
        events.push(event("closed", Change::CreatedOrOverwritten, Some("v")));
        let found = lookups(&events, is_open, |bucket| bucket == "closed");
        assert_eq!(found.wanted.len(), LOOKUPS_MAX);
        assert_eq!(found.wanted[0].0, 500);
        assert_eq!((found.left_out, found.unchecked), (2, vec![499]));
    }
}
