//! Divides events so that each subscription gets the events that its filter matches and no others.
//!
//! SNS filters whole messages. Events for different subscriptions therefore need different messages, and the attributes of a
//! message must not match a filter by a combination that no event of it has (the bucket of one event with the severity of
//! another).

use std::collections::{BTreeMap, BTreeSet};

use super::summary::Summary;
use crate::config::Subscription;
use crate::digest::window::Known;
use crate::events::object_event::ObjectEvent;
use crate::model::attributes::Kind;
use crate::model::severity::Severity;
use crate::{BucketName, Grade};

/// The most buckets of one message: its attributes contain all of them.
pub(super) const BUCKETS_MAX: usize = 100;

/// The attributes that a subscription filters by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attributed<'a> {
    /// What happened: [`super::Change::action`].
    pub(super) actions: BTreeSet<&'static str>,
    /// The buckets.
    pub(super) buckets: BTreeSet<&'a BucketName>,
    /// The highest severity.
    pub(super) severity: Severity,
    /// The grades of the buckets.
    pub(super) grades: BTreeSet<Grade>,
}

impl Attributed<'_> {
    /// The attributes of a message with the events of both.
    fn joined(&self, other: &Self) -> Self {
        Self {
            actions: &self.actions | &other.actions,
            buckets: &self.buckets | &other.buckets,
            severity: self.severity.max(other.severity),
            grades: &self.grades | &other.grades,
        }
    }

    /// Whether SNS delivers such a message to a subscription.
    fn is_wanted_by(&self, subscription: &Subscription) -> bool {
        let actions: Vec<&str> = self.actions.iter().copied().collect();
        let buckets: Vec<&str> = self.buckets.iter().map(|bucket| bucket.as_str()).collect();
        let grades: Vec<&str> = self.grades.iter().map(|grade| grade.name()).collect();
        subscription.wants(Kind::Object.name(), &actions, &buckets, self.severity, &grades)
    }
}

/// The events of one message.
pub(super) type Group<'a> = Vec<&'a ObjectEvent>;

/// Divides the events into messages.
pub(super) struct Divide<'a> {
    pub(super) summary: &'a Summary,
    pub(super) known: &'a BTreeMap<BucketName, Known>,
    pub(super) subscriptions: &'a [Subscription],
}

impl<'a> Divide<'a> {
    /// Divides events into as few exact messages as possible.
    pub(super) fn events(&self, events: &'a [ObjectEvent]) -> Vec<Group<'a>> {
        let groups = divided(events.iter().collect(), |event| self.wanted(&self.about(&[event])));
        groups.into_iter().flat_map(|group| self.exact(group)).collect()
    }

    /// Divides events for the same subscriptions into messages whose attributes match exactly these subscriptions.
    fn exact(&self, group: Group<'a>) -> Vec<Group<'a>> {
        let wanted = self.wanted(&self.about(&group[..1]));
        let is_exact = |about: &Attributed<'_>| {
            about.buckets.len() <= BUCKETS_MAX && self.wanted(about) == wanted
        };
        if is_exact(&self.about(&group)) {
            return vec![group];
        }
        // The smallest parts are exact: all their events have the same attributes. They are joined as long as the result is
        // exact. Each part has the positions of its events, so that the order of the list can be restored.
        let events = |part: &[usize]| part.iter().map(|at| group[*at]).collect::<Group<'a>>();
        let parts = divided((0..group.len()).collect(), |at| {
            let event = group[at];
            (&event.bucket, event.change.action(), self.summary.severity_of(event))
        });
        let mut groups: Vec<(Attributed<'a>, Vec<usize>)> = Vec::new();
        for part in parts {
            let about = self.about(&events(&part));
            let joined = groups.iter_mut().find_map(|(so_far, group)| {
                let joined = so_far.joined(&about);
                is_exact(&joined).then_some((joined, so_far, group))
            });
            match joined {
                Some((joined, so_far, group)) => {
                    *so_far = joined;
                    group.extend(part);
                }
                None => groups.push((about, part)),
            }
        }
        let in_order = |(_, mut part): (_, Vec<usize>)| {
            part.sort_unstable();
            events(&part)
        };
        groups.into_iter().map(in_order).collect()
    }

    /// Which subscriptions get such a message.
    fn wanted(&self, about: &Attributed<'_>) -> Vec<bool> {
        self.subscriptions.iter().map(|subscription| about.is_wanted_by(subscription)).collect()
    }

    /// The attributes of a message with these events.
    pub(super) fn about<'b>(&self, events: &[&'b ObjectEvent]) -> Attributed<'b> {
        let buckets: BTreeSet<&BucketName> = events.iter().map(|event| &event.bucket).collect();
        let grade = |name: &&BucketName| self.known.get(*name).and_then(|known| known.grade);
        Attributed {
            actions: events.iter().map(|event| event.change.action()).collect(),
            grades: buckets.iter().filter_map(grade).collect(),
            severity: events
                .iter()
                .map(|event| self.summary.severity_of(event))
                .max()
                .unwrap_or(Severity::Info),
            buckets,
        }
    }
}

/// Items with the same key in one group, in the order of the first of each.
fn divided<T: Copy, K: Ord>(items: Vec<T>, key: impl Fn(T) -> K) -> Vec<Vec<T>> {
    let mut places: BTreeMap<K, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<T>> = Vec::new();
    for item in items {
        let place = *places.entry(key(item)).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(item);
    }
    groups
}
