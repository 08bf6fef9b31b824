//! Flags that several commands share, and how they are parsed.

pub(crate) mod account;
pub(crate) mod arn;
pub(crate) mod audit;
pub(crate) mod build;
pub(crate) mod config;
pub(crate) mod deploy_options;
pub(crate) mod guard;
pub(crate) mod init;
pub(crate) mod logs;
pub(crate) mod manual;
pub(crate) mod region;
pub(crate) mod removal;
pub(crate) mod rollback;
pub(crate) mod time;
pub(crate) mod undo;
pub(crate) mod verify;
pub(crate) mod wanted;

use std::ffi::OsString;
use std::fmt;
use std::str::FromStr;

use crate::error::Invalid;

/// A parser of flags whose errors have this hint.
pub(crate) fn parsed<T: FromStr<Err: fmt::Display>>(
    hint: &'static str,
) -> impl Fn(&str) -> Result<T, Invalid> + Clone + Send + Sync {
    move |text| text.parse().map_err(|problem: T::Err| Invalid::new(problem.to_string(), hint))
}

/// Parses a text that has to match a pattern.
pub(crate) fn matching(
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

/// The last value of a flag, before the command line is parsed.
pub(crate) fn value_of(arguments: &[OsString], flag: &str) -> Option<OsString> {
    let mut found = None;
    let mut arguments = arguments.iter().take_while(|argument| *argument != "--");
    while let Some(argument) = arguments.next() {
        let value = argument.to_str().and_then(|text| text.strip_prefix(flag));
        found = match value {
            Some("") => arguments.next().cloned(),
            Some(rest) => rest.strip_prefix('=').map(OsString::from).or(found),
            None => found,
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_flag_is_known_before_the_command_line_is_parsed() {
        let value = |line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            value_of(&arguments, "--color").map(|value| value.into_string().unwrap())
        };
        assert_eq!(value("synth --color never --formt").as_deref(), Some("never"));
        assert_eq!(value("--color=always --color never").as_deref(), Some("never"));
        assert_eq!(value("--color=always synth").as_deref(), Some("always"));
        for none in ["synth --colour always", "synth --color", "synth -- --color always"] {
            assert_eq!(value(none), None);
        }
    }
}
