//! What protects and reports objects: versioning, access logs, notifications, replication, lifecycle, Object Lock.

use std::collections::BTreeSet;

use super::{Judged, Judgement};
use crate::model::baseline::Baseline;
use crate::model::destination::Destination;
use crate::model::effect::SettingChange;
use crate::model::observed::{Observed, Reading};
use crate::model::setting::{
    AccessLogs, Configuration, EXPIRES_SOON_DAYS, ExpiryOf, Setting, Versioning,
};
use crate::{Aspect, Question, Reason};

/// Versions are kept.
pub(super) fn versioning(observed: &Observed) -> Judged {
    let reading = &observed.versioning;
    Ok(match Judgement::read(reading, Question::Versioning)? {
        Some(seen) if seen.enabled => Judgement::Right,
        Some(seen) if seen.mfa_delete => Judgement::NotRemediated(Reason::MfaDelete),
        Some(_) | None => {
            let remediate = Versioning { enabled: true, mfa_delete: false };
            Judgement::weak(
                reading,
                SettingChange::EnableVersioning,
                Setting::Versioning(Some(remediate)),
            )
        }
    })
}

/// Access is logged, to any bucket: S3 accepts only one of the same account.
///
/// Source: Amazon S3 User Guide, "Logging requests with server access logging".
pub(super) fn access_logs(observed: &Observed, baseline: &Baseline) -> Judged {
    let reading = &observed.access_logs;
    if Judgement::read(reading, Question::AccessLogs)?.is_some() {
        return Ok(Judgement::Right);
    }
    let Some(target) = &baseline.log_bucket else {
        return Ok(Judgement::NotRemediated(Reason::NoLogBucket(observed.id.region.clone())));
    };
    let logs = AccessLogs {
        target_bucket: target.to_string(),
        target_prefix: format!("access/{}/", observed.id.name),
    };
    Ok(Judgement::weak(reading, SettingChange::LogAccess, Setting::AccessLogs(Some(logs))))
}

/// S3 publishes events of objects to `EventBridge`.
pub(super) fn notifications(observed: &Observed) -> Judged {
    let reading = &observed.notifications;
    let seen = match Judgement::read(reading, Question::Notifications)? {
        Some(seen) if !seen.event_bridge() => seen,
        Some(_) | None => return Ok(Judgement::Right),
    };
    let Some(merged) = seen.with_event_bridge() else {
        let element = seen.unknown().unwrap_or("?");
        return Ok(Judgement::NotRemediated(Reason::UnknownNotifications(element.to_owned())));
    };
    Ok(Judgement::weak(reading, SettingChange::SendEvents, Setting::Notifications(merged)))
}

/// S3 publishes events of objects to no topic, queue or function of an account that is not trusted.
pub(super) fn targets(observed: &Observed, baseline: &Baseline) -> Option<Judgement> {
    let configurations = observed.notifications.known()?.configurations()?;
    let arns = configurations.iter().flat_map(Configuration::texts);
    let arns = arns.filter(|text| text.starts_with("arn:"));
    let targets = arns.map(|arn| Destination::new(arn, None, &observed.id.account)).collect();
    elsewhere(&targets, baseline).map(|names| sent(format!("its events are sent to {names}")))
}

/// Objects are not replicated to accounts that are not trusted.
pub(super) fn replication(observed: &Observed, baseline: &Baseline) -> Judged {
    let is_changed = baseline.call_context.changed.contains(&Aspect::Replication);
    if !is_changed && !has_versions(observed)? {
        return Ok(Judgement::Right);
    }
    Ok(match Judgement::read(&observed.replication, Question::Replication)? {
        Some(seen) => match elsewhere(&seen.destinations, baseline) {
            Some(names) => sent(format!("its objects are copied to {names}")),
            None => Judgement::Right,
        },
        None if is_changed => report("its objects are not copied".to_owned()),
        None => Judgement::Right,
    })
}

/// The destinations outside of the account that are not trusted, in words.
fn elsewhere(destinations: &BTreeSet<Destination>, baseline: &Baseline) -> Option<String> {
    let names = destinations.iter().filter_map(|one| one.elsewhere(&baseline.trusted));
    let names: Vec<String> = names.collect();
    (!names.is_empty()).then(|| names.join("; "))
}

/// No lifecycle rule deletes objects, or earlier versions, soon.
pub(super) fn lifecycle(observed: &Observed) -> Judged {
    let seen = Judgement::read(&observed.lifecycle, Question::Lifecycle)?;
    let soon = |of, what: &str| {
        let soonest = seen?.soonest(of).filter(|expiry| expiry.days <= EXPIRES_SOON_DAYS)?;
        Some(format!("{what} are deleted {soonest}"))
    };
    let soon = [soon(ExpiryOf::Objects, "objects"), soon(ExpiryOf::OldVersions, "old versions")];
    let soon: Vec<String> = soon.into_iter().flatten().collect();
    Ok(if soon.is_empty() { Judgement::Right } else { report(soon.join("; ")) })
}

/// New objects are locked.
pub(super) fn object_lock(observed: &Observed, baseline: &Baseline) -> Judged {
    let is_changed = baseline.call_context.changed.contains(&Aspect::ObjectLock);
    if !is_changed && !has_versions(observed)? {
        return Ok(Judgement::Right);
    }
    Ok(match Judgement::read(&observed.object_lock, Question::ObjectLock)? {
        None if is_changed => report("its new objects are not locked".to_owned()),
        Some(_) | None => Judgement::Right,
    })
}

fn sent(what: String) -> Judgement {
    Judgement::NotRemediated(Reason::SentElsewhere(what))
}

/// Whether the bucket has or had versions, which replication and Object Lock need.
///
/// Source: Amazon S3 User Guide, "Replication requirements", "Object Lock considerations".
fn has_versions(observed: &Observed) -> Result<bool, Judgement> {
    match observed.versioning {
        Reading::Unread => Err(Judgement::Ask(vec![Question::Versioning])),
        Reading::Absent => Ok(false),
        Reading::Known(_) | Reading::Denied => Ok(true),
    }
}

fn report(what: String) -> Judgement {
    Judgement::NotRemediated(Reason::NeverWritten(what))
}
