//! Who is told what, and of which objects.

mod address;
mod check;
mod kind;
mod parse;
mod selection;
mod subscribers;
mod subscription;
mod window;
mod written;

use std::collections::BTreeSet;

pub use self::address::{Endpoint, ResourceArn};
pub(super) use self::check::check;
pub use self::kind::ObjectKind;
pub use self::selection::{Fields, Selection};
pub use self::subscription::{Filter, Subscription};
pub use self::window::Window;
pub use self::written::{
    WrittenAlert, WrittenFields, WrittenNotifications, WrittenObjects, WrittenSubscription,
};
use crate::model::glob::Glob;
use crate::model::severity::Severity;

/// Who is told what, and of which objects. The default: of every object, in messages that gather a minute, and nobody
/// beside whom the stack's parameters name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notifications {
    window: Option<Window>,
    chat: Option<Severity>,
    alert: Alert,
    selection: Selection,
    tell_overwrites: BTreeSet<Glob>,
    subscriptions: Vec<Subscription>,
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
        self.alert
    }

    /// Which objects are told of.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The buckets in which a created object is looked up, as patterns with `*` and `?`.
    pub fn tell_overwrites(&self) -> impl Iterator<Item = &str> {
        self.tell_overwrites.iter().map(Glob::as_str)
    }

    /// Whether a created object of the bucket is looked up, to tell whether it was overwritten.
    pub fn tells_overwrites_in(&self, bucket: &str) -> bool {
        self.tell_overwrites.iter().any(|pattern| pattern.matches(bucket))
    }

    /// Who hears of what, beside whom the stack's parameters name.
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }
}
