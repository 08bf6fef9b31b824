//! What is told of a window's events.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::Alarming;
use super::audience::{Divide, Group};
use super::summary::{Known, Summary};
use super::text::{self, Text};
use crate::config::Subscription;
use crate::digest::window::{Digest, Window};
use crate::events::object_event::ObjectEvent;
use crate::model::attributes::Kind;
use crate::model::severity::Severity;
use crate::notify::links::objects_link;
use crate::notify::notification::document::{self, Body, objects};
use crate::notify::notification::{Draft, Origin, sms};
use crate::text::shown;
use crate::text::shown_time;
use crate::{BucketName, Notice};

/// The most events that one message names; the others are counted.
const NAMED_MAX: usize = 25;
/// The most events that its document has, before it has to fit.
const LISTED_MAX: usize = 1_000;
/// The most events that its document has in their order.
const IN_ORDER_MAX: usize = 100;
/// The most bytes that the named ones take.
const NAMED_BYTES_MAX: usize = 40 * 1024;

/// Where a digest is told, and what is known besides it.
pub struct Scene<'a> {
    /// Who tells, and when.
    pub origin: Origin<'a>,
    /// The bucket in which the whole list lies, if it does.
    pub ledger: Option<&'a BucketName>,
    /// What is known of the buckets.
    pub known: &'a BTreeMap<BucketName, Known>,
    /// What is too much.
    pub alarming: &'a Alarming,
    /// Who wants what.
    pub subscriptions: &'a [Subscription],
}

/// Says what is told of a digest: one notice, or one for each group of subscriptions that want different things.
///
/// The same digest always gives the same notices.
pub fn tell(digest: &Digest, scene: &Scene<'_>) -> Vec<Notice> {
    let summary = Summary::of(&digest.events, scene.known, scene.alarming);
    let divide =
        Divide { summary: &summary, known: scene.known, subscriptions: scene.subscriptions };
    let groups = divide.events(&digest.events);
    let told = |(at, group)| notice(digest, scene, &divide, group, at + 1);
    groups.iter().enumerate().map(told).collect()
}

/// Says what is told of one event by itself.
pub fn tell_one(event: &ObjectEvent, origin: &Origin<'_>) -> Notice {
    let digest = Digest::of_one(event.clone());
    let (known, alarming) = (BTreeMap::new(), Alarming::default());
    let scene = Scene {
        origin: *origin,
        ledger: None,
        known: &known,
        alarming: &alarming,
        subscriptions: &[],
    };
    tell(&digest, &scene).pop().expect("one event is one notice")
}

fn notice(
    digest: &Digest,
    scene: &Scene<'_>,
    divide: &Divide<'_>,
    group: &Group<'_>,
    number: usize,
) -> Notice {
    let Origin { account, region, .. } = scene.origin;
    let mut summary = Summary::of(group.iter().copied(), scene.known, scene.alarming);
    // What is too much in all is too much, also if it goes to two audiences.
    summary.add_all(divide.summary, group);
    let about = divide.about(group);
    let named = named(group, &summary);
    let window: Option<Window> = digest.window.parse().ok();
    let whole = scene
        .ledger
        .zip(window)
        .map(|(ledger, window)| format!("s3://{ledger}/{}", window.digest_key()));
    let text = Text {
        origin: &scene.origin,
        time: &time(digest.from, digest.until),
        summary: &summary,
        known: scene.known,
        named: &named,
        whole: whole.as_deref().filter(|_| named.len() < group.len()),
    };
    let (title, short) = title(&summary, group, about.severity);
    let (before, bucket, after) = short;
    let draft = Draft {
        origin: Origin { now: digest.until, ..scene.origin },
        id: format!("objects:{account}:{region}:{}:{number}", digest.window),
        kind: Kind::Object,
        severity: about.severity,
        actions: about.actions.iter().map(|&action| action.to_owned()).collect(),
        names: about.buckets.iter().map(ToString::to_string).collect(),
        buckets: about.buckets.iter().map(|name| of_bucket(name, scene)).collect(),
        title,
        text: text.write().expect("a string takes everything"),
        sms: sms(&before, bucket.as_str(), &format!("{after}. {account} {region}")),
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
    let bucket = |(name, of): (&BucketName, &super::OfBucket)| objects::OfBucket {
        name: name.to_string(),
        events: many(of.events),
        bytes_created: of.bytes_created,
        changes: of
            .changes
            .iter()
            .map(|(change, count)| (change.to_string(), many(*count)))
            .collect(),
    };
    let notable = |notable: &super::Notable| objects::Notable {
        what: notable.what.name().to_owned(),
        bucket: notable.bucket.to_string(),
        count: many(notable.count),
    };
    let object = |event: &&ObjectEvent| objects::Object {
        change: event.change.to_string(),
        bucket: event.bucket.to_string(),
        key: event.key.clone(),
        version_id: event.version_id.clone(),
        size_bytes: event.size_bytes,
        time: document::time(event.time),
        requester: event.requester.clone(),
        source_ip: event.source_ip.clone(),
    };
    document::Objects {
        from: document::time(digest.from),
        until: document::time(digest.until),
        events: many(group.len()),
        buckets: summary.buckets.iter().map(bucket).collect(),
        notable: summary.notable.iter().map(notable).collect(),
        objects: listed(group, summary).iter().take(LISTED_MAX).map(object).collect(),
        omitted: many(group.len().saturating_sub(LISTED_MAX)),
        whole,
    }
}

/// What it is about, in few words; and the same for an SMS, in which the bucket's name must not be cut: what stands
/// before it, the bucket, and what may be cut after it.
fn title(
    summary: &Summary,
    group: &Group<'_>,
    severity: Severity,
) -> (String, (String, BucketName, String)) {
    let first = group[0];
    if let Some(notable) =
        summary.notable.first().filter(|notable| notable.severity >= Severity::High)
    {
        let more = summary.notable.len() - 1;
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        let line = text::line(notable);
        let short = notable.what.count(notable.count);
        return (
            format!("s3guard {}: {line}{more}", severity.name()),
            (format!("s3guard {}: {short} in ", severity.name()), notable.bucket.clone(), more),
        );
    }
    let count = group.len();
    match (count, summary.buckets.len()) {
        (1, _) => {
            let words = first.change.words();
            (
                format!("s3guard: {words}: {} in {}", shown(&first.key, 40), first.bucket),
                (format!("s3guard: {words} in "), first.bucket.clone(), format!(": {}", first.key)),
            )
        }
        (_, buckets) => {
            let whole = format!("s3guard: {count} changes to objects in ");
            let title = if buckets == 1 {
                format!("{whole}{}", first.bucket)
            } else {
                format!("{whole}{buckets} buckets")
            };
            let more = buckets - 1;
            let more = if more > 0 { format!(" and {more} more buckets") } else { String::new() };
            (title, (whole, first.bucket.clone(), more))
        }
    }
}

/// The events of the document: a few in the order in which they happened; of many what matters most first, because who
/// shows or keeps only a few of them has those. The whole list has all in order.
fn listed<'a>(group: &Group<'a>, summary: &Summary) -> Group<'a> {
    let mut events = group.clone();
    if events.len() > IN_ORDER_MAX {
        events.sort_by_cached_key(|event| std::cmp::Reverse(summary.severity_of(event)));
    }
    events
}

/// The events that are named: what matters most first, then the first ones, in the order of the list.
fn named<'a>(group: &Group<'a>, summary: &Summary) -> Vec<&'a ObjectEvent> {
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

fn time(from: OffsetDateTime, until: OffsetDateTime) -> String {
    format!("From    {} to {}", shown_time(from), shown_time(until))
}
