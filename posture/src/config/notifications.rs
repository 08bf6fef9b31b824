//! Notifications about objects and in chats, and subscriptions.

mod address;
mod filter;
mod kind;
mod selection;
mod subscription;
mod window;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::address::{Endpoint, ResourceArn};
pub use self::filter::Filter;
pub use self::kind::ObjectKind;
pub use self::selection::{Fields, Selection};
pub use self::subscription::Subscription;
pub use self::window::WindowLength;
#[cfg(test)]
use super::tests::schema;
use super::values::Bounded;
use crate::model::severity::Severity;
use crate::text::named::named;

/// Notifications about objects and in chats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename = "the table `[notifications]`",
    rename_all = "kebab-case",
    deny_unknown_fields,
    default
)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Notifications"))]
pub struct NotificationConfig {
    /// The window in which changes of objects are collected into one notification: `10s` to `300s`, `1m` to `5m`, or exactly
    /// `15m`, `1h` or `1d`.
    #[cfg_attr(
        test,
        schemars(with = "String", regex(pattern = "^[0-9]+[smhd]$"), extend("default" = "60s"))
    )]
    window: Option<WindowLength>,
    /// The least severity of notifications that are published to the topic for chats, in the form of Amazon Q Developer in
    /// chat applications; any by default.
    pub chat: Option<Severity>,
    /// The numbers of changes in one window and one bucket that cause an alert, which is published at once.
    #[cfg_attr(test, schemars(with = "schema::Alert"))]
    alert: BTreeMap<Threshold, Count>,
    /// The changes of objects that are reported.
    pub objects: Selection,
}

type Count = Bounded<1, 1_000_000>;

/// What is counted for an alert, in one bucket and one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Threshold {
    /// Objects deleted, for good or not, except by a lifecycle rule.
    Deleted,
    /// Versions deleted for good, except by a lifecycle rule.
    DeletedForGood,
    /// ACLs of objects changed.
    AclChanged,
    /// Objects overwritten, in the buckets of `report-overwrites`.
    Overwritten,
    /// Objects created or overwritten.
    Created,
}

named! {
    Threshold:
    Deleted = "deleted",
    DeletedForGood = "deleted-for-good",
    AclChanged = "acl-changed",
    Overwritten = "overwritten",
    Created = "created",
}

impl NotificationConfig {
    /// The window in which changes of objects are collected.
    pub fn window(&self) -> WindowLength {
        self.window.unwrap_or_default()
    }

    /// The numbers of changes that cause an alert.
    pub fn alert(&self) -> BTreeMap<Threshold, u32> {
        let usual = [(Threshold::Deleted, 100), (Threshold::DeletedForGood, 10)];
        let own = self.alert.iter().map(|(threshold, count)| (*threshold, count.get()));
        usual.into_iter().chain(own).collect()
    }

    /// The buckets in which new objects are looked up, as patterns with `*` and `?`.
    pub fn report_overwrites(&self) -> impl Iterator<Item = &str> {
        self.objects.report_overwrites.iter().map(|pattern| pattern.as_str())
    }

    /// Whether new objects of the bucket are looked up to detect overwrites.
    pub fn reports_overwrites_in(&self, bucket: &str) -> bool {
        self.objects.report_overwrites.iter().any(|pattern| pattern.matches(bucket))
    }
}
