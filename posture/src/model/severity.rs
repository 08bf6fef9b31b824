//! How much a notice matters.

use serde::{Deserialize, Serialize};

use crate::text::named::named;

/// How much a notice matters. Who is woken by which is said in `docs/notifications.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look at it.
    Warning,
    /// A bucket is not protected as wanted, or the guard does not work as it should.
    High,
    /// Data is, or may be, in danger now.
    Critical,
}

named! {
    Severity:
    Info = "info",
    Warning = "warning",
    High = "high",
    Critical = "critical",
}
