//! The name of a stack, parsed once at the door.

use std::str::FromStr;

use thiserror::Error;

/// The name of a stack: a letter, then letters, digits and `-`, at most 128 characters.
///
/// Source: AWS CloudFormation API Reference, `CreateStack`, `StackName`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackName(String);

/// Why a text is not the name of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidStackName {
    /// Nothing was given.
    #[error("the name of a stack is empty")]
    Empty,
    /// It begins with something else than a letter.
    #[error("`{0}` begins with `{1}`, the name of a stack begins with a letter")]
    Start(String, char),
    /// A character that no stack's name has.
    #[error("`{0}` has a `{1}`, the name of a stack has only letters, digits and `-`")]
    Character(String, char),
    /// Too long.
    #[error("the name has {0} characters, the name of a stack has at most 128")]
    Length(usize),
}

super::names::text!(StackName: 0);

impl FromStr for StackName {
    type Err = InvalidStackName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let length = text.chars().count();
        let start = text.chars().next().ok_or(InvalidStackName::Empty)?;
        if length > 128 {
            return Err(InvalidStackName::Length(length));
        }
        if !start.is_ascii_alphabetic() {
            return Err(InvalidStackName::Start(text.to_owned(), start));
        }
        match text.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '-')) {
            Some(character) => Err(InvalidStackName::Character(text.to_owned(), character)),
            None => Ok(Self(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, problem: &str) {
        let found = text.parse::<StackName>().map_or_else(|e| e.to_string(), |_| String::new());
        assert_eq!(found, problem);
    }

    #[test]
    fn a_stacks_name_begins_with_a_letter_and_goes_on_with_letters_digits_and_hyphens() {
        check("s3guard", "");
        check("S-3-", "");
        check(&"a".repeat(128), "");
        check("", "the name of a stack is empty");
        check("1st", "`1st` begins with `1`, the name of a stack begins with a letter");
        check("-a", "`-a` begins with `-`, the name of a stack begins with a letter");
        check("a_b", "`a_b` has a `_`, the name of a stack has only letters, digits and `-`");
        check("aé", "`aé` has a `é`, the name of a stack has only letters, digits and `-`");
        check(&"a".repeat(129), "the name has 129 characters, the name of a stack has at most 128");
    }
}
