//! Text that begins, ends or looks so.

use std::fmt;

use super::{problem::Problem, words};

/// What a text is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Like {
    /// It is this
    Exactly(String),
    /// It is this, capitals or not
    AnyCase(String),
    /// It begins so
    Prefix(String),
    /// It begins so, capitals or not
    PrefixAnyCase(String),
    /// It ends so
    Suffix(String),
    /// It ends so, capitals or not
    SuffixAnyCase(String),
    /// It is this, with anything for each `*`
    Wildcard(Wildcard),
}

/// A text with `*` for any characters, also none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wildcard {
    written: String,
    /// What stands before the first `*`, between them and after the last.
    parts: Vec<String>,
}

impl Like {
    pub(super) fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Exactly(wanted) => text == wanted,
            Self::AnyCase(wanted) => after_any_case(text, wanted).is_some_and(str::is_empty),
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::PrefixAnyCase(prefix) => after_any_case(text, prefix).is_some(),
            Self::Suffix(suffix) => text.ends_with(suffix),
            Self::SuffixAnyCase(suffix) => ends_with_any_case(text, suffix),
            Self::Wildcard(wildcard) => wildcard.accepts(text),
        }
    }
}

impl fmt::Display for Like {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(wanted) => f.write_str(&words::value(&wanted.as_str().into())),
            Self::AnyCase(wanted) => write!(f, "{} in any case", words::quoted(wanted)),
            Self::Prefix(prefix) => write!(f, "text that begins with {}", words::quoted(prefix)),
            Self::PrefixAnyCase(prefix) => {
                write!(f, "text that begins with {} in any case", words::quoted(prefix))
            }
            Self::Suffix(suffix) => write!(f, "text that ends with {}", words::quoted(suffix)),
            Self::SuffixAnyCase(suffix) => {
                write!(f, "text that ends with {} in any case", words::quoted(suffix))
            }
            Self::Wildcard(wildcard) => {
                write!(f, "text like {}", words::quoted(&wildcard.written))
            }
        }
    }
}

impl Wildcard {
    /// Reads a text in which `\*` is an asterisk and `\\` a backslash.
    pub(super) fn parse(written: &str) -> Result<Self, Problem> {
        let mut parts = vec![String::new()];
        let mut characters = written.chars().peekable();
        while let Some(character) = characters.next() {
            let literal = match (character, characters.peek()) {
                ('*', Some('*')) => return Err(Problem::Asterisks),
                ('*', _) => {
                    parts.push(String::new());
                    continue;
                }
                ('\\', Some(&escaped @ ('*' | '\\'))) => {
                    characters.next();
                    escaped
                }
                ('\\', _) => return Err(Problem::Backslash),
                (literal, _) => literal,
            };
            parts.last_mut().expect("there is a part from the start").push(literal);
        }
        Ok(Self { written: written.to_owned(), parts })
    }

    fn accepts(&self, text: &str) -> bool {
        let [first, middle @ .., last] = &*self.parts else {
            return self.parts.concat() == text;
        };
        let between = text.strip_prefix(&**first).and_then(|rest| rest.strip_suffix(&**last));
        let left = between.and_then(|between| {
            middle.iter().try_fold(between, |rest, part| Some(rest.split_once(&**part)?.1))
        });
        left.is_some()
    }
}

/// What comes after the prefix, capitals or not.
fn after_any_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    prefix.chars().try_fold(text, |rest, character| {
        let [lower, upper] = cases(character);
        rest.strip_prefix(&*lower).or_else(|| rest.strip_prefix(&*upper))
    })
}

fn ends_with_any_case(text: &str, suffix: &str) -> bool {
    let before = suffix.chars().rev().try_fold(text, |rest, character| {
        let [lower, upper] = cases(character);
        rest.strip_suffix(&*lower).or_else(|| rest.strip_suffix(&*upper))
    });
    before.is_some()
}

/// A character small and large, which is sometimes more than one character.
fn cases(character: char) -> [String; 2] {
    [character.to_lowercase().collect(), character.to_uppercase().collect()]
}
