//! Whether an account can have the guard, and whether the one in it works.

pub(crate) mod judge;
pub(crate) mod look;
pub(crate) mod report;
pub(crate) mod rights;
pub(crate) mod wanted;
