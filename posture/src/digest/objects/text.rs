//! The text of a digest in an email.

use std::fmt::Write as _;

use super::audience::Group;
use super::summary::{BucketSummary, NotableEvents, Scene, Summary};
use crate::digest::window::Digest;
use crate::events::object_event::ObjectEvent;
use crate::model::change::Change;
use crate::notify::links::objects_link;
use crate::notify::notification::Origin;
use crate::text::{shown_time, unbroken, unlinked, wrapped};
use crate::{AccountId, BucketName};

/// The most buckets in a text; the others are counted.
const BUCKETS_MAX: usize = 50;

/// The width of the column of words.
const WORDS_WIDTH: usize = 34;

/// The text of an email with the named events and the place of the whole list.
pub(super) fn write(
    digest: &Digest,
    scene: &Scene<'_>,
    summary: &Summary,
    named: &Group<'_>,
    whole: Option<&str>,
) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(text, "Changes of objects")?;
    let Origin { account, region, .. } = scene.origin;
    writeln!(text, "Account {account}, {region}")?;
    let (from, until) = (shown_time(digest.from), shown_time(digest.until));
    writeln!(text, "From    {from} to {until}")?;
    if !summary.notable.is_empty() {
        writeln!(text, "\nTo check first")?;
        for notable in summary.notable.iter().take(BUCKETS_MAX) {
            writeln!(text, "{}", wrapped(&line(notable), "  ", "    "))?;
        }
        let more = summary.notable.len().saturating_sub(BUCKETS_MAX);
        if more > 0 {
            writeln!(text, "  and {more} more")?;
        }
    }
    for (name, bucket) in summary.buckets.iter().take(BUCKETS_MAX) {
        self::bucket(&mut text, scene, name, bucket)?;
    }
    let more = summary.buckets.len().saturating_sub(BUCKETS_MAX);
    if more > 0 {
        writeln!(text, "\nand {more} more buckets")?;
    }
    let more = summary.events - named.len();
    writeln!(text, "\n{}", if more > 0 { "The first of them" } else { "One by one" })?;
    let mut bucket = None;
    for event in named {
        if summary.buckets.len() > 1 && bucket != Some(&event.bucket) {
            bucket = Some(&event.bucket);
            writeln!(text, "\n  Bucket {}", event.bucket)?;
        }
        // A key is never broken into lines.
        let key = unbroken(&unlinked(&event.key, 1024));
        let words = format!("{}: {key}", event.change.words());
        writeln!(text, "\n{}", wrapped(&words, "  ", "    "))?;
        for detail in details(event) {
            writeln!(text, "{}", wrapped(&detail, "    ", "    "))?;
        }
    }
    if more > 0 {
        writeln!(text, "\nand {more} more changes")?;
    }
    if let Some(whole) = whole {
        writeln!(text, "\nAll of it\n  {whole}")?;
    }
    Ok(text)
}

fn bucket(
    text: &mut String,
    scene: &Scene<'_>,
    name: &BucketName,
    bucket: &BucketSummary,
) -> std::fmt::Result {
    let known = scene.known.get(name);
    writeln!(text, "\nBucket {name}")?;
    if let Some(grade) = known.and_then(|known| known.grade) {
        writeln!(text, "  grade {grade}")?;
    }
    if let Some(owner) = known.and_then(|known| known.owner.as_deref()) {
        writeln!(
            text,
            "{}",
            wrapped(&format!("owner: tag says \"{}\"", unlinked(owner, 256)), "  ", "    ")
        )?;
    }
    let size = Some(bucket.bytes_created).filter(|bytes| *bytes > 0).map(shown_size);
    let is_sized = |change: &&Change| change.as_delivered() == Change::CreatedOrOverwritten;
    // The bytes are those of all such changes, so they follow a change only if it is the only one.
    let is_one = bucket.changes.keys().filter(is_sized).count() == 1;
    for (change, count) in &bucket.changes {
        let words = change.words();
        write!(text, "  {words:WORDS_WIDTH$} {count:>7}")?;
        match &size {
            Some(size) if is_one && is_sized(&change) => writeln!(text, "   {size}")?,
            Some(_) | None => writeln!(text)?,
        }
    }
    if let Some(size) = size.filter(|_| !is_one) {
        writeln!(text, "  {:WORDS_WIDTH$} {:>7}   {size}", "total created", "")?;
    }
    if bucket.unchecked > 0 {
        let objects = if bucket.unchecked == 1 { "object" } else { "objects" };
        let words = format!(
            "{} created {objects} may be public: ACLs count in this bucket, and {} not looked up",
            bucket.unchecked,
            if bucket.unchecked == 1 { "this one was" } else { "these were" },
        );
        writeln!(text, "{}", wrapped(&words, "  ", "    "))?;
    }
    writeln!(text, "  {}", objects_link(scene.origin.region, name))
}

/// What is notable, in one line.
fn line(notable: &NotableEvents) -> String {
    notable.what.words(notable.count, &notable.bucket)
}

/// Size and version; the requester, the source and the time, as far as S3 reports them.
fn details(event: &ObjectEvent) -> Vec<String> {
    let mut details = Vec::new();
    let version =
        event.version_id.as_deref().map(|id| format!("version {}", unbroken(&unlinked(id, 64))));
    let what: Vec<String> = event
        .size_bytes
        .map(|bytes| unbroken(&shown_size(bytes)))
        .into_iter()
        .chain(version)
        .collect();
    if !what.is_empty() {
        details.push(what.join(", "));
    }
    details.extend(event.retention.map(|retention| {
        let until = retention.until.map(|until| format!(" until {}", shown_time(until)));
        unbroken(&format!("mode {}{}", retention.mode, until.unwrap_or_default()))
    }));
    let by = match event.requester.as_deref() {
        Some(requester) if requester.parse::<AccountId>().is_ok() => {
            Some(format!("by account {requester}"))
        }
        Some(service) => Some(format!("by {}", unbroken(&unlinked(service, 80)))),
        None => None,
    };
    let from = event.source_ip.as_deref().map(|ip| format!("from {}", unbroken(&unlinked(ip, 60))));
    let who: Vec<String> = by.into_iter().chain(from).collect();
    let time = unbroken(&shown_time(event.time));
    details.push(if who.is_empty() { time } else { format!("{}, {time}", who.join(" ")) });
    details
}

/// A number of bytes, in words.
pub(super) fn shown_size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let Some(power) = bytes.checked_ilog2().map(|bits| bits / 10).filter(|power| *power > 0) else {
        return format!("{bytes} {}", if bytes == 1 { "byte" } else { "bytes" });
    };
    let power = power.min(4);
    let tenths = (bytes >> (10 * (power - 1))) * 10 / 1024;
    format!("{}.{} {}", tenths / 10, tenths % 10, units[power as usize - 1])
}
