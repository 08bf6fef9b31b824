//! Deletes old packages and templates from the code bucket.

use std::collections::{BTreeMap, BTreeSet};

use time::{Duration, OffsetDateTime};

use super::CodeBucket;
use crate::AwsError;
use crate::emptying::{Emptying, Tally};

/// The prefix of s3guard's keys: nothing else is ever deleted.
const OURS: &str = "s3guard/";
/// How many of the newest packages, and of the newest templates, are always retained.
const NEWEST: usize = 3;
/// Younger objects may belong to a deployment in progress.
const YOUNG: Duration = Duration::DAY;

/// The prefixes and suffixes of the names of packages and templates: `bootstrap-x86_64-….zip` and `template-….json`.
const KINDS: [(&str, &str); 2] = [("", ".zip"), ("template-", ".json")];

/// The keys that are no longer needed.
///
/// Retained are keys that a stack refers to, the newest three packages and templates, and keys that are younger than a day,
/// have no time, or are not named by s3guard.
fn superfluous(
    written: &BTreeMap<String, Option<OffsetDateTime>>,
    used: &BTreeSet<String>,
    now: OffsetDateTime,
) -> BTreeSet<String> {
    let mut superfluous = BTreeSet::new();
    for (begin, end) in KINDS {
        let is_of_kind = |key: &str| {
            let name = key.strip_prefix(OURS).filter(|name| !name.contains('/'));
            name.is_some_and(|name| name.starts_with(begin) && name.ends_with(end))
        };
        let of_kind = written.iter().filter(|(key, _)| is_of_kind(key));
        let mut of_kind: Vec<_> = of_kind.filter_map(|(key, time)| Some(((*time)?, key))).collect();
        of_kind.sort_unstable();
        let older = of_kind.iter().rev().skip(NEWEST);
        let unused = older.filter(|(time, key)| !used.contains(*key) && *time <= now - YOUNG);
        superfluous.extend(unused.map(|(_, key)| (*key).clone()));
    }
    superfluous
}

impl CodeBucket {
    /// Deletes the keys that are no longer needed with all their versions; returns how many.
    pub async fn prune(
        &self,
        used: &BTreeSet<String>,
        now: OffsetDateTime,
    ) -> Result<usize, AwsError> {
        let emptying = self.emptying();
        let versions = emptying.versions(OURS).await?;
        let written = versions.iter().map(|(key, entries)| {
            // The newest version counts; one without a time counts as new.
            let times: Option<Vec<_>> = entries.iter().map(|entry| entry.written).collect();
            (key.clone(), times.and_then(|times| times.into_iter().max()))
        });
        let superfluous = superfluous(&written.collect(), used, now);
        let entries = superfluous.iter().filter_map(|key| versions.get(key)).flatten();
        let ids: Vec<_> = entries.map(|entry| entry.id.clone()).collect();
        let mut tally = Tally::default();
        for batch in ids.chunks(1000) {
            emptying.delete(batch.to_vec(), &mut tally).await?;
        }
        match tally.first_failure {
            Some(failure) => Err(AwsError::other("DeleteObjects", self.bucket.object(""), failure)),
            None => Ok(superfluous.len()),
        }
    }

    /// The bucket, to be emptied and deleted.
    pub fn emptying(&self) -> Emptying {
        Emptying::of(self.bucket.clone())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::fake::Fake;

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

    #[test]
    fn only_what_is_old_unused_and_ours_goes() {
        let age = |days: i64| Some(NOW - Duration::days(days));
        let key = |name: &str| format!("s3guard/{name}");
        let zips: Vec<String> =
            (1..=7).map(|n| key(&format!("bootstrap-x86_64-{n}.zip"))).collect();
        let mut written: BTreeMap<String, Option<OffsetDateTime>> =
            zips.iter().zip(1..).map(|(key, days)| (key.clone(), age(days))).collect();
        written.extend((1..=4).map(|n| (key(&format!("template-{n}.json")), age(n))));
        // None of these is for us to take away, however old.
        let strange = ["other/x.zip", "s3guard/notes.txt", "s3guard/deep/x.zip", "s3guard/x.json"];
        written.extend(strange.map(|key| (key.to_owned(), age(400))));
        written.insert(key("timeless.zip"), None);
        let used = BTreeSet::from([zips[4].clone()]);
        let gone: Vec<String> = superfluous(&written, &used, NOW).into_iter().collect();
        assert_eq!(
            gone,
            [zips[3].clone(), zips[5].clone(), zips[6].clone(), key("template-4.json")]
        );
    }

    #[test]
    fn what_may_be_of_a_deployment_under_way_stays_however_many_there_are() {
        let young = NOW - Duration::hours(23);
        let written: BTreeMap<_, _> =
            (0..9).map(|n| (format!("s3guard/bootstrap-{n}.zip"), Some(young))).collect();
        assert!(superfluous(&written, &BTreeSet::new(), NOW).is_empty());
        assert_eq!(superfluous(&written, &BTreeSet::new(), NOW + Duration::hours(2)).len(), 6);
    }

    #[tokio::test]
    async fn a_key_goes_with_all_its_versions_and_nothing_else_is_named() {
        let version = |key: &str, id: &str, day: u8| {
            format!(
                "<Version><Key>s3guard/{key}</Key><VersionId>{id}</VersionId>\
                 <LastModified>2026-10-{day:02}T00:00:00.000Z</LastModified></Version>"
            )
        };
        let list = [
            version("a.zip", "1", 1),
            version("a.zip", "2", 2),
            version("b.zip", "1", 3),
            version("c.zip", "1", 4),
            version("d.zip", "1", 5),
        ];
        let fake = Fake::answering([
            (200, format!("<ListVersionsResult>{}</ListVersionsResult>", list.concat())),
            (200, "<DeleteResult/>".to_owned()),
        ]);
        let account = "111122223333".parse().unwrap();
        let caller = crate::identity::Identity { account, arn: String::new() };
        let bucket = CodeBucket::new(&fake.connection(), "code".parse().unwrap(), &caller);
        assert_eq!(bucket.prune(&BTreeSet::new(), NOW).await, Ok(1));
        let asked = fake.asked();
        assert!(asked[0].line.contains("prefix=s3guard%2F"), "{}", asked[0].line);
        assert_eq!(asked[1].body.matches("<Object>").count(), 2, "{}", asked[1].body);
        assert_eq!(asked[1].body.matches("s3guard/a.zip").count(), 2, "{}", asked[1].body);
    }
}
