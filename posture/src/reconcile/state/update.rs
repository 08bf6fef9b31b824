//! What a reconciliation adds to the state of its bucket.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::{Source, Stop, Write, reason_text};
use crate::evaluate::coverage::Known;
use crate::model::refusal::Refusal;
use crate::reconcile::protections::ProtectionUpdate;
use crate::{Aspect, Finding, Setting, SettingKind};

/// What a reconciliation has seen and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// When the bucket was judged.
    pub time: OffsetDateTime,
    /// How the guard learned of the bucket, if that is new.
    pub known: Option<Known>,
    /// The settings that the bucket has now, as far as they were read or written.
    pub settings: Vec<Setting>,
    /// The settings that are right from now on.
    pub right: Vec<Setting>,
    /// The calls that may have changed a setting.
    pub sources: Vec<(SettingKind, Source)>,
    /// The aspects that were judged.
    pub judged: BTreeSet<Aspect>,
    /// What is not remediated, and whether that was reported now.
    pub findings: Vec<(Aspect, String, bool)>,
    /// What was weakened and is not remediated.
    pub owed: BTreeSet<Aspect>,
    /// Whether everyone can read or write in it, if that is known.
    pub public: Option<bool>,
    /// Whether its policy names the guard's role in a deny, if that is known.
    pub names_role: Option<bool>,
    /// The writes.
    pub writes: Vec<Write>,
    /// The writes that AWS refuses for good, with when it has refused them.
    pub refused: BTreeMap<SettingKind, (OffsetDateTime, Refusal)>,
    /// The settings that are not written any more.
    pub stops: Vec<(SettingKind, Stop)>,
    /// The records that could not be reported.
    pub unreported: Vec<String>,
    /// The records that were reported now and could not be before.
    pub reported: Vec<String>,
    /// The keys of suppressions whose first use was reported now.
    pub suppressions_seen: Vec<String>,
    /// The objects that do not count and were reported now.
    pub foreign_seen: Vec<String>,
    /// What its tags exempt or lower, if that has changed and was reported.
    pub by_tags: Option<BTreeSet<String>>,
    /// What has changed of the protections.
    pub protections: ProtectionUpdate,
    /// When the bucket was deleted.
    pub closed: Option<OffsetDateTime>,
}

impl Update {
    /// Nothing, at this time.
    pub fn new(time: OffsetDateTime) -> Self {
        Self {
            time,
            known: None,
            settings: Vec::new(),
            right: Vec::new(),
            sources: Vec::new(),
            judged: BTreeSet::new(),
            findings: Vec::new(),
            owed: BTreeSet::new(),
            public: None,
            names_role: None,
            writes: Vec::new(),
            refused: BTreeMap::new(),
            stops: Vec::new(),
            unreported: Vec::new(),
            reported: Vec::new(),
            suppressions_seen: Vec::new(),
            foreign_seen: Vec::new(),
            by_tags: None,
            protections: ProtectionUpdate::default(),
            closed: None,
        }
    }

    /// The same, if the report about the bucket is part of a later summary: these are the records of its writes.
    pub fn fold(&mut self, records: impl IntoIterator<Item = String>) {
        for (_, _, is_notified) in &mut self.findings {
            *is_notified = false;
        }
        for known in &mut self.protections.falls {
            known.notified = false;
        }
        self.by_tags = None;
        self.unreported.extend(records);
    }

    /// Notes that these findings were reported.
    pub fn mark_reported<'a>(&mut self, findings: impl IntoIterator<Item = &'a Finding>) {
        for finding in findings {
            let Finding::NotRemediated { aspect, reason } = finding else { continue };
            let Some(reason) = reason_text(reason) else { continue };
            for (of, text, is_notified) in &mut self.findings {
                *is_notified |= of == aspect && *text == reason;
            }
        }
    }

    /// The same, if the report about the bucket could not be published: these are the records of its writes.
    #[must_use]
    pub fn not_published(mut self, records: Vec<String>) -> Self {
        for (_, _, is_notified) in &mut self.findings {
            *is_notified = false;
        }
        // The next pass finds it again.
        self.protections = ProtectionUpdate::default();
        self.closed = None;
        self.by_tags = None;
        self.reported.retain(|id| !records.contains(id));
        self.unreported.extend(records);
        self
    }

    /// Whether it says nothing that depends on the publication of a report.
    pub fn is_independent(&self) -> bool {
        self.reported.is_empty()
            && self.protections.is_independent()
            && self.closed.is_none()
            && self.by_tags.is_none()
            && !self.findings.iter().any(|(_, _, is_notified)| *is_notified)
    }

    /// Whether it says only what the bucket is like.
    pub fn is_quiet(&self) -> bool {
        let Self { findings, writes, stops, unreported, .. } = self;
        findings.is_empty()
            && writes.is_empty()
            && stops.is_empty()
            && unreported.is_empty()
            && self.right.is_empty()
            && self.suppressions_seen.is_empty()
            && self.foreign_seen.is_empty()
            && self.by_tags.is_none()
            && self.protections.is_independent()
    }
}
