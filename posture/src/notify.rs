//! Notifications about buckets and the guard itself, and their form for each channel.

pub mod iac_snippet;
pub mod links;
pub mod notification;
pub mod report;
