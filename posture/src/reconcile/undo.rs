//! Undoes a write.

use thiserror::Error;

use crate::model::policy::Policy;
use crate::model::setting::Setting;
use crate::reconcile::record::{Record, State};

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
    #[error("it was changed since then: it is {0} now")]
    ChangedSince(String),
    #[error("the current setting cannot be read")]
    NotReadable,
}

/// The setting to write to undo a write. `now` is the current setting.
///
/// A setting that was changed since then is not overwritten, unless `even_if_changed`.
pub fn undo(
    record: &Record,
    now: Option<&Setting>,
    even_if_changed: bool,
) -> Result<Setting, CannotUndo> {
    if record.state == State::Failed {
        return Err(CannotUndo::Failed);
    }
    let before = record.from.clone().ok_or(CannotUndo::NotKnown)?;
    let now = now.ok_or(CannotUndo::NotReadable)?;
    if is_same(now, &before) {
        return Err(CannotUndo::Already(now.to_string()));
    }
    if !is_same(now, &record.to) && !even_if_changed {
        return Err(CannotUndo::ChangedSince(now.to_string()));
    }
    Ok(before)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::setting::{Notifications, SettingKind, Versioning};
    use crate::{Aspect, Grade};

    fn record(from: Option<Setting>, to: Setting) -> Record {
        Record {
            version: crate::reconcile::record::VERSION,
            id: "reports@20261124T231502.123Z-policy".to_owned(),
            state: State::Verified,
            bucket: "reports".to_owned(),
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            time: "2026-11-24T23:15:02Z".to_owned(),
            grade: Grade::Speed,
            grade_reason: "the default".to_owned(),
            aspects: vec![Aspect::Tls],
            setting: SettingKind::Policy,
            call: "PutBucketPolicy".to_owned(),
            why: Vec::new(),
            from,
            to,
            events: Vec::new(),
            time_to_protect_milliseconds: None,
            cause: None,
        }
    }

    fn policy(text: &str) -> Setting {
        Setting::Policy(Some(text.to_owned()))
    }

    #[test]
    fn the_previous_setting_is_written_back_if_it_was_not_changed_since() {
        let written = record(Some(Setting::Policy(None)), policy(r#"{"a":1,"b":2}"#));
        let now = policy(r#"{ "b": 2, "a": 1 }"#);
        assert_eq!(undo(&written, Some(&now), false), Ok(Setting::Policy(None)));
        let changed = policy(r#"{"c":3}"#);
        assert!(matches!(undo(&written, Some(&changed), false), Err(CannotUndo::ChangedSince(_))));
        assert_eq!(undo(&written, Some(&changed), true), Ok(Setting::Policy(None)));
    }

    #[test]
    fn notifications_that_s3_gives_in_another_form_are_not_changed() {
        let of = |elements: &str| {
            let xml = format!("<NotificationConfiguration>{elements}</NotificationConfiguration>");
            Setting::Notifications(Notifications { xml, elements: Vec::new() })
        };
        let theirs = "<TopicConfiguration><Topic>t</Topic><Event>e</Event></TopicConfiguration>";
        let on = "<EventBridgeConfiguration></EventBridgeConfiguration>";
        let written = record(Some(of(theirs)), of(&format!("{theirs}{on}")));
        let now = of(&format!("<EventBridgeConfiguration/>\n{theirs}"));
        assert_eq!(undo(&written, Some(&now), false), Ok(of(theirs)));
        let other = of(&format!("{on}{}", theirs.replace('e', "f")));
        assert!(matches!(undo(&written, Some(&other), false), Err(CannotUndo::ChangedSince(_))));
    }

    #[test]
    fn nothing_is_put_back_twice_or_blindly() {
        let written = record(Some(Setting::Policy(None)), policy("{}"));
        let undone = undo(&written, Some(&Setting::Policy(None)), true);
        assert!(matches!(undone, Err(CannotUndo::Already(_))));
        assert_eq!(undo(&written, None, true), Err(CannotUndo::NotReadable));
        let unknown = record(None, policy("{}"));
        assert_eq!(undo(&unknown, Some(&policy("{}")), true), Err(CannotUndo::NotKnown));
        let failed = Record { state: State::Failed, ..written };
        assert_eq!(undo(&failed, Some(&policy("{}")), true), Err(CannotUndo::Failed));
    }

    #[test]
    fn versioning_is_versioning() {
        let on = Setting::Versioning(Some(Versioning { enabled: true, mfa_delete: false }));
        assert!(is_same(&on, &on.clone()) && !is_same(&on, &Setting::Versioning(None)));
    }
}
