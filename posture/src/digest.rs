//! Object events, collected over a window of time and published as few notifications.

pub mod objects;
mod samples;
pub mod window;

pub use samples::samples;
