//! Removing what a run has made, also an earlier one.

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
use crate::ui::text::{Printable, Text};

/// In place of a time: it is kept until `--clean-up`.
pub(crate) const KEPT: &str = "kept";
const ATTEMPTS_MAX: usize = 4;

/// A resource that a run creates and removes.
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
    /// Removes it, in several attempts.
    pub(crate) async fn remove(&self) -> Result<(), AwsError> {
        let remove = async || match self {
            Self::Inbox(inbox) => inbox.remove().await.map(drop),
            Self::Canary(canary) => canary.remove().await,
        };
        let pauses = Pace::default().take(ATTEMPTS_MAX - 1);
        // The removal of a bucket already waits out transient errors.
        let is_waited_for =
            |error: &AwsError| matches!(self, Self::Canary(_)) && error.is_transient();
        let may_pass = |error: &AwsError| !error.is_denied() && !is_waited_for(error);
        wait::retry(pauses, may_pass, remove).await
    }
}

/// Whether the time of the run that has made it is over; `None` if the tags do not show that a run for this stack made it.
fn is_over(tags: Option<&Tags>, stack: &str, now: OffsetDateTime) -> Option<bool> {
    let tag = |name: &str| tags.and_then(|tags| tags.get(name)).map(String::as_str);
    let until = tag(UNTIL_TAG).and_then(|until| OffsetDateTime::parse(until, &Rfc3339).ok());
    (tag(STACK_TAG) == Some(stack)).then(|| until.is_some_and(|until| until < now))
}

/// What earlier runs have left.
#[derive(Default)]
pub(crate) struct Leftovers {
    /// What belongs to runs whose time is over.
    pub(crate) over: Vec<Made>,
    /// What another run may use, or has kept.
    pub(crate) in_use: Vec<Made>,
    /// What could not be listed, or is not recognized.
    pub(crate) warnings: Vec<String>,
    /// Whether the caller may not list all of them.
    pub(crate) is_partial: bool,
}

impl Leftovers {
    /// Finds those of a stack with this topic.
    pub(crate) async fn find(
        connection: &Connection,
        owner: &AccountId,
        stack: &str,
        topic: &str,
        now: OffsetDateTime,
    ) -> Result<Self, AwsError> {
        let mut all = Self::default();
        for (inbox, tags) in all.seen(canary::inboxes(connection, topic).await)? {
            all.add(Made::Inbox(inbox), is_over(Some(&tags), stack, now));
        }
        for (name, tags) in all.seen(canary::canaries(connection, owner).await)? {
            let made = Made::Canary(Canary::new(connection, name, owner.clone()));
            if !tags.known().is_some_and(|tags| tags.contains_key(STACK_TAG)) {
                let is_denied = matches!(tags, Reading::Denied);
                let why =
                    if is_denied { "its tags may not be read" } else { "it has no such tags" };
                all.warnings.push(format!("{made} has the name of a canary and is left: {why}"));
            }
            all.add(made, is_over(tags.known(), stack, now));
        }
        Ok(all)
    }

    fn add(&mut self, made: Made, is_over: Option<bool>) {
        match is_over {
            Some(true) => self.over.push(made),
            Some(false) => self.in_use.push(made),
            None => {}
        }
    }

    /// A guard can be verified without the permission to list leftovers.
    fn seen<T: Default>(&mut self, result: Result<T, AwsError>) -> Result<T, AwsError> {
        result.or_else(|error| {
            if !error.is_denied() {
                return Err(error);
            }
            self.is_partial = true;
            self.warnings.push(format!("what earlier runs have left cannot be listed: {error}"));
            Ok(T::default())
        })
    }
}

#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Cleaned {
    removed: Vec<String>,
    #[serde(rename = "notRemoved")]
    pub(crate) left: Vec<String>,
}

impl Cleaned {
    /// Nothing is removed yet.
    pub(crate) fn planned(all: &[&Made]) -> Self {
        Self { removed: Vec::new(), left: all.iter().map(ToString::to_string).collect() }
    }

    pub(crate) async fn of(all: impl IntoIterator<Item = &Made>, output: &Output) -> Self {
        let mut cleaned = Self::default();
        for made in all {
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

impl Printable for Cleaned {
    fn print(&self, text: &mut Text) {
        self.removed.iter().for_each(|name| text.line(format_args!("removed      {name}")));
        self.left.iter().for_each(|name| text.line(format_args!("not removed  {name}")));
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn only_what_is_tagged_as_ours_and_over_is_removed() {
        let now = datetime!(2026-11-25 12:00 UTC);
        let judge = |tags: &[(&str, &str)]| {
            let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            is_over(Some(&tags.collect()), "guard", now)
        };
        let (past, future) = ("2026-11-25T11:59:59Z", "2026-11-25T12:00:01Z");
        assert_eq!(judge(&[]), None);
        assert_eq!(judge(&[(UNTIL_TAG, past)]), None);
        assert_eq!(judge(&[(STACK_TAG, "other"), (UNTIL_TAG, past)]), None);
        assert_eq!(judge(&[(STACK_TAG, "guard")]), Some(false));
        assert_eq!(judge(&[(STACK_TAG, "guard"), (UNTIL_TAG, KEPT)]), Some(false));
        assert_eq!(judge(&[(STACK_TAG, "guard"), (UNTIL_TAG, future)]), Some(false));
        assert_eq!(judge(&[(STACK_TAG, "guard"), (UNTIL_TAG, past)]), Some(true));
        assert_eq!(is_over(None, "guard", now), None);
    }
}
