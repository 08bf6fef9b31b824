//! The model of a bucket: names, settings, observations, and what is wanted.

pub mod access_point;
pub mod aspect;
pub mod attributes;
pub mod baseline;
pub mod change;
pub mod deed;
pub mod deployers;
pub mod destination;
pub mod effect;
pub mod finding;
pub mod glob;
pub mod grade;
pub mod names;
pub mod observed;
pub mod own_bucket;
pub mod policy;
pub mod principal;
pub mod protection;
pub mod question;
pub mod refusal;
pub mod setting;
pub mod severity;
pub mod tool;
pub mod trigger;
pub mod trusted;
pub mod watch;
