//! The contents of a bucket: versions, delete markers and multipart uploads, page by page.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{EncodingType, ObjectIdentifier};
use percent_encoding::percent_decode_str;
use time::OffsetDateTime;

use super::{Emptying, identifier};
use crate::AwsError;
use crate::error::Answer as _;

/// A version of an object, or a delete marker.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: ObjectIdentifier,
    pub(crate) is_marker: bool,
    pub(crate) size_bytes: u64,
    pub(crate) written: Option<OffsetDateTime>,
}

/// Where a page begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marker {
    key: Option<String>,
    version_id: Option<String>,
}

/// A page of the contents, at most a thousand entries.
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    pub(crate) next: Option<Marker>,
}

/// The size of the contents of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Versions of objects, current or not.
    pub versions: u64,
    /// Delete markers.
    pub markers: u64,
    /// The total size of the versions.
    pub size_bytes: u64,
    /// Whether counting ended before the last page.
    pub is_more: bool,
}

impl Emptying {
    /// Counts the contents, up to about `most`; `None` if the bucket does not exist.
    pub async fn count(&self, most: u64) -> Result<Option<Contents>, AwsError> {
        let mut contents = Contents::default();
        let mut place = Some(Marker::default());
        while let Some(from) = place {
            let Some(page) = self.page("", &from).await? else { return Ok(None) };
            for entry in &page.entries {
                let count =
                    if entry.is_marker { &mut contents.markers } else { &mut contents.versions };
                *count += 1;
                contents.size_bytes += entry.size_bytes;
            }
            contents.is_more = page.next.is_some() && contents.versions + contents.markers >= most;
            place = page.next.filter(|_| !contents.is_more);
        }
        Ok(Some(contents))
    }

    /// Every version under a prefix, by key; none if the bucket does not exist.
    pub(crate) async fn versions(
        &self,
        prefix: &str,
    ) -> Result<BTreeMap<String, Vec<Entry>>, AwsError> {
        let mut versions: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        let mut place = Some(Marker::default());
        while let Some(from) = place {
            let Some(page) = self.page(prefix, &from).await? else { break };
            for entry in page.entries {
                versions.entry(entry.id.key().to_owned()).or_default().push(entry);
            }
            place = page.next;
        }
        Ok(versions)
    }

    /// The page after a marker; `None` if the bucket does not exist.
    pub(super) async fn page(&self, prefix: &str, from: &Marker) -> Result<Option<Page>, AwsError> {
        let ask = async || {
            let answer = on_bucket!(self.bucket, list_object_versions)
                .set_prefix((!prefix.is_empty()).then(|| prefix.to_owned()))
                // A key may have characters that XML cannot represent.
                .encoding_type(EncodingType::Url)
                .set_key_marker(from.key.clone())
                .set_version_id_marker(from.version_id.clone())
                .send()
                .await;
            answer.optional("ListObjectVersions", self.bucket.object(""), &["NoSuchBucket"])
        };
        let Some(answer) = self.retry(ask).await? else { return Ok(None) };
        let is_encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let key = |key: Option<&str>| plain(key.unwrap_or_default(), is_encoded);
        let time = |time: Option<&aws_smithy_types::DateTime>| {
            OffsetDateTime::from_unix_timestamp(time?.secs()).ok()
        };
        let id =
            |name: Option<&str>, id: Option<&str>| identifier(&key(name), id.unwrap_or("null"));
        let versions = answer.versions().iter().map(|version| Entry {
            id: id(version.key(), version.version_id()),
            is_marker: false,
            size_bytes: version.size().and_then(|size| size.try_into().ok()).unwrap_or(0),
            written: time(version.last_modified()),
        });
        let markers = answer.delete_markers().iter().map(|marker| Entry {
            id: id(marker.key(), marker.version_id()),
            is_marker: true,
            size_bytes: 0,
            written: time(marker.last_modified()),
        });
        let is_truncated = answer.is_truncated().unwrap_or(false);
        let next = answer.next_key_marker().filter(|_| is_truncated).map(|marker| Marker {
            key: Some(key(Some(marker))),
            version_id: answer.next_version_id_marker().map(str::to_owned),
        });
        Ok(Some(Page { entries: versions.chain(markers).collect(), next }))
    }

    /// Aborts multipart uploads: they are billed, and no list of versions shows them.
    pub(super) async fn abort_uploads(&self) -> Result<(), AwsError> {
        let (mut key, mut upload) = (None, None);
        loop {
            let answer = self
                .retry(async || {
                    let call = on_bucket!(self.bucket, list_multipart_uploads);
                    let call =
                        call.set_key_marker(key.clone()).set_upload_id_marker(upload.clone());
                    let answer = call.encoding_type(EncodingType::Url).send().await;
                    answer.optional(
                        "ListMultipartUploads",
                        self.bucket.object(""),
                        &["NoSuchBucket"],
                    )
                })
                .await?;
            let Some(answer) = answer else { return Ok(()) };
            let is_encoded = answer.encoding_type() == Some(&EncodingType::Url);
            for unfinished in answer.uploads() {
                let (Some(key), Some(id)) = (unfinished.key(), unfinished.upload_id()) else {
                    continue;
                };
                let key = plain(key, is_encoded);
                let abort = async || {
                    let call = on_bucket!(self.bucket, abort_multipart_upload);
                    let answer = call.key(&key).upload_id(id).send().await;
                    let object = self.bucket.object(&key);
                    answer.optional("AbortMultipartUpload", object, &["NoSuchUpload"])
                };
                self.retry(abort).await?;
            }
            if !answer.is_truncated().unwrap_or(false) {
                return Ok(());
            }
            key = answer.next_key_marker().map(|key| plain(key, is_encoded));
            upload = answer.next_upload_id_marker().map(str::to_owned);
        }
    }
}

/// A key without the encoding that S3 applies to lists on request.
///
/// Source: Amazon S3 API Reference, `ListObjectVersions`, `encoding-type`: URL encoding, in which a space is a `+`.
fn plain(key: &str, is_encoded: bool) -> String {
    if !is_encoded {
        return key.to_owned();
    }
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Whether XML can represent a key: of the control characters, only these three.
///
/// Source: XML 1.0, "Characters"; Amazon S3 User Guide, "Naming Amazon S3 objects", "XML related object key constraints".
pub(super) fn is_xml(key: &str) -> bool {
    key.chars().all(|c| {
        (c >= ' ' || matches!(c, '\t' | '\n' | '\r')) && !matches!(c, '\u{fffe}' | '\u{ffff}')
    })
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
            assert_eq!(plain(written, true), key);
        }
    }

    #[test]
    fn what_xml_cannot_say_is_known() {
        assert!(is_xml("a b\n&<ä"));
        assert!(!is_xml("a\u{1}"));
    }
}
