//! What the guard has written last, to whichever bucket.

use std::collections::BTreeSet;

use s3guard_posture::reconcile::ledger::{self, RecordId};

use super::Ledger;
use crate::AwsError;
use crate::error::Answer as _;

/// Which writes are the newest, as the ledger's keys alone tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Newest {
    /// The writes, the newest first, and whether each has failed.
    pub writes: Vec<(RecordId, bool)>,
    /// Whether the whole ledger was looked through.
    pub is_whole: bool,
}

impl Ledger {
    /// Finds the newest writes. Keys sort by bucket before they sort by time, so all of them are listed, a thousand in a
    /// call; after so many pages it is told that there are more.
    pub async fn newest(&self, count: usize, pages_max: usize) -> Result<Newest, AwsError> {
        let mut writes: Vec<RecordId> = Vec::new();
        let mut failed = BTreeSet::new();
        let mut is_whole = false;
        let mut pages = self.list_call(ledger::RECORDS_PREFIX).into_paginator().send();
        for _ in 0..pages_max {
            let page = pages.try_next().await.named("ListObjectsV2", self.object(""))?;
            let Some(page) = page else { break };
            is_whole = page.next_continuation_token().is_none();
            for key in page.contents().iter().filter_map(|object| object.key()) {
                let name = key.rsplit('/').next().unwrap_or(key);
                if let Some(id) = name.strip_suffix(".json") {
                    writes.extend(id.parse::<RecordId>().ok());
                } else if let Some(id) = name.strip_suffix(".failed") {
                    failed.insert(id.to_owned());
                }
            }
            // Between pages only what may still count is kept.
            writes.sort_by_key(|id| std::cmp::Reverse(id.time));
            writes.truncate(count);
        }
        let writes = writes
            .into_iter()
            .map(|id| {
                let has_failed = failed.contains(&id.to_string());
                (id, has_failed)
            })
            .collect();
        Ok(Newest { writes, is_whole })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, page};

    #[tokio::test]
    async fn the_newest_writes_of_all_buckets_are_found_and_the_bound_is_told() {
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
            page(&first, Some("next")),
        ]);
        let connection = fake.connection();
        let owner = "111122223333".parse().unwrap();
        let ledger = Ledger::new(&connection, "ledger".parse().unwrap(), owner);
        let newest = ledger.newest(2, 5).await.unwrap();
        let told: Vec<_> =
            newest.writes.iter().map(|(id, failed)| (id.bucket.as_str(), *failed)).collect();
        assert_eq!((told, newest.is_whole), (vec![("aaa", true), ("bbb", false)], true));
        let bounded = ledger.newest(5, 1).await.unwrap();
        assert_eq!((bounded.writes.len(), bounded.is_whole), (2, false));
    }
}
