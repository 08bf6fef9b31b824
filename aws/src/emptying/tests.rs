//! A bucket in memory that answers like S3, so that ten thousand objects are as cheap as ten.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use super::*;
use crate::fake::{Asked, Fake, error};

/// The contents of the bucket, in S3's order, and the failures of calls.
#[derive(Default)]
struct Bucket {
    versions: Vec<(String, String)>,
    locked: Vec<String>,
    denied: Vec<String>,
    /// How many keys fail with an internal error.
    slow_keys: usize,
    /// How many calls to delete are throttled.
    throttled: usize,
    /// How many times an object is written to the empty bucket.
    refills: usize,
    /// Multipart uploads.
    uploads: usize,
    /// Whether its policy denies to delete objects.
    is_locked: bool,
    is_gone: bool,
}

fn query<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    let query = asked.line.split_once('?')?.1;
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))
}

fn texts<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).filter_map(|part| part.split(&close).next()).collect()
}

impl Bucket {
    fn answer(&mut self, asked: &Asked) -> (u16, String) {
        assert_eq!(asked.header("x-amz-expected-bucket-owner"), Some("111122223333"), "{asked}");
        let method = asked.line.split(' ').next().unwrap();
        let has = |word: &str| asked.line.contains(word);
        match method {
            _ if self.is_gone => error(404, "NoSuchBucket"),
            "GET" if has("versions") => (200, self.list(asked)),
            "GET" if has("uploads") => {
                let upload =
                    |n: usize| format!("<Upload><Key>u</Key><UploadId>{n}</UploadId></Upload>");
                let uploads: String = (0..self.uploads).map(upload).collect();
                (200, format!("<ListMultipartUploadsResult>{uploads}</ListMultipartUploadsResult>"))
            }
            "DELETE" if has("?policy") => {
                self.is_locked = false;
                (204, String::new())
            }
            "DELETE" if has("uploadId") => {
                self.uploads -= 1;
                (204, String::new())
            }
            "POST" => self.delete(asked),
            "DELETE" if has("versionId") => {
                self.versions.retain(|(key, _)| !key.contains('\u{1}'));
                (204, String::new())
            }
            "DELETE" if self.refills > 0 => {
                self.refills -= 1;
                self.versions.push(("late".to_owned(), "1".to_owned()));
                error(409, "BucketNotEmpty")
            }
            "DELETE" if self.versions.is_empty() => {
                self.is_gone = true;
                (204, String::new())
            }
            "DELETE" => error(409, "BucketNotEmpty"),
            "HEAD" => (404, String::new()),
            other => panic!("{other}: {asked}"),
        }
    }

    fn list(&self, asked: &Asked) -> String {
        let after = query(asked, "key-marker").unwrap_or_default();
        let version = query(asked, "version-id-marker").unwrap_or_default();
        let mut rest = self.versions.iter().skip_while(|(key, id)| {
            !after.is_empty() && (key.as_str(), id.as_str()) <= (after, version)
        });
        let mut xml = "<ListVersionsResult><EncodingType>url</EncodingType>".to_owned();
        let mut last = None;
        for (key, id) in rest.by_ref().take(1000) {
            last = Some((key, id));
            let key = key.replace('\u{1}', "%01");
            let kind = if id == "marker" { "DeleteMarker" } else { "Version" };
            let _ = write!(
                xml,
                "<{kind}><Key>{key}</Key><VersionId>{id}</VersionId><Size>2</Size></{kind}>"
            );
        }
        let is_truncated = rest.next().is_some();
        if let Some((key, id)) = last.filter(|_| is_truncated) {
            let _ = write!(
                xml,
                "<NextKeyMarker>{key}</NextKeyMarker><NextVersionIdMarker>{id}</NextVersionIdMarker>"
            );
        }
        let _ = write!(xml, "<IsTruncated>{is_truncated}</IsTruncated></ListVersionsResult>");
        xml
    }

    fn delete(&mut self, asked: &Asked) -> (u16, String) {
        if self.throttled > 0 {
            self.throttled -= 1;
            return error(503, "SlowDown");
        }
        assert!(asked.body.contains("<Quiet>true</Quiet>"));
        let keys = texts(&asked.body, "Key");
        assert!((1..=1000).contains(&keys.len()), "{}", keys.len());
        let mut errors = String::new();
        for (key, id) in keys.into_iter().zip(texts(&asked.body, "VersionId")) {
            let bypasses = asked.header("x-amz-bypass-governance-retention") == Some("true");
            let refusal = if self.locked.iter().any(|locked| locked == key) && !bypasses {
                Some(("AccessDenied", "Access Denied because object protected by object lock."))
            } else if self.is_locked || self.denied.iter().any(|denied| denied == key) {
                Some(("AccessDenied", "Access Denied"))
            } else if self.slow_keys > 0 {
                self.slow_keys -= 1;
                Some(("InternalError", "We encountered an internal error. Please try again."))
            } else {
                self.versions
                    .retain(|(known, version)| (known.as_str(), version.as_str()) != (key, id));
                None
            };
            if let Some((code, message)) = refusal {
                let _ = write!(
                    errors,
                    "<Error><Key>{key}</Key><VersionId>{id}</VersionId><Code>{code}</Code><Message>{message}</Message></Error>"
                );
            }
        }
        (200, format!("<DeleteResult>{errors}</DeleteResult>"))
    }
}

fn numbered(count: usize) -> Vec<(String, String)> {
    (0..count).map(|n| (format!("k{n:06}"), "1".to_owned())).collect()
}

/// Removes the bucket; returns the tally, the outcome, and the calls.
async fn remove(bucket: Bucket, bypasses: bool) -> (Tally, Outcome, Fake) {
    let bucket = Arc::new(Mutex::new(bucket));
    let fake = Fake::new(move |asked| bucket.lock().unwrap().answer(asked));
    let (name, owner) = ("logs".parse().unwrap(), "111122223333".parse().unwrap());
    let emptying = Emptying::new(&fake.connection(), name, owner).bypassing_governance(bypasses);
    let (tally, outcome) = emptying.remove(|_| {}).await.unwrap();
    (tally, outcome, fake)
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_objects_go_a_thousand_at_a_time_and_the_bucket_after_them() {
    let (tally, outcome, fake) =
        remove(Bucket { versions: numbered(10_000), ..Bucket::default() }, false).await;
    assert_eq!((tally.deleted, outcome), (10_000, Outcome::Gone));
    let posts = fake.asked().iter().filter(|asked| asked.line.starts_with("POST")).count();
    assert_eq!(posts, 10);
}

#[tokio::test(start_paused = true)]
async fn earlier_versions_delete_markers_and_unfinished_uploads_go_too() {
    let named = [("a", "1"), ("a", "2"), ("a", "marker"), ("b\u{1}", "1")];
    let versions = named.map(|(key, id)| (key.to_owned(), id.to_owned())).to_vec();
    let (tally, outcome, fake) =
        remove(Bucket { versions, uploads: 2, ..Bucket::default() }, false).await;
    assert_eq!((tally.deleted, outcome), (4, Outcome::Gone));
    assert_eq!(fake.wire().matches("&uploadId=").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_locked_is_counted_and_stays_and_so_does_its_bucket() {
    let locked: Vec<String> = numbered(2500).into_iter().map(|(key, _)| key).step_by(500).collect();
    let bucket =
        || Bucket { versions: numbered(2500), locked: locked.clone(), ..Bucket::default() };
    let (tally, outcome, fake) = remove(bucket(), false).await;
    assert_eq!((tally.deleted, tally.locked, tally.failed), (2495, 5, 0));
    assert_eq!(outcome, Outcome::Holds);
    assert_eq!(fake.asked().iter().filter(|asked| asked.line.starts_with("HEAD")).count(), 5);
    assert!(!fake.wire().contains("x-amz-bypass-governance-retention"));
    let (tally, outcome, _) = remove(bucket(), true).await;
    assert_eq!((tally.deleted, tally.locked, outcome), (2500, 0, Outcome::Gone));
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_deleted_is_no_lock_and_does_not_stop_the_rest() {
    let denied = vec!["k000001".to_owned(), "k000002".to_owned()];
    let (tally, outcome, _) =
        remove(Bucket { versions: numbered(4), denied, ..Bucket::default() }, false).await;
    assert_eq!((tally.deleted, tally.locked, tally.failed), (2, 0, 2));
    assert_eq!(tally.first_failure.as_deref(), Some("AccessDenied: Access Denied"));
    assert_eq!(outcome, Outcome::Holds);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_denies_deletion_is_deleted_first_only_where_that_is_asked_for() {
    let bucket = || Bucket { versions: numbered(2), is_locked: true, ..Bucket::default() };
    let (tally, outcome, _) = remove(bucket(), false).await;
    assert_eq!((tally.deleted, tally.failed, outcome), (0, 2, Outcome::Holds));
    let bucket = Arc::new(Mutex::new(bucket()));
    let fake = Fake::new(move |asked| bucket.lock().unwrap().answer(asked));
    let (name, owner) = ("logs".parse().unwrap(), "111122223333".parse().unwrap());
    let emptying = Emptying::new(&fake.connection(), name, owner).unlocking();
    let (tally, outcome) = emptying.remove(|_| {}).await.unwrap();
    assert_eq!((tally.deleted, tally.failed, outcome), (2, 0, Outcome::Gone));
}

#[tokio::test(start_paused = true)]
async fn throttling_and_keys_that_fail_for_now_are_tried_again() {
    let bucket =
        Bucket { versions: numbered(1500), throttled: 10, slow_keys: 700, ..Bucket::default() };
    let (tally, outcome, _) = remove(bucket, false).await;
    assert_eq!((tally.deleted, tally.failed, outcome), (1500, 0, Outcome::Gone));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_fills_again_is_emptied_again_a_limited_number_of_times() {
    let bucket = |refills| Bucket { versions: numbered(1), refills, ..Bucket::default() };
    let (tally, outcome, _) = remove(bucket(2), false).await;
    assert_eq!((tally.deleted, outcome), (3, Outcome::Gone));
    let (_, outcome, _) = remove(bucket(100), false).await;
    assert_eq!(outcome, Outcome::Refilled);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_gone_already_is_gone() {
    let (tally, outcome, _) = remove(Bucket { is_gone: true, ..Bucket::default() }, false).await;
    assert_eq!((tally, outcome), (Tally::default(), Outcome::Gone));
}

#[tokio::test]
async fn counting_ends_where_it_is_enough() {
    let mut bucket = Bucket { versions: numbered(3000), ..Bucket::default() };
    bucket.versions[1].1 = "marker".to_owned();
    let bucket = Arc::new(Mutex::new(bucket));
    let fake = Fake::new(move |asked| bucket.lock().unwrap().answer(asked));
    let (name, owner) = ("logs".parse().unwrap(), "111122223333".parse().unwrap());
    let counted = Emptying::new(&fake.connection(), name, owner).count(1000).await.unwrap();
    let counted = counted.unwrap();
    assert_eq!((counted.versions, counted.markers, counted.size_bytes), (999, 1, 1998));
    assert!(counted.is_more);
}
