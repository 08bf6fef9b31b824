//! The steps about notices: what the topic sends comes out of a queue that is subscribed for the time.

use std::collections::BTreeSet;

use s3guard_aws::canary::Inbox;
use serde_json::Value;
use tokio::time::Instant;

use crate::operations::verify::report::Step;
use crate::operations::verify::run::{Run, step};

/// A step that waits for a notice of one of these kinds.
pub(crate) struct Awaited {
    pub(crate) name: &'static str,
    kinds: &'static [&'static str],
}

pub(crate) const BUCKET: Awaited =
    Awaited { name: "notice: of the bucket", kinds: &["bucket-report", "joined"] };
pub(crate) const OBJECTS: Awaited = Awaited { name: "notice: of its objects", kinds: &["objects"] };

/// What came out of the queue so far.
pub(crate) struct Arrivals<'a> {
    inbox: &'a Inbox,
    kinds: BTreeSet<String>,
}

impl<'a> Arrivals<'a> {
    pub(crate) fn new(inbox: &'a Inbox) -> Self {
        Self { inbox, kinds: BTreeSet::new() }
    }

    /// Waits for a notice.
    pub(crate) async fn wait_for(
        &mut self,
        run: &Run<'_>,
        awaited: &Awaited,
    ) -> anyhow::Result<()> {
        let bound = run.bounds.each;
        run.say_waiting("its notice comes out of the topic", bound);
        let is_there =
            |there: &BTreeSet<String>| awaited.kinds.iter().any(|kind| there.contains(*kind));
        let waited = run
            .wait(Instant::now(), bound, async || {
                if !is_there(&self.kinds) {
                    let messages = self.inbox.queue().receive().await?;
                    let bucket = run.id.name.as_str();
                    let kinds = messages.iter().filter_map(|message| kind(&message.body, bucket));
                    self.kinds.extend(kinds);
                    self.inbox.queue().delete(&messages).await?;
                }
                Ok(is_there(&self.kinds).then_some(()))
            })
            .await?;
        // It may have come long before it was looked for.
        run.note(Step { took: None, ..step(awaited.name, bound, &waited, None) })
    }
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
