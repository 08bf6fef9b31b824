//! The severity of a notification.

use serde::{Deserialize, Serialize};

use crate::text::named::named;

/// The severity of a notification; see `docs/notifications.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Severity {
    /// For information.
    Info,
    /// It should be reviewed.
    Warning,
    /// A bucket is not protected as wanted, data can leave the account, or the guard does not work as it should.
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
