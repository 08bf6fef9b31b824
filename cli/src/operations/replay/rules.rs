//! Whether EventBridge and the stack's rules deliver an event to the guard.

use std::collections::BTreeMap;

use s3guard_posture::Region;
use s3guard_posture::events::field;
use serde_json::Value as Json;

use crate::operations::replay::replayed::Delivery;
use crate::operations::replay::{BUCKET_PREFIX, Scene};
use s3guard_synth::stacks::{Deployed, IAM_PATH, RulePatterns, rule_patterns};

pub(crate) struct Rules<'a> {
    scene: &'a Scene,
    of_regions: BTreeMap<Region, RulePatterns>,
}

impl<'a> Rules<'a> {
    pub(crate) fn new(scene: &'a Scene) -> Self {
        Self { scene, of_regions: BTreeMap::new() }
    }

    /// Whether an event is delivered to a guard, in this Region if the event names none.
    pub(crate) fn delivery(&mut self, event: &Json, here: &Region) -> Delivery {
        if let Some(reason) = self.not_delivered(event) {
            return Delivery::NotDelivered { reason };
        }
        let text = |name| field::text(event, &[name]).unwrap_or_default();
        if text("source") == "aws.events" && text("detail-type") == "Scheduled Event" {
            return Delivery::Matches { rule: "Sweep" };
        }
        let region: Region = text("region").parse().unwrap_or_else(|_| here.clone());
        let scene = self.scene;
        let patterns = |region: &Region, guard_role: &str| {
            rule_patterns(&Deployed {
                account: scene.account.clone(),
                region: region.clone(),
                bucket_prefix: BUCKET_PREFIX.to_owned(),
                guard_role: guard_role.to_owned(),
                selection: scene.config.notifications().objects.clone(),
            })
        };
        let of_our_role = issuer(event)
            .filter(|_| self.is_ours(event, here))
            .map(|guard_role| patterns(&region, &guard_role));
        let of_region = self.of_regions.entry(region);
        let of_region = of_region.or_insert_with_key(|region| patterns(region, "the guard's role"));
        let patterns = of_our_role.as_ref().unwrap_or(of_region);
        let (rule, pattern) = if is_of_object(event) {
            ("ObjectChanged", &patterns.object_changed)
        } else {
            let name = field::text(event, &["detail", "eventName"]).unwrap_or_default();
            let (rule, pattern) = patterns.for_call(&text("source"), &name);
            (rule.name(), pattern)
        };
        match pattern.first_mismatch(event) {
            None => Delivery::Matches { rule },
            Some(mismatch) => Delivery::DoesNotMatch { rule, reason: mismatch.to_string() },
        }
    }

    /// Whether a call was made by a role that CloudFormation named for the guard. A deployed rule knows the role itself.
    pub(crate) fn is_ours(&self, event: &Json, here: &Region) -> bool {
        let (partition, account) = (here.partition(), &self.scene.account);
        let ours = format!("arn:{partition}:iam::{account}:role{IAM_PATH}");
        issuer(event)
            .as_deref()
            .and_then(|issuer| issuer.strip_prefix(&ours))
            .is_some_and(|name| name.contains("-GuardRole-"))
    }

    fn not_delivered(&self, event: &Json) -> Option<String> {
        let read_only = field::text(event, &["detail", "readOnly"]);
        if read_only.is_some_and(|read_only| read_only == "true") {
            return Some("EventBridge does not deliver read-only calls".to_owned());
        }
        let account = field::text(event, &["account"])?;
        let own = &self.scene.account;
        if account != own.as_str() {
            return Some(format!("it belongs to account {account}, the guard is in {own}"));
        }
        let region = field::text(event, &["region"])?;
        let only = self.scene.region.as_ref().filter(|only| only.as_str() != region)?;
        Some(format!("it belongs to {region}, the guard is in {only}"))
    }
}

/// The role whose session made the call.
fn issuer(event: &Json) -> Option<String> {
    field::text(event, &["detail", "userIdentity", "sessionContext", "sessionIssuer", "arn"])
}

/// Whether it is one of S3's own events about objects.
pub(crate) fn is_of_object(event: &Json) -> bool {
    let kind = field::text(event, &["detail-type"]);
    kind.is_some_and(|kind| kind.starts_with("Object "))
}
