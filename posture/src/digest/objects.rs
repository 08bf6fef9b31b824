//! What happened to objects, as few readable messages for many events.

mod alert;
mod audience;
mod message;
mod summary;
mod tell;
mod text;

pub use alert::Alarming;
pub use message::{Message, close, close_after_seconds};
pub use summary::Known;
pub use tell::{Scene, tell, tell_one};

/// Under which keys of the ledger the changes of a window are gathered, until they are told.
pub const GATHERED_PREFIX: &str = crate::digest::window::keys::PREFIX;

/// What the stack's schedule sends to the object queue, so that windows which end with the clock are told.
pub const CLOSE_WINDOWS: &str = r#"{"s3guard":"close-windows"}"#;

#[cfg(test)]
mod tests;
