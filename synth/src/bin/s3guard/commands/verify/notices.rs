//! The steps about notices: what the topic sends comes out of a queue that is subscribed for the time.

use std::collections::BTreeSet;

use s3guard_aws::canary::Inbox;
use serde_json::Value;
use tokio::time::Instant;

use super::report::{State, Step};
use super::stage::{Stage, Waited};

/// The names of the two steps, with the kinds of notices that they wait for.
pub(super) const BUCKET: (&str, &[&str]) = ("notice: of the bucket", &["bucket-report", "joined"]);
pub(super) const OBJECTS: (&str, &[&str]) = ("notice: of its objects", &["objects"]);

/// What came out of the queue so far.
pub(super) struct Arrivals<'a> {
    inbox: &'a Inbox,
    kinds: BTreeSet<String>,
}

impl<'a> Arrivals<'a> {
    pub(super) fn new(inbox: &'a Inbox) -> Self {
        Self { inbox, kinds: BTreeSet::new() }
    }

    /// Waits for a notice. Says whether it came.
    pub(super) async fn wait_for(
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
                    self.kinds.extend(messages.iter().filter_map(|message| kind(&message.body)));
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
pub(super) fn not_tried(name: &str, why: &str) -> Step {
    Step::without_wait(name, State::NotTried, why)
}

/// The kind of a notice, by its document.
fn kind(body: &str) -> Option<String> {
    let document: Value = serde_json::from_str(body).ok()?;
    document["kind"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_says_its_kind_and_anything_else_is_none() {
        assert_eq!(kind(r#"{"kind":"objects"}"#).as_deref(), Some("objects"));
        assert_eq!(kind("s3guard: protected"), None);
        assert_eq!(kind("{}"), None);
    }
}
