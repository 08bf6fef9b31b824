//! A deployment: found, thought through, shown, agreed to, carried out.

pub(crate) mod asking;
pub(crate) mod broadening;
pub(crate) mod names;
pub(crate) mod outcome;
pub(crate) mod plan;
pub(crate) mod proposal;
pub(crate) mod report;
pub(crate) mod review;
pub(crate) mod set;
pub(crate) mod step;
pub(crate) mod sweep;
pub(crate) mod target;
pub(crate) mod template;
pub(crate) mod trail;
pub(crate) mod unchanged;
pub(crate) mod upload;
