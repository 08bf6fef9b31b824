//! What the guard has written to which bucket, read from the ledger's keys alone.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use s3guard_posture::contract::ledger::{RECORDS, STATE, SUPPRESSIONS};
use s3guard_posture::flow::Ledger as _;
use s3guard_posture::model::setting::SettingKind;
use s3guard_posture::reconcile::last_sweep::{self, LastSweep};
use s3guard_posture::reconcile::ledger::suppression::{self, Note, Suppression};
use s3guard_posture::reconcile::ledger::{self, KeyRange, RecordId, Stored};
use s3guard_posture::reconcile::state::{self, BucketState, OpenFinding, Stop};
use s3guard_posture::{Aspect, BucketName};
use time::{OffsetDateTime, UtcOffset};

use super::{Ledger, PAGE, READS_MAX, does_not_count, writes};
use crate::AwsError;
use crate::error::Answer as _;

/// The most pages of buckets that are listed, of a thousand each.
const PAGES_MAX: usize = 10;
/// The most states that are read for their findings.
const STATES_MAX: usize = 200;

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

/// A suppression that counts now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// The bucket.
    pub bucket: BucketName,
    /// The aspect, and until when.
    pub suppression: Suppression,
    /// Who has suppressed it, and why.
    pub note: Note,
}

/// What keeps the guard from writing to a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interventions {
    /// The suppressions by `undo`, also those that are over; with the cause if one does not count.
    pub suppressions: Vec<(Suppression, Result<Note, String>)>,
    /// The last stop of each setting because of a conflict.
    pub stops: Vec<(SettingKind, Stop)>,
}

impl Ledger {
    /// Reads the suppressions of a bucket with their notes, and its conflicts.
    pub async fn interventions(&self, bucket: &BucketName) -> Result<Interventions, AwsError> {
        let all = self.suppressions(bucket).await?;
        let noted = stream::iter(all).map(async |one| {
            let note = match self.read(&one.key(bucket)).await? {
                Stored::Absent => Err("it does not exist".to_owned()),
                Stored::Foreign { cause, .. } => Err(cause),
                Stored::Ours { body, .. } => one.note(&body, bucket, &self.bucket.id.account),
            };
            Ok::<_, AwsError>((one, note))
        });
        let suppressions = noted.buffered(READS_MAX).try_collect().await?;
        let state = self.state(bucket).await?;
        let stops = state
            .into_iter()
            .flat_map(|state| state.stops)
            .flat_map(|(kind, all)| all.into_iter().map(move |stop| (kind, stop)));
        let stops = stops.collect();
        Ok(Interventions { suppressions, stops })
    }

    /// The suppressions of all buckets whose keys say that they count now, the newest of each aspect; `None` if there are
    /// too many keys to list them.
    pub async fn suppressed_by_key(
        &self,
        now: OffsetDateTime,
    ) -> Result<Option<Vec<(BucketName, Suppression)>>, AwsError> {
        let (keys, is_whole) = self.first_keys(SUPPRESSIONS, PAGES_MAX * PAGE).await?;
        let mut newest: BTreeMap<(BucketName, Aspect), Suppression> = BTreeMap::new();
        for key in &keys {
            let name = key.strip_prefix(SUPPRESSIONS).and_then(|rest| rest.split('/').next());
            let Some(Ok(bucket)) = name.map(str::parse::<BucketName>) else { continue };
            let Some(one) = suppression::of_key(&bucket, key) else { continue };
            let last = newest.entry((bucket, one.aspect)).or_insert(one);
            *last = (*last).max(one);
        }
        let in_force = newest.into_iter().filter(|(_, one)| one.is_in_force(now));
        Ok(is_whole.then(|| in_force.map(|((bucket, _), one)| (bucket, one)).collect()))
    }

    /// The suppressions of all buckets that count now, with who made them; `None` if there are too many to read them.
    pub async fn suppressed(
        &self,
        now: OffsetDateTime,
    ) -> Result<Option<Vec<Suppressed>>, AwsError> {
        let found = self.suppressed_by_key(now).await?;
        let Some(found) = found.filter(|found| found.len() <= STATES_MAX) else { return Ok(None) };
        let read = stream::iter(found).map(async |(bucket, suppression)| {
            let note = match self.read(&suppression.key(&bucket)).await? {
                Stored::Absent | Stored::Foreign { .. } => None,
                Stored::Ours { body, .. } => {
                    suppression.note(&body, &bucket, &self.bucket.id.account).ok()
                }
            };
            Ok::<_, AwsError>(note.map(|note| Suppressed { bucket, suppression, note }))
        });
        let read: Vec<Option<Suppressed>> = read.buffered(READS_MAX).try_collect().await?;
        Ok(Some(read.into_iter().flatten().collect()))
    }

    /// Reads the state of a bucket; `None` if there is none. An error if it does not count.
    pub async fn state(&self, bucket: &BucketName) -> Result<Option<BucketState>, AwsError> {
        let key = state::key(bucket);
        let failed = |cause: String| AwsError::other("GetObject", self.bucket.object(&key), cause);
        match self.read(&key).await? {
            Stored::Absent => Ok(None),
            Stored::Foreign { cause, .. } => Err(failed(does_not_count(&cause))),
            Stored::Ours { body, .. } => BucketState::read(&body, bucket, &self.bucket.id.account)
                .map(Some)
                .map_err(|error| failed(error.to_string())),
        }
    }

    /// Reads when the last sweep has ended; `None` if none has.
    pub async fn last_sweep(&self) -> Result<Option<LastSweep>, AwsError> {
        let object = self.bucket.object(last_sweep::KEY);
        match self.read(last_sweep::KEY).await? {
            Stored::Absent => Ok(None),
            Stored::Foreign { cause, .. } => {
                Err(AwsError::other("GetObject", object, does_not_count(&cause)))
            }
            Stored::Ours { body, .. } => serde_json::from_slice(&body)
                .map(Some)
                .map_err(|error| AwsError::other("GetObject", object, error)),
        }
    }

    /// Finds the newest writes. Keys sort by bucket before they sort by time, so all keys are listed, a thousand in a call, up
    /// to `pages_max` pages.
    pub async fn newest(&self, count: usize, pages_max: usize) -> Result<Newest, AwsError> {
        let (keys, is_whole) = self.first_keys(RECORDS, pages_max * PAGE).await?;
        let mut writes = writes(&keys);
        writes.sort_by_key(|(id, _)| Reverse(id.time));
        writes.truncate(count);
        Ok(Newest { writes, is_whole })
    }

    /// The open findings, by bucket; `None` if there are too many states to read them.
    pub async fn open_findings(&self) -> Result<Option<Vec<(BucketName, OpenFinding)>>, AwsError> {
        let (keys, is_whole) = self.first_keys(STATE, STATES_MAX).await?;
        if !is_whole {
            return Ok(None);
        }
        let buckets = keys.iter().filter_map(|key| state::of_key(key));
        let found = stream::iter(buckets).map(async |bucket| {
            let findings = self.state(&bucket).await?.map(|state| state.findings);
            let findings = findings.unwrap_or_default().into_iter();
            Ok::<_, AwsError>(findings.map(|one| (bucket.clone(), one)).collect())
        });
        let found: Vec<Vec<_>> = found.buffered(READS_MAX).try_collect().await?;
        Ok(Some(found.concat()))
    }

    /// The first keys with a prefix, and whether these are all of them.
    async fn first_keys(
        &self,
        prefix: &str,
        count_max: usize,
    ) -> Result<(Vec<String>, bool), AwsError> {
        let mut keys = Vec::new();
        let mut pages = self.list_call(prefix).into_paginator().send();
        while let Some(page) =
            pages.try_next().await.named("ListObjectsV2", self.bucket.object(""))?
        {
            for key in page.contents().iter().filter_map(|object| object.key()) {
                if keys.len() == count_max {
                    return Ok((keys, false));
                }
                keys.push(key.to_owned());
            }
        }
        Ok((keys, true))
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
        let call = self.list_call(RECORDS).delimiter("/");
        let mut pages = call.into_paginator().send();
        let mut is_cut = false;
        for _ in 0..PAGES_MAX {
            let page = pages.try_next().await.named("ListObjectsV2", self.bucket.object(""))?;
            let Some(page) = page else { break };
            is_cut = page.next_continuation_token().is_some();
            names.extend(page.common_prefixes().iter().filter_map(|prefix| {
                prefix.prefix()?.strip_prefix(RECORDS)?.strip_suffix('/')?.parse().ok()
            }));
        }
        Ok((names, is_cut))
    }

    /// What was written to a bucket and not undone, without failed writes.
    async fn written(&self, bucket: &BucketName) -> Result<BTreeSet<SettingKind>, AwsError> {
        let prefix = ledger::prefix(bucket);
        let keys = self.keys(KeyRange { prefix: &prefix, ..KeyRange::default() });
        let (keys, suppressions) = futures_util::join!(keys, self.suppressions(bucket));
        let mut last: BTreeMap<SettingKind, OffsetDateTime> = BTreeMap::new();
        for (id, _) in writes(&keys?).into_iter().filter(|(_, has_failed)| !has_failed) {
            let time = last.entry(id.kind).or_insert(id.time);
            *time = (*time).max(id.time);
        }
        // An undo suppresses the aspects of what it restores; its end, or its own undo, is in the past.
        let is_undo = |one: &Suppression| one.until >= one.made.to_offset(UtcOffset::UTC).date();
        let newest = suppression::newest(&suppressions?);
        let undone = newest.into_values().filter(is_undo);
        for one in undone {
            if let Some(kind) = one.aspect.setting()
                && last.get(&kind).is_some_and(|written| *written < one.made)
            {
                last.remove(&kind);
            }
        }
        Ok(last.into_keys().collect())
    }
}

#[cfg(test)]
mod tests;
