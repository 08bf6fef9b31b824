//! What is in a bucket: versions, delete markers and unfinished uploads, page by page.

use std::collections::BTreeMap;

use aws_sdk_s3::types::EncodingType;
use percent_encoding::percent_decode_str;
use time::OffsetDateTime;

use super::{Emptying, Tally};
use crate::AwsError;
use crate::error::Answer as _;

/// A version of an object, or a delete marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) version_id: String,
    pub(crate) is_marker: bool,
    pub(crate) size_bytes: u64,
    pub(crate) written: Option<OffsetDateTime>,
}

/// Where a page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    key: Option<String>,
    version_id: Option<String>,
}

/// A page of what is in a bucket, at most a thousand entries, in S3's order.
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    pub(crate) is_truncated: bool,
    next: Place,
}

/// How much is in a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Versions of objects, also earlier ones.
    pub versions: u64,
    /// Delete markers.
    pub markers: u64,
    /// The size of the versions.
    pub size_bytes: u64,
    /// There is more: counting has ended before.
    pub is_more: bool,
}

impl Entry {
    /// Whether a key can stand in an XML document: of control characters only these three can.
    ///
    /// Source: XML 1.0, "Characters"; Amazon S3 User Guide, "Naming Amazon S3 objects", "XML related object key constraints".
    pub(super) fn can_be_said_in_xml(&self) -> bool {
        self.key.chars().all(|c| {
            (c >= ' ' || matches!(c, '\t' | '\n' | '\r')) && !matches!(c, '\u{fffe}' | '\u{ffff}')
        })
    }
}

impl Place {
    /// Behind this entry.
    pub(super) fn after(entry: &Entry) -> Self {
        Self { key: Some(entry.key.clone()), version_id: Some(entry.version_id.clone()) }
    }
}

impl Emptying {
    /// Counts what is in the bucket, up to about so many; `None` if there is no such bucket.
    pub async fn count(&self, most: u64) -> Result<Option<Contents>, AwsError> {
        let mut contents = Contents::default();
        let is_there = self.each_page("", |page| {
            for entry in &page.entries {
                let count =
                    if entry.is_marker { &mut contents.markers } else { &mut contents.versions };
                *count += 1;
                contents.size_bytes += entry.size_bytes;
            }
            contents.is_more = page.is_truncated && contents.versions + contents.markers >= most;
            !contents.is_more
        });
        Ok(is_there.await?.then_some(contents))
    }

    /// Every version under a prefix, by key; `None` if there is no such bucket.
    pub(crate) async fn versions(
        &self,
        prefix: &str,
    ) -> Result<Option<BTreeMap<String, Vec<Entry>>>, AwsError> {
        let mut versions: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        let is_there = self.each_page(prefix, |page| {
            for entry in page.entries {
                versions.entry(entry.key.clone()).or_default().push(entry);
            }
            true
        });
        Ok(is_there.await?.then_some(versions))
    }

    /// Gives each page while more are wanted; `false` if there is no such bucket.
    async fn each_page(
        &self,
        prefix: &str,
        mut take: impl FnMut(Page) -> bool,
    ) -> Result<bool, AwsError> {
        let mut place = Some(Place::default());
        while let Some(from) = place {
            let Some(page) = self.again(async || self.page_of(prefix, &from).await).await? else {
                return Ok(false);
            };
            let next = page.is_truncated.then(|| page.next.clone());
            let wants_more = take(page);
            place = next.filter(|_| wants_more);
        }
        Ok(true)
    }

    pub(super) async fn page(&self, place: &Place) -> Result<Option<Page>, AwsError> {
        self.page_of("", place).await
    }

    async fn page_of(&self, prefix: &str, place: &Place) -> Result<Option<Page>, AwsError> {
        let answer = on_bucket!(self, list_object_versions)
            .set_prefix((!prefix.is_empty()).then(|| prefix.to_owned()))
            // A key may have characters that no XML document can have.
            .encoding_type(EncodingType::Url)
            .set_key_marker(place.key.clone())
            .set_version_id_marker(place.version_id.clone())
            .send()
            .await;
        let absent = ["NoSuchBucket"];
        let answer = answer.optional("ListObjectVersions", self.object(""), &absent)?;
        let Some(answer) = answer else { return Ok(None) };
        let is_encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let key = |key: Option<&str>| {
            let key = key.unwrap_or_default();
            if is_encoded { decoded(key) } else { key.to_owned() }
        };
        let time = |time: Option<&aws_smithy_types::DateTime>| {
            OffsetDateTime::from_unix_timestamp(time?.secs()).ok()
        };
        let id = |id: Option<&str>| id.unwrap_or("null").to_owned();
        let mut entries: Vec<Entry> = answer
            .versions()
            .iter()
            .map(|version| Entry {
                key: key(version.key()),
                version_id: id(version.version_id()),
                is_marker: false,
                size_bytes: version.size().and_then(|size| size.try_into().ok()).unwrap_or(0),
                written: time(version.last_modified()),
            })
            .collect();
        entries.extend(answer.delete_markers().iter().map(|marker| Entry {
            key: key(marker.key()),
            version_id: id(marker.version_id()),
            is_marker: true,
            size_bytes: 0,
            written: time(marker.last_modified()),
        }));
        // The SDK gives them as two lists. S3 lists by key, and the versions of a key from the newest on.
        entries.sort_by(|a, b| a.key.cmp(&b.key).then(b.written.cmp(&a.written)));
        Ok(Some(Page {
            entries,
            is_truncated: answer.is_truncated().unwrap_or(false),
            next: Place {
                key: answer.next_key_marker().map(|marker| key(Some(marker))),
                version_id: answer.next_version_id_marker().map(str::to_owned),
            },
        }))
    }

    /// Breaks off the uploads that were never finished: they cost, and no list of versions shows them.
    pub(super) async fn abort_uploads(&self, tally: &mut Tally) -> Result<(), AwsError> {
        let (mut key, mut upload) = (None, None);
        loop {
            let answer = self
                .again(async || {
                    let call = on_bucket!(self, list_multipart_uploads);
                    let call =
                        call.set_key_marker(key.clone()).set_upload_id_marker(upload.clone());
                    let answer = call.encoding_type(EncodingType::Url).send().await;
                    answer.optional("ListMultipartUploads", self.object(""), &["NoSuchBucket"])
                })
                .await?;
            let Some(answer) = answer else { return Ok(()) };
            let is_encoded = answer.encoding_type() == Some(&EncodingType::Url);
            let plain = |key: &str| if is_encoded { decoded(key) } else { key.to_owned() };
            for unfinished in answer.uploads() {
                let (Some(key), Some(id)) = (unfinished.key(), unfinished.upload_id()) else {
                    continue;
                };
                self.again(async || self.abort(&plain(key), id).await).await?;
                tally.uploads += 1;
            }
            if !answer.is_truncated().unwrap_or(false) {
                return Ok(());
            }
            key = answer.next_key_marker().map(plain);
            upload = answer.next_upload_id_marker().map(str::to_owned);
        }
    }

    async fn abort(&self, key: &str, id: &str) -> Result<(), AwsError> {
        let answer = on_bucket!(self, abort_multipart_upload).key(key).upload_id(id).send().await;
        answer.optional("AbortMultipartUpload", self.object(key), &["NoSuchUpload"]).map(drop)
    }
}

/// A key as it is, from the form in which S3 writes it into its lists when it is asked to.
///
/// Source: Amazon S3 API Reference, `ListObjectVersions`, `encoding-type`: URL encoding, in which a space is a `+`.
fn decoded(key: &str) -> String {
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written() {
        for (written, key) in [
            ("a/b.json", "a/b.json"),
            ("a+b%2Bc%20d", "a b+c d"),
            ("%C3%A4%01", "ä\u{1}"),
            ("100%", "100%"),
            ("%zz", "%zz"),
        ] {
            assert_eq!(decoded(written), key);
        }
    }

    #[test]
    fn what_xml_cannot_say_is_known() {
        let entry = |key: &str| Entry {
            key: key.to_owned(),
            version_id: "1".to_owned(),
            is_marker: false,
            size_bytes: 0,
            written: None,
        };
        assert!(entry("a b\n&<ä").can_be_said_in_xml());
        assert!(!entry("a\u{1}").can_be_said_in_xml());
    }
}
