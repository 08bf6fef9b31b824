//! What the configuration leaves less protected than the grades ask, with the reasons.

use std::fmt;

use time::Date;

use super::Config;
use super::rule::Rule;
use super::values::Day;
use crate::{Aspect, Grade, Mode};

/// Something that the configuration leaves less protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// What.
    pub kind: ExceptionKind,
    /// Which buckets, as in `s3guard.toml`; none means all.
    pub buckets: Option<String>,
    /// The reason, if the configuration has one.
    pub reason: Option<String>,
    /// The last day on which it counts, in UTC, if there is one.
    pub until: Option<Day>,
    /// Whether tags select the buckets, so that any principal that may tag a bucket can use it.
    pub is_by_tags: bool,
}

/// What is left less protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExceptionKind {
    /// Buckets may be public.
    Public,
    /// Buckets are exempt from these aspects.
    Exempt(Vec<Aspect>),
    /// Buckets have this grade, which is lower than the default.
    Grade(Grade),
    /// An aspect is only reported, or not read.
    Mode(Aspect, Mode),
    /// Nothing is done beyond this mode.
    MostMode(Mode),
}

impl Config {
    /// Everything that the configuration leaves less protected than the grades ask on this day, first what is for all buckets.
    pub fn exceptions(&self, today: Date) -> Vec<Exception> {
        let of_all =
            |kind| Exception { kind, buckets: None, reason: None, until: None, is_by_tags: false };
        let most = self.mode.filter(|mode| !mode.enforces());
        let mut all: Vec<Exception> =
            most.map(ExceptionKind::MostMode).map(of_all).into_iter().collect();
        all.extend(lowered(&self.aspects).map(of_all));
        for rule in &self.rules {
            all.extend(self.of_rule(rule));
        }
        let counting = self.exemptions.iter().filter(|exemption| exemption.counts_on(today));
        all.extend(counting.map(|exemption| Exception {
            kind: ExceptionKind::Exempt(exemption.aspects.iter().copied().collect()),
            buckets: Some(exemption.scope().words(None)),
            reason: Some(exemption.reason().to_owned()),
            until: Some(Day(exemption.until())),
            is_by_tags: !exemption.scope().tags.is_empty(),
        }));
        all
    }

    fn of_rule(&self, rule: &Rule) -> Vec<Exception> {
        let public = (rule.public == Some(true)).then_some(ExceptionKind::Public);
        let default = self.grade.unwrap_or_default();
        let grade = rule.grade.filter(|grade| *grade < default).map(ExceptionKind::Grade);
        let kinds = public.into_iter().chain(grade).chain(lowered(&rule.aspects));
        let reason = || Some(rule.reason().to_owned()).filter(|reason| !reason.is_empty());
        let of_rule = |kind| Exception {
            kind,
            buckets: Some(rule.scope().words(None)),
            reason: reason(),
            until: None,
            is_by_tags: rule.is_by_tags(),
        };
        kinds.map(of_rule).collect()
    }
}

/// The modes that are lower than that of some grade.
fn lowered(
    aspects: &std::collections::BTreeMap<Aspect, Mode>,
) -> impl Iterator<Item = ExceptionKind> + '_ {
    let is_lower = |(aspect, mode): &(&Aspect, &Mode)| {
        Grade::ALL.into_iter().any(|grade| **mode < grade.wants(**aspect).mode)
    };
    aspects.iter().filter(is_lower).map(|(aspect, mode)| ExceptionKind::Mode(*aspect, *mode))
}

impl fmt::Display for ExceptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => f.write_str("may be public"),
            Self::Exempt(aspects) => {
                let aspects: Vec<&str> = aspects.iter().map(|aspect| aspect.name()).collect();
                write!(f, "exempt from {}", aspects.join(", "))
            }
            Self::Grade(grade) => write!(f, "grade {grade}, lower than the default"),
            Self::Mode(aspect, mode) => write!(f, "{aspect} is \"{mode}\""),
            Self::MostMode(mode) => write!(f, "every mode is \"{mode}\" at most"),
        }
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.buckets.as_deref().unwrap_or("all buckets"), self.kind)?;
        if let Some(until) = self.until {
            write!(f, " until {until}")?;
        }
        match &self.reason {
            Some(reason) => write!(f, "; reason: {reason}"),
            None => Ok(()),
        }
    }
}
