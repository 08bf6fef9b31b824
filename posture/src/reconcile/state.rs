//! What is known about a bucket between two reconciliations: one object of the ledger for each bucket.
//!
//! A reconciliation does not write a state but makes an [`Update`] of what it has seen and done. The update is applied to
//! the state that the ledger has, and again to a newer one if another function has written it in the meantime. Applied
//! twice it changes nothing more, and two updates may come in any order: what one has found, the other keeps.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use super::ledger::suppression;
use super::protections::ProtectionState;
use crate::contract::ledger::STATE;
use crate::evaluate::coverage::Known;
use crate::model::setting::SettingKind;
use crate::model::watch;
use crate::text::wire::{as_optional_time, as_time};
use crate::{AccountId, Aspect, BucketId, BucketName, Call, Finding, History, Reason, Region};

mod conflict;
mod invalid;
mod last_setting;
mod refused;
mod update;

pub use conflict::{Callers, Stop, callers};
pub use invalid::InvalidState;
pub use last_setting::{LastSetting, ReadSetting};
pub use refused::RefusedAt;
pub use update::Update;

use last_setting::replace;

/// The version of the form. A reader of older versions leaves a newer one alone.
const VERSION: u32 = 1;
/// After how many days a finding is reported again.
pub const DAYS: i64 = 30;
/// The most characters of a reason.
const REASON_MAX: usize = 300;
/// The most entries of a list.
const ENTRIES_MAX: usize = 200;
/// The reason of what could not be remediated, because a write failed.
pub const FAILED: &str = "its remediation failed";
/// For how long after its creation a bucket is new, so that its owner may still be configuring it.
const NEW_FOR: Duration = Duration::HOUR;
/// How a state's key ends.
const JSON: &str = ".json";

/// What is known about a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketState {
    version: u32,
    bucket: String,
    account: String,
    region: String,
    /// How the guard learned of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<KnownBy>,
    /// The settings that were read, and the calls that changed them.
    #[serde(default)]
    pub settings: BTreeMap<SettingKind, LastSetting>,
    /// What is weaker than wanted and not remediated.
    #[serde(default)]
    pub findings: Vec<OpenFinding>,
    /// What was weakened and could not be remediated yet, and since when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub owed: BTreeMap<Aspect, Owed>,
    /// Whether everyone could read or write in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<ReadPublic>,
    /// Whether its policy, as it was read or put last, names the guard's role in a deny.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub names_role: bool,
    /// The ids of the records of writes that could not be reported yet.
    #[serde(default)]
    pub unreported: BTreeSet<String>,
    /// The guard's writes of the last hour.
    #[serde(default)]
    pub writes: BTreeSet<Write>,
    /// The settings that the guard has stopped writing, also those of the past.
    #[serde(default)]
    pub stops: BTreeMap<SettingKind, Vec<Stop>>,
    /// The writes that AWS has refused for good.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refused: BTreeMap<SettingKind, RefusedAt>,
    /// The keys of the suppressions whose first use was reported.
    #[serde(default)]
    pub suppressions_seen: BTreeSet<String>,
    /// The objects that do not count and were reported: their keys and versions.
    #[serde(default)]
    pub foreign_seen: BTreeSet<String>,
    /// What its tags exempt or lower and was reported.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub by_tags: BTreeSet<String>,
    /// The protections, and what was switched off.
    #[serde(default)]
    pub protections: ProtectionState,
    /// Since when the bucket is deleted. A later bucket of its name begins with a new state.
    #[serde(with = "as_optional_time", default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<OffsetDateTime>,
}

/// How the guard learned of a bucket, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownBy {
    /// How.
    pub how: Known,
    /// When.
    #[serde(with = "as_time")]
    pub time: OffsetDateTime,
}

/// Something that was weakened and could not be remediated yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// Since when.
    #[serde(with = "as_time")]
    pub since: OffsetDateTime,
}

/// Whether a bucket was public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadPublic {
    /// Since when that is known.
    #[serde(with = "as_time")]
    pub since: OffsetDateTime,
    /// Whether it was.
    pub value: bool,
}

/// A call that may have changed a setting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Its time.
    #[serde(with = "as_time")]
    pub time: OffsetDateTime,
    /// `CloudTrail`'s name of it.
    pub event_name: String,
    /// `CloudTrail`'s id of its event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Who made it.
    pub principal: String,
    /// The tool that made it.
    pub tool: String,
}

/// Something that is weaker than wanted and not remediated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenFinding {
    /// The aspect.
    pub aspect: Aspect,
    /// Why it is not remediated.
    pub reason: String,
    /// Since when it is known.
    #[serde(with = "as_time")]
    pub since: OffsetDateTime,
    /// When it was reported last.
    #[serde(with = "as_optional_time", default, skip_serializing_if = "Option::is_none")]
    pub notified: Option<OffsetDateTime>,
}

/// A write of the guard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Write {
    /// When.
    #[serde(with = "as_time")]
    pub time: OffsetDateTime,
    /// What.
    pub setting: SettingKind,
    /// Who had changed it, if that is known; a role without its session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
}

/// The key of a bucket's state.
pub fn key(bucket: &BucketName) -> String {
    format!("{STATE}{bucket}{JSON}")
}

/// The bucket whose state has this key.
pub fn of_key(key: &str) -> Option<BucketName> {
    key.strip_prefix(STATE)?.strip_suffix(JSON)?.parse().ok()
}

/// A reason as a state has it. None for what is reported otherwise: a suppression by its first use, that the guard has
/// stopped by its own notification, and that a stack never finished by the last of its events.
pub fn reason_text(reason: &Reason) -> Option<String> {
    let is_reported_otherwise = reason.is_of_event()
        || matches!(
            reason,
            Reason::Undone(_) | Reason::TooManyWrites(..) | Reason::StackNeverFinished
        );
    let text = || reason.refusal().unwrap_or_else(|| reason.to_string());
    (!is_reported_otherwise).then(|| text().chars().take(REASON_MAX).collect())
}

/// The settings that a call may have changed, with the call. Tags are no settings.
pub fn sources(call: &Call) -> impl Iterator<Item = (SettingKind, Source)> + '_ {
    let name = Some(call.event_name.as_str()).filter(|name| !watch::is_of_tags(name));
    let kinds: BTreeSet<SettingKind> =
        watch::touched(name).into_iter().filter_map(Aspect::setting).collect();
    kinds.into_iter().map(|kind| {
        let source = Source {
            time: call.time,
            event_name: call.event_name.clone(),
            event_id: call.event_id.clone(),
            principal: call.principal.clone(),
            tool: call.tool.to_string(),
        };
        (kind, source)
    })
}

impl BucketState {
    /// The state of a bucket of which nothing is known.
    pub fn new(id: &BucketId) -> Self {
        Self {
            region: id.region.to_string(),
            ..Self::of(id.name.to_string(), id.account.to_string())
        }
    }

    fn of(bucket: String, account: String) -> Self {
        Self {
            version: VERSION,
            bucket,
            account,
            region: String::new(),
            known: None,
            settings: BTreeMap::new(),
            findings: Vec::new(),
            owed: BTreeMap::new(),
            public: None,
            names_role: false,
            unreported: BTreeSet::new(),
            writes: BTreeSet::new(),
            stops: BTreeMap::new(),
            refused: BTreeMap::new(),
            suppressions_seen: BTreeSet::new(),
            foreign_seen: BTreeSet::new(),
            by_tags: BTreeSet::new(),
            protections: ProtectionState::default(),
            closed: None,
        }
    }

    /// Reads the state of a bucket. Its Region may be another one, if there was a bucket of this name.
    pub fn read(
        json: &[u8],
        bucket: &BucketName,
        account: &AccountId,
    ) -> Result<Self, InvalidState> {
        // The version comes first: a newer version may have other fields.
        let value: Value = serde_json::from_slice(json)?;
        if let Some(version) = value.get("version").and_then(Value::as_u64)
            && version > VERSION.into()
        {
            return Err(InvalidState::Newer(version));
        }
        let state: Self = serde_json::from_value(value)?;
        if state.bucket != bucket.as_str() {
            return Err(InvalidState::Differs("bucket"));
        }
        if state.account != account.as_str() {
            return Err(InvalidState::Differs("account"));
        }
        Ok(state)
    }

    /// Whether the bucket is in this Region.
    pub fn is_in(&self, region: &Region) -> bool {
        self.region == region.as_str()
    }

    /// Its object.
    pub fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("it has only texts, numbers and lists")
    }

    /// Adds the writes of the hour and the stops to a history, as far as they count for these callers.
    pub fn add_to(&self, history: &mut History, callers: &Callers, now: OffsetDateTime) {
        for kind in SettingKind::ALL {
            let caller = callers.get(&kind);
            let writes = self.writes_by(kind, caller, now);
            if writes > 0 {
                history.writes.insert(kind, writes);
            }
            history.stopped.extend(self.stop(kind, caller, now).map(|_| kind));
        }
        history.refused = self.refused_lately(now);
        for (kind, last) in &self.settings {
            let right = last.right.as_ref().and_then(|right| right.value.clone());
            history.right.extend(right.map(|right| (*kind, right)));
            let read = last.read.as_ref().filter(|read| read.since <= now - Duration::HOUR);
            let read = read.and_then(|read| read.value.clone());
            history.seen_before.extend(read.map(|read| (*kind, read)));
            let before = last.read.as_ref().and_then(|read| read.value.clone());
            history.before.extend(before.map(|before| (*kind, before)));
        }
        if let Some(last) = self.settings.get(&SettingKind::Encryption) {
            let existed = self.known.is_some_and(|known| known.how == Known::Before);
            history.encryption = last.encryption_history(existed);
        }
        history.owed.extend(self.owed.keys());
        history.was_public = self.public.map(|public| public.value);
        history.known_since = self.known.map(|known| known.time);
        let is_created = |known: KnownBy| known.how == Known::Created;
        history.is_new =
            self.known.is_some_and(|known| is_created(known) && now - known.time < NEW_FOR);
    }

    /// Whether a sweep has to report this: not if it was within 30 days, and a subscription was confirmed.
    pub fn is_news(
        &self,
        finding: &Finding,
        now: OffsetDateTime,
        subscribed: OffsetDateTime,
    ) -> bool {
        let Finding::NotRemediated { aspect, reason } = finding else { return true };
        let Some(reason) = reason_text(reason) else { return false };
        let is_recent = |at: OffsetDateTime| now - at < Duration::days(DAYS) && at >= subscribed;
        let is_same = |found: &&OpenFinding| found.aspect == *aspect && found.reason == reason;
        let found = self.findings.iter().find(is_same);
        !found.and_then(|found| found.notified).is_some_and(is_recent)
    }

    /// The state after an update. Applied to a state that has it, it changes nothing.
    #[must_use]
    pub fn updated(&self, update: &Update) -> Self {
        let mut state = self.clone();
        if let Some(closed) = update.closed {
            // What was known of the bucket is over with it.
            let region = std::mem::take(&mut state.region);
            let (bucket, account) = (self.bucket.clone(), self.account.clone());
            return Self { region, closed: Some(closed), ..Self::of(bucket, account) };
        }
        state.learn(update);
        state.protections.learn(&update.protections);
        state.judge(update);
        state.refuse(update);
        if let Some(by_tags) = &update.by_tags {
            state.by_tags.clone_from(by_tags);
        }
        state.names_role = update.names_role.unwrap_or(state.names_role);
        let Update { time, writes, stops, .. } = update;
        state.writes.extend(writes.iter().cloned());
        for (kind, stop) in stops {
            state.add_stop(*kind, stop);
        }
        state.unreported.extend(update.unreported.iter().cloned());
        state.unreported.retain(|id| !update.reported.contains(id));
        state.suppressions_seen.extend(update.suppressions_seen.iter().cloned());
        state.foreign_seen.extend(update.foreign_seen.iter().cloned());
        // What is over is forgotten with the next change, and is no change by itself.
        if state != *self {
            state.forget(*time);
        }
        state
    }

    fn learn(&mut self, update: &Update) {
        let Update { time, known, settings, right, sources, .. } = update;
        let is_better = |known: Known| match self.known {
            None => true,
            Some(now) if now.how == Known::Swept => known != Known::Swept,
            // The call that creates it may be handled after another one.
            Some(now) => now.how == Known::Event && known == Known::Created,
        };
        if let Some(how) = known.filter(|known| is_better(*known)) {
            self.known = Some(KnownBy { how, time: *time });
        }
        for setting in settings {
            let last = self.settings.entry(setting.kind()).or_default();
            last.learn(setting, *time);
        }
        for setting in right {
            replace(&mut self.settings.entry(setting.kind()).or_default().right, setting, *time);
        }
        for (kind, source) in sources {
            let last = self.settings.entry(*kind).or_default();
            if last.source.as_ref().is_none_or(|last| last < source) {
                last.source = Some(source.clone());
            }
        }
    }

    /// What was judged and is compliant is no finding any more, unless it was found later than it was judged.
    fn judge(&mut self, update: &Update) {
        let Update { time, judged, findings, owed, public, .. } = update;
        self.owed.retain(|aspect, one| {
            one.since > *time || !judged.contains(aspect) || owed.contains(aspect)
        });
        for aspect in owed {
            let one = self.owed.entry(*aspect).or_insert(Owed { since: *time });
            one.since = one.since.min(*time);
        }
        if let Some(value) = *public
            && self.public.is_none_or(|last| last.since <= *time && last.value != value)
        {
            self.public = Some(ReadPublic { since: *time, value });
        }
        let is_same = |found: &OpenFinding, (aspect, reason, _): &(Aspect, String, bool)| {
            found.aspect == *aspect && found.reason == *reason
        };
        self.findings.retain(|found| {
            found.since > *time
                || !judged.contains(&found.aspect)
                || findings.iter().any(|still| is_same(found, still))
        });
        for finding in findings {
            let (aspect, reason, is_notified) = finding;
            let notified = is_notified.then_some(*time);
            match self.findings.iter_mut().find(|found| is_same(found, finding)) {
                Some(found) => {
                    found.since = found.since.min(*time);
                    found.notified = found.notified.max(notified);
                }
                None => self.findings.push(OpenFinding {
                    aspect: *aspect,
                    reason: reason.clone(),
                    since: *time,
                    notified,
                }),
            }
        }
        self.findings.sort_by(|a, b| (a.aspect, &a.reason).cmp(&(b.aspect, &b.reason)));
    }

    /// Forgets what is over, and the first of too many entries.
    fn forget(&mut self, now: OffsetDateTime) {
        fn bound<T: Ord>(entries: &mut BTreeSet<T>) {
            while entries.len() > ENTRIES_MAX {
                entries.pop_first();
            }
        }
        self.protections.forget(now);
        self.writes.retain(|write| write.time > now - Duration::HOUR);
        self.forget_stops(now);
        bound(&mut self.writes);
        bound(&mut self.unreported);
        bound(&mut self.foreign_seen);
        if let Ok(bucket) = self.bucket.parse::<BucketName>() {
            self.suppressions_seen.retain(|key| {
                suppression::of_key(&bucket, key).is_some_and(|one| one.is_in_force(now))
            });
        }
        bound(&mut self.suppressions_seen);
    }
}

#[cfg(test)]
mod tests;
