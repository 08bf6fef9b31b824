//! Whether EventBridge and the stack's rules bring an event to the guard.

use std::collections::BTreeMap;

use s3guard_posture::config::Selection;
use s3guard_posture::events::field;
use s3guard_posture::{AccountId, Region};
use serde_json::Value as Json;

use crate::operations::replay::Scene;
use crate::operations::replay::replayed::Heard;
use s3guard_synth::stacks::{Deployed, IAM_PATH, RulePatterns, rule_patterns};

const BUCKET_CHANGED: &str = "BucketChanged";
const OBJECT_CHANGED: &str = "ObjectChanged";
const SWEEP: &str = "Sweep";

/// The rules of the guards in the account's Regions.
pub(crate) struct Rules {
    account: AccountId,
    /// The Region of the one guard; without one there is a guard in each.
    only: Option<Region>,
    bucket_prefix: String,
    selection: Selection,
    of_regions: BTreeMap<Region, RulePatterns>,
}

impl Rules {
    pub(crate) fn new(scene: &Scene) -> Self {
        Self {
            account: scene.account.clone(),
            only: scene.region.clone(),
            bucket_prefix: scene.bucket_prefix.clone(),
            selection: scene.config.notifications().objects.clone(),
            of_regions: BTreeMap::new(),
        }
    }

    /// Whether a guard hears of an event in this Region, where the event names none.
    pub(crate) fn heard(&mut self, event: &Json, here: &Region) -> Heard {
        if let Some(because) = self.not_delivered(event) {
            return Heard::NotDelivered { because };
        }
        let text = |name| field::text(event, &[name]).unwrap_or_default();
        if (text("source").as_str(), text("detail-type").as_str())
            == ("aws.events", "Scheduled Event")
        {
            return Heard::Matches { rule: SWEEP };
        }
        let region = text("region").parse().unwrap_or_else(|_| here.clone());
        let patterns = self.of_region(region);
        let (rule, pattern) = if is_of_object(event) {
            (OBJECT_CHANGED, &patterns.object_changed)
        } else {
            (BUCKET_CHANGED, &patterns.bucket_changed)
        };
        match pattern.first_mismatch(event) {
            None => Heard::Matches { rule },
            Some(mismatch) => Heard::DoesNotMatch { rule, because: mismatch.to_string() },
        }
    }

    /// Whether a call was made by a role of ours.
    pub(crate) fn is_ours(&self, event: &Json, here: &Region) -> bool {
        let path = ["detail", "userIdentity", "sessionContext", "sessionIssuer", "arn"];
        let (partition, account) = (here.partition(), &self.account);
        let ours = format!("arn:{partition}:iam::{account}:role{IAM_PATH}");
        field::text(event, &path).is_some_and(|issuer| issuer.starts_with(&ours))
    }

    fn not_delivered(&self, event: &Json) -> Option<String> {
        let read_only = field::text(event, &["detail", "readOnly"]);
        if read_only.is_some_and(|read_only| read_only == "true") {
            return Some("EventBridge delivers no calls that only read".to_owned());
        }
        let account = field::text(event, &["account"])?;
        if account != self.account.as_str() {
            return Some(format!(
                "it comes to account {account}, the guard is in {}",
                self.account
            ));
        }
        let region = field::text(event, &["region"])?;
        let only = self.only.as_ref().filter(|only| only.as_str() != region)?;
        Some(format!("it comes in {region}, the guard is in {only}"))
    }

    fn of_region(&mut self, region: Region) -> &RulePatterns {
        let (account, bucket_prefix) = (&self.account, &self.bucket_prefix);
        let selection = &self.selection;
        self.of_regions.entry(region).or_insert_with_key(|region| {
            rule_patterns(&Deployed {
                account: account.clone(),
                region: region.clone(),
                partition: region.partition().to_owned(),
                bucket_prefix: bucket_prefix.clone(),
                selection: selection.clone(),
            })
        })
    }
}

/// Whether it is one of S3's own events about objects.
pub(crate) fn is_of_object(event: &Json) -> bool {
    let kind = field::text(event, &["detail-type"]);
    kind.is_some_and(|kind| kind.starts_with("Object "))
}
