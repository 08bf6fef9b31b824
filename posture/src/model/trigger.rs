//! Why a bucket is looked at: calls that somebody made, or the sweep.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use crate::model::tool::Tool;
use crate::model::watch;
use crate::{Aspect, Maker, Moment};

/// Why the guard looks at a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Somebody made these calls. Events of a bucket that come together are looked at once.
    Calls(Vec<Call>),
    /// Nobody told us: the sweep looks at every bucket.
    Sweep,
}

/// A call as `CloudTrail` reported it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `CloudTrail`'s name of the call.
    pub event_name: String,
    /// `CloudTrail`'s id of the event, if it has one.
    pub event_id: Option<String>,
    /// When it was made.
    pub time: OffsetDateTime,
    /// Who made it: an ARN, or the kind of caller where there is none.
    pub principal: String,
    /// With what.
    pub tool: Tool,
    /// From where: an address, or the AWS service that acted for somebody.
    pub source_ip: Option<String>,
    /// Whether it says by itself that it opens the bucket to the public, by an ACL.
    pub exposes: bool,
    /// Whether it says by itself that SSE-C is no longer blocked.
    pub opens_sse_c: bool,
    /// Whether it makes a bucket whose ACL and ownership are S3's defaults.
    pub makes_default_bucket: bool,
}

impl Trigger {
    /// These calls; the sweep, if there are none.
    pub fn of(calls: Vec<Call>) -> Self {
        if calls.is_empty() { Self::Sweep } else { Self::Calls(calls) }
    }

    /// The calls; none for the sweep.
    pub fn calls(&self) -> &[Call] {
        match self {
            Self::Calls(calls) => calls,
            Self::Sweep => &[],
        }
    }

    /// What the calls can have weakened.
    pub fn touched(&self) -> BTreeSet<Aspect> {
        let calls = self.calls();
        let mut touched = watch::touched(calls.iter().map(|call| call.event_name.as_str()));
        let is_special =
            |call: &Call| call.event_name == "CreateBucket" && !call.makes_default_bucket;
        if calls.iter().any(is_special) {
            touched.extend([Aspect::Ownership, Aspect::Acl]);
        }
        touched
    }

    /// What the calls tell of the moment in the bucket's life, after so many attempts.
    pub fn moment(&self, attempt: u32) -> Moment {
        let calls = self.calls();
        let maker = if calls.iter().any(|call| call.tool == Tool::CloudFormation) {
            Maker::CloudFormation
        } else if calls.iter().any(|call| call.event_name == "CreateBucket") {
            Maker::Another
        } else {
            Maker::Unknown
        };
        let changed = calls.iter().flat_map(changes).copied().collect();
        Moment { maker, has_waited: attempt > 0, changed }
    }
}

/// The aspects whose own setting a call changes, where keeping them can break what has been working.
///
/// A new bucket has S3's defaults, which need no mending; whatever else it has, a call has set. So making a bucket changes
/// only what the call itself says: in us-east-1 it also succeeds for a bucket that has been there for years.
fn changes(call: &Call) -> &'static [Aspect] {
    match call.event_name.as_str() {
        "CreateBucket" if !call.makes_default_bucket => &[Aspect::Ownership],
        "PutBucketOwnershipControls" | "DeleteBucketOwnershipControls" => &[Aspect::Ownership],
        "PutBucketPublicAccessBlock" | "DeleteBucketPublicAccessBlock" => &[Aspect::PublicAccess],
        // What becomes of the block where a call does not name it AWS does not say; whoever has SSE-C in use may well change
        // nothing but a key.
        "PutBucketEncryption" if call.opens_sse_c => &[Aspect::SseC],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn call(event_name: &str, tool: Tool) -> Call {
        Call {
            event_name: event_name.to_owned(),
            event_id: None,
            time: datetime!(2026-11-20 12:00:00 UTC),
            principal: "somebody".to_owned(),
            tool,
            source_ip: None,
            exposes: false,
            opens_sse_c: event_name == "PutBucketEncryption",
            makes_default_bucket: event_name == "CreateBucket",
        }
    }

    #[test]
    fn any_call_of_cloudformation_says_that_it_is_at_work() {
        let by = |name, tool| Trigger::Calls(vec![call(name, tool)]).moment(0).maker;
        assert_eq!(by("PutBucketEncryption", Tool::CloudFormation), Maker::CloudFormation);
        assert_eq!(by("CreateBucket", Tool::CloudFormation), Maker::CloudFormation);
        assert_eq!(by("CreateBucket", Tool::Terraform), Maker::Another);
        assert_eq!(by("PutBucketEncryption", Tool::Terraform), Maker::Unknown);
        assert_eq!(Trigger::Sweep.moment(0), Moment::default());
        assert!(Trigger::Sweep.moment(1).has_waited);
    }

    #[test]
    fn what_a_call_has_just_changed_is_what_it_sets_itself() {
        let changed = |name, makes_default_bucket| {
            let call = Call { makes_default_bucket, ..call(name, Tool::Cli) };
            Trigger::Calls(vec![call]).moment(0).changed.into_iter().collect::<Vec<_>>()
        };
        for (name, expected) in [
            ("DeleteBucketPublicAccessBlock", Aspect::PublicAccess),
            ("PutBucketPublicAccessBlock", Aspect::PublicAccess),
            ("PutBucketOwnershipControls", Aspect::Ownership),
            ("DeleteBucketOwnershipControls", Aspect::Ownership),
            ("PutBucketEncryption", Aspect::SseC),
        ] {
            assert!(watch::find(name).is_some(), "{name}");
            assert_eq!(changed(name, false), [expected], "{name}");
        }
        assert_eq!(changed("CreateBucket", false), [Aspect::Ownership]);
        assert_eq!(changed("CreateBucket", true), []);
        for name in [
            "DeleteBucketEncryption",
            "PutBucketTagging",
            "PutBucketPolicy",
            "PutBucketAcl",
            "PutBucketWebsite",
        ] {
            assert_eq!(changed(name, false), [], "{name}");
        }
        assert!(Trigger::Sweep.moment(0).changed.is_empty());
    }

    #[test]
    fn a_new_bucket_with_an_acl_or_ownership_of_its_own_has_both_looked_at() {
        let made = |makes_default_bucket| {
            let call = Call { makes_default_bucket, ..call("CreateBucket", Tool::Cli) };
            let touched = Trigger::Calls(vec![call]).touched();
            [Aspect::Ownership, Aspect::Acl].map(|aspect| touched.contains(&aspect))
        };
        assert_eq!(made(true), [false, false]);
        assert_eq!(made(false), [true, true]);
    }
}
