//! What to try when AWS, or the way to it, said no.

/// The hint for an error of AWS that nobody gave another hint for.
pub(super) fn hint(_error: &anyhow::Error) -> Option<String> {
    None
}
