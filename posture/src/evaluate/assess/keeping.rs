//! What keeps objects and tells of them: versions, access logs, notifications, copies, rules that delete, locks.

use super::{Judgement, words};
use crate::model::baseline::Baseline;
use crate::model::observed::{Observed, Reading};
use crate::model::setting::{AccessLogs, Setting, Versioning};
use crate::{LeftBecause, Question};

/// Objects that a rule deletes within this many days are told of.
const EXPIRES_SOON_DAYS: u32 = 7;

/// Versions are kept.
pub(super) fn versioning(observed: &Observed) -> Judgement {
    match Judgement::read(&observed.versioning, Question::Versioning) {
        Ok(Some(seen)) if seen.enabled => Judgement::Right,
        Ok(Some(seen)) if seen.mfa_delete => Judgement::Left(LeftBecause::MfaDelete),
        Ok(_) => Judgement::Weak {
            was: words(&observed.versioning),
            mend: Setting::Versioning(Some(Versioning { enabled: true, mfa_delete: false })),
        },
        Err(judgement) => judgement,
    }
}

/// Access is logged, wherever to.
pub(super) fn access_logs(observed: &Observed, baseline: &Baseline) -> Judgement {
    match Judgement::read(&observed.access_logs, Question::AccessLogs) {
        Ok(Some(_)) => return Judgement::Right,
        Ok(None) => {}
        Err(judgement) => return judgement,
    }
    let Some(target) = &baseline.log_bucket else {
        return Judgement::Left(LeftBecause::NoLogBucket(observed.id.region.clone()));
    };
    let logs = AccessLogs {
        target_bucket: target.to_string(),
        target_prefix: format!("access/{}/", observed.id.name),
    };
    Judgement::Weak { was: words(&observed.access_logs), mend: Setting::AccessLogs(Some(logs)) }
}

/// S3 tells `EventBridge` of objects.
pub(super) fn notifications(observed: &Observed) -> Judgement {
    let seen = match Judgement::read(&observed.notifications, Question::Notifications) {
        Ok(Some(seen)) if seen.event_bridge() => return Judgement::Right,
        Ok(Some(seen)) => seen,
        Ok(None) => return Judgement::Right,
        Err(judgement) => return judgement,
    };
    if let Some(element) = seen.unknown() {
        return Judgement::Left(LeftBecause::UnknownNotifications(element.to_owned()));
    }
    match seen.with_event_bridge() {
        Some(merged) => Judgement::Weak {
            was: words(&observed.notifications),
            mend: Setting::Notifications(merged),
        },
        None => Judgement::Left(LeftBecause::UnknownNotifications("?".to_owned())),
    }
}

/// Objects are copied to no other account.
pub(super) fn replication(observed: &Observed) -> Judgement {
    match Judgement::read(&observed.replication, Question::Replication) {
        Ok(Some(seen)) if !seen.other_accounts.is_empty() => {
            let others = seen.other_accounts.join(", ");
            report(format!("its objects are copied to buckets of other accounts: {others}"))
        }
        Ok(Some(_)) => Judgement::Right,
        Ok(None) => report("its objects are not copied (any more)".to_owned()),
        Err(judgement) => judgement,
    }
}

/// No rule deletes objects soon.
pub(super) fn lifecycle(observed: &Observed) -> Judgement {
    match Judgement::read(&observed.lifecycle, Question::Lifecycle) {
        Ok(Some(seen)) => match seen.expires_after_days {
            Some(days) if days <= EXPIRES_SOON_DAYS => {
                report(format!("a lifecycle rule deletes objects after {days} days"))
            }
            Some(_) | None => Judgement::Right,
        },
        Ok(None) => Judgement::Right,
        Err(judgement) => judgement,
    }
}

/// New objects are locked.
pub(super) fn object_lock(observed: &Observed) -> Judgement {
    match observed.object_lock {
        Reading::Absent => report("its new objects are not locked (any more)".to_owned()),
        Reading::Known(()) => Judgement::Right,
        Reading::Unread => Judgement::Ask(vec![Question::ObjectLock]),
        Reading::Denied => Judgement::Left(LeftBecause::NotReadable(Question::ObjectLock)),
    }
}

fn report(what: String) -> Judgement {
    Judgement::Left(LeftBecause::ReportOnly(what))
}
