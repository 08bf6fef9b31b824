//! A message to the owner, before it becomes a call to SNS.

use std::collections::BTreeMap;

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

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look at it.
    Warning,
    /// A bucket is not protected as wanted.
    High,
}

impl Severity {
    /// The value of the attribute `severity`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::High => "high",
        }
    }
}
