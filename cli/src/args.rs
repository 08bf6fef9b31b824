//! Flags that several commands share, and how they are parsed.

pub(crate) mod account;
pub(crate) mod arn;
pub(crate) mod build;
pub(crate) mod config;
pub(crate) mod deploy_options;
pub(crate) mod guard;
pub(crate) mod region;
pub(crate) mod removal;
pub(crate) mod rollback;
pub(crate) mod verify;
pub(crate) mod wanted;

use crate::error::Invalid;

/// Parses a text that has to match a pattern.
fn matching(
    pattern: &str,
    text: &str,
    problem: &str,
    hint: &'static str,
) -> Result<String, Invalid> {
    let form = regex_lite::Regex::new(pattern).expect("the tests use each pattern");
    if form.is_match(text) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(format!("`{text}` {problem}"), hint))
}
