//! The notifications about the events of a window.

use std::collections::BTreeMap;

use super::alert::Alarming;
use super::audience::{Divide, Group};
use super::summary::{BucketSummary, NotableEvents, Scene, Summary};
use super::text;
use crate::digest::window::{Digest, Window};
use crate::events::object_event::ObjectEvent;
use crate::model::severity::Severity;
use crate::notify::links::objects_link;
use crate::notify::notification::document::{self, Body};
use crate::notify::notification::{Draft, Origin, sms};
use crate::text::unlinked;
use crate::{BucketName, Notification};

/// The most events in the text; the others are counted.
const NAMED_MAX: usize = 25;
/// The most events in the document, before it is shortened.
const LISTED_MAX: usize = 1_000;
/// The most events that the document has in their order.
const IN_ORDER_MAX: usize = 100;
/// The most bytes of the keys in the text.
const NAMED_BYTES_MAX: usize = 40 * 1024;

/// The notifications about a digest: one, or one for each group of subscriptions with different filters.
///
/// The same digest always has the same notifications.
pub fn notifications_of(digest: &Digest, scene: &Scene<'_>) -> Vec<Notification> {
    let summary = Summary::of(&digest.events, scene.known, scene.alarming);
    let divide =
        Divide { summary: &summary, known: scene.known, subscriptions: scene.subscriptions };
    let groups = divide.events(&digest.events);
    let of_group = |(at, group)| notification(digest, scene, &divide, group, at + 1);
    groups.iter().enumerate().map(of_group).collect()
}

/// The notification about a single event.
pub fn notification_of(event: &ObjectEvent, origin: &Origin<'_>) -> Notification {
    let digest = Digest::of_one(event.clone());
    let (known, alarming) = (BTreeMap::new(), Alarming::default());
    let scene = Scene {
        origin: *origin,
        ledger: None,
        known: &known,
        alarming: &alarming,
        subscriptions: &[],
    };
    notifications_of(&digest, &scene).pop().expect("one event is one notification")
}

fn notification(
    digest: &Digest,
    scene: &Scene<'_>,
    divide: &Divide<'_>,
    group: &Group<'_>,
    number: usize,
) -> Notification {
    let Origin { account, region, .. } = scene.origin;
    let mut summary = Summary::of(group.iter().copied(), scene.known, scene.alarming);
    // An alert about all events is one for every group of them.
    summary.add_all(divide.summary, group);
    let about = divide.about(group);
    let named = named(group, &summary);
    let window: Option<Window> = digest.window.parse().ok();
    let whole = scene
        .ledger
        .zip(window)
        .map(|(ledger, window)| format!("s3://{ledger}/{}", window.digest_key()));
    let all_at = whole.as_deref().filter(|_| named.len() < group.len());
    let text = text::write(digest, scene, &summary, &named, all_at);
    let (before, bucket, after) = title(&summary, group, about.severity);
    let draft = Draft {
        origin: Origin { now: digest.until, ..scene.origin },
        id: format!("objects:{account}:{region}:{}:{number}", digest.window),
        severity: about.severity,
        actions: about.actions.iter().copied().collect(),
        buckets: about.buckets.iter().map(|name| of_bucket(name, scene)).collect(),
        title: format!("{before}{bucket}{after}"),
        text: text.expect("a string takes everything"),
        sms: sms(&before, &bucket, &format!("{after}. {account} {region}")),
        body: Body::Objects(body(digest, &summary, group, whole)),
    };
    draft.into()
}

fn of_bucket(name: &BucketName, scene: &Scene<'_>) -> document::Bucket {
    let known = scene.known.get(name);
    document::Bucket {
        name: name.to_string(),
        grade: known.and_then(|known| known.grade),
        owner: known.and_then(|known| known.owner.clone()),
        console: objects_link(scene.origin.region, name),
    }
}

fn body(
    digest: &Digest,
    summary: &Summary,
    group: &Group<'_>,
    whole: Option<String>,
) -> document::Objects {
    let many = |count: usize| count as u64;
    let bucket = |(name, of): (&BucketName, &BucketSummary)| document::OfBucket {
        name: name.to_string(),
        events: many(of.events),
        bytes_created: of.bytes_created,
        changes: of
            .changes
            .iter()
            .map(|(change, count)| (change.name().to_owned(), many(*count)))
            .collect(),
        acls_unchecked: (of.unchecked > 0).then_some(many(of.unchecked)),
    };
    let notable = |notable: &NotableEvents| document::Notable {
        what: notable.what.name(),
        bucket: notable.bucket.to_string(),
        count: many(notable.count),
    };
    document::Objects {
        from: document::time(digest.from),
        until: document::time(digest.until),
        events: many(group.len()),
        buckets: summary.buckets.iter().map(bucket).collect(),
        notable: summary.notable.iter().map(notable).collect(),
        objects: listed(group, summary).into_iter().take(LISTED_MAX).cloned().collect(),
        omitted: many(group.len().saturating_sub(LISTED_MAX)),
        whole,
    }
}

/// The title: the words before the name of a bucket, the name, and the words after it.
fn title(summary: &Summary, group: &Group<'_>, severity: Severity) -> (String, String, String) {
    let first = group[0];
    let [notable, buckets] = [summary.notable.len(), summary.buckets.len()];
    let more = |count: usize, words: String| if count > 1 { words } else { String::new() };
    match (summary.notable.first(), group.len()) {
        (Some(first), _) if first.severity >= Severity::High => (
            format!("s3guard {}: {} in ", severity.name(), first.what.count(first.count)),
            first.bucket.to_string(),
            more(notable, format!(" (and {} more)", notable - 1)),
        ),
        (_, 1) => (
            format!("s3guard: {} in ", first.change.words()),
            first.bucket.to_string(),
            format!(": {}", unlinked(&first.key, usize::MAX)),
        ),
        (_, count) => (
            format!("s3guard: {count} changes to objects in "),
            first.bucket.to_string(),
            more(buckets, format!(" and {} more buckets", buckets - 1)),
        ),
    }
}

/// The events of the document: a few in their order; of many the most severe first, because the list may be shortened. The
/// digest in the ledger has all in order.
fn listed<'a>(group: &Group<'a>, summary: &Summary) -> Group<'a> {
    let mut events = group.clone();
    if events.len() > IN_ORDER_MAX {
        events.sort_by_cached_key(|event| std::cmp::Reverse(summary.severity_of(event)));
    }
    events
}

/// The events in the text: the most severe ones, then the first ones, in the order of the list.
fn named<'a>(group: &Group<'a>, summary: &Summary) -> Group<'a> {
    let mut places: Vec<usize> = (0..group.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(summary.severity_of(group[*place])));
    let mut bytes = 0;
    places.truncate(NAMED_MAX);
    places.retain(|place| {
        bytes += group[*place].key.len() + 256;
        bytes <= NAMED_BYTES_MAX
    });
    places.sort_unstable();
    places.into_iter().map(|place| group[place]).collect()
}
