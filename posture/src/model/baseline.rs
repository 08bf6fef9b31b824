//! What is wanted of a bucket.

use std::collections::{BTreeMap, BTreeSet};

use time::{Date, OffsetDateTime};

use crate::model::own_bucket::OwnBucket;
use crate::{Aspect, BucketName, Grade, KeyArn, Mode, Trusted};

/// The default number of writes of one setting of a bucket within an hour after which the guard stops.
pub const WRITES_MAX: u32 = 20;

/// What is wanted of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// How sensitive its data is.
    pub grade: Grade,
    /// Why it has this grade, in words: which rule, tag or default.
    pub grade_reason: String,
    /// The customer managed key for buckets of its Region.
    pub key: Option<KeyArn>,
    /// The stack's bucket for access logs of the Region.
    pub log_bucket: Option<BucketName>,
    /// Whether the bucket's tags could change this, and have to be read.
    pub needs_tags: bool,
    /// After how many writes of one setting within an hour the guard stops.
    pub writes_max: u32,
    /// What is known about the calls that led to this reconciliation.
    pub call_context: CallContext,
    /// The exemptions from the grade.
    pub exemptions: Vec<Exempt>,
    /// What the bucket's tags exempt or lower.
    pub by_tags: Vec<ByTag>,
    /// What the owner trusts outside of the account.
    pub trusted: Trusted,
    /// What has changed in it, if it is one of the stack's own buckets.
    pub own: Option<OwnBucket>,
    modes: BTreeMap<Aspect, Mode>,
}

/// What is known about the calls that led to a reconciliation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallContext {
    /// Who created the bucket, as far as the calls show it.
    pub maker: Maker,
    /// It was read before and waited for its stack, so its tags are set.
    pub has_waited: bool,
    /// The aspects whose own setting a call has just changed: a weakening is reverted.
    pub changed: BTreeSet<Aspect>,
    /// Whether a call may have made the bucket public.
    pub exposes: bool,
    /// Whether the bucket is new.
    pub age: Age,
    /// Whether the bucket is so new that its creator may still be configuring it.
    pub is_settling: bool,
}

/// Whether a bucket is new, as far as that is known before anything is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Age {
    /// Its state has to show it.
    #[default]
    Unknown,
    /// A call has just created it, or the sweep has found it, and it did not exist when the guard was installed.
    New,
    /// A call at this time has created it, or succeeded because the caller owns it already, which is so in us-east-1.
    CreatedAgain(OffsetDateTime),
}

/// Who created a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Maker {
    /// Not known from a call: its tags have to show it.
    #[default]
    Unknown,
    /// `CloudFormation`, whose stack operation may be in progress.
    CloudFormation,
    /// Another caller, so it has no stack.
    Another,
}

/// An exemption of an aspect from the grade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exempt {
    /// The aspect.
    pub aspect: Aspect,
    /// The reason.
    pub reason: String,
    /// The last day on which it is valid, in UTC, if there is one.
    pub until: Option<Date>,
}

/// Something that the tags of a bucket exempt or lower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByTag {
    /// The aspect.
    pub aspect: Aspect,
    /// What, and by which rule, in words.
    pub words: String,
}

impl Baseline {
    /// The baseline of a grade, with nothing special about the bucket.
    ///
    /// It includes what the grade only reports.
    pub fn new(grade: Grade, key: Option<KeyArn>) -> Self {
        Self {
            grade,
            grade_reason: "the default".to_owned(),
            key,
            log_bucket: None,
            needs_tags: false,
            writes_max: WRITES_MAX,
            call_context: CallContext::default(),
            exemptions: Vec::new(),
            by_tags: Vec::new(),
            trusted: Trusted::default(),
            own: None,
            modes: Aspect::ALL.map(|aspect| (aspect, grade.wants(aspect).mode)).into(),
        }
    }

    /// The baseline of the account itself, which has only its public access block.
    pub fn of_account(mode: Mode) -> Self {
        let mut baseline = Self::new(Grade::Speed, None);
        "the account".clone_into(&mut baseline.grade_reason);
        baseline.modes = BTreeMap::from([(Aspect::AccountPublicAccess, mode)]);
        baseline
    }

    /// Lowers the mode of each aspect to this one at most.
    pub fn limit(&mut self, most: Mode) {
        for mode in self.modes.values_mut() {
            *mode = (*mode).min(most);
        }
    }

    /// Leaves a new bucket alone until it has settled, except that public access is closed.
    pub fn settle(&mut self) {
        self.call_context.is_settling = true;
        for (aspect, mode) in &mut self.modes {
            let closes = *aspect == Aspect::PublicAccess && mode.enforces();
            *mode = if closes { *mode } else { Mode::Off };
        }
    }

    /// The mode of an aspect.
    pub fn mode(&self, aspect: Aspect) -> Mode {
        self.modes.get(&aspect).copied().unwrap_or(Mode::Off)
    }

    /// Sets the mode of an aspect; what cannot be remediated is reported.
    pub fn set_mode(&mut self, aspect: Aspect, mode: Mode) {
        let mode = if aspect.setting().is_some() { mode } else { mode.min(Mode::Report) };
        self.modes.insert(aspect, mode);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_enforced_is_reported_at_most() {
        let mut baseline = Baseline::new(Grade::Speed, None);
        baseline.set_mode(Aspect::Replication, Mode::Enforce);
        baseline.set_mode(Aspect::Versioning, Mode::Enforce);
        assert_eq!(baseline.mode(Aspect::Replication), Mode::Report);
        assert_eq!(baseline.mode(Aspect::Versioning), Mode::Enforce);
    }
}
