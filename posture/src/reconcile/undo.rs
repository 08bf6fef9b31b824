//! Undoes a write: what it has changed, and nothing that others have changed since.

use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::model::policy::Policy;
use crate::model::setting::Setting;
use crate::reconcile::ledger::RecordId;
use crate::reconcile::record::{Record, State};
use crate::{AccountId, Region};

mod diff;
mod exposure;
mod merge;
mod notifications;
mod policy;

pub use diff::diff;
pub use exposure::exposures;
pub(super) use policy::meaning;

/// Why a write cannot be undone.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum CannotUndo {
    #[error("the write failed, so there is nothing to undo")]
    Failed,
    #[error("the record does not contain the setting before the write")]
    NotKnown,
    #[error("it is already as it was before: {0}")]
    Already(String),
    #[error("it was changed since then: {0}")]
    ChangedSince(String),
    #[error("the current setting cannot be read")]
    NotReadable,
}

/// The setting to write to undo a write. `now` is the current setting.
///
/// What was changed since then is not overwritten, unless `even_if_changed`.
pub fn undo(
    record: &Record,
    now: Option<&Setting>,
    even_if_changed: bool,
) -> Result<Setting, CannotUndo> {
    if record.state == State::Failed {
        return Err(CannotUndo::Failed);
    }
    let before = record.from.as_ref().ok_or(CannotUndo::NotKnown)?;
    let now = now.ok_or(CannotUndo::NotReadable)?;
    reverted([before, &record.to, now], even_if_changed)
}

/// Several writes of one setting, the newest first, as one: from what was before the oldest to what the newest has written.
/// `None` if there are none.
pub fn joined(newest_first: Vec<Record>) -> Option<Record> {
    let mut records = newest_first.into_iter();
    let mut joined = records.next()?;
    for older in records {
        joined.from = older.from;
        joined.aspects.extend(older.aspects);
    }
    joined.aspects.sort_unstable();
    joined.aspects.dedup();
    Some(joined)
}

/// The setting without what a write has changed `from` one setting `to` another.
///
/// Of a policy only the statements that the write has added are removed, and those that it has replaced are put back; the
/// same for the elements of notifications. Other settings have no parts. What was changed since is a conflict, in which the
/// older one is taken only `even_if_changed`.
pub fn reverted(
    [from, to, now]: [&Setting; 3],
    even_if_changed: bool,
) -> Result<Setting, CannotUndo> {
    if is_same(now, from) {
        return Err(CannotUndo::Already(now.to_string()));
    }
    if is_same(now, to) {
        return Ok(from.clone());
    }
    let (setting, conflicts) =
        parts([from, to, now]).unwrap_or_else(|| (from.clone(), format!("it is {now} now")));
    if conflicts.is_empty() && is_same(now, &setting) {
        return Err(CannotUndo::Already(now.to_string()));
    }
    if !conflicts.is_empty() && !even_if_changed {
        return Err(CannotUndo::ChangedSince(conflicts));
    }
    Ok(setting)
}

/// The same of a setting with parts, and which of them were changed since, in words. `None` if it has none.
fn parts(settings: [&Setting; 3]) -> Option<(Setting, String)> {
    let (setting, what, conflicts) = match settings {
        [Setting::Policy(from), Setting::Policy(to), Setting::Policy(now)] => {
            let (text, conflicts) = policy::reverted([from, to, now].map(Option::as_deref))?;
            (Setting::Policy(text), "the statement", conflicts)
        }
        [Setting::Notifications(from), Setting::Notifications(to), Setting::Notifications(now)] => {
            let (all, conflicts) = notifications::reverted([from, to, now])?;
            (Setting::Notifications(all), "the configuration", conflicts)
        }
        _ => return None,
    };
    let names: Vec<String> = conflicts
        .iter()
        .map(|name| format!("{what} `{name}` is another one, or is gone"))
        .collect();
    Some((setting, names.join(", ")))
}

/// Whether two settings have the same meaning, regardless of the form of policies and notifications.
pub fn is_same(a: &Setting, b: &Setting) -> bool {
    match (a, b) {
        (Setting::Policy(Some(a)), Setting::Policy(Some(b))) => {
            let (a, b) = (Policy::new(a.as_str()), Policy::new(b.as_str()));
            a.text() == b.text() || (a.document().is_some() && a.document() == b.document())
        }
        (Setting::Notifications(a), Setting::Notifications(b)) => a.is_same(b),
        (a, b) => a == b,
    }
}

/// How the content of a record differs from its id and from the account and the Region of the ledger; nothing if it is
/// genuine. What differs was not written by the guard.
pub fn differences(
    record: &Record,
    id: &RecordId,
    account: &AccountId,
    region: &Region,
) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |what: &str, found: &str, expected: &str| {
        if found != expected {
            differences.push(format!("its {what} is `{found}` instead of `{expected}`"));
        }
    };
    compare("id", &record.id, &id.to_string());
    compare("bucket", &record.bucket, id.bucket.as_str());
    compare("account", &record.account, account.as_str());
    compare("Region", &record.region, region.as_str());
    compare("setting", record.setting.name(), id.kind.name());
    compare("new setting", record.to.kind().name(), id.kind.name());
    if let Some(from) = &record.from {
        compare("old setting", from.kind().name(), id.kind.name());
    }
    let time = OffsetDateTime::parse(&record.time, &Rfc3339).ok();
    if time != Some(id.time) {
        differences.push(format!("its time is `{}`", record.time));
    }
    differences
}

#[cfg(test)]
mod tests;
