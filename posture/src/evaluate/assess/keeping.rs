//! What protects and reports objects: versioning, access logs, notifications, replication, lifecycle, Object Lock.

use super::{Judged, Judgement};
use crate::model::baseline::Baseline;
use crate::model::observed::Observed;
use crate::model::setting::{AccessLogs, EXPIRES_SOON_DAYS, ExpiryOf, Setting, Versioning};
use crate::{Question, Reason};

/// Versions are kept.
pub(super) fn versioning(observed: &Observed) -> Judged {
    let reading = &observed.versioning;
    Ok(match Judgement::read(reading, Question::Versioning)? {
        Some(seen) if seen.enabled => Judgement::Right,
        Some(seen) if seen.mfa_delete => Judgement::NotRemediated(Reason::MfaDelete),
        Some(_) | None => {
            let remediate = Versioning { enabled: true, mfa_delete: false };
            Judgement::weak(reading, Setting::Versioning(Some(remediate)))
        }
    })
}

/// Access is logged, to any bucket.
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
    Ok(Judgement::weak(reading, Setting::AccessLogs(Some(logs))))
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
    Ok(Judgement::weak(reading, Setting::Notifications(merged)))
}

/// Objects are not replicated to other accounts.
pub(super) fn replication(observed: &Observed) -> Judged {
    Ok(match Judgement::read(&observed.replication, Question::Replication)? {
        Some(seen) if !seen.other_accounts.is_empty() => {
            let others = seen.other_accounts.join(", ");
            report(format!("its objects are copied to buckets of other accounts: {others}"))
        }
        Some(_) => Judgement::Right,
        None => report("its objects are not copied (any more)".to_owned()),
    })
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
pub(super) fn object_lock(observed: &Observed) -> Judged {
    Ok(match Judgement::read(&observed.object_lock, Question::ObjectLock)? {
        Some(_) => Judgement::Right,
        None => report("its new objects are not locked (any more)".to_owned()),
    })
}

fn report(what: String) -> Judgement {
    Judgement::NotRemediated(Reason::ReportOnly(what))
}
