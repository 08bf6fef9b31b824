//! What the guard has written to which bucket, read from the ledger's keys alone.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use s3guard_posture::BucketName;
use s3guard_posture::model::setting::SettingKind;
use s3guard_posture::reconcile::last_sweep::{self, LastSweep};
use s3guard_posture::reconcile::ledger::undone::{self, Note, SuppressionMark};
use s3guard_posture::reconcile::ledger::{self, RecordId};
use s3guard_posture::reconcile::reported;
use time::{Date, OffsetDateTime};

use super::{Ledger, READS_MAX, writes};
use crate::AwsError;
use crate::error::Answer as _;

/// The most pages of buckets that are listed, of a thousand each.
const PAGES_MAX: usize = 10;

/// The keys of a page.
const PAGE: usize = 1000;

/// The newest writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Newest {
    /// The writes, the newest first, and whether each has failed.
    pub writes: Vec<(RecordId, bool)>,
    /// Whether the whole ledger was listed.
    pub is_whole: bool,
}

/// The buckets that the guard has written to, according to the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// The first buckets by name, with the settings that were written.
    pub buckets: Vec<(BucketName, BTreeSet<SettingKind>)>,
    /// How many more buckets have records.
    pub more: usize,
    /// Whether there are more buckets than were counted.
    pub is_cut: bool,
}

/// What keeps the guard from writing to a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interventions {
    /// The suppressions by `undo`, also those that are over.
    pub suppressions: Vec<(SuppressionMark, Note)>,
    /// The hours in which the guard has stopped writing a setting because of a conflict.
    pub stops: Vec<(OffsetDateTime, SettingKind)>,
}

impl Ledger {
    /// Reads the suppressions of a bucket with their notes, and its conflicts.
    pub async fn interventions(&self, bucket: &BucketName) -> Result<Interventions, AwsError> {
        let keys = self.keys(&ledger::prefix(bucket), None, |_| true).await?;
        let marks = keys.iter().filter_map(|key| Some((key, undone::of_key(bucket, key)?)));
        let noted = stream::iter(marks).map(async |(key, mark)| {
            let note = self.bucket.get(key).await?.unwrap_or_default();
            // A suppression counts by its key, whatever it contains.
            Ok::<_, AwsError>((mark, serde_json::from_slice(&note).unwrap_or_default()))
        });
        let suppressions = noted.buffered(READS_MAX).try_collect().await?;
        let stops = keys.iter().filter_map(|key| ledger::stop_of_key(bucket, key)).collect();
        Ok(Interventions { suppressions, stops })
    }

    /// Reads when the last sweep has ended; `None` if none has.
    pub async fn last_sweep(&self) -> Result<Option<LastSweep>, AwsError> {
        let Some(json) = self.bucket.get(last_sweep::KEY).await? else { return Ok(None) };
        let object = || self.bucket.object(last_sweep::KEY);
        let invalid = |error| AwsError::other("GetObject", object(), error);
        serde_json::from_slice(&json).map(Some).map_err(invalid)
    }

    /// Finds the newest writes. Keys sort by bucket before they sort by time, so all keys are listed, a thousand in a call, up
    /// to `pages_max` pages.
    pub async fn newest(&self, count: usize, pages_max: usize) -> Result<Newest, AwsError> {
        let (mut keys_count, keys_max) = (0, pages_max * PAGE);
        let is_wanted = |_: &str| {
            keys_count += 1;
            keys_count <= keys_max
        };
        let keys = self.keys(ledger::RECORDS_PREFIX, None, is_wanted).await?;
        let mut writes = writes(&keys);
        writes.sort_by_key(|(id, _)| Reverse(id.time));
        writes.truncate(count);
        Ok(Newest { writes, is_whole: keys_count <= keys_max })
    }

    /// How many findings were reported in the last thirty days; `None` if there are more marks than a page has keys.
    pub async fn reported_findings(&self, today: Date) -> Result<Option<usize>, AwsError> {
        let mut count = 0;
        let is_wanted = |_: &str| {
            count += 1;
            count <= PAGE
        };
        let keys = self.keys(reported::PREFIX, None, is_wanted).await?;
        let findings = reported::count(keys.iter().map(String::as_str), today);
        Ok((count <= PAGE).then_some(findings))
    }

    /// Lists the wanted buckets that have records, the first `shown` of them with what was written.
    pub async fn touched(
        &self,
        shown: usize,
        is_wanted: impl Fn(&BucketName) -> bool,
    ) -> Result<Touched, AwsError> {
        let (mut names, is_cut) = self.recorded_buckets().await?;
        names.retain(is_wanted);
        let more = names.len().saturating_sub(shown);
        names.truncate(shown);
        let kinds = stream::iter(names).map(async |name| {
            let kinds = self.written(&name).await?;
            Ok::<_, AwsError>((name, kinds))
        });
        let mut buckets: Vec<_> = kinds.buffered(READS_MAX).try_collect().await?;
        // Some have only a mark, or a failed write.
        buckets.retain(|(_, kinds)| !kinds.is_empty());
        Ok(Touched { buckets, more, is_cut })
    }

    async fn recorded_buckets(&self) -> Result<(Vec<BucketName>, bool), AwsError> {
        let mut names = Vec::new();
        let call = self.list_call(ledger::RECORDS_PREFIX).delimiter("/");
        let mut pages = call.into_paginator().send();
        let mut is_cut = false;
        for _ in 0..PAGES_MAX {
            let page = pages.try_next().await.named("ListObjectsV2", self.bucket.object(""))?;
            let Some(page) = page else { break };
            is_cut = page.next_continuation_token().is_some();
            names.extend(page.common_prefixes().iter().filter_map(|prefix| {
                prefix
                    .prefix()?
                    .strip_prefix(ledger::RECORDS_PREFIX)?
                    .strip_suffix('/')?
                    .parse()
                    .ok()
            }));
        }
        Ok((names, is_cut))
    }

    /// What was written to a bucket, without failed writes.
    async fn written(&self, bucket: &BucketName) -> Result<BTreeSet<SettingKind>, AwsError> {
        let keys = self.keys(&ledger::prefix(bucket), None, |_| true).await?;
        let written = writes(&keys).into_iter().filter(|(_, has_failed)| !has_failed);
        Ok(written.map(|(id, _)| id.kind).collect())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::fake::{Fake, error, page};

    fn ledger(fake: &Fake) -> Ledger {
        let bucket = "ledger".parse().unwrap();
        Ledger::new(&fake.connection(), bucket, "111122223333".parse().unwrap())
    }

    #[tokio::test]
    async fn each_bucket_comes_with_what_was_written_and_the_rest_is_counted() {
        let fake = Fake::new(|asked| {
            if asked.line.contains("delimiter") {
                let prefix = |name: &str| {
                    format!("<CommonPrefixes><Prefix>buckets/{name}/</Prefix></CommonPrefixes>")
                };
                let list: String = ["aaa", "bbb", "ccc", "ddd"].map(prefix).concat();
                return (200, format!("<ListBucketResult>{list}</ListBucketResult>"));
            }
            let name = if asked.line.contains("aaa") { "aaa" } else { "bbb" };
            let id = |kind: &str| {
                format!("buckets/{name}/2026-11-24T23/{name}@20261124T231502.123Z-{kind}")
            };
            let mark = format!("buckets/{name}/undone/tls/20261124T231502.123Z-2027-01-31.json");
            if name == "aaa" {
                let failed = format!("{}.failed", id("ownership"));
                let written = ["policy", "encryption", "ownership"].map(|kind| id(kind) + ".json");
                return page(&[&written[..], &[failed, mark]].concat(), None);
            }
            page(&[mark], None)
        });
        let touched = ledger(&fake).touched(2, |name| name.as_str() != "ddd").await.unwrap();
        let kinds = BTreeSet::from([SettingKind::Policy, SettingKind::Encryption]);
        let buckets = vec![("aaa".parse().unwrap(), kinds)];
        assert_eq!(touched, Touched { buckets, more: 1, is_cut: false });
    }

    #[tokio::test]
    async fn suppressions_come_with_their_notes_and_conflicts_with_their_hours() {
        let keys = [
            "buckets/aaa/2026-11-24T23/aaa@20261124T231502.123Z-policy.json",
            "buckets/aaa/2026-11-24T23/stopped-policy.json",
            "buckets/aaa/undone/sse-c/20261124T231502.123Z-2027-01-31.json",
            "buckets/aaa/undone/tls/20261124T231502.123Z-2027-01-31.json",
        ];
        let note = Note { undone: "id".to_owned(), reason: "ticket".to_owned(), ..Note::default() };
        let fake = Fake::answering([
            page(&keys, None),
            (200, "written by another program".to_owned()),
            (200, serde_json::to_string(&note).unwrap()),
        ]);
        let mark = |key| undone::of_key(&"aaa".parse().unwrap(), key).unwrap();
        let found = ledger(&fake).interventions(&"aaa".parse().unwrap()).await.unwrap();
        assert_eq!(found.suppressions, [(mark(keys[2]), Note::default()), (mark(keys[3]), note)]);
        assert_eq!(found.stops, [(datetime!(2026-11-24 23:00 UTC), SettingKind::Policy)]);
    }

    #[tokio::test]
    async fn findings_of_thirty_days_are_counted_from_a_page() {
        let key = |day: &str| format!("reported/aaa/policy/public/{day}");
        let (old, new) = (key("2026-10-01"), key("2026-11-25"));
        let many = vec![new.clone(); 1000];
        let today = Date::from_calendar_date(2026, time::Month::November, 25).unwrap();
        for (answers, expected) in [
            (vec![page(&[&old, &new], None)], Some(1)),
            (vec![page(&many, Some("next")), page(&[&new], None)], None),
        ] {
            let found = ledger(&Fake::answering(answers)).reported_findings(today).await;
            assert_eq!(found.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn a_ledger_that_may_not_be_read_says_so() {
        let fake = Fake::answering([error(403, "AccessDenied")]);
        assert!(ledger(&fake).touched(2, |_| true).await.unwrap_err().is_denied());
    }

    #[tokio::test]
    async fn the_last_sweep_is_read_if_there_is_one() {
        let found = r#"{"time":"2026-11-24T23:15:02.123Z","buckets":214,"region":"eu-west-1"}"#;
        let answers = [(200, found.to_owned()), error(404, "NoSuchKey"), (200, "{}".to_owned())];
        let fake = Fake::answering(answers);
        let ledger = ledger(&fake);
        let last = ledger.last_sweep().await.unwrap().unwrap();
        assert_eq!((last.buckets, last.time.minute()), (214, 15));
        assert!(fake.asked()[0].line.contains("/sweeps/last?"), "{}", fake.asked()[0].line);
        assert_eq!(ledger.last_sweep().await, Ok(None));
        let invalid = ledger.last_sweep().await.unwrap_err().to_string();
        assert!(invalid.contains("`sweeps/last`") && invalid.contains("`time`"), "{invalid}");
    }

    #[tokio::test]
    async fn the_newest_writes_of_all_buckets_are_found_and_a_limit_is_reported() {
        let first = [
            "buckets/aaa/2026-11-24T23/aaa@20261124T231502.123Z-encryption.json",
            "buckets/aaa/2026-11-24T23/stopped-encryption.json",
            "buckets/aaa/2026-11-25T01/aaa@20261125T010000.000Z-policy.failed",
            "buckets/aaa/2026-11-25T01/aaa@20261125T010000.000Z-policy.json",
        ];
        let second = ["buckets/bbb/2026-11-25T00/bbb@20261125T000000.000Z-encryption.json"];
        let fake = Fake::answering([
            page(&first, Some("next")),
            page(&second, None),
            page(&[first[0]; 1000], Some("next")),
            page(&second, None),
        ]);
        let ledger = ledger(&fake);
        let newest = ledger.newest(2, 5).await.unwrap();
        let found: Vec<_> =
            newest.writes.iter().map(|(id, failed)| (id.bucket.as_str(), *failed)).collect();
        assert_eq!((found, newest.is_whole), (vec![("aaa", true), ("bbb", false)], true));
        let bounded = ledger.newest(5, 1).await.unwrap();
        assert_eq!((bounded.writes.len(), bounded.is_whole), (5, false));
    }
}
