//! The result of `s3guard destroy`, also shown before approval.

use std::fmt;

use s3guard_aws::emptying::{Contents, Outcome as Emptied, Tally};
use s3guard_aws::ledger::Touched;
use s3guard_posture::model::setting::SettingKind;
use serde::Serialize;

use crate::operations::regions::FailedRegion;
use crate::ui::text::{Printable, Text};

pub(crate) const BUCKET: &str = "AWS::S3::Bucket";
pub(crate) const BUCKET_POLICY: &str = "AWS::S3::BucketPolicy";

/// The result; as text, how much of what the plan has listed stays, and what else.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Destroyed {
    pub(crate) regions: Vec<InRegion>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) failed: Vec<FailedRegion>,
}

/// The stack of one Region.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct InRegion {
    pub(crate) stack: String,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) outcome: DestroyOutcome,
    /// What is deleted.
    pub(crate) deleted: Vec<Item>,
    /// What stays.
    pub(crate) retained: Vec<Item>,
    pub(crate) emptied: Vec<EmptiedBucket>,
    pub(crate) changed: Changed,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum DestroyOutcome {
    /// Nothing was done: the plan needs approval.
    #[default]
    NeedsApproval,
    Deleted,
    Absent,
    Failed,
}

/// A resource that is deleted or stays, and why it stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Item {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) logical_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) reason: String,
    /// Whether it stays although the plan, which is shown before, does not say so.
    #[serde(skip)]
    pub(crate) is_unplanned: bool,
}

/// A bucket that is emptied, before or after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EmptiedBucket {
    pub(crate) name: String,
    #[serde(rename = "deletedObjects")]
    pub(crate) deleted: u64,
    #[serde(rename = "lockedObjects")]
    pub(crate) locked: u64,
    #[serde(rename = "failedObjects")]
    pub(crate) failed: u64,
    pub(crate) is_gone: bool,
}

/// What the guard has changed on other buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Changed {
    pub(crate) buckets: Vec<ChangedBucket>,
    pub(crate) more: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unknown_reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ChangedBucket {
    pub(crate) bucket: String,
    pub(crate) settings: Vec<&'static str>,
}

impl Changed {
    /// The ledger's list.
    pub(crate) fn of(touched: &Touched) -> Self {
        let buckets = touched.buckets.iter().map(|(name, kinds)| ChangedBucket {
            bucket: name.to_string(),
            settings: kinds.iter().copied().map(SettingKind::name).collect(),
        });
        Self { buckets: buckets.collect(), more: touched.more, unknown_reason: None }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        if let Some(reason) = &self.unknown_reason {
            return vec![format!("  it is not known which: {reason}")];
        }
        let line = |one: &ChangedBucket| {
            let bucket = if one.bucket == ".account" { "the account" } else { &one.bucket };
            format!("  {bucket}: {}", one.settings.join(", "))
        };
        let mut lines: Vec<String> = self.buckets.iter().map(line).collect();
        if self.more > 0 {
            lines.push(format!("  and {} more", self.more));
        }
        lines
    }
}

impl Item {
    pub(crate) fn bucket(name: impl fmt::Display, reason: impl Into<String>) -> Self {
        let (kind, name, reason) = (BUCKET.to_owned(), name.to_string(), reason.into());
        Self { kind, name, reason, ..Self::default() }
    }
}

impl EmptiedBucket {
    pub(crate) fn done(name: impl fmt::Display, tally: &Tally, outcome: &Emptied) -> Self {
        let Tally { deleted, locked, failed, .. } = *tally;
        Self { name: name.to_string(), deleted, locked, failed, is_gone: *outcome == Emptied::Gone }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<16} {}  ({})", self.kind, self.name, self.reason)
    }
}

impl Printable for Destroyed {
    fn print(&self, text: &mut Text) {
        for one in &self.regions {
            // What the plan has listed is not listed again.
            for item in one.retained.iter().filter(|item| item.is_unplanned) {
                text.line(format_args!("{}: also stays: {item}", one.region));
            }
            let planned = one.retained.iter().filter(|item| !item.is_unplanned).count();
            if planned > 0 {
                let noun = if planned == 1 { "resource" } else { "resources" };
                text.line(format_args!("{}: {planned} {noun} of the list above stay", one.region));
            }
        }
    }
}

/// The content of a bucket, in words.
pub(crate) fn contents(contents: &Contents) -> String {
    let Contents { versions, markers, size_bytes, is_more } = contents;
    if *versions + *markers == 0 {
        return "empty".to_owned();
    }
    let counted = |count: u64, what: &str| {
        format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
    };
    let more = if *is_more { "more than " } else { "" };
    let versions = counted(*versions, "object version");
    let markers = if *markers == 0 {
        String::new()
    } else {
        format!(" and {}", counted(*markers, "delete marker"))
    };
    format!("{more}{versions}{markers}, {}", size(*size_bytes))
}

/// A number with commas, as `12,345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let threes = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    threes.collect::<Vec<_>>().join(",")
}

/// A size in its largest unit.
pub(crate) fn size(bytes: u64) -> String {
    let units = [("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)];
    match units.into_iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{} {name}", grouped(bytes.div_ceil(unit))),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_much_is_in_a_bucket_is_said_in_words() {
        let said = |versions, markers, size_bytes, is_more| {
            contents(&Contents { versions, markers, size_bytes, is_more })
        };
        assert_eq!(said(0, 0, 0, false), "empty");
        assert_eq!(said(1, 0, 12, false), "1 object version, 12 bytes");
        assert_eq!(
            said(12_345, 2, 3 << 20, true),
            "more than 12,345 object versions and 2 delete markers, 3 MB"
        );
    }

    #[test]
    fn what_the_plan_has_listed_is_counted_and_not_listed_again() {
        let item = |name: &str, is_unplanned| Item {
            is_unplanned,
            ..Item::bucket(name, "it could not be deleted")
        };
        let retained = vec![item("a", false), item("b", false), item("c", true)];
        let region = InRegion { region: "eu-west-1".to_owned(), retained, ..InRegion::default() };
        let destroyed = Destroyed { regions: vec![region], failed: Vec::new() };
        let text = crate::ui::text::plain(&destroyed);
        assert_eq!(
            text,
            "eu-west-1: also stays: AWS::S3::Bucket  c  (it could not be deleted)\n\
             eu-west-1: 2 resources of the list above stay\n"
        );
    }

    #[test]
    fn what_was_changed_on_others_is_named_and_the_rest_counted() {
        let touched = Touched {
            buckets: vec![(
                "reports".parse().unwrap(),
                [SettingKind::Encryption, SettingKind::Policy].into(),
            )],
            more: 7,
            is_cut: false,
        };
        let changed = Changed::of(&touched);
        assert_eq!(changed.lines(), ["  reports: policy, encryption", "  and 7 more"]);
        let unknown = Changed { unknown_reason: Some("no".to_owned()), ..Changed::default() };
        assert_eq!(unknown.lines(), ["  it is not known which: no"]);
        assert!(Changed::default().lines().is_empty());
    }
}
