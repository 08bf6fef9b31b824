//! What we want of a bucket, now.

use std::collections::{BTreeMap, BTreeSet};

use time::Date;

use crate::{Aspect, BucketName, Grade, KeyArn, Mode};

/// How many writes of one setting of a bucket within an hour are enough, unless the configuration says otherwise.
pub const WRITES_MAX: u32 = 20;

/// What we want of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// How sensitive its data is.
    pub grade: Grade,
    /// Why it has this grade, in words: which rule, tag or default.
    pub grade_because: String,
    /// The customer's key for buckets of its Region.
    pub key: Option<KeyArn>,
    /// The bucket of ours that gets access logs, in its Region.
    pub log_bucket: Option<BucketName>,
    /// Whether the bucket's tags could change any of this, and have to be read.
    pub needs_tags: bool,
    /// How many writes of one setting within an hour are enough.
    pub writes_max: u32,
    /// What is known of this moment in the bucket's life.
    pub moment: Moment,
    /// What is not held to the grade, for a reason and a time.
    pub exemptions: Vec<Exempt>,
    modes: BTreeMap<Aspect, Mode>,
    insists: BTreeSet<Aspect>,
}

/// What is known of the moment at which a bucket is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Who has made it, as far as the calls tell.
    pub maker: Maker,
    /// It was looked at before and waited for its stack: its tags have come meanwhile.
    pub has_waited: bool,
    /// The aspects whose own setting a call has just changed: what it has weakened is undone.
    pub changed: BTreeSet<Aspect>,
}

/// Who has made a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Maker {
    /// No call tells it: its tags have to.
    #[default]
    Unknown,
    /// `CloudFormation`, which may still be at it.
    CloudFormation,
    /// Somebody else: no stack is in the way.
    Another,
}

/// An aspect that is not held to the grade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exempt {
    /// Which.
    pub aspect: Aspect,
    /// Why.
    pub reason: String,
    /// The last day on which it counts, in UTC; none where the configuration has none.
    pub until: Option<Date>,
}

impl Baseline {
    /// The baseline of a grade, with nothing special about the bucket.
    ///
    /// All that the grade asks for is looked at, also what is only told.
    pub fn new(grade: Grade, key: Option<KeyArn>) -> Self {
        Self {
            grade,
            grade_because: "the default".to_owned(),
            key,
            log_bucket: None,
            needs_tags: false,
            writes_max: WRITES_MAX,
            moment: Moment::default(),
            exemptions: Vec::new(),
            modes: Aspect::ALL.map(|aspect| (aspect, grade.wants(aspect).mode)).into(),
            insists: BTreeSet::new(),
        }
    }

    /// The baseline of the account itself: nothing but its public access block.
    pub fn of_account(mode: Mode) -> Self {
        let mut baseline = Self::new(Grade::Speed, None);
        "the account".clone_into(&mut baseline.grade_because);
        baseline.modes = BTreeMap::from([(Aspect::AccountPublicAccess, mode)]);
        baseline
    }

    /// What is done about an aspect.
    pub fn mode(&self, aspect: Aspect) -> Mode {
        self.modes.get(&aspect).copied().unwrap_or(Mode::Off)
    }

    /// Has something else done about an aspect; what cannot be kept is reported.
    pub fn set_mode(&mut self, aspect: Aspect, mode: Mode) {
        let mode = if aspect.can_be_kept() { mode } else { mode.min(Mode::Report) };
        self.modes.insert(aspect, mode);
    }

    /// Has an aspect kept also where that may break what has been working so far: its owner says so.
    pub fn insist(&mut self, aspect: Aspect) {
        self.insists.insert(aspect);
    }

    /// Whether its owner has said, and not only the grade, that an aspect is to be kept.
    pub fn insists(&self, aspect: Aspect) -> bool {
        self.mode(aspect) == Mode::Keep && self.insists.contains(&aspect)
    }

    /// Whether an aspect is kept only as far as that breaks nothing in a bucket that has been there: the grade alone asks
    /// for it, and no call has just changed it. What is only told breaks nothing.
    pub fn holds_back(&self, aspect: Aspect) -> bool {
        self.mode(aspect) == Mode::Keep
            && !self.insists.contains(&aspect)
            && !self.moment.changed.contains(&aspect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_kept_is_reported_at_most() {
        let mut baseline = Baseline::new(Grade::Speed, None);
        baseline.set_mode(Aspect::Replication, Mode::Keep);
        baseline.set_mode(Aspect::Versioning, Mode::Keep);
        assert_eq!(baseline.mode(Aspect::Replication), Mode::Report);
        assert_eq!(baseline.mode(Aspect::Versioning), Mode::Keep);
    }
}
