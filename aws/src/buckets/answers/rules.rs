//! By which rules objects are copied, deleted and locked.

use aws_sdk_s3::types::{ExpirationStatus, LifecycleRule, ReplicationRule, ReplicationRuleStatus};
use s3guard_posture::AccountId;
use s3guard_posture::model::setting::{Lifecycle, Replication};

use super::super::Place;
use super::{Seen, read};

pub(super) async fn replication(at: Place<'_>) -> Seen<Replication> {
    let absent = ["ReplicationConfigurationNotFoundError"];
    ask_bucket!(at, "GetBucketReplication", get_bucket_replication, absent, |answer| {
        Some(copied(answer.replication_configuration()?.rules(), at.owner))
    })
}

pub(super) async fn lifecycle(at: Place<'_>) -> Seen<Lifecycle> {
    let (call, absent) = ("GetBucketLifecycleConfiguration", ["NoSuchLifecycleConfiguration"]);
    let answer = on_bucket!(at, get_bucket_lifecycle_configuration).send().await;
    read((call, at.name), answer, &absent, |answer| Some(deleted(answer.rules())))
}

/// A lock without a default retention locks only what is uploaded with one.
pub(super) async fn object_lock(at: Place<'_>) -> Seen<()> {
    let absent = ["ObjectLockConfigurationNotFoundError"];
    ask_bucket!(at, "GetObjectLockConfiguration", get_object_lock_configuration, absent, |answer| {
        answer.object_lock_configuration()?.rule()?.default_retention().map(|_| ())
    })
}

/// Where the rules copy to that are not switched off.
fn copied(rules: &[ReplicationRule], owner: &AccountId) -> Replication {
    let mut replication = Replication::default();
    for rule in rules.iter().filter(|rule| *rule.status() != ReplicationRuleStatus::Disabled) {
        let Some(destination) = rule.destination() else { continue };
        if let Some(account) = destination.account().filter(|account| *account != owner.as_str()) {
            replication.other_accounts.push(account.to_owned());
        }
        // The bucket is an ARN, `arn:aws:s3:::NAME`.
        let name = destination.bucket().rsplit(':').next().unwrap_or_default();
        replication.buckets.extend(name.parse().ok());
    }
    replication.other_accounts.sort_unstable();
    replication.other_accounts.dedup();
    replication.buckets.sort_unstable();
    replication.buckets.dedup();
    replication
}

/// The soonest of the rules that are not switched off, whatever objects they are for.
fn deleted(rules: &[LifecycleRule]) -> Lifecycle {
    let enabled = rules.iter().filter(|rule| *rule.status() != ExpirationStatus::Disabled);
    let days = enabled.filter_map(|rule| {
        let expiration = rule.expiration()?;
        // From a date on, objects of every age are deleted.
        let from_date = expiration.date().map(|_| 0);
        let days = expiration.days().map(|days| u32::try_from(days).unwrap_or(0));
        days.or(from_date)
    });
    Lifecycle { expires_after_days: days.min() }
}
