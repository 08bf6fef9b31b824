//! The configuration: the grades of buckets, the modes of aspects, exemptions with a reason and an end, and notifications.
//!
//! A person writes `s3guard.toml`; the package has it as `s3guard.json`. Both are read into [`Config`], which declares each
//! setting once: its name, its type with the rules for its values, and its description for editors. `read` finds every
//! [`Mistake`] in a single value, `check` those between several values. The command parses TOML.

mod check;
mod context;
pub mod deploy;
mod ending;
mod exceptions;
mod lowered;
mod mistake;
mod notifications;
mod read;
mod rule;
mod scope;
mod values;
mod writable;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::context::{EvaluationContext, Extent, GRADE_TAG};
pub use self::deploy::{Deploy, TrailChoice};
pub use self::ending::Ending;
pub use self::exceptions::{Exception, ExceptionKind};
pub use self::mistake::{At, InvalidConfig, Mistake, PathPart, Wrong};
pub use self::notifications::{
    Endpoint, Fields, Filter, NotificationConfig, ObjectKind, ResourceArn, Selection, Subscription,
    Threshold, WindowLength,
};
use self::rule::{Exemption, Rule};
#[cfg(test)]
use self::tests::schema;
use self::values::Bounded;
pub use self::values::Day;
pub use self::writable::writable_of_own_buckets;
use crate::contract::SETTLE_SECONDS_MAX;
use crate::model::trusted::{CanonicalId, OrganizationPath};
use crate::{AccountId, Aspect, Grade, KeyArn, Mode, Region, Trusted};

/// How long a new bucket is left alone by default.
pub const SETTLE_SECONDS: u16 = 15;

/// The configuration of s3guard: grades of buckets, exemptions and notifications.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "the configuration", rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "s3guard.toml"))]
pub struct Config {
    /// The grade of buckets that no rule gives a grade: `speed` by default. The parameter of the stack, if it is set, takes
    /// precedence.
    grade: Option<Grade>,
    /// The most that is done about any aspect, in all buckets and for the account, whatever the modes of aspects are. With
    /// `report` the guard changes no bucket but its own, and reports what it would change.
    mode: Option<Mode>,
    /// How many seconds a new bucket is left alone, because its creator may still be configuring it.
    // SQS delays a message by at most 15 minutes.
    #[cfg_attr(test, schemars(extend("default" = SETTLE_SECONDS)))]
    settle_seconds: Option<Bounded<0, SETTLE_SECONDS_MAX>>,
    /// How often the guard writes one setting of a bucket within an hour before it stops and reports a conflict.
    // A tool that configures a bucket step by step would reach a lower number.
    #[cfg_attr(test, schemars(extend("default" = crate::model::baseline::WRITES_MAX)))]
    writes_per_hour: Option<Bounded<7, 1000>>,
    /// Accounts that are trusted, by their twelve digits: what is granted or copied to them is not reported.
    #[cfg_attr(test, schemars(with = "BTreeSet<String>", inner(regex(pattern = "^[0-9]{12}$"))))]
    trusted_accounts: BTreeSet<AccountId>,
    /// Organizations that are trusted, `o-…`, or all below one of their organizational units, `o-…/r-…/ou-…/*`.
    #[cfg_attr(
        test,
        schemars(
            with = "BTreeSet<String>",
            inner(regex(
                pattern = "^o-[a-z0-9]{10,32}(/(r-[0-9a-z]{4,32}(/ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})*/)?[*])?$"
            ))
        )
    )]
    trusted_organizations: BTreeSet<OrganizationPath>,
    /// Canonical user ids that are trusted, which policies may name instead of an account.
    #[cfg_attr(
        test,
        schemars(with = "BTreeSet<String>", inner(regex(pattern = "^[0-9a-f]{64}$")))
    )]
    trusted_canonical_ids: BTreeSet<CanonicalId>,
    /// Whether tags of a bucket may exempt it, or lower its grade or a mode. Without it such rules and exemptions are
    /// refused, because any principal that may tag a bucket could use them, and rules by tags only raise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    trust_tags: bool,
    /// The customer's KMS key for the buckets of each Region, which the grades `hybrid` and `security` need: the full ARN
    /// of a key, never an alias.
    #[cfg_attr(test, schemars(with = "schema::Keys"))]
    keys: BTreeMap<Region, KeyArn>,
    /// The mode of an aspect for every bucket, no matter its grade. `enforce-new` sets it in new buckets, reverts a call
    /// that weakens it, and makes only those changes to existing buckets that are silent for clients; `enforce` makes all
    /// of them. `report` only reports, and `off` does not read it.
    #[cfg_attr(test, schemars(with = "schema::Aspects"))]
    aspects: BTreeMap<Aspect, Mode>,
    /// Which buckets have another grade, or another mode for an aspect. Of the rules that match a bucket, the first that
    /// sets the grade, or the mode of an aspect, wins.
    #[serde(rename = "rule")]
    rules: Vec<Rule>,
    /// What is exempt from its grade, with a reason and a last day.
    #[serde(rename = "exemption")]
    exemptions: Vec<Exemption>,
    /// Notifications about objects and in chats.
    notifications: NotificationConfig,
    /// Endpoints that are notified in addition to the email address in the stack's parameter, and about what.
    #[serde(rename = "subscription")]
    #[cfg_attr(test, schemars(length(max = 100)))]
    subscriptions: Vec<Subscription>,
    /// Where and how `s3guard deploy` deploys the guard. Flags of the command take precedence.
    deploy: Deploy,
}

impl Config {
    /// Reads a configuration, no matter its format, and finds every mistake in it.
    pub fn read(value: &Value) -> Result<Self, Vec<Mistake>> {
        let (config, found) = read::read::<Self>(value);
        check::check(&config, &found);
        let mistakes = found.into_mistakes();
        if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
    }

    /// Reads the form in the package.
    pub fn from_json(text: &str) -> Result<Self, InvalidConfig> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            InvalidConfig(vec![mistake::wrong_value(&[], format!("it is not JSON: {error}"), None)])
        })?;
        Self::read(&value).map_err(InvalidConfig)
    }

    /// The form in the package: all but `deploy`. The same configuration has the same bytes, no matter how it was written.
    pub fn to_json(&self) -> String {
        let value = Self { deploy: Deploy::default(), ..self.clone() }.written();
        format!("{value:#}\n")
    }

    /// The configuration in its canonical form, without empty settings.
    pub fn written(&self) -> Value {
        let value = serde_json::to_value(self).expect("texts, numbers and lists of them are JSON");
        without_empty(value)
    }

    /// The default grade, if the configuration has one.
    pub fn grade(&self) -> Option<Grade> {
        self.grade
    }

    /// The most that is done about any aspect, if the configuration limits it.
    pub fn mode(&self) -> Option<Mode> {
        self.mode
    }

    /// How long a new bucket is left alone, if it is configured; else it is [`SETTLE_SECONDS`].
    pub fn settle_seconds(&self) -> Option<u16> {
        self.settle_seconds.and_then(|seconds| u16::try_from(seconds.get()).ok())
    }

    /// Notifications about objects and in chats.
    pub fn notifications(&self) -> &NotificationConfig {
        &self.notifications
    }

    /// The subscriptions, without the email address in the stack's parameter.
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    /// Where and how the guard is deployed.
    pub fn deploy(&self) -> &Deploy {
        &self.deploy
    }

    /// The customer managed keys by Region.
    pub fn keys(&self) -> impl Iterator<Item = &KeyArn> {
        self.keys.values()
    }

    /// What the owner trusts outside of the account.
    pub fn trusted(&self) -> Trusted {
        Trusted {
            accounts: self.trusted_accounts.clone(),
            organizations: self.trusted_organizations.clone(),
            canonical_ids: self.trusted_canonical_ids.clone(),
        }
    }

    /// The mode of the account's own public access block.
    pub fn account_mode(&self) -> Mode {
        let aspect = Aspect::AccountPublicAccess;
        let wanted = Grade::default().wants(aspect).mode;
        let mode = self.aspects.get(&aspect).copied().unwrap_or(wanted);
        self.mode.map_or(mode, |most| mode.min(most))
    }

    /// The mode of an aspect that calls have changed beside the buckets.
    pub fn mode_of_account(&self, aspect: Aspect) -> Mode {
        let wanted = Grade::default().wants(aspect).mode;
        self.aspects.get(&aspect).copied().unwrap_or(wanted).min(Mode::Report)
    }

    /// The strongest grade of any bucket, by default or by a rule.
    pub fn strongest_grade(&self) -> Grade {
        let grades = self.rules.iter().map(|rule| rule.grade);
        grades.chain([self.grade]).flatten().max().unwrap_or_default()
    }
}

/// The value without empty settings.
fn without_empty(value: Value) -> Value {
    match value {
        Value::Object(settings) => {
            let settings = settings.into_iter().map(|(key, value)| (key, without_empty(value)));
            Value::Object(settings.filter(|(_, value)| !is_empty_value(value)).collect())
        }
        Value::Array(items) => items.into_iter().map(without_empty).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn is_empty_value(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(settings) => settings.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests;
