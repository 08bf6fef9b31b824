//! The configuration: which bucket has which grade, what is kept or told of it, what is exempt, why and how
//! long, and who is told.
//!
//! A person writes `s3guard.toml`; the package takes it as `s3guard.json`. Both are read into [`Written`] and checked by
//! the same [`Config::check`], which tells of every [`Mistake`] at once. TOML itself is the command's business.

mod check;
pub mod deploy;
mod ending;
mod mistake;
mod notifications;
mod occasion;
mod scope;
mod selectors;
mod shape;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use time::Date;

pub use self::deploy::{Deploy, TrailChoice, WrittenDeploy};
pub use self::ending::Ending;
pub use self::mistake::{At, InvalidConfig, Mistake, PathPart};
pub use self::notifications::{
    Alert, Endpoint, Fields, Filter, Notifications, ObjectKind, ResourceArn, Selection,
    Subscription, Window, WrittenAlert, WrittenFields, WrittenNotifications, WrittenObjects,
    WrittenSubscription,
};
pub use self::occasion::{Extent, GRADE_TAG, Occasion};
use self::scope::Scope;
pub use self::written::{Patterns, Written, WrittenExemption, WrittenRule};
use crate::{Aspect, Grade, KeyArn, Mode, Region};

/// How long a new bucket is left alone, unless the configuration says otherwise.
pub const SETTLE_SECONDS: u16 = 15;

/// What the owner wants of which bucket. The default says nothing: every bucket has the default grade.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    grade: Option<Grade>,
    settle_seconds: Option<u16>,
    writes_per_hour: Option<u32>,
    keys: BTreeMap<Region, KeyArn>,
    aspects: BTreeMap<Aspect, Mode>,
    rules: Vec<Rule>,
    exemptions: Vec<Exemption>,
    notifications: Notifications,
    deploy: Deploy,
}

/// What is said of some buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    scope: Scope,
    grade: Option<Grade>,
    aspects: BTreeMap<Aspect, Mode>,
}

/// What some buckets are not held to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Exemption {
    scope: Scope,
    aspects: BTreeSet<Aspect>,
    reason: String,
    until: Date,
}

impl Config {
    /// Checks what was written, and tells of every mistake.
    pub fn check(written: &Written) -> Result<Self, Vec<Mistake>> {
        check::check(written)
    }

    /// Reads a configuration, of whatever format it was, and tells of every mistake: also of settings that there are
    /// none of, and of values of another kind.
    pub fn read(value: &Value) -> Result<Self, Vec<Mistake>> {
        let (written, found) = shape::read(value);
        match Self::check(&written) {
            Ok(config) if found.mistakes.is_empty() => Ok(config),
            Ok(_) => Err(found.mistakes),
            Err(mistakes) => {
                let new = mistakes.into_iter().filter(|mistake| !found.explains(mistake));
                let new: Vec<Mistake> = new.collect();
                Err(found.mistakes.into_iter().chain(new).collect())
            }
        }
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
        let written = Written { deploy: WrittenDeploy::default(), ..self.written() };
        let mut text = serde_json::to_string_pretty(&written)
            .expect("texts, numbers and lists of them are JSON");
        text.push('\n');
        text
    }

    /// The default grade, if the configuration has one.
    pub fn grade(&self) -> Option<Grade> {
        self.grade
    }

    /// How long a new bucket is left alone, if the configuration says so; else it is [`SETTLE_SECONDS`].
    pub fn settle_seconds(&self) -> Option<u16> {
        self.settle_seconds
    }

    /// Who is told what, and of which objects.
    pub fn notifications(&self) -> &Notifications {
        &self.notifications
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

#[cfg(test)]
mod tests;
