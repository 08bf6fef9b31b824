//! What was made goes again: also what an earlier run has left.

use std::fmt;

use s3guard_aws::canary::{self, Canary, Inbox, STACK_TAG, UNTIL_TAG};
use s3guard_aws::wait::{self, Pace};
use s3guard_aws::{AwsError, Connection};
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{AccountId, Reading};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::ui::output::Output;

/// In place of a time: it is kept until its removal is asked for.
pub(crate) const KEPT: &str = "kept";
/// How often something is tried to be removed.
const ATTEMPTS_MAX: usize = 4;

/// Something that a run makes, and that is removed again.
#[derive(Clone, Debug)]
pub(crate) enum Made {
    Inbox(Inbox),
    Canary(Canary),
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inbox(inbox) => write!(f, "queue `{}`", inbox.url()),
            Self::Canary(canary) => write!(f, "bucket `{}`", canary.name()),
        }
    }
}

impl Made {
    /// Removes it; after a few attempts gives the failure that remains.
    async fn remove(&self) -> Result<(), AwsError> {
        let remove = async || match self {
            Self::Inbox(inbox) => inbox.remove().await.map(drop),
            Self::Canary(canary) => canary.remove().await,
        };
        let pauses = Pace::default().take(ATTEMPTS_MAX - 1);
        // To remove a bucket waits out by itself what passes.
        let is_waited_for =
            |error: &AwsError| matches!(self, Self::Canary(_)) && error.is_transient();
        let may_pass = |error: &AwsError| !error.is_denied() && !is_waited_for(error);
        wait::retry(pauses, may_pass, remove).await
    }
}

/// Removes what a run has made, its bucket unless that is kept. Says what is left, and why.
pub(crate) async fn remove(made: &[Made], keeps_bucket: bool) -> Vec<String> {
    let mut left = Vec::new();
    for one in made {
        if keeps_bucket && matches!(one, Made::Canary(_)) {
            left.push(format!("{one} (kept)"));
        } else if let Err(error) = one.remove().await {
            left.push(format!("{one} ({error})"));
        }
    }
    left
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

/// Whose leftovers are looked for.
pub(crate) struct Whose<'a> {
    pub(crate) owner: &'a AccountId,
    pub(crate) stack: &'a str,
    pub(crate) topic: &'a str,
}

/// What earlier runs have left.
#[derive(Default)]
pub(crate) struct Leftovers {
    found: Vec<(Made, Leftover)>,
    /// What has a canary's name and not its tags.
    strange: Vec<String>,
    /// What could not be looked for.
    pub(crate) unseen: Vec<String>,
}

impl Leftovers {
    /// Finds them.
    pub(crate) async fn find(
        connection: &Connection,
        whose: Whose<'_>,
        now: OffsetDateTime,
    ) -> Result<Self, AwsError> {
        let Whose { owner, stack, topic } = whose;
        let mut all = Self::default();
        for (inbox, tags) in all.seen(canary::inboxes(connection, topic).await)? {
            all.found.push((Made::Inbox(inbox), judge(Some(&tags), stack, now)));
        }
        for (name, tags) in all.seen(canary::canaries(connection, owner).await)? {
            let leftover = judge(tags.known(), stack, now);
            let made = Made::Canary(Canary::new(connection, name, owner.clone()));
            if !tags.known().is_some_and(|tags| tags.contains_key(STACK_TAG)) {
                let why = match tags {
                    Reading::Denied => "its tags may not be read",
                    Reading::Unread | Reading::Known(_) | Reading::Absent => "it has no such tags",
                };
                all.strange.push(format!("{made}: {why}"));
            }
            all.found.push((made, leftover));
        }
        Ok(all)
    }

    /// Without the permission to look for leftovers a guard can be verified all the same.
    fn seen<T: Default>(&mut self, looked: Result<T, AwsError>) -> Result<T, AwsError> {
        match looked {
            Err(error) if error.is_denied() => {
                self.unseen.push(format!("what earlier runs have left cannot be seen: {error}"));
                Ok(T::default())
            }
            looked => looked,
        }
    }

    /// Warns of what could not be looked for, and of what is left though it has a canary's name.
    pub(crate) fn warn(&self, output: &Output) {
        for unseen in &self.unseen {
            output.warn(unseen);
        }
        for strange in &self.strange {
            output
                .warn(format_args!("{strange}, so it is left, though it is called like a canary"));
        }
    }

    /// Those of these kinds.
    pub(crate) fn of(&self, kinds: &[Leftover]) -> impl Iterator<Item = &Made> {
        self.found.iter().filter(|(_, of)| kinds.contains(of)).map(|(made, _)| made)
    }

    /// Removes those of these kinds. Says what is gone, and what is left and why.
    pub(crate) async fn remove(&self, kinds: &[Leftover], output: &Output) -> Cleaned {
        let mut cleaned = Cleaned::default();
        for made in self.of(kinds) {
            match made.remove().await {
                Ok(()) => {
                    output.say(format_args!("removed {made}, which an earlier run has left"));
                    cleaned.removed.push(made.to_string());
                }
                Err(error) => {
                    output.warn(format_args!("{made} could not be removed: {error}"));
                    cleaned.left.push(format!("{made} ({error})"));
                }
            }
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
