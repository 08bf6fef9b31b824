//! Exemptions that are about to end, or just have.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{Date, Duration};

use super::Config;
use super::values::Day;
use crate::Aspect;

/// So many days before its end an exemption is announced.
const AHEAD: Duration = Duration::days(7);
/// So long after its end it is said that it is over.
const AFTER: Duration = Duration::days(1);

/// An exemption that ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Ending {
    /// Which one of `s3guard.toml`, from 1.
    pub number: usize,
    /// Which buckets it is for, as `s3guard.toml` says it.
    pub buckets: String,
    /// The aspects that are exempt.
    pub aspects: Vec<Aspect>,
    /// The reason.
    pub reason: String,
    /// The last day on which it counts, in UTC.
    pub until: Day,
    /// Whether it has ended.
    #[serde(rename = "over")]
    pub is_over: bool,
}

impl Config {
    /// The exemptions that end within a week, or have ended within a day, as they are to be announced.
    pub fn ending(&self, today: Date) -> Vec<Ending> {
        let is_near = |until: Date| (-AFTER..=AHEAD).contains(&(until - today));
        let numbered = self.exemptions.iter().enumerate();
        numbered
            .filter(|(_, exemption)| is_near(exemption.until()))
            .map(|(index, exemption)| Ending {
                number: index + 1,
                buckets: exemption.scope().words(None),
                aspects: exemption.aspects.iter().copied().collect(),
                reason: exemption.reason().to_owned(),
                until: Day(exemption.until()),
                is_over: exemption.until() < today,
            })
            .collect()
    }
}

impl Ending {
    /// Where the ledger has it that this was told: once before the end, and once after it.
    pub fn key(&self) -> String {
        let aspects: Vec<&str> = self.aspects.iter().map(|aspect| aspect.name()).collect();
        let what = format!("{}-{}", self.buckets, aspects.join("-"));
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' };
        let what: String = what.chars().map(plain).take(200).collect();
        let when = if self.is_over { "over" } else { "soon" };
        format!("announced/{}-{when}/{what}.json", self.until)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let aspects: Vec<&str> = self.aspects.iter().map(|aspect| aspect.name()).collect();
        write!(f, "the exemption of {} ({})", self.buckets, aspects.join(", "))?;
        if self.is_over {
            write!(f, " is over since the end of {}", self.until)?;
        } else {
            write!(f, " ends with {}", self.until)?;
        }
        write!(f, "; its reason: {}", self.reason)
    }
}
