//! Why a bucket is reconciled: calls, or the sweep.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use crate::model::deed::Effect;
use crate::model::tool::Tool;
use crate::model::watch;
use crate::{Age, Aspect, CallContext, Maker, Region};

/// Why a bucket is reconciled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// These calls: the events of a bucket in a batch are handled together.
    Calls(Vec<Call>),
    /// The sweep, which reconciles every bucket.
    Sweep,
}

/// A call as `CloudTrail` reported it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `CloudTrail`'s name of the call.
    pub event_name: String,
    /// `CloudTrail`'s id of the event, if it has one.
    pub event_id: Option<String>,
    /// Its time.
    pub time: OffsetDateTime,
    /// Who made it: an ARN, or the kind of caller if there is none.
    pub principal: String,
    /// The ARN of the user, or of the role without its session, if there is one.
    pub principal_arn: Option<String>,
    /// The tool that made it.
    pub tool: Tool,
    /// The source: an IP address, or the AWS service that made the call on behalf of a principal.
    pub source_ip: Option<String>,
    /// Whether its parameters make the bucket public by an ACL.
    pub exposes: bool,
    /// Whether its parameters unblock SSE-C.
    pub opens_sse_c: bool,
    /// Whether it creates a bucket with S3's default ACL and ownership.
    pub makes_default_bucket: bool,
    /// The bucket policy that it puts, as JSON: it is compared and reported, never written.
    pub policy: Option<String>,
    /// What its parameters say that it has done.
    pub effect: Effect,
}

impl Call {
    /// Who made it: a role without its session, so that a new session is no new principal.
    pub fn caller(&self) -> &str {
        self.principal_arn.as_deref().unwrap_or(&self.principal)
    }
}

impl Trigger {
    /// The calls; none for the sweep.
    pub fn calls(&self) -> &[Call] {
        match self {
            Self::Calls(calls) => calls,
            Self::Sweep => &[],
        }
    }

    /// The aspects that the calls may have weakened.
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

    /// What the calls show, after so many attempts. In a Region other than us-east-1 the call that creates a bucket fails if
    /// the bucket exists.
    ///
    /// Source: Amazon S3 API Reference, `CreateBucket`, `BucketAlreadyOwnedByYou`.
    pub fn call_context(&self, attempt: u32, region: &Region) -> CallContext {
        let calls = self.calls();
        let maker = if calls.iter().any(|call| call.tool == Tool::CloudFormation) {
            Maker::CloudFormation
        } else if calls.iter().any(|call| call.event_name == "CreateBucket") {
            Maker::Another
        } else {
            Maker::Unknown
        };
        let changed = calls.iter().flat_map(changes).copied().collect();
        let created = calls.iter().rfind(|call| call.event_name == "CreateBucket");
        let age = match created {
            Some(call) if region.as_str() == "us-east-1" => Age::CreatedAgain(call.time),
            Some(_) => Age::New,
            None => Age::Unknown,
        };
        let exposes = calls.iter().any(exposes);
        CallContext { maker, has_waited: attempt > 0, changed, exposes, age, is_settling: false }
    }
}

/// Whether a call may make a bucket public that was not.
fn exposes(call: &Call) -> bool {
    matches!(
        call.event_name.as_str(),
        "PutBucketPolicy"
            | "PutBucketAcl"
            | "PutBucketOwnershipControls"
            | "DeleteBucketOwnershipControls"
            | "PutBucketPublicAccessBlock"
            | "DeleteBucketPublicAccessBlock"
    ) || call.exposes
}

/// The aspects whose own setting a call changes.
///
/// `CreateBucket` changes only what its parameters say: in us-east-1 it also succeeds for a bucket that exists already.
fn changes(call: &Call) -> &'static [Aspect] {
    match call.event_name.as_str() {
        "CreateBucket" if !call.makes_default_bucket => &[Aspect::Ownership],
        "PutBucketOwnershipControls" | "DeleteBucketOwnershipControls" => &[Aspect::Ownership],
        "PutBucketPublicAccessBlock" | "DeleteBucketPublicAccessBlock" => &[Aspect::PublicAccess],
        // AWS does not document what a call that omits the block does; it may only change a key.
        "PutBucketEncryption" if call.opens_sse_c => &[Aspect::Encryption, Aspect::SseC],
        "PutBucketEncryption" | "DeleteBucketEncryption" => &[Aspect::Encryption],
        "PutBucketPolicy" | "DeleteBucketPolicy" => &[Aspect::Tls],
        "PutBucketVersioning" => &[Aspect::Versioning],
        "PutBucketLogging" => &[Aspect::AccessLogs],
        "PutBucketNotification" => &[Aspect::Notifications],
        "PutBucketReplication" | "DeleteBucketReplication" => &[Aspect::Replication],
        "PutBucketObjectLockConfiguration" | "PutObjectLockConfiguration" => &[Aspect::ObjectLock],
        "PutAccountPublicAccessBlock" | "DeleteAccountPublicAccessBlock" => {
            &[Aspect::AccountPublicAccess]
        }
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn region() -> Region {
        "eu-west-1".parse().unwrap()
    }

    fn call(event_name: &str, tool: Tool) -> Call {
        Call {
            event_name: event_name.to_owned(),
            event_id: None,
            time: datetime!(2026-11-20 12:00:00 UTC),
            principal: "someone".to_owned(),
            principal_arn: None,
            tool,
            source_ip: None,
            exposes: false,
            opens_sse_c: event_name == "PutBucketEncryption",
            makes_default_bucket: event_name == "CreateBucket",
            policy: None,
            effect: Effect::default(),
        }
    }

    #[test]
    fn any_call_of_cloudformation_says_that_it_is_at_work() {
        let by =
            |name, tool| Trigger::Calls(vec![call(name, tool)]).call_context(0, &region()).maker;
        assert_eq!(by("PutBucketEncryption", Tool::CloudFormation), Maker::CloudFormation);
        assert_eq!(by("CreateBucket", Tool::CloudFormation), Maker::CloudFormation);
        assert_eq!(by("CreateBucket", Tool::Terraform), Maker::Another);
        assert_eq!(by("PutBucketEncryption", Tool::Terraform), Maker::Unknown);
        assert_eq!(Trigger::Sweep.call_context(0, &region()), CallContext::default());
        assert!(Trigger::Sweep.call_context(1, &region()).has_waited);
    }

    #[test]
    fn what_a_call_has_just_changed_is_what_it_sets_itself() {
        let changed = |name, makes_default_bucket| {
            let call = Call { makes_default_bucket, ..call(name, Tool::Cli) };
            Trigger::Calls(vec![call])
                .call_context(0, &region())
                .changed
                .into_iter()
                .collect::<Vec<_>>()
        };
        for (name, expected) in [
            ("DeleteBucketPublicAccessBlock", Aspect::PublicAccess),
            ("PutBucketPublicAccessBlock", Aspect::PublicAccess),
            ("PutBucketOwnershipControls", Aspect::Ownership),
            ("DeleteBucketOwnershipControls", Aspect::Ownership),
            ("DeleteBucketEncryption", Aspect::Encryption),
            ("PutBucketPolicy", Aspect::Tls),
            ("DeleteBucketPolicy", Aspect::Tls),
            ("PutBucketVersioning", Aspect::Versioning),
            ("PutBucketLogging", Aspect::AccessLogs),
            ("PutBucketNotification", Aspect::Notifications),
            ("PutBucketReplication", Aspect::Replication),
            ("PutObjectLockConfiguration", Aspect::ObjectLock),
            ("DeleteAccountPublicAccessBlock", Aspect::AccountPublicAccess),
        ] {
            assert!(watch::find(name).is_some(), "{name}");
            assert_eq!(changed(name, false), [expected], "{name}");
        }
        let encryption = changed("PutBucketEncryption", false);
        assert_eq!(encryption, [Aspect::Encryption, Aspect::SseC]);
        assert_eq!(changed("CreateBucket", false), [Aspect::Ownership]);
        assert_eq!(changed("CreateBucket", true), []);
        for name in ["PutBucketTagging", "PutBucketAcl", "PutBucketWebsite"] {
            assert_eq!(changed(name, false), [], "{name}");
        }
        assert!(Trigger::Sweep.call_context(0, &region()).changed.is_empty());
    }

    #[test]
    fn in_us_east_1_a_bucket_that_is_created_may_exist() {
        let age = |name, region: &str| {
            let calls = Trigger::Calls(vec![call(name, Tool::Cli)]);
            calls.call_context(0, &region.parse().unwrap()).age
        };
        assert_eq!(age("CreateBucket", "eu-west-1"), Age::New);
        let time = datetime!(2026-11-20 12:00:00 UTC);
        assert_eq!(age("CreateBucket", "us-east-1"), Age::CreatedAgain(time));
        assert_eq!(age("PutBucketPolicy", "eu-west-1"), Age::Unknown);
    }

    #[test]
    fn a_new_bucket_with_an_acl_or_ownership_of_its_own_has_both_judged() {
        let made = |makes_default_bucket| {
            let call = Call { makes_default_bucket, ..call("CreateBucket", Tool::Cli) };
            let touched = Trigger::Calls(vec![call]).touched();
            [Aspect::Ownership, Aspect::Acl].map(|aspect| touched.contains(&aspect))
        };
        assert_eq!(made(true), [false, false]);
        assert_eq!(made(false), [true, true]);
    }
}
