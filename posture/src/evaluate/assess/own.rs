//! The settings of the stack's own buckets: only deployers change them, and what others have changed is put back.

use serde_json::Value;

use super::Judgement;
use super::encryption::Keys;
use crate::model::baseline::Baseline;
use crate::model::effect::SettingChange;
use crate::model::observed::Observed;
use crate::model::own_bucket::{NOT_BY_A_DEPLOYER, OwnBucket, RESTORED};
use crate::model::policy::Policy;
use crate::model::setting::{Setting, SettingKind, Versioning};
use crate::{Aspect, Question, Reason};

/// What is not as the ledger says it should be, and what other principals than deployers have changed.
pub(super) fn judge(
    observed: &Observed,
    baseline: &Baseline,
    own: &OwnBucket,
) -> Vec<(Aspect, Judgement)> {
    let restored = RESTORED.into_iter().filter_map(|(aspect, kind)| {
        let judgement = setting(observed, own, aspect, kind)?;
        // The guard does not write a key of an account that is not trusted, by any principal.
        if let Judgement::Weak { was, remediate: Setting::Encryption(Some(right)), .. } = &judgement
            && (Keys { observed, baseline }).foreign_account(&right.algorithm).is_some()
        {
            return Some((aspect, reported(&format!("a change to `{was}`"))));
        }
        Some((aspect, judgement))
    });
    let is_restored = |aspect: &Aspect| RESTORED.iter().any(|(one, _)| one == aspect);
    let others = own.changed.iter().filter(|(aspect, _)| !is_restored(aspect));
    let others = others.map(|(aspect, by)| (*aspect, reported(by)));
    restored.chain(others).collect()
}

fn setting(
    observed: &Observed,
    own: &OwnBucket,
    aspect: Aspect,
    kind: SettingKind,
) -> Option<Judgement> {
    let by = own.changed.get(&aspect);
    if by.is_none() && !own.is_swept {
        return None;
    }
    if own.deployed.contains(&aspect) {
        return by.map(|by| reported(by));
    }
    let unread = [
        (kind.question(), is_unread(observed, kind)),
        (Question::History, observed.history.is_unread()),
    ];
    let ask: Vec<Question> =
        unread.into_iter().filter(|(_, is)| *is).map(|(question, _)| question).collect();
    if !ask.is_empty() {
        return Some(Judgement::Ask(ask));
    }
    match (difference(observed, own, by.is_none(), kind), by) {
        (Some((was, remediate)), _) if own.is_restored => {
            let by = by.map_or("a change of which no event arrived", String::as_str);
            let was = format!("{was}, after {by}, {NOT_BY_A_DEPLOYER}");
            Some(Judgement::Weak { was, change: SettingChange::of(kind), remediate })
        }
        (_, Some(by)) => Some(reported(by)),
        (Some((was, _)), None) => Some(reported(&format!("a change to `{was}`"))),
        (None, None) => None,
    }
}

/// The current value in words, and what is right, if they differ and that can be written.
///
/// Without a call it has to be so for an hour: the event of a deployer's call may still arrive.
fn difference(
    observed: &Observed,
    own: &OwnBucket,
    is_unexplained: bool,
    kind: SettingKind,
) -> Option<(String, Setting)> {
    let now = observed.setting(kind)?;
    let history = observed.history.known()?;
    let right = history.right.get(&kind).filter(|right| is_written(right, &now))?;
    if is_same(right, &now) {
        return None;
    }
    let is_lasting = own.is_swept && history.seen_before.get(&kind).is_some_and(|one| *one == now);
    (!is_unexplained || is_lasting).then(|| (now.value(), right.clone()))
}

/// Whether a setting can be put back: it is not the lack of one, and MFA delete is not changed.
fn is_written(right: &Setting, now: &Setting) -> bool {
    match (right, now) {
        (Setting::Versioning(right), Setting::Versioning(now)) => {
            let has_mfa = |one: &Versioning| one.mfa_delete;
            let is_enabled = right.is_some_and(|right| right.enabled);
            is_enabled && !right.iter().chain(now).any(has_mfa)
        }
        (Setting::Policy(right), _) => right.is_some(),
        (Setting::PublicAccessBlock(right), _) => right.is_some(),
        (Setting::Encryption(right), _) => right.is_some(),
        (Setting::Ownership(right), _) => right.is_some(),
        _ => false,
    }
}

/// Whether they are the same. S3 may return the lists of a policy in another order.
fn is_same(right: &Setting, now: &Setting) -> bool {
    match (right, now) {
        (Setting::Policy(Some(right)), Setting::Policy(Some(now))) if right != now => {
            let ordered = |text: &str| Policy::new(text).document().map(ordered);
            ordered(right).is_some_and(|right| Some(right) == ordered(now))
        }
        (right, now) => right == now,
    }
}

/// A document with the lists in one order, in which a list of one is the same as its item.
fn ordered(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(ordered).collect();
            items.sort_by_cached_key(Value::to_string);
            match <[Value; 1]>::try_from(items) {
                Ok([item]) => item,
                Err(items) => Value::Array(items),
            }
        }
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), ordered(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn is_unread(observed: &Observed, kind: SettingKind) -> bool {
    match kind {
        SettingKind::Policy => observed.policy.is_unread(),
        SettingKind::PublicAccessBlock => observed.public_access_block.is_unread(),
        SettingKind::Encryption => observed.encryption.is_unread(),
        SettingKind::Ownership => observed.ownership.is_unread(),
        SettingKind::Versioning => observed.versioning.is_unread(),
        SettingKind::AccessLogs
        | SettingKind::Notifications
        | SettingKind::AccountPublicAccessBlock => false,
    }
}

fn reported(by: &str) -> Judgement {
    Judgement::NotRemediated(Reason::NotByADeployer(by.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_a_policys_lists_does_not_matter_and_the_rest_does() {
        let policy = |value: &Value| Setting::Policy(Some(value.to_string()));
        let one =
            policy(&json!({ "Statement": [{ "Sid": "a", "Action": ["x", "y"] }, { "Sid": "b" }] }));
        let same = policy(
            &json!({ "Statement": [{ "Sid": "b" }, { "Sid": ["a"], "Action": ["y", "x"] }] }),
        );
        let other =
            policy(&json!({ "Statement": [{ "Sid": "a", "Action": ["x"] }, { "Sid": "b" }] }));
        assert!(is_same(&one, &same) && !is_same(&one, &other));
        assert!(!is_same(&one, &Setting::Policy(None)));
        let broken = Setting::Policy(Some("?".to_owned()));
        assert!(is_same(&broken, &broken) && !is_same(&broken, &one));
    }

    #[test]
    fn what_is_not_set_or_needs_a_second_factor_is_not_put_back() {
        let versioning =
            |enabled, mfa_delete| Setting::Versioning(Some(Versioning { enabled, mfa_delete }));
        assert!(is_written(&versioning(true, false), &versioning(false, false)));
        for (right, now) in [
            (versioning(false, false), versioning(true, false)),
            (versioning(true, true), versioning(true, false)),
            (versioning(true, false), versioning(false, true)),
            (Setting::Versioning(None), versioning(true, false)),
            (Setting::Policy(None), Setting::Policy(Some(String::new()))),
            (Setting::Encryption(None), Setting::Encryption(None)),
        ] {
            assert!(!is_written(&right, &now), "{right} {now}");
        }
    }
}
