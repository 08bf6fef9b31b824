//! Notifications: what they say of a bucket or of the guard itself, and the form that each channel gets.

pub mod iac_snippet;
pub mod links;
pub mod notification;
pub mod report;
