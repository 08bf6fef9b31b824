//! The steps about notifications: a queue that is subscribed to the topic for the time receives them.

use std::collections::BTreeSet;

use s3guard_aws::canary::Inbox;
use serde_json::Value;
use tokio::time::Instant;

use crate::operations::verify::run::VerifyRun;

/// The attributes that every notification about a bucket has, which filters match.
const ATTRIBUTES: [&str; 3] = ["bucket", "kind", "severity"];

/// The kinds of notifications that the queue has received.
pub(crate) struct Arrivals<'a> {
    pub(crate) inbox: &'a Inbox,
    pub(crate) kinds: BTreeSet<String>,
}

impl Arrivals<'_> {
    /// Waits for a notification of one of these kinds.
    pub(crate) async fn wait_for(
        &mut self,
        run: &VerifyRun<'_>,
        name: &str,
        kinds: &[&str],
    ) -> anyhow::Result<()> {
        let bound = run.bounds.each;
        run.say_waiting("the topic delivers its notification", bound);
        let waited = run
            .wait(Instant::now(), bound, async || {
                if kinds.iter().any(|kind| self.kinds.contains(*kind)) {
                    return Ok(Some(()));
                }
                let messages = self.inbox.queue().receive().await?;
                let bucket = run.id.name.as_str();
                for message in messages.iter().filter(|one| kind(&one.body, bucket).is_some()) {
                    run.fact(attributes(&message.attributes));
                }
                self.kinds.extend(messages.iter().filter_map(|one| kind(&one.body, bucket)));
                self.inbox.queue().delete(&messages).await?;
                Ok(kinds.iter().any(|kind| self.kinds.contains(*kind)).then_some(()))
            })
            .await?;
        run.ended(name, bound, &waited, None).map(drop)
    }
}

/// The kind of a notification about this bucket, by its document. SNS takes minutes to apply a filter, and sends others
/// until then.
///
/// Source: Amazon SNS Developer Guide, "Amazon SNS subscription filter policies".
fn kind(body: &str, bucket: &str) -> Option<String> {
    let document: Value = serde_json::from_str(body).ok()?;
    let mut buckets = document["buckets"].as_array()?.iter();
    buckets.any(|one| one["name"] == bucket).then_some(())?;
    document["kind"].as_str().map(str::to_owned)
}

/// Whether SNS has delivered what the filters of subscriptions match.
fn attributes(found: &BTreeSet<String>) -> String {
    let missing: Vec<&str> = ATTRIBUTES.into_iter().filter(|name| !found.contains(*name)).collect();
    if missing.is_empty() {
        return "SNS delivers notifications with the attributes that filters match".to_owned();
    }
    format!(
        "SNS delivers notifications without the attributes {}: filters on them match nothing",
        missing.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_attributes_are_named() {
        let found = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(
            attributes(&found(&["account", "bucket", "kind", "severity"])),
            "SNS delivers notifications with the attributes that filters match"
        );
        assert_eq!(
            attributes(&found(&["kind"])),
            "SNS delivers notifications without the attributes bucket, severity: filters on them match nothing"
        );
    }

    #[test]
    fn only_notifications_about_the_canary_count() {
        let notification = r#"{"kind":"objects","buckets":[{"name":"reports"},{"name":"canary"}]}"#;
        assert_eq!(kind(notification, "canary").as_deref(), Some("objects"));
        assert_eq!(kind(notification, "another"), None);
        assert_eq!(kind("s3guard: protected", "canary"), None);
        assert_eq!(kind(r#"{"kind":"alarm","buckets":[]}"#, "canary"), None);
    }
}
