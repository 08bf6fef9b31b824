//! Which buckets the guard has ever written to, from the ledger's keys alone.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use s3guard_posture::BucketName;
use s3guard_posture::model::setting::SettingKind;
use s3guard_posture::reconcile::ledger::{self, RecordId};

use super::{Ledger, READS_MAX};
use crate::AwsError;
use crate::error::Answer as _;

/// How many pages of buckets are listed at most, of a thousand each.
const PAGES_MAX: usize = 10;

/// The buckets that the guard has written to, as far as the ledger remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// The first buckets by name, with the settings that were written.
    pub buckets: Vec<(BucketName, BTreeSet<SettingKind>)>,
    /// So many more buckets have records.
    pub more: usize,
    /// There are buckets beyond those that were counted.
    pub is_cut: bool,
}

impl Ledger {
    /// Lists the buckets that have records, the first so many with what was written to them.
    pub async fn touched(&self, shown: usize) -> Result<Touched, AwsError> {
        let (mut names, is_cut) = self.recorded_buckets().await?;
        let more = names.len().saturating_sub(shown);
        names.truncate(shown);
        let kinds = stream::iter(names).map(async |name| {
            let kinds = self.written(&name).await?;
            Ok::<_, AwsError>((name, kinds))
        });
        let mut buckets: Vec<_> = kinds.buffered(READS_MAX).try_collect().await?;
        // Of some there is only a mark, or a write that failed.
        buckets.retain(|(_, kinds)| !kinds.is_empty());
        Ok(Touched { buckets, more, is_cut })
    }

    async fn recorded_buckets(&self) -> Result<(Vec<BucketName>, bool), AwsError> {
        let mut names = Vec::new();
        let call = self.list_call(ledger::RECORDS_PREFIX).delimiter("/");
        let mut pages = call.into_paginator().send();
        let mut is_cut = false;
        for _ in 0..PAGES_MAX {
            let page = pages.try_next().await.named("ListObjectsV2", self.object(""))?;
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

    /// What was written to a bucket, and not what failed.
    async fn written(&self, bucket: &BucketName) -> Result<BTreeSet<SettingKind>, AwsError> {
        let keys = self.keys(&ledger::prefix(bucket), None, |_| true).await?;
        let name = |key: &str, end: &str| {
            let name = key.rsplit('/').next()?.strip_suffix(end)?;
            name.parse::<RecordId>().ok().map(|id| (name.to_owned(), id.kind))
        };
        let failed: BTreeSet<String> =
            keys.iter().filter_map(|key| name(key, ".failed")).map(|(id, _)| id).collect();
        let written = keys.iter().filter_map(|key| name(key, ".json"));
        Ok(written.filter(|(id, _)| !failed.contains(id)).map(|(_, kind)| kind).collect())
    }
}

#[cfg(test)]
mod tests {
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
        let touched = ledger(&fake).touched(2).await.unwrap();
        let kinds = BTreeSet::from([SettingKind::Policy, SettingKind::Encryption]);
        let buckets = vec![("aaa".parse().unwrap(), kinds)];
        assert_eq!(touched, Touched { buckets, more: 2, is_cut: false });
    }

    #[tokio::test]
    async fn a_ledger_that_may_not_be_read_says_so() {
        let fake = Fake::answering([error(403, "AccessDenied")]);
        assert!(ledger(&fake).touched(2).await.unwrap_err().is_denied());
    }
}
