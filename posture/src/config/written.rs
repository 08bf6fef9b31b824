//! A configuration as it is written: in `s3guard.toml` by a person, in the package by the command.
//!
//! Values are kept as they were written, so that whoever checks them can tell of every mistake at once. The doc comments
//! are the descriptions that editors show (`schemas/s3guard.schema.json`).

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pattern::Patterns;
use super::scope::Scope;
#[cfg(test)]
use super::tests::schema;
use super::{
    Config, Exemption, Rule, Subscription, WrittenDeploy, WrittenNotifications, WrittenSubscription,
};
use crate::{Aspect, Mode};

/// The configuration of s3guard: which bucket has which grade, what is exempt, and who is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(JsonSchema), schemars(title = "s3guard.toml"))]
pub struct Written {
    /// The grade of buckets that no rule gives one: `speed` unless it is set. The stack's parameter, when it is given,
    /// comes before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "crate::Grade"))]
    pub grade: Option<String>,
    /// How many seconds a new bucket is left alone, because whoever made it may still be configuring it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "i64", range(min = 0, max = 900), extend("default" = 15)))]
    pub settle_seconds: Option<i64>,
    /// How often the guard writes one setting of a bucket within an hour before it leaves that setting alone and says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "i64", range(min = 7, max = 1000), extend("default" = 20)))]
    pub writes_per_hour: Option<i64>,
    /// The customer's KMS key for the buckets of each Region, which the grades `hybrid` and `security` need: the full ARN
    /// of a key, never an alias.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(test, schemars(with = "schema::Keys"))]
    pub keys: BTreeMap<String, String>,
    /// What is done about an aspect of every bucket's protection, whatever its grade says. `keep` that is said here or in
    /// a rule is kept also where the grade alone would only tell, because it may break what has been working: the two
    /// switches about ACLs (`public-access`) and `ownership` in a bucket whose ACLs count, `sse-c` where S3 left it open,
    /// and `tls` in a bucket of a CloudFormation stack that has no policy yet.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(test, schemars(with = "schema::Aspects"))]
    pub aspects: BTreeMap<String, String>,
    /// Which buckets have another grade, or have something else done about an aspect. Of the rules that match a bucket,
    /// the first that says something about the grade, or about an aspect, wins.
    #[serde(rename = "rule", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(length(max = 200)))]
    pub rules: Vec<WrittenRule>,
    /// What is not held to its grade, for a reason and until a day.
    #[serde(rename = "exemption", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(length(max = 500)))]
    pub exemptions: Vec<WrittenExemption>,
    /// Who is told what, and of which objects.
    #[serde(skip_serializing_if = "is_nothing")]
    pub notifications: WrittenNotifications,
    /// Who is told, beside the address that the stack's parameter names, and of what.
    #[serde(rename = "subscription", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(length(max = 100)))]
    pub subscriptions: Vec<WrittenSubscription>,
    /// Where and how `s3guard deploy` deploys the guard; what the command line says comes before it.
    #[serde(skip_serializing_if = "WrittenDeploy::is_nothing")]
    pub deploy: WrittenDeploy,
}

/// A rule: which buckets it is for, by at least one of `bucket`, `tags` and `account`, and what it says of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Rule", extend("anyOf" = schema::at_least_one())))]
pub struct WrittenRule {
    /// The bucket's whole name, or a pattern with `*` and `?`, or a list of which one has to match.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Patterns"))]
    pub bucket: Option<Patterns>,
    /// Tags of the bucket, all of which have to match. A value may be a pattern with `*` and `?`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The twelve digits of the account that owns the bucket, in quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^[0-9]{12}$")))]
    pub account: Option<String>,
    /// The grade of these buckets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "crate::Grade"))]
    pub grade: Option<String>,
    /// What is done about an aspect of these buckets' protection, whatever their grade says. `keep` counts as above.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(test, schemars(with = "schema::Aspects"))]
    pub aspects: BTreeMap<String, String>,
}

/// An exemption: which buckets it is for, by at least one of `bucket`, `tags` and `account`, from what, why and how long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Exemption", extend("anyOf" = schema::at_least_one())))]
pub struct WrittenExemption {
    /// The bucket's whole name, or a pattern with `*` and `?`, or a list of which one has to match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Patterns"))]
    pub bucket: Option<Patterns>,
    /// Tags of the bucket, all of which have to match. A value may be a pattern with `*` and `?`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The twelve digits of the account that owns the bucket, in quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^[0-9]{12}$")))]
    pub account: Option<String>,
    /// The aspects that are neither kept nor reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(required, with = "Vec<Aspect>", length(min = 1)))]
    pub aspects: Option<Vec<String>>,
    /// Why, for whoever reads a report.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(required, length(min = 1, max = 256)))]
    pub reason: Option<String>,
    /// The last day on which it counts, in UTC, as `2027-01-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(required, extend("format" = "date")))]
    pub until: Option<String>,
}

impl Config {
    /// The configuration as one would write it: each thing in one way.
    pub fn written(&self) -> Written {
        let keys = self.keys.iter();
        Written {
            grade: self.grade.map(|grade| grade.to_string()),
            settle_seconds: self.settle_seconds.map(i64::from),
            writes_per_hour: self.writes_per_hour.map(i64::from),
            keys: keys.map(|(region, key)| (region.to_string(), key.to_string())).collect(),
            aspects: aspects(&self.aspects),
            rules: self.rules.iter().map(rule).collect(),
            exemptions: self.exemptions.iter().map(exemption).collect(),
            notifications: self.notifications.written(),
            subscriptions: (self.notifications.subscriptions().iter())
                .map(Subscription::written)
                .collect(),
            deploy: self.deploy.written(),
        }
    }
}

fn is_nothing(notifications: &WrittenNotifications) -> bool {
    *notifications == WrittenNotifications::default()
}

fn rule(rule: &Rule) -> WrittenRule {
    WrittenRule {
        bucket: bucket(&rule.scope),
        tags: tags(&rule.scope),
        account: rule.scope.account.as_ref().map(ToString::to_string),
        grade: rule.grade.map(|grade| grade.to_string()),
        aspects: aspects(&rule.aspects),
    }
}

fn exemption(exemption: &Exemption) -> WrittenExemption {
    WrittenExemption {
        bucket: bucket(&exemption.scope),
        tags: tags(&exemption.scope),
        account: exemption.scope.account.as_ref().map(ToString::to_string),
        aspects: Some(exemption.aspects.iter().map(ToString::to_string).collect()),
        reason: Some(exemption.reason.clone()),
        until: Some(exemption.until.to_string()),
    }
}

fn bucket(scope: &Scope) -> Option<Patterns> {
    match &scope.buckets[..] {
        [] => None,
        [pattern] => Some(Patterns::One(pattern.to_string())),
        patterns => Some(Patterns::Many(patterns.iter().map(ToString::to_string).collect())),
    }
}

fn tags(scope: &Scope) -> BTreeMap<String, String> {
    scope.tags.iter().map(|(key, pattern)| (key.clone(), pattern.to_string())).collect()
}

fn aspects(aspects: &BTreeMap<Aspect, Mode>) -> BTreeMap<String, String> {
    aspects.iter().map(|(aspect, mode)| (aspect.to_string(), mode.name().to_owned())).collect()
}
