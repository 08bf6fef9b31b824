//! What the queues deliver: events of CloudTrail, S3 and CloudWatch, and the guard's own messages.

pub mod alarm;
mod cloudtrail;
mod deed;
mod effect;
pub mod field;
pub mod object_event;
pub(crate) mod plausible;
mod read;
mod request;
pub mod trail;

pub use cloudtrail::{principal, source, tool, unescaped};
pub use effect::{block, lifecycle, retention};
pub use read::{Read, read};
pub use request::{Again, Changed, CloseDigest, NotAnEvent, OwnMessage, Request, Sweep, Tick};
