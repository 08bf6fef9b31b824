//! A subscription: who is told, and of what.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Endpoint;
use crate::Grade;
use crate::model::attributes::Kind;
use crate::model::severity::Severity;

/// Who is told, and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub(super) name: String,
    pub(super) endpoint: Endpoint,
    pub(super) about: BTreeSet<Kind>,
    pub(super) actions: BTreeSet<String>,
    pub(super) buckets: BTreeSet<Filter>,
    pub(super) severity: Severity,
    pub(super) grades: BTreeSet<Grade>,
}

/// What a value of an attribute may be.
///
/// Source: Amazon SNS Developer Guide, "Filter policy constraints" and "String value matching".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Filter {
    /// Exactly this.
    Exactly(String),
    /// Something that begins so.
    Prefix(String),
    /// Something that ends so.
    Suffix(String),
}

impl Subscription {
    /// Its name in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who is told.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What is filtered by: each attribute has to be there, and to be one of these. Nothing of it lets everything through,
    /// also what has no attributes.
    pub fn filters(&self) -> Vec<(&'static str, Vec<Filter>)> {
        let exactly = |text: &str| Filter::Exactly(text.to_owned());
        let about = self.about.iter().map(|about| exactly(about.name()));
        let grades = self.grades.iter().map(|grade| exactly(grade.name()));
        // The least lets all through; that a notice has a severity is not asked.
        let severities = Severity::ALL.into_iter().filter(|one| *one >= self.severity);
        let severities = severities.map(|severity| exactly(severity.name()));
        let has_severity = self.severity > Severity::Info;
        let filters = [
            ("kind", about.collect()),
            ("action", self.actions.iter().map(|action| exactly(action)).collect()),
            ("bucket", self.buckets.iter().cloned().collect()),
            ("severity", severities.filter(|_| has_severity).collect()),
            ("grade", grades.collect::<Vec<_>>()),
        ];
        filters.into_iter().filter(|(_, values)| !values.is_empty()).collect()
    }

    /// The filter policy for the messages' attributes, as SNS takes it.
    pub fn policy(&self) -> Value {
        let filters = self.filters();
        let values = |filters: &[Filter]| filters.iter().map(Filter::to_json).collect::<Value>();
        let policy = filters.iter().map(|(name, filters)| ((*name).to_owned(), values(filters)));
        Value::Object(policy.collect::<Map<_, _>>())
    }

    /// How many combinations of values the filter policy has, as SNS counts them.
    pub(super) fn combinations(&self) -> usize {
        let counts = self.filters().into_iter().map(|(_, values)| values.len());
        counts.fold(1, usize::saturating_mul)
    }

    /// Whether SNS delivers a notice with these attributes: of several values of an attribute any will do.
    pub fn wants(
        &self,
        kind: &str,
        actions: &[&str],
        buckets: &[&str],
        severity: Severity,
        grades: &[&str],
    ) -> bool {
        self.filters().iter().all(|(name, filters)| {
            let is_one = |value: &&str| filters.iter().any(|filter| filter.matches(value));
            match *name {
                "kind" => is_one(&kind),
                "action" => actions.iter().any(is_one),
                "bucket" => buckets.iter().any(is_one),
                "severity" => is_one(&severity.name()),
                _ => grades.iter().any(is_one),
            }
        })
    }
}

impl Filter {
    fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exactly(text) => value == text,
            Self::Prefix(prefix) => value.starts_with(prefix),
            Self::Suffix(suffix) => value.ends_with(suffix),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Exactly(text) => json!(text),
            Self::Prefix(prefix) => json!({ "prefix": prefix }),
            Self::Suffix(suffix) => json!({ "suffix": suffix }),
        }
    }

    /// As a configuration has it.
    pub(super) fn pattern(&self) -> String {
        match self {
            Self::Exactly(text) => text.clone(),
            Self::Prefix(prefix) => format!("{prefix}*"),
            Self::Suffix(suffix) => format!("*{suffix}"),
        }
    }
}
