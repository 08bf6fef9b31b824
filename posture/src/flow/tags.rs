//! What the tags of a bucket exempt or lower: it is reported once, with the call that has set them.

use std::collections::BTreeSet;

use super::pass::Conclusion;
use crate::model::observed::Reading;
use crate::{Finding, Reason};

impl Conclusion<'_> {
    /// What the tags exempt or lower and was not reported yet. The update notes it.
    pub(super) fn by_tags(&mut self) -> Vec<Finding> {
        let Some(baseline) = self.seen.baseline.as_ref().filter(|_| self.seen.are_tags_known)
        else {
            return Vec::new();
        };
        let none = BTreeSet::new();
        let known = self.known.as_ref().map_or(&none, |known| &known.by_tags);
        let now: BTreeSet<String> = baseline.by_tags.iter().map(|one| one.words.clone()).collect();
        let new = baseline.by_tags.iter().filter(|one| !known.contains(&one.words));
        let new = new.map(|one| Finding::NotRemediated {
            aspect: one.aspect,
            reason: Reason::LoweredByTag(one.words.clone()),
        });
        let new = new.collect();
        self.update.by_tags = (now != *known).then_some(now);
        new
    }
}

/// Whether the tags are known, so that what they no longer exempt can be forgotten.
pub(super) const fn are_known<T>(tags: &Reading<T>) -> bool {
    matches!(tags, Reading::Known(_) | Reading::Absent)
}
