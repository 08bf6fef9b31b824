//! Rules and exemptions.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::Date;

use super::scope::Scope;
#[cfg(test)]
use super::tests::schema;
use super::values::{BucketPattern, Day, OneOrMany, Reason, TagPattern};
use crate::{AccountId, Aspect, Grade, Mode};

/// A rule: the buckets, by at least one of `bucket`, `tags` and `account`, and their grade or modes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "a rule", rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Rule", extend("anyOf" = schema::at_least_one())))]
pub(super) struct Rule {
    /// The bucket's whole name, or a pattern with `*` and `?`, or a list of them, one of which has to match.
    bucket: OneOrMany<BucketPattern>,
    /// Tags of the bucket, all of which have to match. A value may be a pattern with `*` and `?`.
    tags: BTreeMap<String, TagPattern>,
    /// The twelve digits of the account that owns the bucket, in quotes.
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^[0-9]{12}$")))]
    account: Option<AccountId>,
    /// The grade of these buckets.
    pub(super) grade: Option<Grade>,
    /// The modes of aspects of these buckets, no matter their grade.
    #[cfg_attr(test, schemars(with = "schema::Aspects"))]
    pub(super) aspects: BTreeMap<Aspect, Mode>,
    /// Whether these buckets may be public. Public access is then neither closed nor reported. It needs a `reason`, and
    /// buckets that are selected by `bucket` or `account`: a principal that may tag a bucket must not be able to open it.
    pub(super) public: Option<bool>,
    /// Why these buckets may be public, as it is shown in reports.
    #[cfg_attr(test, schemars(with = "String", length(min = 1, max = 256)))]
    pub(super) reason: Option<Reason>,
}

/// An exemption: the buckets, by at least one of `bucket`, `tags` and `account`, the aspects, the reason and the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "an exemption", rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Exemption", extend("anyOf" = schema::at_least_one(), "required" = ["aspects", "reason", "until"])))]
pub(super) struct Exemption {
    /// The bucket's whole name, or a pattern with `*` and `?`, or a list of them, one of which has to match.
    bucket: OneOrMany<BucketPattern>,
    /// Tags of the bucket, all of which have to match. A value may be a pattern with `*` and `?`.
    tags: BTreeMap<String, TagPattern>,
    /// The twelve digits of the account that owns the bucket, in quotes.
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^[0-9]{12}$")))]
    account: Option<AccountId>,
    /// The aspects that are neither kept nor reported.
    #[cfg_attr(test, schemars(with = "Vec<Aspect>", length(min = 1)))]
    pub(super) aspects: BTreeSet<Aspect>,
    /// The reason, as it is shown in reports.
    #[cfg_attr(test, schemars(with = "String", length(min = 1, max = 256)))]
    pub(super) reason: Option<Reason>,
    /// The last day on which it counts, in UTC, as `2027-01-31`.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date")))]
    pub(super) until: Option<Day>,
}

impl Rule {
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope { buckets: &self.bucket, tags: &self.tags, account: self.account.as_ref() }
    }

    /// Whether tags select its buckets.
    pub(super) fn is_by_tags(&self) -> bool {
        !self.tags.is_empty()
    }

    /// Why its buckets may be public.
    pub(super) fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }
}

impl Exemption {
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope { buckets: &self.bucket, tags: &self.tags, account: self.account.as_ref() }
    }

    /// The reason.
    pub(super) fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }

    /// The last day on which it counts. An exemption without an end never counts.
    pub(super) fn until(&self) -> Date {
        self.until.map_or(Date::MIN, |day| day.0)
    }

    /// Whether it counts on this day.
    pub(super) fn counts_on(&self, today: Date) -> bool {
        today <= self.until()
    }
}
