//! The configuration: which bucket has which grade, what is kept or told of it, what is exempt, why and how
//! long, and who is told.
//!
//! A person writes `s3guard.toml`; the package takes it as `s3guard.json`. Both are read into [`Config`], in which each
//! setting is declared once: its name, its type with the rules of its values, and what editors show of it. `read` finds
//! every [`Mistake`] in single values, `check` those between them. TOML itself is the command's business.

mod check;
pub mod deploy;
mod ending;
mod mistake;
mod notifications;
mod occasion;
mod read;
mod rule;
mod scope;
mod values;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::deploy::{Deploy, TrailChoice};
pub use self::ending::Ending;
pub use self::mistake::{At, InvalidConfig, Mistake, PathPart, Wrong};
pub use self::notifications::{
    Alert, Endpoint, Fields, Filter, Notifications, ObjectKind, ResourceArn, Selection,
    Subscription, Window,
};
pub use self::occasion::{Extent, GRADE_TAG, Occasion};
use self::rule::{Exemption, Rule};
#[cfg(test)]
use self::tests::schema;
use self::values::Bounded;
use crate::contract::SETTLE_SECONDS_MAX;
use crate::{Aspect, Grade, KeyArn, Mode, Region};

/// How long a new bucket is left alone, unless the configuration says otherwise.
pub const SETTLE_SECONDS: u16 = 15;

/// The configuration of s3guard: which bucket has which grade, what is exempt, and who is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "the configuration", rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "s3guard.toml"))]
pub struct Config {
    /// The grade of buckets that no rule gives one: `speed` unless it is set. The stack's parameter, when it is given,
    /// comes before it.
    grade: Option<Grade>,
    /// How many seconds a new bucket is left alone, because whoever made it may still be configuring it.
    // SQS delays a message by no more than a quarter of an hour.
    #[cfg_attr(test, schemars(extend("default" = SETTLE_SECONDS)))]
    settle_seconds: Option<Bounded<0, SETTLE_SECONDS_MAX>>,
    /// How often the guard writes one setting of a bucket within an hour before it leaves that setting alone and says so.
    // Fewer a tool reaches that only sets a bucket up by and by.
    #[cfg_attr(test, schemars(extend("default" = crate::model::baseline::WRITES_MAX)))]
    writes_per_hour: Option<Bounded<7, 1000>>,
    /// The customer's KMS key for the buckets of each Region, which the grades `hybrid` and `security` need: the full ARN
    /// of a key, never an alias.
    #[cfg_attr(test, schemars(with = "schema::Keys"))]
    keys: BTreeMap<Region, KeyArn>,
    /// What is done about an aspect of every bucket's protection, whatever its grade says. `keep` that is said here or in
    /// a rule is kept also where the grade alone would only tell, because it may break what has been working: the two
    /// switches about ACLs (`public-access`) and `ownership` in a bucket whose ACLs count, `sse-c` where S3 left it open,
    /// and `tls` in a bucket of a CloudFormation stack that has no policy yet.
    #[cfg_attr(test, schemars(with = "schema::Aspects"))]
    aspects: BTreeMap<Aspect, Mode>,
    /// Which buckets have another grade, or have something else done about an aspect. Of the rules that match a bucket,
    /// the first that says something about the grade, or about an aspect, wins.
    #[serde(rename = "rule")]
    #[cfg_attr(test, schemars(length(max = 200)))]
    rules: Vec<Rule>,
    /// What is not held to its grade, for a reason and until a day.
    #[serde(rename = "exemption")]
    #[cfg_attr(test, schemars(length(max = 500)))]
    exemptions: Vec<Exemption>,
    /// Who is told what, and of which objects.
    notifications: Notifications,
    /// Who is told, beside the address that the stack's parameter names, and of what.
    #[serde(rename = "subscription")]
    #[cfg_attr(test, schemars(length(max = 100)))]
    subscriptions: Vec<Subscription>,
    /// Where and how `s3guard deploy` deploys the guard; what the command line says comes before it.
    deploy: Deploy,
}

impl Config {
    /// Reads a configuration, of whatever format it was, and finds every mistake in it.
    pub fn read(value: &Value) -> Result<Self, Vec<Mistake>> {
        let (config, found) = read::read::<Self>(value);
        check::check(&config, &found);
        let mistakes = found.into_mistakes();
        if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
    }

    /// Reads the form that the package has.
    pub fn from_json(text: &str) -> Result<Self, InvalidConfig> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            InvalidConfig(vec![mistake::wrong_value(&[], format!("it is no JSON: {error}"), None)])
        })?;
        Self::read(&value).map_err(InvalidConfig)
    }

    /// The form that goes into the package, which is all but where it is deployed. The same configuration has the same bytes, however it was written.
    pub fn to_json(&self) -> String {
        let value = Self { deploy: Deploy::default(), ..self.clone() }.written();
        format!("{value:#}\n")
    }

    /// The configuration as one would write it: each thing in one way, and nothing that says nothing.
    pub fn written(&self) -> Value {
        let value = serde_json::to_value(self).expect("texts, numbers and lists of them are JSON");
        without_nothing(value)
    }

    /// The default grade, if the configuration has one.
    pub fn grade(&self) -> Option<Grade> {
        self.grade
    }

    /// How long a new bucket is left alone, if the configuration says so; else it is [`SETTLE_SECONDS`].
    pub fn settle_seconds(&self) -> Option<u16> {
        self.settle_seconds.and_then(|seconds| u16::try_from(seconds.get()).ok())
    }

    /// Who is told what, and of which objects.
    pub fn notifications(&self) -> &Notifications {
        &self.notifications
    }

    /// Who hears of what, beside whom the stack's parameters name.
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    /// Where and how the guard is deployed.
    pub fn deploy(&self) -> &Deploy {
        &self.deploy
    }

    /// The customer's keys by Region.
    pub fn keys(&self) -> impl Iterator<Item = &KeyArn> {
        self.keys.values()
    }

    /// What is done about the account's own public access block.
    pub fn account_mode(&self) -> Mode {
        let aspect = Aspect::AccountPublicAccess;
        let wanted = Grade::default().wants(aspect).mode;
        self.aspects.get(&aspect).copied().unwrap_or(wanted)
    }

    /// The strongest grade that any bucket is given, by the default or by a rule.
    pub fn strongest_grade(&self) -> Grade {
        let grades = self.rules.iter().map(|rule| rule.grade);
        grades.chain([self.grade]).flatten().max().unwrap_or_default()
    }
}

/// The value without the settings of its tables that say nothing.
fn without_nothing(value: Value) -> Value {
    match value {
        Value::Object(settings) => {
            let settings = settings.into_iter().map(|(key, value)| (key, without_nothing(value)));
            Value::Object(settings.filter(|(_, value)| !is_nothing(value)).collect())
        }
        Value::Array(items) => items.into_iter().map(without_nothing).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(settings) => settings.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests;
