//! The baseline of one bucket by the configuration.

use std::collections::BTreeSet;

use time::Date;

use super::Config;
use super::rule::{Exemption, Rule};
use super::scope::Match;
use super::values::Bounded;
use crate::model::baseline::{ByTag, WRITES_MAX};
use crate::model::observed::Reading;
use crate::model::setting::Tags;
use crate::text::shown;
use crate::{
    Aspect, Baseline, BucketId, BucketName, CallContext, Exempt, Grade, KeyArn, Mode, Trigger,
};

/// The tag by which the owner of a bucket may raise its grade.
pub const GRADE_TAG: &str = "s3guard:grade";

/// The context in which a bucket is evaluated, and the settings of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationContext {
    /// How much of the bucket is evaluated.
    pub extent: Extent,
    /// What is known about the calls that led to the evaluation.
    pub call_context: CallContext,
    /// The day, in UTC.
    pub today: Date,
    /// The grade in the stack's parameter, if it is set. It takes precedence over the configuration's default grade, but not
    /// over a rule. The command sets the parameter to the configuration's default unless a flag sets another grade, so that
    /// both agree and a change of the parameter alone takes effect.
    pub default_grade: Option<Grade>,
    /// The stack's key, for buckets of its Region if the configuration has no key for it.
    pub default_key: Option<KeyArn>,
    /// The stack's bucket for access logs: S3 accepts it only for buckets of the same Region and account.
    pub log_bucket: Option<BucketId>,
    /// The stack's buckets, which have a baseline of their own.
    pub own_buckets: Vec<BucketName>,
}

/// How much of a bucket is evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything: a sweep, alone or together with events.
    Everything,
    /// What calls can have weakened. The sweep evaluates the rest.
    Touched(BTreeSet<Aspect>),
}

impl Extent {
    /// How much has to be evaluated for this trigger.
    pub fn of(trigger: &Trigger) -> Self {
        match trigger {
            Trigger::Calls(_) => Self::Touched(trigger.touched()),
            Trigger::Sweep => Self::Everything,
        }
    }

    fn leaves_out(&self, aspect: Aspect) -> bool {
        match self {
            Self::Everything => false,
            Self::Touched(aspects) => !aspects.contains(&aspect),
        }
    }
}

/// What the rules set, as far as the bucket's tags are known.
struct SetByRules<'a, T> {
    /// The first rule that matches and sets it: its number from 1, the rule, and the value.
    by: Option<(usize, &'a Rule, T)>,
    /// Whether an earlier rule may set it, depending on tags that are not known.
    in_doubt: bool,
}

impl EvaluationContext {
    /// The evaluation of all of a bucket, without a stack.
    pub fn new(today: Date) -> Self {
        Self {
            extent: Extent::Everything,
            call_context: CallContext::default(),
            today,
            default_grade: None,
            default_key: None,
            log_bucket: None,
            own_buckets: Vec::new(),
        }
    }
}

impl Config {
    /// The baseline of a bucket.
    ///
    /// Its grade is that of the first rule that matches it and has one; else the stack's parameter; else the
    /// configuration's default; else `speed`. The tag [`GRADE_TAG`] may raise it, never lower it. The mode of an aspect is
    /// that of the first rule that matches and has one; else that of the configuration for all buckets; else that of the
    /// grade.
    ///
    /// A rule with tags matches no bucket whose tags are not known. A later rule may then only raise what it would have set.
    pub fn baseline(
        &self,
        id: &BucketId,
        tags: &Reading<Tags>,
        context: &EvaluationContext,
    ) -> Baseline {
        let mut baseline = if context.own_buckets.contains(&id.name) {
            own_bucket(context)
        } else {
            self.baseline_by_rules(id, tags, context)
        };
        baseline.trusted = self.trusted();
        for aspect in Aspect::ALL {
            if context.extent.leaves_out(aspect) {
                baseline.set_mode(aspect, Mode::Off);
            }
        }
        baseline
    }

    fn baseline_by_rules(
        &self,
        id: &BucketId,
        tags: &Reading<Tags>,
        context: &EvaluationContext,
    ) -> Baseline {
        let (grade, grade_reason, without) = self.grade_of(id, tags, context.default_grade);
        let mut baseline = Baseline::new(grade, self.key(id, context));
        baseline.grade_reason = grade_reason;
        baseline.writes_max = self.writes_per_hour.map_or(WRITES_MAX, Bounded::get);
        baseline.call_context = context.call_context.clone();
        baseline.needs_tags = tags.is_unread() && self.tags_matter(id, grade, context.today);
        baseline.log_bucket = context
            .log_bucket
            .as_ref()
            .filter(|log| log.region == id.region && log.account == id.account)
            .map(|log| log.name.clone());
        for aspect in Aspect::ALL {
            let of_all = self.aspects.get(&aspect).copied();
            let wanted = of_all.unwrap_or_else(|| grade.wants(aspect).mode);
            let set = self.set_by_rules(id, tags, |rule| rule.aspects.get(&aspect).copied());
            let in_doubt = set.in_doubt;
            let by = set.by.map(|(_, rule, _)| rule.scope().words(Some(id)));
            let mut mode = set.over(wanted);
            let floor = self.set_by_rules(id, tags, |rule| {
                rule.aspects.get(&aspect).copied().filter(|_| !rule.is_by_tags())
            });
            let floor = floor.over(wanted);
            if mode < floor && !in_doubt {
                let words = format!("the mode is `{mode}` in place of `{floor}`");
                baseline
                    .by_tags
                    .extend(by.map(|by| ByTag { aspect, words: format!("{words}, by {by}") }));
            }
            if !self.trust_tags {
                mode = mode.max(floor);
            }
            // A rule that may not match must not affect clients.
            baseline.set_mode(aspect, if in_doubt { mode.min(Mode::EnforceNew) } else { mode });
        }
        if let Some((lower, by)) = without.filter(|_| self.trust_tags) {
            let words = format!("the grade is `{grade}` in place of `{lower}`, by {by}");
            baseline.by_tags.push(ByTag { aspect: Aspect::Encryption, words });
        }
        if !self.trust_tags {
            baseline.by_tags.clear();
        }
        self.exempt(id, tags, context.today, &mut baseline);
        self.allow_public(id, tags, &mut baseline);
        if let Some(most) = self.mode {
            baseline.limit(most);
        }
        baseline
    }

    /// Leaves public access to a rule that allows it. A rule that may not match allows nothing.
    fn allow_public(&self, id: &BucketId, tags: &Reading<Tags>, baseline: &mut Baseline) {
        let set = self.set_by_rules(id, tags, |rule| rule.public);
        let aspect = Aspect::PublicAccess;
        let is_judged = baseline.mode(aspect) != Mode::Off;
        if let Some((_, rule, true)) = set.by
            && !set.in_doubt
            && is_judged
        {
            baseline.set_mode(aspect, Mode::Off);
            let reason = rule.reason().to_owned();
            baseline.exemptions.push(Exempt { aspect, reason, until: None });
        }
    }

    fn grade_of(
        &self,
        id: &BucketId,
        tags: &Reading<Tags>,
        parameter: Option<Grade>,
    ) -> (Grade, String, Option<(Grade, String)>) {
        let default = parameter.or(self.grade).unwrap_or_default();
        let set = self.set_by_rules(id, tags, |rule| rule.grade);
        let (grade, reason) = match set.by {
            Some((number, rule, grade)) if !set.in_doubt || grade >= default => {
                (grade, format!("rule {number}, {}", rule.scope().words(Some(id))))
            }
            Some((number, _, _)) => {
                let reason = format!("the default, which rule {number} does not lower: ");
                let doubt = "the bucket's tags are not known and may match an earlier rule";
                (default, reason + doubt)
            }
            None => (default, "the default".to_owned()),
        };
        let floor = self.set_by_rules(id, tags, |rule| rule.grade.filter(|_| !rule.is_by_tags()));
        let (floor, floor_reason) = match floor.by {
            Some((number, rule, grade)) => {
                (grade, format!("rule {number}, {}", rule.scope().words(Some(id))))
            }
            None => (default, "the default".to_owned()),
        };
        let is_lowered = grade < floor;
        let (grade, reason, by) = if is_lowered && !self.trust_tags {
            (floor, floor_reason, None)
        } else {
            (grade, reason.clone(), is_lowered.then_some(reason))
        };
        let (grade, reason) = Self::raised(grade, reason, tags);
        let without = by.filter(|_| grade < floor).map(|by| (floor, by));
        (grade, reason, without)
    }

    /// The grade that the bucket's own tag may raise.
    fn raised(grade: Grade, reason: String, tags: &Reading<Tags>) -> (Grade, String) {
        let Some(text) = tags.known().and_then(|tags| tags.get(GRADE_TAG)) else {
            return (grade, reason);
        };
        match text.parse::<Grade>() {
            Ok(raised) if raised > grade => (raised, format!("the tag `{GRADE_TAG}`")),
            Ok(same) if same == grade => (grade, reason),
            Ok(lower) => {
                let tag = format!("; the tag `{GRADE_TAG}` does not lower it to `{lower}`");
                (grade, reason + &tag)
            }
            Err(_) => {
                let text = shown(text, 40);
                let tag = format!("; the tag `{GRADE_TAG}` is ignored: `{text}` is not a grade");
                (grade, reason + &tag)
            }
        }
    }

    fn set_by_rules<'a, T>(
        &'a self,
        id: &BucketId,
        tags: &Reading<Tags>,
        what: impl Fn(&'a Rule) -> Option<T>,
    ) -> SetByRules<'a, T> {
        let mut in_doubt = false;
        for (index, rule) in self.rules.iter().enumerate() {
            let Some(value) = what(rule) else { continue };
            match rule.scope().matches(id, tags) {
                Match::Yes => return SetByRules { by: Some((index + 1, rule, value)), in_doubt },
                Match::Perhaps => in_doubt = true,
                Match::No => {}
            }
        }
        SetByRules { by: None, in_doubt }
    }

    fn key(&self, id: &BucketId, context: &EvaluationContext) -> Option<KeyArn> {
        let default = context.default_key.as_ref().filter(|key| *key.region() == id.region);
        self.keys.get(&id.region).or(default).cloned()
    }

    /// Whether the tags matter: a rule or an exemption needs them, or they could raise the grade.
    fn tags_matter(&self, id: &BucketId, grade: Grade, today: Date) -> bool {
        let exemptions = self.exemptions.iter().filter(|exemption| exemption.counts_on(today));
        let mut scopes = self.rules.iter().map(Rule::scope).chain(exemptions.map(Exemption::scope));
        grade < Grade::Security
            || scopes.any(|scope| scope.matches(id, &Reading::Unread) == Match::Perhaps)
    }

    /// Switches off the aspects that the bucket is exempt from, except those that are off anyway.
    fn exempt(&self, id: &BucketId, tags: &Reading<Tags>, today: Date, baseline: &mut Baseline) {
        let matching = self.exemptions.iter().filter(|exemption| {
            exemption.counts_on(today) && exemption.scope().matches(id, tags) == Match::Yes
        });
        for exemption in matching {
            let by_tags = Some(exemption.scope()).filter(|scope| !scope.tags.is_empty());
            if let Some(first) = exemption.aspects.first() {
                let aspects: Vec<&str> = exemption.aspects.iter().map(|one| one.name()).collect();
                baseline.by_tags.extend(by_tags.map(|scope| ByTag {
                    aspect: *first,
                    words: format!(
                        "it is exempt from {} ({}), by {}",
                        aspects.join(", "),
                        exemption.reason(),
                        scope.words(Some(id))
                    ),
                }));
            }
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

/// The baseline of the stack's own buckets, no matter the grade of others. They have neither access logs nor events, which
/// would be written into them. Their encryption is that of the template, not a key of the owner.
pub(super) fn own_bucket(context: &EvaluationContext) -> Baseline {
    let mut baseline = Baseline::new(Grade::Speed, None);
    "the stack's own bucket".clone_into(&mut baseline.grade_reason);
    baseline.call_context = context.call_context.clone();
    for aspect in [Aspect::Notifications, Aspect::AccessLogs, Aspect::Policy] {
        baseline.set_mode(aspect, Mode::Off);
    }
    // Only the stack uses them.
    for aspect in Aspect::ALL {
        let is_always = matches!(aspect, Aspect::Versioning | Aspect::Ownership);
        if is_always || baseline.mode(aspect).enforces() {
            baseline.set_mode(aspect, Mode::Enforce);
        }
    }
    baseline
}

impl<T: Ord> SetByRules<'_, T> {
    /// The value, where this is the value without rules.
    fn over(self, otherwise: T) -> T {
        match self.by {
            Some((_, _, value)) if self.in_doubt => value.max(otherwise),
            Some((_, _, value)) => value,
            None => otherwise,
        }
    }
}
