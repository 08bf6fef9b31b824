//! What an update says, and what of it depends on the publication of a report.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::{Update, reason_text};
use crate::Finding;

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
            writes: Vec::new(),
            refused: BTreeMap::new(),
            stops: Vec::new(),
            unreported: Vec::new(),
            reported: Vec::new(),
            suppressions_seen: Vec::new(),
            foreign_seen: Vec::new(),
        }
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
        self.reported.retain(|id| !records.contains(id));
        self.unreported.extend(records);
        self
    }

    /// Whether it says nothing that depends on the publication of a report.
    pub fn is_independent(&self) -> bool {
        self.reported.is_empty() && !self.findings.iter().any(|(_, _, is_notified)| *is_notified)
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
    }
}
