//! Who is told what, and of which objects.

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
pub use self::window::Window;
#[cfg(test)]
use super::tests::schema;
use super::values::Bounded;
use crate::model::severity::Severity;
use crate::text::named::named;

/// Who is told what, and of which objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename = "the table `[notifications]`",
    rename_all = "kebab-case",
    deny_unknown_fields,
    default
)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Notifications"))]
pub struct Notifications {
    /// How long changes of objects are gathered into one message: `10s` to `300s`, `1m` to `5m`, or exactly `15m`, `1h` or
    /// `1d`.
    #[cfg_attr(
        test,
        schemars(with = "String", regex(pattern = "^[0-9]+[smhd]$"), extend("default" = "60s"))
    )]
    window: Option<Window>,
    /// From this severity on, messages also go to a topic of their own, in the form that Amazon Q Developer in chat
    /// applications reads. Without it there is no such topic.
    pub chat: Option<Severity>,
    /// So many changes within one window and one bucket make an alert, which is sent at once.
    #[cfg_attr(test, schemars(with = "schema::Alert"))]
    alert: BTreeMap<Threshold, Count>,
    /// Which objects are told of.
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
    /// Objects overwritten, in the buckets of `tell-overwrites`.
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

impl Notifications {
    /// How long changes of objects are gathered into one message.
    pub fn window(&self) -> Window {
        self.window.unwrap_or_default()
    }

    /// How many changes are an alert.
    pub fn alert(&self) -> BTreeMap<Threshold, u32> {
        let usual = [(Threshold::Deleted, 100), (Threshold::DeletedForGood, 10)];
        let own = self.alert.iter().map(|(threshold, count)| (*threshold, count.get()));
        usual.into_iter().chain(own).collect()
    }

    /// The buckets in which a created object is looked up, as patterns with `*` and `?`.
    pub fn tell_overwrites(&self) -> impl Iterator<Item = &str> {
        self.objects.tell_overwrites.iter().map(|pattern| pattern.as_str())
    }

    /// Whether a created object of the bucket is looked up, to tell whether it was overwritten.
    pub fn tells_overwrites_in(&self, bucket: &str) -> bool {
        self.objects.tell_overwrites.iter().any(|pattern| pattern.matches(bucket))
    }
}
