//! The steps about notices: what the topic sends comes out of a queue that is subscribed for the time.

use std::collections::BTreeSet;

use s3guard_aws::canary::Inbox;
use serde_json::Value;
use tokio::time::Instant;

use crate::operations::verify::report::{State, Step};
use crate::operations::verify::stage::{Stage, Waited};

/// The names of the two steps, with the kinds of notices that they wait for.
pub(crate) const BUCKET: (&str, &[&str]) = ("notice: of the bucket", &["bucket-report", "joined"]);
pub(crate) const OBJECTS: (&str, &[&str]) = ("notice: of its objects", &["objects"]);

/// What came out of the queue so far.
pub(crate) struct Arrivals<'a> {
    inbox: &'a Inbox,
    kinds: BTreeSet<String>,
}

impl<'a> Arrivals<'a> {
    pub(crate) fn new(inbox: &'a Inbox) -> Self {
        Self { inbox, kinds: BTreeSet::new() }
    }

    /// Waits for a notice. Says whether it came.
    pub(crate) async fn wait_for(
        &mut self,
        stage: &Stage<'_>,
        (name, kinds): (&str, &[&str]),
        steps: &mut Vec<Step>,
    ) -> anyhow::Result<bool> {
        let bound = stage.bounds.gather;
        stage.say_waiting("its notice comes out of the topic", bound);
        let waited = stage
            .wait((Instant::now(), bound), async || {
                if !kinds.iter().any(|kind| self.kinds.contains(*kind)) {
                    let messages = self.inbox.queue().receive().await?;
                    let bucket = stage.id.name.as_str();
                    let kinds = messages.iter().filter_map(|message| kind(&message.body, bucket));
                    self.kinds.extend(kinds);
                    self.inbox.queue().delete(&messages).await?;
                }
                Ok(kinds.iter().any(|kind| self.kinds.contains(*kind)).then_some(()))
            })
            .await?;
        let came = matches!(waited, Waited::Seen(..));
        // It may have come long before it was looked for.
        let step = Step { took: None, ..Stage::ended(name, bound, &waited, None) };
        stage.note(steps, step)?;
        Ok(came)
    }
}

/// The steps where nothing was told that could arrive.
pub(crate) fn not_tried(name: &str, why: &str) -> Step {
    Step::without_wait(name, State::NotTried, why)
}

/// The kind of a notice about this bucket, by its document. SNS takes minutes until a filter counts, and sends others' too
/// until then.
///
/// Source: Amazon SNS Developer Guide, "Amazon SNS subscription filter policies".
fn kind(body: &str, bucket: &str) -> Option<String> {
    let document: Value = serde_json::from_str(body).ok()?;
    let mut buckets = document["buckets"].as_array()?.iter();
    buckets.any(|one| one["name"] == bucket).then_some(())?;
    document["kind"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_counts_if_it_is_about_the_canary() {
        let notice = r#"{"kind":"objects","buckets":[{"name":"reports"},{"name":"canary"}]}"#;
        assert_eq!(kind(notice, "canary").as_deref(), Some("objects"));
        assert_eq!(kind(notice, "another"), None);
        assert_eq!(kind("s3guard: protected", "canary"), None);
        assert_eq!(kind(r#"{"kind":"alarm","buckets":[]}"#, "canary"), None);
    }
}
