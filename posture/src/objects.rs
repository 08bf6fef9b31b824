//! What happened to objects, as few readable messages for many events.

mod alert;
mod audience;
mod event;
mod message;
mod summary;
mod tell;
mod text;

pub use alert::{Alarming, Threshold};
pub use event::{Change, ObjectEvent};
pub use message::{Message, close, close_after_seconds};
pub use summary::{Known, Notable, OfBucket, Summary, What};
pub use tell::{Scene, tell, tell_one};

/// Under which keys of the ledger the changes of a window are gathered, until they are told.
pub const GATHERED_PREFIX: &str = crate::gather::window::PREFIX;

/// What the stack's schedule sends to the object queue, so that windows which end with the clock are told.
pub const CLOSE_WINDOWS: &str = r#"{"s3guard":"close-windows"}"#;

/// All values of the attribute `action` of notices about objects.
pub(crate) fn actions() -> impl Iterator<Item = &'static str> {
    let actions: std::collections::BTreeSet<&str> =
        Change::ALL.into_iter().map(Change::name).collect();
    actions.into_iter()
}

#[cfg(test)]
mod tests;
