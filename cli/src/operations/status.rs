//! What the stack and its parts are doing.

mod function;
pub(crate) mod gather;
pub(crate) mod judge;
pub(crate) mod show;
