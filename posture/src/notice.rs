//! A message to the owner, before it becomes a call to SNS.

use std::collections::BTreeMap;

use crate::{AccountId, Region};

/// A message: what people read, and the attributes that subscriptions filter by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The subject of an email: fewer than 100 characters, one line.
    pub subject: String,
    /// The text, at most [`TEXT_BYTES_MAX`] bytes.
    pub text: String,
    /// What filter policies match: `kind`, `bucket`, `action`, `severity`, `account`, `region`.
    pub attributes: BTreeMap<String, Attribute>,
}

impl Notice {
    /// Makes one notice of many: their texts one after the other, their attributes together. `None` of none.
    ///
    /// SNS suspends the subscription of an address that gets more than ten mails a second; a sweep can find more.
    ///
    /// Source: Amazon SNS Developer Guide, "Email notifications".
    pub fn joined(notices: Vec<Self>) -> Option<Self> {
        let count = notices.len();
        let mut notices = notices.into_iter();
        let mut joined = notices.next()?;
        for notice in notices {
            joined.text.push_str(SEPARATOR);
            joined.text.push_str(&notice.text);
            for (name, attribute) in notice.attributes {
                let so_far = joined.attributes.remove(&name);
                joined.attributes.insert(name, attribute.joined(so_far));
            }
        }
        joined.text.truncate(joined.text.floor_char_boundary(TEXT_BYTES_MAX));
        if count > 1 {
            joined.subject = format!("s3guard: the sweep found {count} buckets to protect");
        }
        Some(joined)
    }
}

impl Attribute {
    fn joined(self, so_far: Option<Self>) -> Self {
        match (so_far, self) {
            (None, this) => this,
            (Some(Self::One(a)), Self::One(b)) => {
                let place =
                    |name: &str| Severity::ALL.iter().position(|known| known.name() == name);
                Self::One(if place(&b) > place(&a) { b } else { a })
            }
            (Some(Self::Many(mut all)), Self::Many(more)) => {
                all.extend(more);
                all.sort_unstable();
                all.dedup();
                Self::Many(all)
            }
            (Some(so_far), _) => so_far,
        }
    }
}

/// What stands between the texts of joined notices.
const SEPARATOR: &str = "\n----------------------------------------\n\n";

/// The most that a notice's text may have, in bytes.
///
/// SNS takes 256 KiB for text and attributes together; the rest is for the attributes.
pub const TEXT_BYTES_MAX: usize = 200 * 1024;

/// The value of a message attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// `String`.
    One(String),
    /// `String.Array`: a filter matches if any element does.
    Many(Vec<String>),
}

/// The attributes that every notice has.
#[derive(Clone, Debug)]
pub(crate) struct Attributes<'a> {
    /// `bucket` or `object`.
    pub(crate) kind: &'static str,
    /// How much it matters.
    pub(crate) severity: Severity,
    /// What was done, or happened.
    pub(crate) actions: Vec<String>,
    /// The buckets that it speaks of.
    pub(crate) buckets: Vec<String>,
    /// Their account.
    pub(crate) account: &'a AccountId,
    /// Where they are.
    pub(crate) region: &'a Region,
}

impl From<Attributes<'_>> for BTreeMap<String, Attribute> {
    fn from(attributes: Attributes<'_>) -> Self {
        let Attributes { kind, severity, actions, buckets, account, region } = attributes;
        Self::from(
            [
                ("account", Attribute::One(account.to_string())),
                ("action", Attribute::Many(actions)),
                ("bucket", Attribute::Many(buckets)),
                ("kind", Attribute::One(kind.to_owned())),
                ("region", Attribute::One(region.to_string())),
                ("severity", Attribute::One(severity.name().to_owned())),
            ]
            .map(|(name, attribute)| (name.to_owned(), attribute)),
        )
    }
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename_all = "kebab-case"))]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look at it.
    Warning,
    /// A bucket is not protected as wanted.
    High,
    /// Somebody has to look at it now.
    Critical,
}

impl Severity {
    /// All of them, the least first.
    pub(crate) const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::High, Self::Critical];

    /// The value of the attribute `severity`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(bucket: &str, severity: Severity, action: &str) -> Notice {
        let attributes = Attributes {
            kind: "bucket",
            severity,
            actions: vec![action.to_owned()],
            buckets: vec![bucket.to_owned()],
            account: &"111122223333".parse().unwrap(),
            region: &"eu-west-1".parse().unwrap(),
        };
        let (subject, text) =
            (format!("s3guard protected {bucket}"), format!("Bucket  {bucket}\n"));
        Notice { subject, text, attributes: attributes.into() }
    }

    #[test]
    fn many_notices_are_one_that_every_filter_still_finds() {
        let one = notice("reports", Severity::Info, "protected");
        let other = notice("finance", Severity::High, "failed");
        assert_eq!(Notice::joined(Vec::new()), None);
        assert_eq!(Notice::joined(vec![one.clone()]), Some(one.clone()));
        for order in [vec![one.clone(), other.clone()], vec![other, one]] {
            let joined = Notice::joined(order).unwrap();
            assert_eq!(joined.subject, "s3guard: the sweep found 2 buckets to protect");
            assert!(
                joined.text.contains("Bucket  reports\n")
                    && joined.text.contains("Bucket  finance\n")
            );
            let many = |a: &str, b: &str| Attribute::Many(vec![a.to_owned(), b.to_owned()]);
            assert_eq!(joined.attributes["severity"], Attribute::One("high".to_owned()));
            assert_eq!(joined.attributes["bucket"], many("finance", "reports"));
            assert_eq!(joined.attributes["action"], many("failed", "protected"));
            assert_eq!(joined.attributes["kind"], Attribute::One("bucket".to_owned()));
        }
    }
}
