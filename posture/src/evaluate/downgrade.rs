//! Protections that were on and are switched off, whatever the grade and the modes.
//!
//! The last known values come from the bucket's state in the ledger, the new ones from the parameters of calls and from
//! what was read. So a downgrade is found where nothing is read, where the setting is back already, and by the sweep where
//! no event was delivered. What cannot be compared is no downgrade.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::Call;
use crate::model::protection::{LastValue, LastValues, Protection, Protections, Value};
use crate::model::setting::{EXPIRES_SOON_DAYS, Expiry, Key, PublicAccessBlock};

mod sequence;
mod words;

pub use sequence::{Fall, MINUTES, Sequence};

/// A protection that was switched off, or became weaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downgrade {
    /// Which.
    pub protection: Protection,
    /// Its value before, if that is known.
    pub from: Option<Value>,
    /// Its value since then.
    pub to: Value,
    /// The call, if one is known.
    pub by: Option<Call>,
}

/// The result of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// The downgrades, in the order of time.
    pub downgrades: Vec<Downgrade>,
    /// The last known values that have changed.
    pub changed: LastValues,
}

/// Compares the last known values with what calls have set, and with what was read at this time.
///
/// Of a bucket of which nothing is known, only what a call switches off by its own parameters is a downgrade; of a new
/// one, which had no protection before, nothing is.
pub fn compare(
    last: &LastValues,
    is_new: bool,
    calls: &[Call],
    (read, time): (&Protections, OffsetDateTime),
) -> Compared {
    let mut compared = Compared::default();
    let mut known = last.clone();
    for call in calls {
        for (protection, to) in &call.effect.sets {
            let before = known.get(protection);
            if let Some(from) = fallen_by(before, (*protection, to), call, is_new) {
                let (protection, to, by) = (*protection, to.clone(), Some(call.clone()));
                compared.downgrades.push(Downgrade { protection, from, to, by });
            }
            let is_older = before.is_some_and(|before| before.since > call.time);
            let is_same = before
                .is_some_and(|before| before.value == *to && before.unexplained_from.is_none());
            let value = match before {
                Some(before) if is_older => {
                    let is_explained = before.value == *to;
                    let from = before.unexplained_from.clone().filter(|_| !is_explained);
                    LastValue { unexplained_from: from, ..before.clone() }
                }
                _ if is_same => continue,
                Some(_) | None => {
                    LastValue { since: call.time, value: to.clone(), unexplained_from: None }
                }
            };
            known.insert(*protection, value);
        }
    }
    for (protection, to) in read {
        let before = known.get(protection);
        if before.is_some_and(|before| before.value == *to) {
            continue;
        }
        let from = before.map(|before| before.value.clone());
        let from = from.filter(|from| has_fallen(from, to));
        if let Some(from) = &from {
            let (protection, from, to) = (*protection, Some(from.clone()), to.clone());
            compared.downgrades.push(Downgrade { protection, from, to, by: None });
        }
        let value = LastValue { since: time, value: to.clone(), unexplained_from: from };
        known.insert(*protection, value);
    }
    known.retain(|protection, value| last.get(protection) != Some(value));
    compared.changed = known;
    compared
}

/// What a call has switched off: the value before, if that is known; `None` if it has switched nothing off.
#[expect(clippy::option_option, reason = "not known and no downgrade are different")]
fn fallen_by(
    before: Option<&LastValue>,
    (protection, to): (Protection, &Value),
    call: &Call,
    is_new: bool,
) -> Option<Option<Value>> {
    let Some(before) = before else {
        return (!is_new && is_off(protection, to, call)).then_some(None);
    };
    // A sweep has found it before the event was delivered.
    if before.value == *to && call.time <= before.since {
        return before.unexplained_from.clone().map(Some);
    }
    // An older call: the value has become what it is after it.
    let is_older = call.time < before.since;
    (!is_older && has_fallen(&before.value, to)).then(|| Some(before.value.clone()))
}

/// Whether a protection is weaker than before. A value that is only different, as another algorithm, is not.
///
/// Lifecycle rules delete sooner if one of them deletes what no single rule before deleted as soon.
pub fn has_fallen(from: &Value, to: &Value) -> bool {
    match (from, to) {
        (Value::On | Value::Logs(_) | Value::Retention(_), Value::Off) => true,
        (Value::Logs(before), Value::Logs(now)) => before != now,
        (Value::Expiries(before), Value::Expiries(now)) => sooner(before, now).is_some(),
        // Of many rules it is only known when the first one deletes.
        (Value::Expiries(_) | Value::Soonest(_), Value::Expiries(_) | Value::Soonest(_)) => {
            match (soonest(from), soonest(to)) {
                (Some(before), Some(now)) => now < before,
                (None, now) => now.is_some(),
                (Some(_), None) => false,
            }
        }
        (Value::Copies(before), Value::Copies(now)) => !before.is_subset(now),
        (Value::Retention(before), Value::Retention(now)) => !now.is_at_least(*before),
        (Value::Algorithm(before), Value::Algorithm(now)) => rank(before) > rank(now),
        (Value::Key(Key::Named(before)), Value::Key(now)) => match now {
            Key::Named(now) => !is_same_key(before, now),
            Key::AwsManaged => true,
        },
        (Value::Block(before), Value::Block(now)) => before.or(*now) != *now,
        _ => false,
    }
}

/// After how many days the first rule deletes.
fn soonest(value: &Value) -> Option<u32> {
    match value {
        Value::Soonest(days) => Some(*days),
        Value::Expiries(rules) => rules.iter().map(|rule| rule.days).min(),
        Value::On
        | Value::Off
        | Value::Logs(_)
        | Value::Copies(_)
        | Value::Retention(_)
        | Value::Algorithm(_)
        | Value::Key(_)
        | Value::Block(_) => None,
    }
}

/// The first rule that deletes what no rule before deleted as soon.
fn sooner<'a>(before: &[Expiry], now: &'a [Expiry]) -> Option<&'a Expiry> {
    now.iter().find(|now| !before.iter().any(|before| before.covers(now)))
}

/// The algorithms, weakest first. One that is not known is not compared: it counts as the strongest.
fn rank(algorithm: &str) -> usize {
    let known = ["AES256", "aws:kms", "aws:kms:dsse"];
    known.iter().position(|one| *one == algorithm).unwrap_or(known.len())
}

/// Whether two names are of one key: its id is the end of its ARN. An alias may point anywhere.
fn is_same_key(one: &str, other: &str) -> bool {
    let id = |name: &str| name.rsplit_once(":key/").map_or(name, |(_, id)| id).to_owned();
    id(one) == id(other)
}

/// Whether a call switches a protection off, whatever it was before.
///
/// Not what is usual in the setup of a bucket: SSE-S3, notifications without `EventBridge`, ownership.
fn is_off(protection: Protection, to: &Value, call: &Call) -> bool {
    match (protection, to) {
        // Only root can change it; others name it where it never was on.
        (Protection::MfaDelete, Value::Off) => {
            call.principal_arn.as_deref().is_some_and(|arn| arn.ends_with(":root"))
        }
        (
            Protection::Versioning
            | Protection::AccessLogs
            | Protection::ObjectLock
            | Protection::SseC,
            Value::Off,
        ) => true,
        (_, Value::Copies(to)) => to.is_empty(),
        (_, Value::Expiries(_) | Value::Soonest(_)) => {
            soonest(to).is_some_and(|days| days <= EXPIRES_SOON_DAYS)
        }
        (_, Value::Block(now)) => *now != PublicAccessBlock::ALL,
        _ => false,
    }
}

impl Downgrade {
    /// What has changed, in words.
    pub fn words(&self) -> String {
        let words = words::changed(self.protection, self.from.as_ref(), &self.to);
        match (&self.from, &self.by) {
            (None, _) => format!("{words}; what it was before is not known"),
            (Some(_), Some(_)) => words,
            (Some(_), None) => format!("{words}; s3guard knows of no call that has done it"),
        }
    }

    /// The fall of the protection, if it is known who has done it.
    pub fn fall(&self) -> Option<Fall> {
        let call = self.by.as_ref()?;
        Some(Fall {
            time: call.time,
            protection: self.protection,
            principal: call.caller().to_owned(),
            event_id: call.event_id.clone(),
            was_on: self.from.is_some(),
        })
    }
}

/// Values that are known from now on, such as those of what was written.
pub fn known(
    values: impl IntoIterator<Item = (Protection, Value)>,
    since: OffsetDateTime,
) -> LastValues {
    let last = |value| LastValue { since, value, unexplained_from: None };
    let values = values.into_iter();
    let known = values.filter_map(|(protection, value)| Some((protection, last(value.bounded()?))));
    known.collect::<BTreeMap<_, _>>()
}

#[cfg(test)]
mod tests;
