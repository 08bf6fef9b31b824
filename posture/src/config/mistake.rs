//! What is wrong with a configuration, where, and what to write instead.

use std::fmt;

use serde::de;
use strsim::damerau_levenshtein;
use thiserror::Error;

use crate::text::shown;
use crate::{Aspect, Grade, Mode};

/// The most characters of a value that are shown.
const SHOWN_CHARACTERS_MAX: usize = 80;

/// Names longer than this get no proposal.
const NAME_CHARACTERS_MAX: usize = 60;

/// A mistake in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Its path.
    pub path: Vec<PathPart>,
    /// Whether the last key of the path is wrong, or its value.
    pub at: At,
    /// What is wrong, in words.
    pub problem: String,
    /// How to correct it, if there is a proposal: "write `grade`".
    pub proposal: Option<String>,
}

/// A part of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathPart {
    /// The key of a table.
    Key(String),
    /// The index in a list, from 0.
    Index(usize),
}

/// The part of a setting that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Its name.
    Key,
    /// Its value. A missing setting has a path, too: the table that lacks it is wrong.
    Value,
}

/// The mistakes in a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct InvalidConfig(pub Vec<Mistake>);

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        match self.0.len() {
            1 => write!(f, "the configuration has a mistake: {}", lines[0]),
            count => write!(f, "the configuration has {count} mistakes: {}", lines.join("; ")),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", words(&self.path))?;
        }
        f.write_str(&self.problem)?;
        match &self.proposal {
            Some(proposal) => write!(f, " ({proposal})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Mistake {}

/// A mistake that serde finds; the reader adds the path. The second line of a text is the proposal, as in [`Wrong`].
impl de::Error for Mistake {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        match message.split_once('\n') {
            Some((problem, proposal)) => wrong_value(&[], problem, Some(proposal.to_owned())),
            None => wrong_value(&[], message, None),
        }
    }

    fn unknown_variant(text: &str, names: &'static [&'static str]) -> Self {
        Self::custom(Wrong::choice(text, names))
    }
}

impl Mistake {
    /// The mistake with this path, if it has none yet.
    pub(super) fn or_at(self, path: &[PathPart]) -> Self {
        if self.path.is_empty() { Self { path: path.to_vec(), ..self } } else { self }
    }
}

/// Why a text is not valid for a setting: the problem in one line, the proposal in the next.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem}\n{proposal}")]
pub struct Wrong {
    problem: String,
    proposal: String,
}

impl Wrong {
    pub(super) fn new(problem: impl Into<String>, proposal: impl Into<String>) -> Self {
        Self { problem: problem.into(), proposal: proposal.into() }
    }

    pub(super) fn choice(text: &str, names: &[&str]) -> Self {
        let is = |all: &[&str]| names == all;
        let what = if is(&Aspect::ALL.map(Aspect::name)) {
            "an aspect"
        } else if is(&Grade::ALL.map(Grade::name)) {
            "a grade"
        } else if is(&Mode::ALL.map(Mode::name)) {
            "a mode"
        } else {
            "a valid choice"
        };
        Self::new(format!("{} is not {what}", quoted(text)), write_one_of(text, names))
    }
}

impl From<&str> for PathPart {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for PathPart {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

pub(super) fn below(path: &[PathPart], part: impl Into<PathPart>) -> Vec<PathPart> {
    path.iter().cloned().chain([part.into()]).collect()
}

/// A mistake in the value of a setting.
pub(super) fn wrong_value(
    path: &[PathPart],
    problem: impl Into<String>,
    proposal: Option<String>,
) -> Mistake {
    Mistake { path: path.to_vec(), at: At::Value, problem: problem.into(), proposal }
}

/// A mistake in the name of a setting.
pub(super) fn wrong_key(
    path: &[PathPart],
    problem: impl Into<String>,
    proposal: Option<String>,
) -> Mistake {
    Mistake { path: path.to_vec(), at: At::Key, problem: problem.into(), proposal }
}

/// A value in backticks.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", shown(text, SHOWN_CHARACTERS_MAX))
}

/// The proposal: the most similar name, else all of them.
pub(super) fn write_one_of(text: &str, names: &[&str]) -> String {
    match nearest(text, names) {
        Some(name) => format!("write `{name}`"),
        None => format!("write {}", alternatives(names)),
    }
}

/// Names as a choice: "`a`, `b` or `c`".
pub(super) fn alternatives(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The most similar name, if at most a third of it is different.
pub(super) fn nearest<'a>(text: &str, names: &[&'a str]) -> Option<&'a str> {
    let text = text.to_lowercase().replace(['_', ' '], "-");
    let length = text.chars().count();
    if length > NAME_CHARACTERS_MAX {
        return None;
    }
    let distances = names.iter().map(|name| (damerau_levenshtein(&text, name), *name));
    distances
        .filter(|(distance, name)| *distance <= length.max(name.len()).max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

fn words(path: &[PathPart]) -> String {
    let mut words = String::new();
    for (step, part) in path.iter().enumerate() {
        match part {
            PathPart::Key(key) if step == 0 => words.push_str(key),
            PathPart::Key(key) => words.extend([".", key]),
            PathPart::Index(index) => words.extend(["[", &index.to_string(), "]"]),
        }
    }
    quoted(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognized_and_another_word_is_not() {
        let names = ["grade", "settle-seconds", "writes-per-hour", "versioning"];
        let check = |text: &str, name: Option<&str>| assert_eq!(nearest(text, &names), name);
        check("grad", Some("grade"));
        check("garde", Some("grade"));
        check("Grade", Some("grade"));
        check("settle_seconds", Some("settle-seconds"));
        check("versionning", Some("versioning"));
        check("colour", None);
        check("", None);
        check(&"grade".repeat(1000), None);
    }

    #[test]
    fn a_mistake_reads_as_one_line() {
        let path = [PathPart::from("rule"), PathPart::from(0), PathPart::from("gr\u{1b}ad")];
        let mistake = wrong_key(&path, "no such setting", Some("write `grade`".to_owned()));
        assert_eq!(
            InvalidConfig(vec![mistake]).to_string(),
            "the configuration has a mistake: `rule[0].gr\\u{1b}ad`: no such setting (write `grade`)"
        );
    }
}
