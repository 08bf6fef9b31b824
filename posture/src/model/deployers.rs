//! Who deploys the stack, and what calls of others have changed in one of its own buckets.

use crate::model::glob::Glob;
use crate::model::own_bucket::OwnBucket;
use crate::model::principal::known_as;
use crate::model::watch;
use crate::{AccountId, Aspect, Call};

/// The source of a call that `CloudFormation` makes.
///
/// Source: AWS CloudTrail User Guide, "CloudTrail record contents", `sourceIPAddress`.
const CLOUDFORMATION: &str = "cloudformation.amazonaws.com";

/// What the calls have changed. Deployers are patterns of ARNs; without any, they are all who use `CloudFormation`.
pub fn changed_in_own_bucket(calls: &[Call], deployers: &[Glob], account: &AccountId) -> OwnBucket {
    let is_deployer = |call: &Call| match &call.principal_arn {
        _ if deployers.is_empty() => call.source_ip.as_deref() == Some(CLOUDFORMATION),
        Some(arn) => deployers.iter().any(|deployer| deployer.matches(arn)),
        None => false,
    };
    let mut own = OwnBucket { is_restored: !deployers.is_empty(), ..OwnBucket::default() };
    let mut calls: Vec<&Call> = calls.iter().collect();
    // Of calls at the same second, that of another principal counts as the last one.
    calls.sort_by_key(|call| (call.time, !is_deployer(call)));
    for call in calls {
        let Some(aspect) = changed(&call.event_name) else { continue };
        if is_deployer(call) {
            own.deployed.insert(aspect);
            continue;
        }
        own.deployed.remove(&aspect);
        let words = format!("{} by {}", call.event_name, known_as(&call.principal, account));
        own.changed.insert(aspect, words);
    }
    own
}

/// What a call changes itself: the first of what it can weaken. A new bucket and its tags are no settings.
fn changed(event_name: &str) -> Option<Aspect> {
    const NONE: [&str; 5] =
        ["CreateBucket", "PutBucketTagging", "DeleteBucketTagging", "TagResource", "UntagResource"];
    let watched = watch::find(event_name).filter(|_| !NONE.contains(&event_name))?;
    let aspect = watched.aspects.first().copied()?;
    Some(if aspect == Aspect::Tls { Aspect::Policy } else { aspect })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::Tool;

    const DEPLOYER: &str = "arn:aws:iam::111122223333:role/ci/Deployer";

    fn call(event_name: &str, second: u8, arn: Option<&str>) -> Call {
        Call {
            event_name: event_name.to_owned(),
            event_id: None,
            time: datetime!(2026-11-20 12:00:00 UTC).replace_second(second).unwrap(),
            principal: arn.unwrap_or("unknown").to_owned(),
            principal_arn: arn.map(str::to_owned),
            tool: Tool::Cli,
            source_ip: None,
            exposes: false,
            opens_sse_c: false,
            makes_default_bucket: false,
            policy: None,
            effect: crate::model::deed::Effect::default(),
        }
    }

    fn of(calls: &[Call], deployers: &[&str]) -> OwnBucket {
        let deployers: Vec<Glob> = deployers.iter().map(|one| Glob::new(*one)).collect();
        changed_in_own_bucket(calls, &deployers, &"111122223333".parse().unwrap())
    }

    #[test]
    fn every_setting_has_one_aspect_and_its_calls_change_it() {
        for (name, expected) in [
            ("PutBucketPolicy", Some(Aspect::Policy)),
            ("DeleteBucketPolicy", Some(Aspect::Policy)),
            ("PutBucketEncryption", Some(Aspect::Encryption)),
            ("DeleteBucketEncryption", Some(Aspect::Encryption)),
            ("DeleteBucketPublicAccessBlock", Some(Aspect::PublicAccess)),
            ("PutBucketOwnershipControls", Some(Aspect::Ownership)),
            ("PutBucketVersioning", Some(Aspect::Versioning)),
            ("PutBucketLifecycle", Some(Aspect::Lifecycle)),
            ("PutBucketReplication", Some(Aspect::Replication)),
            ("CreateBucket", None),
            ("PutBucketTagging", None),
            ("UntagResource", None),
            ("GetBucketPolicy", None),
        ] {
            assert_eq!(changed(name), expected, "{name}");
        }
    }

    #[test]
    fn a_deployer_is_known_by_the_arn_of_the_role() {
        let put = |arn| of(&[call("PutBucketPolicy", 0, arn)], &[DEPLOYER]);
        assert_eq!(put(Some(DEPLOYER)).deployed, [Aspect::Policy].into());
        assert!(put(Some(DEPLOYER)).changed.is_empty());
        for other in [
            None,
            Some("arn:aws:iam::111122223333:role/Deployer"),
            Some("arn:aws:iam::444455556666:role/ci/Deployer"),
            Some("arn:aws:sts::111122223333:assumed-role/Deployer/ci"),
        ] {
            assert!(put(other).deployed.is_empty(), "{other:?}");
            assert!(put(other).changed.contains_key(&Aspect::Policy), "{other:?}");
        }
        let pattern = "arn:aws:iam::111122223333:role/*/Deployer";
        assert!(of(&[call("PutBucketPolicy", 0, Some(DEPLOYER))], &[pattern]).changed.is_empty());
    }

    #[test]
    fn without_deployers_they_are_who_use_cloudformation_and_nothing_is_put_back() {
        let by = |source: &str| Call {
            source_ip: Some(source.to_owned()),
            tool: Tool::CloudFormation,
            ..call("PutBucketPolicy", 0, Some(DEPLOYER))
        };
        let own = of(&[by(CLOUDFORMATION)], &[]);
        assert!(own.changed.is_empty() && own.deployed.contains(&Aspect::Policy));
        assert!(!own.is_restored);
        // A user agent is not proof.
        assert!(!of(&[by("192.0.2.1")], &[]).changed.is_empty());
        let own = of(&[Call { principal_arn: None, ..by(CLOUDFORMATION) }], &[DEPLOYER]);
        assert!(own.is_restored && !own.changed.is_empty(), "with deployers only they count");
    }

    #[test]
    fn the_last_call_decides_and_each_of_another_is_reported() {
        let other = Some("arn:aws:iam::111122223333:user/mary");
        let (theirs, ours) = (
            |at| call("DeleteBucketPolicy", at, other),
            |at| call("PutBucketPolicy", at, Some(DEPLOYER)),
        );
        for (calls, is_deployed) in [
            ([ours(2), theirs(1)], true),
            ([ours(1), theirs(2)], false),
            ([theirs(1), ours(1)], false),
        ] {
            let own = of(&calls, &[DEPLOYER]);
            assert_eq!(own.deployed.contains(&Aspect::Policy), is_deployed, "{calls:?}");
            assert_eq!(own.changed[&Aspect::Policy], "DeleteBucketPolicy by IAM user mary");
        }
    }
}
