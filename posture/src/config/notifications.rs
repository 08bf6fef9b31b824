//! Who is told what, and of which objects.

mod address;
mod filter;
mod kind;
mod selection;
mod subscription;
mod window;

use serde::{Deserialize, Serialize};

pub use self::address::{Endpoint, ResourceArn};
pub use self::filter::Filter;
pub use self::kind::ObjectKind;
pub use self::selection::{Fields, Selection};
pub use self::subscription::Subscription;
pub use self::window::Window;
use super::values::Bounded;
use crate::model::severity::Severity;

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
    chat: Option<Severity>,
    /// So many changes within one window and one bucket make an alert, which is sent at once.
    alert: AlertLimits,
    /// Which objects are told of.
    objects: Selection,
}

type Count = Bounded<1, 1_000_000>;

/// How many changes within one window and one bucket are an alert.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "an alert", rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Alert"))]
struct AlertLimits {
    /// Deletions of any kind, but by a lifecycle rule.
    #[cfg_attr(test, schemars(extend("default" = 100)))]
    deleted: Option<Count>,
    /// Versions deleted for good, but by a lifecycle rule.
    #[cfg_attr(test, schemars(extend("default" = 10)))]
    deleted_for_good: Option<Count>,
    /// ACLs of objects that were changed. Without it there is no such alert.
    acl_changed: Option<Count>,
    /// Objects that were overwritten, in the buckets of `tell-overwrites`. Without it there is no such alert.
    overwritten: Option<Count>,
    /// Objects that were created. Without it there is no such alert.
    created: Option<Count>,
}

/// How many changes of a kind, in one bucket and one window, are an alert that is sent at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Deletions of any kind, but by a lifecycle rule.
    pub deleted: u32,
    /// Versions deleted for good, but by a lifecycle rule.
    pub deleted_for_good: u32,
    /// ACLs of objects that were changed.
    pub acl_changed: Option<u32>,
    /// Objects that were overwritten, where that is told.
    pub overwritten: Option<u32>,
    /// Objects that were created.
    pub created: Option<u32>,
}

impl Default for Alert {
    fn default() -> Self {
        Self {
            deleted: 100,
            deleted_for_good: 10,
            acl_changed: None,
            overwritten: None,
            created: None,
        }
    }
}

impl Notifications {
    /// How long changes of objects are gathered into one message.
    pub fn window(&self) -> Window {
        self.window.unwrap_or_default()
    }

    /// From which severity on messages also go to the topic for chats; there is one only if this is set.
    pub fn chat(&self) -> Option<Severity> {
        self.chat
    }

    /// How many changes are an alert.
    pub fn alert(&self) -> Alert {
        let usual = Alert::default();
        Alert {
            deleted: self.alert.deleted.map_or(usual.deleted, Count::get),
            deleted_for_good: self
                .alert
                .deleted_for_good
                .map_or(usual.deleted_for_good, Count::get),
            acl_changed: self.alert.acl_changed.map(Count::get),
            overwritten: self.alert.overwritten.map(Count::get),
            created: self.alert.created.map(Count::get),
        }
    }

    /// Which objects are told of.
    pub fn selection(&self) -> &Selection {
        &self.objects
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
