//! What was made goes again: also what an earlier run has left.

use std::cell::RefCell;
use std::fmt;

use s3guard_aws::canary::{self, Canary, Inbox, STACK_TAG, UNTIL_TAG};
use s3guard_aws::wait::{self, Pace};
use s3guard_aws::{AwsError, Connection};
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{AccountId, BucketName, Reading};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::ui::output::Output;

/// In place of a time: it is kept until somebody asks for it to be removed.
pub(crate) const KEPT: &str = "kept";
/// How often something is tried to be removed.
const ATTEMPTS_MAX: usize = 4;

/// What a run has made so far. It is noted before it is made.
#[derive(Default)]
pub(crate) struct Made {
    pub(crate) canary: RefCell<Option<Canary>>,
    pub(crate) inbox: RefCell<Option<Inbox>>,
}

impl Made {
    /// Names all of it.
    pub(crate) fn names(&self) -> Vec<String> {
        let canary = self.canary.borrow().as_ref().map(|canary| bucket(canary.name()));
        let inbox = self.inbox.borrow().as_ref().map(queue);
        canary.into_iter().chain(inbox).collect()
    }

    /// Removes it, the bucket unless it is kept. Says what is left, and why.
    pub(crate) async fn remove(&self, keeps_bucket: bool) -> Vec<String> {
        let inbox = self.inbox.borrow().clone();
        let canary = self.canary.borrow().clone();
        let mut left = Vec::new();
        if let Some(inbox) = inbox {
            left.extend(
                again(async || inbox.remove().await.map(drop))
                    .await
                    .map(|e| told(&queue(&inbox), &e)),
            );
        }
        if let Some(canary) = canary {
            let name = bucket(canary.name());
            if keeps_bucket {
                left.push(format!("{name} (kept)"));
            } else {
                left.extend(again(async || canary.remove().await).await.map(|e| told(&name, &e)));
            }
        }
        left
    }
}

/// Whether something that an earlier run has made may be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leftover {
    /// It is another stack's, or nobody's.
    NotOurs,
    /// Somebody may still be at it, or wants it kept.
    InUse,
    /// Nobody is at it any more.
    Over,
}

/// Judges by the tags; a name alone says nothing.
pub(crate) fn judge(tags: Option<&Tags>, stack: &str, now: OffsetDateTime) -> Leftover {
    let tag = |name: &str| tags.and_then(|tags| tags.get(name)).map(String::as_str);
    if tag(STACK_TAG) != Some(stack) {
        return Leftover::NotOurs;
    }
    match tag(UNTIL_TAG).and_then(|until| OffsetDateTime::parse(until, &Rfc3339).ok()) {
        Some(until) if until < now => Leftover::Over,
        Some(_) | None => Leftover::InUse,
    }
}

/// What earlier runs have left.
#[derive(Default)]
pub(crate) struct Leftovers {
    canaries: Vec<(Canary, Leftover)>,
    inboxes: Vec<(Inbox, Leftover)>,
    /// What has a canary's name and not its tags.
    pub(crate) strange: Vec<String>,
    /// What could not be looked for.
    pub(crate) unseen: Vec<String>,
}

impl Leftovers {
    /// Finds them.
    pub(crate) async fn find(
        connection: &Connection,
        (owner, stack, topic): (&AccountId, &str, &str),
        now: OffsetDateTime,
    ) -> Result<Self, AwsError> {
        let mut found = Self::default();
        let canaries = found.seen(canary::canaries(connection, owner).await)?;
        for (name, tags) in canaries {
            let leftover = judge(tags.known(), stack, now);
            if !tags.known().is_some_and(|tags| tags.contains_key(STACK_TAG)) {
                let why = match tags {
                    Reading::Denied => "its tags may not be read",
                    Reading::Unread | Reading::Known(_) | Reading::Absent => "it has no such tags",
                };
                found.strange.push(format!("{}: {why}", bucket(&name)));
            }
            let canary = Canary::new(connection, name, owner.clone());
            found.canaries.push((canary, leftover));
        }
        let inboxes = found.seen(canary::inboxes(connection, topic).await)?;
        for (inbox, tags) in inboxes {
            let leftover = judge(Some(&tags), stack, now);
            found.inboxes.push((inbox, leftover));
        }
        Ok(found)
    }

    /// Whoever may not look for leftovers can verify all the same.
    fn seen<T: Default>(&mut self, looked: Result<T, AwsError>) -> Result<T, AwsError> {
        match looked {
            Err(error) if error.is_denied() => {
                self.unseen.push(format!("what earlier runs have left cannot be seen: {error}"));
                Ok(T::default())
            }
            looked => looked,
        }
    }

    /// The names of those of a kind.
    pub(crate) fn names(&self, kind: Leftover) -> Vec<String> {
        let canaries = self.canaries.iter().filter(|(_, of)| *of == kind);
        let inboxes = self.inboxes.iter().filter(|(_, of)| *of == kind);
        let canaries = canaries.map(|(canary, _)| bucket(canary.name()));
        canaries.chain(inboxes.map(|(inbox, _)| queue(inbox))).collect()
    }

    /// Removes those of these kinds. Says what is gone, and what is left and why.
    pub(crate) async fn remove(&self, kinds: &[Leftover], output: &Output) -> Cleaned {
        let mut cleaned = Cleaned::default();
        for (inbox, _) in self.inboxes.iter().filter(|(_, of)| kinds.contains(of)) {
            cleaned.note(
                queue(inbox),
                again(async || inbox.remove().await.map(drop)).await,
                output,
            );
        }
        for (canary, _) in self.canaries.iter().filter(|(_, of)| kinds.contains(of)) {
            let name = bucket(canary.name());
            cleaned.note(name, again(async || canary.remove().await).await, output);
        }
        cleaned
    }
}

/// What came of removing leftovers.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Cleaned {
    pub(crate) removed: Vec<String>,
    pub(crate) left: Vec<String>,
}

impl Cleaned {
    fn note(&mut self, name: String, failure: Option<AwsError>, output: &Output) {
        match failure {
            None => {
                output.say(format_args!("removed {name}, which an earlier run has left"));
                self.removed.push(name);
            }
            Some(error) => {
                output.warn(format_args!("{name} could not be removed: {error}"));
                self.left.push(told(&name, &error));
            }
        }
    }
}

impl fmt::Display for Cleaned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.removed {
            writeln!(f, "removed      {name}")?;
        }
        for name in &self.left {
            writeln!(f, "still there  {name}")?;
        }
        Ok(())
    }
}

/// Tries a few times; gives the failure that remains.
async fn again(remove: impl AsyncFn() -> Result<(), AwsError>) -> Option<AwsError> {
    let pauses = Pace::default().take(ATTEMPTS_MAX - 1);
    wait::retry(pauses, |error: &AwsError| !error.is_denied(), async || remove().await).await.err()
}

fn told(name: &str, error: &AwsError) -> String {
    format!("{name} ({error})")
}

fn bucket(name: &BucketName) -> String {
    format!("bucket `{name}`")
}

fn queue(inbox: &Inbox) -> String {
    format!("queue `{}`", inbox.url())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn only_what_says_that_it_is_ours_and_over_is_removed() {
        let now = datetime!(2026-11-25 12:00 UTC);
        let judge = |tags: &[(&str, &str)]| {
            let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            judge(Some(&tags.collect()), "guard", now)
        };
        let (past, future) = ("2026-11-25T11:59:59Z", "2026-11-25T12:00:01Z");
        assert_eq!(judge(&[]), Leftover::NotOurs);
        assert_eq!(judge(&[(UNTIL_TAG, past)]), Leftover::NotOurs);
        assert_eq!(judge(&[(STACK_TAG, "other"), (UNTIL_TAG, past)]), Leftover::NotOurs);
        assert_eq!(judge(&[(STACK_TAG, "guard")]), Leftover::InUse);
        assert_eq!(judge(&[(STACK_TAG, "guard"), (UNTIL_TAG, KEPT)]), Leftover::InUse);
        assert_eq!(judge(&[(STACK_TAG, "guard"), (UNTIL_TAG, future)]), Leftover::InUse);
        assert_eq!(judge(&[(STACK_TAG, "guard"), (UNTIL_TAG, past)]), Leftover::Over);
        assert_eq!(super::judge(None, "guard", now), Leftover::NotOurs);
    }
}
