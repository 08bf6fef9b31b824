//! Why an object is not the state of a bucket.

use thiserror::Error;

use super::VERSION;

/// Why an object is not a state that can be used.
#[derive(Debug, Error)]
pub enum InvalidState {
    /// It was written by a newer version, and is left alone.
    #[error(
        "the state has version {0}, and this s3guard supports versions up to {VERSION}: update s3guard"
    )]
    Newer(u64),
    /// It is not a state.
    #[error("the state is not valid: {0}")]
    Form(#[from] serde_json::Error),
    /// It is the state of something else.
    #[error("the state is not that of its key: its `{0}` differs")]
    Differs(&'static str),
}
