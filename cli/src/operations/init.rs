//! A first `s3guard.toml`.

pub(crate) mod answers;
pub(crate) mod interview;
pub(crate) mod text;
