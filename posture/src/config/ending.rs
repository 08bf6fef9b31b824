//! Exemptions that end soon or have just ended.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{Date, Duration};

use super::Config;
use super::values::Day;
use crate::Aspect;
use crate::contract::ledger;

/// How long before its end an exemption is announced.
const AHEAD: Duration = Duration::days(7);
/// How long after its end an exemption is reported as ended.
const AFTER: Duration = Duration::days(1);

/// An exemption that ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Ending {
    /// Which one of `s3guard.toml`, from 1.
    pub number: usize,
    /// Which buckets it is for, as in `s3guard.toml`.
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
    /// The exemptions that end within a week or have ended within a day.
    pub fn ending(&self, today: Date) -> Vec<Ending> {
        self.endings(today, |until| (-AFTER..=AHEAD).contains(&(until - today)))
    }

    /// The exemptions that have ended.
    pub fn ended(&self, today: Date) -> Vec<Ending> {
        self.endings(today, |until| until < today)
    }

    fn endings(&self, today: Date, is_listed: impl Fn(Date) -> bool) -> Vec<Ending> {
        let numbered = self.exemptions.iter().enumerate();
        numbered
            .filter(|(_, exemption)| is_listed(exemption.until()))
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
    /// The key of its announcement in the ledger: one for the notification before the end, one for that after it.
    pub fn key(&self) -> String {
        let aspects: Vec<&str> = self.aspects.iter().map(|aspect| aspect.name()).collect();
        let what = format!("{}-{}", self.buckets, aspects.join("-"));
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' };
        let what: String = what.chars().map(plain).take(200).collect();
        let when = if self.is_over { "over" } else { "soon" };
        format!("{}announced/{}-{when}/{what}.json", ledger::SWEEPS, self.until)
    }

    /// Its object in the ledger, which says what its key says.
    pub fn json(&self) -> Vec<u8> {
        serde_json::json!({ "announced": self.key() }).to_string().into_bytes()
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let aspects: Vec<&str> = self.aspects.iter().map(|aspect| aspect.name()).collect();
        write!(f, "the exemption of {} ({})", self.buckets, aspects.join(", "))?;
        if self.is_over {
            write!(f, " has ended on {}", self.until)?;
        } else {
            write!(f, " ends on {}", self.until)?;
        }
        write!(f, "; reason: {}", self.reason)
    }
}
