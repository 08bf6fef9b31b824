//! What keeps objects and tells of them: versions, access logs, copies, rules that delete, locks.

use s3guard_posture::events::field::{at, items, text};
use s3guard_posture::model::observed::Reading;
use s3guard_posture::model::setting::{AccessLogs, Lifecycle, Replication, Versioning};
use s3guard_posture::{AccountId, Observed};
use serde_json::Value as Json;

use crate::operations::replay::apply::Assumed;

pub(crate) fn versioning(bucket: &mut Observed, parameters: &Json) -> Option<Assumed> {
    let configuration = at(parameters, &["VersioningConfiguration"])?;
    let was = bucket.versioning.known().copied();
    let status = text(configuration, &["Status"]);
    let mfa_delete = text(configuration, &["MfaDelete"]);
    if status.is_none() && mfa_delete.is_none() {
        return None;
    }
    bucket.versioning = Reading::Known(Versioning {
        enabled: status.map_or(was.is_some_and(|was| was.enabled), |status| status == "Enabled"),
        mfa_delete: mfa_delete
            .map_or(was.is_some_and(|was| was.mfa_delete), |mfa_delete| mfa_delete == "Enabled"),
    });
    Some(Vec::new())
}

/// A status without `LoggingEnabled` switches logging off.
pub(crate) fn access_logs(bucket: &mut Observed, parameters: &Json) -> Option<Assumed> {
    let status = at(parameters, &["BucketLoggingStatus"])?;
    bucket.access_logs = match text(status, &["LoggingEnabled", "TargetBucket"]) {
        Some(target_bucket) => Reading::Known(AccessLogs {
            target_bucket,
            target_prefix: text(status, &["LoggingEnabled", "TargetPrefix"]).unwrap_or_default(),
        }),
        None => Reading::Absent,
    };
    Some(Vec::new())
}

/// Where the rules copy to that are not switched off.
pub(crate) fn replication(owner: &AccountId, parameters: &Json) -> Option<Replication> {
    let mut replication = Replication::default();
    for rule in rules(parameters, "ReplicationConfiguration")? {
        let Some(destination) = at(rule, &["Destination"]) else { continue };
        let account = text(destination, &["Account"]);
        replication.other_accounts.extend(account.filter(|account| account != owner.as_str()));
        // The bucket is an ARN, `arn:aws:s3:::NAME`.
        let bucket = text(destination, &["Bucket"]).unwrap_or_default();
        let name = bucket.rsplit(':').next().unwrap_or_default();
        replication.buckets.extend(name.parse().ok());
    }
    replication.other_accounts.sort_unstable();
    replication.other_accounts.dedup();
    replication.buckets.sort_unstable();
    replication.buckets.dedup();
    Some(replication)
}

/// The soonest of the rules that are not switched off, whatever objects they are for.
pub(crate) fn lifecycle(parameters: &Json) -> Option<Lifecycle> {
    let days = rules(parameters, "LifecycleConfiguration")?.filter_map(|rule| {
        let expiration = at(rule, &["Expiration"])?;
        // From a date on, objects of every age are deleted.
        let from_date = text(expiration, &["Date"]).map(|_| 0);
        text(expiration, &["Days"]).map(|days| days.parse().unwrap_or(0)).or(from_date)
    });
    Some(Lifecycle { expires_after_days: days.min() })
}

/// A lock without a default retention locks only what is uploaded with one.
pub(crate) fn object_lock(bucket: &mut Observed, parameters: &Json) -> Option<Assumed> {
    let configuration = at(parameters, &["ObjectLockConfiguration"])?;
    let retention = at(configuration, &["Rule", "DefaultRetention"]);
    bucket.object_lock = retention.map_or(Reading::Absent, |_| Reading::Known(()));
    Some(Vec::new())
}

/// The rules of a configuration that are not switched off.
fn rules<'a>(parameters: &'a Json, name: &str) -> Option<impl Iterator<Item = &'a Json>> {
    let rules = at(parameters, &[name])?.get("Rule")?;
    Some(items(rules).filter(|rule| text(rule, &["Status"]).as_deref() != Some("Disabled")))
}
