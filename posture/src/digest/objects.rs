//! Notifications about objects: few readable messages for many events.

mod alert;
mod audience;
pub mod lookup;
mod message;
mod notifications;
mod summary;
mod text;

pub use alert::Alarming;
pub use message::{ObjectMessage, close, close_after_seconds};
pub use notifications::{notification_of, notifications_of};
pub use summary::Scene;

/// The prefix in the ledger of the events of windows.
pub const WINDOWS_PREFIX: &str = crate::digest::window::keys::PREFIX;

/// The message of the stack's schedule to the object queue, which closes the windows that have ended.
pub const CLOSE_WINDOWS: &str = r#"{"s3guard":"close-windows"}"#;

#[cfg(test)]
mod tests;
