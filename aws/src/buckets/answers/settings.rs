//! The settings of a bucket, one call each. "Access denied" is an error here; so is a bucket that does not exist.

use aws_sdk_s3::types::{
    BucketVersioningStatus, DefaultRetention, ExpirationStatus, Grant, LifecycleRule,
    LifecycleRuleAndOperator, LifecycleRuleFilter, MfaDeleteStatus, ObjectLockRetentionMode,
    ObjectOwnership, Permission, PublicAccessBlockConfiguration, ReplicationRule,
    ReplicationRuleStatus, SseKmsEncryptedObjectsStatus,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use s3guard_posture::model::destination::Destination;
use s3guard_posture::model::policy::Policy;
use s3guard_posture::model::setting::{
    AccessLogs, Acl, Encryption, Expiry, ExpiryOf, Lifecycle, Notifications, Ownership,
    PublicAccessBlock, Replication, Retention, Scope, Tags, Versioning,
};
use s3guard_posture::{AccountId, Reading};

use super::super::{encryption, notifications};
use crate::AwsError;
use crate::bucket::Bucket;
use crate::error::Answer as _;

/// The group of everyone.
const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
/// The group of everyone with an AWS account.
const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
/// The group as which S3 writes server access logs.
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

type Answered<T> = Result<Reading<T>, AwsError>;

/// Reads a part of a setting. S3 answers with a code of `absent` if it is not set.
macro_rules! ask {
    ($at:expr, $name:expr, $call:ident, $absent:expr, $part:expr) => {{
        let answer = on_bucket!($at, $call).send().await;
        let answer = answer.optional($name, $at.object(""), &$absent)?;
        Ok(answer.and_then($part).map_or(Reading::Absent, Reading::Known))
    }};
}

pub(crate) async fn public_access_block(at: &Bucket) -> Answered<PublicAccessBlock> {
    let absent = ["NoSuchPublicAccessBlockConfiguration"];
    ask!(at, "GetPublicAccessBlock", get_public_access_block, absent, |answer| {
        answer.public_access_block_configuration().map(blocked)
    })
}

pub(crate) async fn policy(at: &Bucket) -> Answered<Policy> {
    let absent = ["NoSuchBucketPolicy"];
    ask!(at, "GetBucketPolicy", get_bucket_policy, absent, |answer| {
        answer.policy.map(Policy::new)
    })
}

pub(crate) async fn policy_status(at: &Bucket) -> Answered<bool> {
    let absent = ["NoSuchBucketPolicy"];
    ask!(at, "GetBucketPolicyStatus", get_bucket_policy_status, absent, |answer| {
        answer.policy_status()?.is_public()
    })
}

/// Every bucket has one.
pub(crate) async fn acl(at: &Bucket) -> Answered<Acl> {
    ask!(at, "GetBucketAcl", get_bucket_acl, [], |answer| {
        let owner = answer.owner().and_then(|owner| owner.id());
        Some(granted(answer.grants(), owner))
    })
}

pub(crate) async fn website(at: &Bucket) -> Answered<()> {
    let absent = ["NoSuchWebsiteConfiguration"];
    ask!(at, "GetBucketWebsite", get_bucket_website, absent, |_| Some(()))
}

pub(crate) async fn ownership(at: &Bucket) -> Answered<Ownership> {
    let absent = ["OwnershipControlsNotFoundError"];
    let ownership: Answered<ObjectOwnership> =
        ask!(at, "GetBucketOwnershipControls", get_bucket_ownership_controls, absent, |answer| {
            Some(answer.ownership_controls()?.rules().first()?.object_ownership().clone())
        });
    #[expect(clippy::wildcard_enum_match_arm, reason = "what AWS adds is left alone")]
    Ok(match ownership? {
        Reading::Known(ObjectOwnership::BucketOwnerEnforced) => {
            Reading::Known(Ownership::BucketOwnerEnforced)
        }
        Reading::Known(ObjectOwnership::BucketOwnerPreferred) => {
            Reading::Known(Ownership::BucketOwnerPreferred)
        }
        Reading::Known(ObjectOwnership::ObjectWriter) => Reading::Known(Ownership::ObjectWriter),
        Reading::Absent => Reading::Absent,
        // A setting that cannot be read is never changed.
        _ => Reading::Denied,
    })
}

pub(crate) async fn encryption(at: &Bucket) -> Answered<Encryption> {
    let absent = ["ServerSideEncryptionConfigurationNotFoundError"];
    ask!(at, "GetBucketEncryption", get_bucket_encryption, absent, |answer| {
        answer.server_side_encryption_configuration().and_then(encryption::from_sdk)
    })
}

/// If it is not set, the answer is empty; the same applies to the next two.
pub(crate) async fn versioning(at: &Bucket) -> Answered<Versioning> {
    ask!(at, "GetBucketVersioning", get_bucket_versioning, [], |answer| {
        // A status that S3 adds one day does not count as enabled.
        let enabled = *answer.status()? == BucketVersioningStatus::Enabled;
        let mfa_delete = answer.mfa_delete() == Some(&MfaDeleteStatus::Enabled);
        Some(Versioning { enabled, mfa_delete })
    })
}

pub(crate) async fn access_logs(at: &Bucket) -> Answered<AccessLogs> {
    ask!(at, "GetBucketLogging", get_bucket_logging, [], |answer| {
        answer.logging_enabled.map(|logging| AccessLogs {
            target_bucket: logging.target_bucket,
            target_prefix: logging.target_prefix,
        })
    })
}

pub(crate) async fn notifications(at: &Bucket) -> Answered<Notifications> {
    notifications::parse(notifications::get(at).await?).map(Reading::Known).map_err(|why| {
        let why = format!("the answer is not valid: {why}");
        AwsError::other("GetBucketNotificationConfiguration", at.object(""), why)
    })
}

pub(crate) async fn tags(at: &Bucket) -> Answered<Tags> {
    ask!(at, "GetBucketTagging", get_bucket_tagging, ["NoSuchTagSet"], |answer| {
        Some(answer.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect())
    })
}

pub(crate) async fn replication(at: &Bucket) -> Answered<Replication> {
    let absent = ["ReplicationConfigurationNotFoundError"];
    ask!(at, "GetBucketReplication", get_bucket_replication, absent, |answer| {
        Some(copied(answer.replication_configuration()?.rules(), &at.id.account))
    })
}

pub(crate) async fn lifecycle(at: &Bucket) -> Answered<Lifecycle> {
    let absent = ["NoSuchLifecycleConfiguration"];
    let call = "GetBucketLifecycleConfiguration";
    ask!(at, call, get_bucket_lifecycle_configuration, absent, |answer| {
        Some(deleted(answer.rules()))
    })
}

/// A lock without a default retention locks only objects that are uploaded with a retention.
pub(crate) async fn object_lock(at: &Bucket) -> Answered<Retention> {
    let absent = ["ObjectLockConfigurationNotFoundError"];
    ask!(at, "GetObjectLockConfiguration", get_object_lock_configuration, absent, |answer| {
        answer.object_lock_configuration()?.rule()?.default_retention().map(locked)
    })
}

/// A switch that is missing is off.
fn blocked(block: &PublicAccessBlockConfiguration) -> PublicAccessBlock {
    PublicAccessBlock {
        block_public_acls: block.block_public_acls().unwrap_or(false),
        ignore_public_acls: block.ignore_public_acls().unwrap_or(false),
        block_public_policy: block.block_public_policy().unwrap_or(false),
        restrict_public_buckets: block.restrict_public_buckets().unwrap_or(false),
    }
}

/// Whether grants are public.
pub(crate) fn is_public(grants: &[Grant]) -> bool {
    granted(grants, None).is_public
}

/// Summarizes grants, without those to the owner, who has a canonical id.
fn granted(grants: &[Grant], owner: Option<&str>) -> Acl {
    let mut acl = Acl::default();
    for grant in grants {
        let grantee = grant.grantee();
        let id = grantee.and_then(|grantee| grantee.id());
        if id.is_some() && id == owner {
            continue;
        }
        acl.grants_others = true;
        let writes = [Some(&Permission::Write), Some(&Permission::FullControl)];
        match grantee.and_then(|grantee| grantee.uri()) {
            Some(ALL_USERS | AUTHENTICATED_USERS) => {
                acl.is_public = true;
                let changes = [Some(&Permission::WriteAcp)];
                let all = writes.iter().chain(&changes);
                acl.public_writes |= all.into_iter().any(|one| *one == grant.permission());
            }
            Some(LOG_DELIVERY) if writes.contains(&grant.permission()) => {
                acl.admits_log_delivery = true;
            }
            Some(_) | None => {}
        }
    }
    acl
}

/// Where the rules copy to that are not switched off.
fn copied(rules: &[ReplicationRule], owner: &AccountId) -> Replication {
    let mut replication = Replication::default();
    for rule in rules.iter().filter(|rule| *rule.status() != ReplicationRuleStatus::Disabled) {
        let criteria = rule.source_selection_criteria();
        let with_kms = criteria.and_then(|criteria| criteria.sse_kms_encrypted_objects());
        replication.without_kms |= with_kms
            .is_none_or(|objects| *objects.status() != SseKmsEncryptedObjectsStatus::Enabled);
        let destination = rule.destination();
        replication
            .destinations
            .extend(destination.map(|to| Destination::new(to.bucket(), to.account(), owner)));
    }
    replication
}

/// The default retention. A mode that S3 adds one day does not count as compliance.
fn locked(retention: &DefaultRetention) -> Retention {
    let years = retention.years().and_then(|years| years.checked_mul(365));
    let days = retention.days().or(years).and_then(|days| u32::try_from(days).ok());
    let compliance = retention.mode() == Some(&ObjectLockRetentionMode::Compliance);
    Retention { compliance, days: days.unwrap_or_default() }
}

/// What the rules delete that are not switched off.
fn deleted(rules: &[LifecycleRule]) -> Lifecycle {
    let enabled = rules.iter().filter(|rule| *rule.status() != ExpirationStatus::Disabled);
    Lifecycle::new(enabled.flat_map(|rule| {
        let scope = scope(rule);
        [current(rule), old(rule)]
            .into_iter()
            .flatten()
            .map(move |expiry| Expiry { scope: scope.clone(), ..expiry })
    }))
}

/// What a rule does with current objects. A number of days that is not valid counts as the shortest.
fn current(rule: &LifecycleRule) -> Option<Expiry> {
    let expiration = rule.expiration()?;
    let of = ExpiryOf::Objects;
    let days = expiration.days().map(|days| u32::try_from(days).unwrap_or(0));
    let from = |date: &DateTime| date.fmt(Format::DateTime).ok().map(|text| text[..10].to_owned());
    match (days, expiration.date()) {
        (Some(days), _) => Some(Expiry::after(of, days)),
        (None, Some(date)) => Some(Expiry { from: from(date), ..Expiry::after(of, 0) }),
        (None, None) => None,
    }
}

/// What a rule does with earlier versions.
fn old(rule: &LifecycleRule) -> Option<Expiry> {
    let expiration = rule.noncurrent_version_expiration()?;
    let days = u32::try_from(expiration.noncurrent_days()?).unwrap_or(0);
    let kept = expiration.newer_noncurrent_versions().and_then(|kept| u32::try_from(kept).ok());
    Some(Expiry { kept: kept.unwrap_or_default(), ..Expiry::after(ExpiryOf::OldVersions, days) })
}

/// Which objects a rule is for: its filter, or the prefix of the older form.
fn scope(rule: &LifecycleRule) -> Scope {
    let mut scope = Scope::default();
    #[expect(deprecated, reason = "S3 still returns it for old rules")]
    let old_prefix = rule.prefix();
    let filter = rule.filter();
    let and = filter.and_then(|filter| filter.and());
    let prefix = filter.and_then(|filter| filter.prefix()).or(and.and_then(|and| and.prefix()));
    prefix.or(old_prefix).unwrap_or_default().clone_into(&mut scope.prefix);
    let tag = filter.and_then(|filter| filter.tag()).into_iter();
    let tags = tag.chain(and.into_iter().flat_map(LifecycleRuleAndOperator::tags));
    scope.tags = tags.map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    let bytes = |of_filter: Option<i64>, of_and: Option<i64>| {
        of_filter.or(of_and).and_then(|bytes| u64::try_from(bytes).ok())
    };
    scope.larger_than = bytes(
        filter.and_then(LifecycleRuleFilter::object_size_greater_than),
        and.and_then(LifecycleRuleAndOperator::object_size_greater_than),
    );
    scope.smaller_than = bytes(
        filter.and_then(LifecycleRuleFilter::object_size_less_than),
        and.and_then(LifecycleRuleAndOperator::object_size_less_than),
    );
    scope
}
