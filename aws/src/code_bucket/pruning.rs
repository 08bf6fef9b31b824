//! Deletes old packages and templates from the code bucket.

use std::collections::{BTreeMap, BTreeSet};

use time::{Duration, OffsetDateTime};

use super::CodeBucket;
use crate::AwsError;
use crate::emptying::{Emptying, Entry, Tally};

/// The prefix of s3guard's keys: nothing else is ever deleted.
const OURS: &str = "s3guard/";
/// How many of the newest packages, and of the newest templates, are always retained.
const NEWEST: usize = 3;
/// Younger objects may belong to a deployment in progress.
const YOUNG: Duration = Duration::DAY;

/// The prefixes and suffixes of the names of packages and templates: `bootstrap-x86_64-….zip` and `template-….json`.
const KINDS: [(&str, &str); 2] = [("", ".zip"), ("template-", ".json")];

/// The versions of objects that stacks refer to: by key; without an id every version of the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used(BTreeMap<String, Option<BTreeSet<String>>>);

impl Used {
    /// Adds a version of an object, or every version.
    pub fn add(&mut self, key: &str, version: Option<&str>) {
        let versions = self.0.entry(key.to_owned()).or_insert_with(|| Some(BTreeSet::new()));
        match (version, versions.as_mut()) {
            (Some(version), Some(versions)) => {
                versions.insert(version.to_owned());
            }
            (Some(_), None) => {}
            (None, _) => *versions = None,
        }
    }

    fn has(&self, key: &str, version: &str) -> bool {
        let versions = self.0.get(key).map(Option::as_ref);
        versions.is_some_and(|these| these.is_none_or(|these| these.contains(version)))
    }
}

/// A version in the bucket: when it was written, its key and its id.
type Written<'a> = (Option<OffsetDateTime>, &'a str, &'a str);

/// The versions that are no longer needed.
///
/// Retained are versions that a stack refers to, the newest three of packages and of templates, and versions that are
/// younger than a day, have no time, or are not named by s3guard.
fn superfluous<'a>(
    written: &[Written<'a>],
    used: &Used,
    now: OffsetDateTime,
) -> Vec<(&'a str, &'a str)> {
    let mut superfluous = Vec::new();
    for (begin, end) in KINDS {
        let is_of_kind = |key: &str| {
            let name = key.strip_prefix(OURS).filter(|name| !name.contains('/'));
            name.is_some_and(|name| name.starts_with(begin) && name.ends_with(end))
        };
        let of_kind = written.iter().filter(|(_, key, _)| is_of_kind(key));
        let mut of_kind: Vec<_> =
            of_kind.filter_map(|(time, key, id)| Some(((*time)?, *key, *id))).collect();
        of_kind.sort_unstable();
        let older = of_kind.into_iter().rev().skip(NEWEST);
        let unused = older.filter(|(time, key, id)| !used.has(key, id) && *time <= now - YOUNG);
        superfluous.extend(unused.map(|(_, key, id)| (key, id)));
    }
    superfluous
}

impl CodeBucket {
    /// Deletes the versions that are no longer needed; returns how many.
    pub async fn prune(&self, used: &Used, now: OffsetDateTime) -> Result<usize, AwsError> {
        let emptying = self.emptying();
        let entries = emptying.versions(OURS).await?;
        let entries: Vec<_> = entries.into_values().flatten().collect();
        let written = entries.iter();
        let written: Vec<Written<'_>> = written
            .map(|entry| (entry.written, entry.id.key(), entry.id.version_id().unwrap_or("null")))
            .collect();
        let superfluous: BTreeSet<_> = superfluous(&written, used, now).into_iter().collect();
        let is_superfluous = |entry: &&Entry| {
            let id = entry.id.version_id().unwrap_or("null");
            superfluous.contains(&(entry.id.key(), id))
        };
        let ids: Vec<_> = entries.iter().filter(is_superfluous).map(|one| one.id.clone()).collect();
        let mut tally = Tally::default();
        for batch in ids.chunks(1000) {
            emptying.delete(batch.to_vec(), &mut tally).await?;
        }
        match tally.first_failure {
            Some(failure) => Err(AwsError::other("DeleteObjects", self.bucket.object(""), failure)),
            None => Ok(ids.len()),
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

    fn gone<'a>(written: &[Written<'a>], used: &[(&str, Option<&str>)]) -> Vec<(&'a str, &'a str)> {
        let mut all = Used::default();
        for (key, version) in used {
            all.add(key, *version);
        }
        let mut gone = superfluous(written, &all, NOW);
        gone.sort_unstable();
        gone
    }

    fn aged<'a>(days: i64, key: &'a str, version: &'a str) -> Written<'a> {
        (Some(NOW - Duration::days(days)), key, version)
    }

    #[test]
    fn only_what_is_old_unused_and_ours_goes() {
        let zips: Vec<String> =
            (1..=7).map(|n| format!("s3guard/bootstrap-x86_64-{n}.zip")).collect();
        let templates: Vec<String> =
            (1..=4).map(|n| format!("s3guard/template-{n}.json")).collect();
        let mut written: Vec<Written<'_>> =
            zips.iter().zip(1..).map(|(key, days)| aged(days, key, "v")).collect();
        written.extend(templates.iter().zip(1..).map(|(key, days)| aged(days, key, "v")));
        // None of these is for us to delete, however old.
        let strange = ["other/x.zip", "s3guard/notes.txt", "s3guard/deep/x.zip", "s3guard/x.json"];
        written.extend(strange.map(|key| aged(400, key, "v")));
        written.push((None, "s3guard/timeless.zip", "v"));
        let expected = [&zips[3], &zips[5], &zips[6], &templates[3]].map(|key| (key.as_str(), "v"));
        assert_eq!(gone(&written, &[(&zips[4], Some("v"))]), expected);
    }

    #[test]
    fn of_an_object_only_the_versions_stay_that_a_stack_refers_to() {
        let new = ["s3guard/x.zip", "s3guard/y.zip", "s3guard/z.zip"];
        let mut written: Vec<Written<'_>> = new.iter().map(|key| aged(2, key, "v")).collect();
        let key = "s3guard/a.zip";
        written.extend([aged(9, key, "1"), aged(8, key, "2"), aged(7, key, "3")]);
        assert_eq!(gone(&written, &[(key, Some("1")), (key, Some("3"))]), [(key, "2")]);
        assert_eq!(gone(&written, &[(key, None)]), []);
        assert_eq!(gone(&written, &[(key, Some("1")), (key, None), (key, Some("2"))]), []);
        assert_eq!(gone(&written, &[("s3guard/b.zip", None)]).len(), 3);
    }

    #[test]
    fn what_may_be_of_a_deployment_under_way_stays_however_many_there_are() {
        let young = Some(NOW - Duration::hours(23));
        let keys: Vec<String> = (0..9).map(|n| format!("s3guard/bootstrap-{n}.zip")).collect();
        let written: Vec<Written<'_>> = keys.iter().map(|key| (young, key.as_str(), "v")).collect();
        assert!(superfluous(&written, &Used::default(), NOW).is_empty());
        let later = NOW + Duration::hours(2);
        assert_eq!(superfluous(&written, &Used::default(), later).len(), 6);
    }

    #[tokio::test]
    async fn versions_are_deleted_by_their_ids_and_nothing_else_is_named() {
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
        let mut used = Used::default();
        used.add("s3guard/a.zip", Some("2"));
        assert_eq!(bucket.prune(&used, NOW).await, Ok(1));
        let asked = fake.asked();
        assert!(asked[0].line.contains("prefix=s3guard%2F"), "{}", asked[0].line);
        let deleted = "<Object><Key>s3guard/a.zip</Key><VersionId>1</VersionId></Object>";
        assert!(asked[1].body.contains(deleted), "{}", asked[1].body);
        assert_eq!(asked[1].body.matches("<Object>").count(), 1, "{}", asked[1].body);
    }
}
