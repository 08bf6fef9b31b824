//! What the queues deliver: events of CloudTrail, S3 and CloudWatch, and the guard's own messages.

pub mod alarm;
mod cloudtrail;
pub mod field;
mod message;
pub mod object_event;
mod read;
mod request;
pub mod trail;
pub(crate) mod wire;

pub use cloudtrail::{principal, tool};
pub use message::OwnMessage;
pub use read::{Read, read};
pub use request::{Changed, NotAnEvent, Request};
