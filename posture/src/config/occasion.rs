//! What the configuration wants of one bucket, now.

use std::collections::BTreeSet;

use time::Date;

use super::Config;
use super::rule::{Exemption, Rule};
use super::scope::Match;
use super::values::Bounded;
use crate::model::baseline::WRITES_MAX;
use crate::model::observed::Reading;
use crate::model::setting::Tags;
use crate::text::shown;
use crate::{Aspect, Baseline, BucketId, BucketName, Exempt, Grade, KeyArn, Mode, Moment, Trigger};

/// The tag by which a bucket's owner may raise its grade.
pub const GRADE_TAG: &str = "s3guard:grade";

/// On what occasion a bucket is looked at, and what the stack brings along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// How much of the bucket is looked at.
    pub extent: Extent,
    /// The moment in the bucket's life.
    pub moment: Moment,
    /// The day, in UTC.
    pub today: Date,
    /// The stack's parameter, if it was given. It comes before the configuration's default grade, but not before a rule.
    /// The command gives the stack the configuration's default as the parameter, unless it was told another: so both
    /// agree, and who changes only the parameter is heard.
    pub default_grade: Option<Grade>,
    /// The stack's key, for buckets of its Region that the configuration has no key for.
    pub default_key: Option<KeyArn>,
    /// The stack's bucket for access logs: S3 takes it only for buckets of the same Region and account.
    pub log_bucket: Option<BucketId>,
    /// The stack's buckets. They have a baseline of their own.
    pub own_buckets: Vec<BucketName>,
}

/// How much of a bucket is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything, also what is only told of: an audit.
    Everything,
    /// What is kept: a sweep, which would tell of the rest each time anew.
    Kept,
    /// What is kept, and what calls can have weakened: a sweep came together with their events.
    KeptAndTouched(BTreeSet<Aspect>),
    /// What calls can have weakened. What else there is, is the sweep's business.
    Touched(BTreeSet<Aspect>),
}

impl Extent {
    /// How much has to be looked at for this reason.
    pub fn of(trigger: &Trigger) -> Self {
        match trigger {
            Trigger::Calls(_) => Self::Touched(trigger.touched()),
            Trigger::Sweep => Self::Kept,
        }
    }

    fn leaves_out(&self, aspect: Aspect, mode: Mode) -> bool {
        match self {
            Self::Everything => false,
            Self::Kept => mode == Mode::Report,
            Self::KeptAndTouched(aspects) => mode == Mode::Report && !aspects.contains(&aspect),
            Self::Touched(aspects) => !aspects.contains(&aspect),
        }
    }
}

/// What the rules say of something, as far as the bucket's tags are known.
struct Said<'a, T> {
    /// The first rule that matches and says it: its number from 1, itself, and what it says.
    by: Option<(usize, &'a Rule, T)>,
    /// Whether a rule before it would have said it, had it the tags that we do not know.
    in_doubt: bool,
}

impl Occasion {
    /// A look at all of a bucket, without a stack.
    pub fn new(today: Date) -> Self {
        Self {
            extent: Extent::Everything,
            moment: Moment::default(),
            today,
            default_grade: None,
            default_key: None,
            log_bucket: None,
            own_buckets: Vec::new(),
        }
    }
}

impl Config {
    /// What is wanted of a bucket.
    ///
    /// Its grade is that of the first rule that matches it and has one; else the stack's parameter; else the
    /// configuration's default; else `speed`. The tag [`GRADE_TAG`] may raise it, never lower it. What is done about an
    /// aspect is said by the first rule that matches and names it; else by the configuration for all buckets; else by
    /// the grade. What the configuration itself says is to be kept, its owner insists on.
    ///
    /// A rule that asks for tags matches no bucket whose tags are not known. What it would have said is then not
    /// lowered by a later rule: that may only raise.
    pub fn baseline(&self, id: &BucketId, tags: &Reading<Tags>, occasion: &Occasion) -> Baseline {
        let mut baseline = if occasion.own_buckets.contains(&id.name) {
            own_bucket(occasion)
        } else {
            self.baseline_by_rules(id, tags, occasion)
        };
        for aspect in Aspect::ALL {
            if occasion.extent.leaves_out(aspect, baseline.mode(aspect)) {
                baseline.set_mode(aspect, Mode::Off);
            }
        }
        baseline
    }

    fn baseline_by_rules(
        &self,
        id: &BucketId,
        tags: &Reading<Tags>,
        occasion: &Occasion,
    ) -> Baseline {
        let (grade, grade_because) = self.grade_of(id, tags, occasion.default_grade);
        let mut baseline = Baseline::new(grade, self.key(id, occasion));
        baseline.grade_because = grade_because;
        baseline.writes_max = self.writes_per_hour.map_or(WRITES_MAX, Bounded::get);
        baseline.moment = occasion.moment.clone();
        baseline.needs_tags = tags.is_unread() && self.tags_matter(id, grade, occasion.today);
        baseline.log_bucket = occasion
            .log_bucket
            .as_ref()
            .filter(|log| log.region == id.region && log.account == id.account)
            .map(|log| log.name.clone());
        for aspect in Aspect::ALL {
            let of_all = self.aspects.get(&aspect).copied();
            let wanted = of_all.unwrap_or_else(|| grade.wants(aspect).mode);
            let said = self.say(id, tags, |rule| rule.aspects.get(&aspect).copied());
            // What a rule might say that we cannot tell to match is not known to be the owner's word.
            let word = said.by.as_ref().map(|(_, _, mode)| *mode).or(of_all);
            if word == Some(Mode::Keep) && !said.in_doubt {
                baseline.insist(aspect);
            }
            baseline.set_mode(aspect, said.over(wanted));
        }
        self.exempt(id, tags, occasion.today, &mut baseline);
        baseline
    }

    fn grade_of(
        &self,
        id: &BucketId,
        tags: &Reading<Tags>,
        parameter: Option<Grade>,
    ) -> (Grade, String) {
        let default = parameter.or(self.grade).unwrap_or_default();
        let said = self.say(id, tags, |rule| rule.grade);
        let (grade, because) = match said.by {
            Some((number, rule, grade)) if !said.in_doubt || grade >= default => {
                (grade, format!("rule {number}, {}", rule.scope().words(Some(id))))
            }
            Some((number, _, _)) => {
                let because = format!("the default, which rule {number} does not lower: ");
                let doubt = "the bucket's tags are not known, and might match a rule before it";
                (default, because + doubt)
            }
            None => (default, "the default".to_owned()),
        };
        let Some(text) = tags.known().and_then(|tags| tags.get(GRADE_TAG)) else {
            return (grade, because);
        };
        match text.parse::<Grade>() {
            Ok(raised) if raised > grade => (raised, format!("the tag `{GRADE_TAG}`")),
            Ok(same) if same == grade => (grade, because),
            Ok(lower) => {
                let tag = format!("; the tag `{GRADE_TAG}` does not lower it to `{lower}`");
                (grade, because + &tag)
            }
            Err(_) => {
                let text = shown(text, 40);
                let tag = format!("; the tag `{GRADE_TAG}` is ignored: `{text}` is no grade");
                (grade, because + &tag)
            }
        }
    }

    fn say<'a, T>(
        &'a self,
        id: &BucketId,
        tags: &Reading<Tags>,
        what: impl Fn(&'a Rule) -> Option<T>,
    ) -> Said<'a, T> {
        let mut in_doubt = false;
        for (index, rule) in self.rules.iter().enumerate() {
            let Some(said) = what(rule) else { continue };
            match rule.scope().matches(id, tags) {
                Match::Yes => return Said { by: Some((index + 1, rule, said)), in_doubt },
                Match::Perhaps => in_doubt = true,
                Match::No => {}
            }
        }
        Said { by: None, in_doubt }
    }

    fn key(&self, id: &BucketId, occasion: &Occasion) -> Option<KeyArn> {
        let default = occasion.default_key.as_ref().filter(|key| *key.region() == id.region);
        self.keys.get(&id.region).or(default).cloned()
    }

    /// Whether the tags could change anything: a rule or an exemption asks for them, or they could raise the grade.
    fn tags_matter(&self, id: &BucketId, grade: Grade, today: Date) -> bool {
        let exemptions = self.exemptions.iter().filter(|exemption| exemption.counts_on(today));
        let mut scopes = self.rules.iter().map(Rule::scope).chain(exemptions.map(Exemption::scope));
        grade < Grade::Security
            || scopes.any(|scope| scope.matches(id, &Reading::Unread) == Match::Perhaps)
    }

    /// Takes away what the bucket is exempt from. What nobody asks of it needs no exemption.
    fn exempt(&self, id: &BucketId, tags: &Reading<Tags>, today: Date, baseline: &mut Baseline) {
        let matching = self.exemptions.iter().filter(|exemption| {
            exemption.counts_on(today) && exemption.scope().matches(id, tags) == Match::Yes
        });
        for exemption in matching {
            for aspect in exemption.aspects.iter().copied() {
                if baseline.mode(aspect) == Mode::Off {
                    continue;
                }
                baseline.set_mode(aspect, Mode::Off);
                let (reason, until) = (exemption.reason().to_owned(), Some(exemption.until()));
                let exempt = Exempt { aspect, reason, until };
                baseline.exemptions.push(exempt);
            }
        }
    }
}

/// The baseline of the stack's own buckets, whatever the grade of others. They neither log nor tell of their objects: that
/// would be written into them. Their encryption is the template's, and no key of the owner's.
fn own_bucket(occasion: &Occasion) -> Baseline {
    let mut baseline = Baseline::new(Grade::Speed, None);
    "the stack's own bucket".clone_into(&mut baseline.grade_because);
    baseline.moment = occasion.moment.clone();
    let kept = [Aspect::Versioning, Aspect::Ownership].map(|aspect| (aspect, Mode::Keep));
    let off = [Aspect::Notifications, Aspect::AccessLogs, Aspect::Policy];
    for (aspect, mode) in kept.into_iter().chain(off.map(|aspect| (aspect, Mode::Off))) {
        baseline.set_mode(aspect, mode);
    }
    // Nobody but the stack uses them.
    for aspect in Aspect::ALL {
        baseline.insist(aspect);
    }
    baseline
}

impl<T: Ord> Said<'_, T> {
    /// What is done, where this is what would be done without rules.
    fn over(self, otherwise: T) -> T {
        match self.by {
            Some((_, _, said)) if self.in_doubt => said.max(otherwise),
            Some((_, _, said)) => said,
            None => otherwise,
        }
    }
}
