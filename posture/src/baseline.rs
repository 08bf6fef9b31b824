//! What we want of a bucket.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::KeyArn;

/// How sensitive a bucket's data is. Grades are ordered: a later one asks for more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Data that is not sensitive: SSE-S3, SSE-C blocked, no public access.
    #[default]
    Speed,
    /// Some sensitive data: a customer's KMS key, with a bucket key.
    Hybrid,
    /// Very sensitive data: DSSE-KMS with a customer's key.
    Security,
}

impl Grade {
    /// All grades, weakest first.
    pub const ALL: [Self; 3] = [Self::Speed, Self::Hybrid, Self::Security];

    /// The name, as in parameters and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Speed => "speed",
            Self::Hybrid => "hybrid",
            Self::Security => "security",
        }
    }

    /// Whether the grade needs a KMS key of the customer.
    pub const fn needs_key(self) -> bool {
        match self {
            Self::Speed => false,
            Self::Hybrid | Self::Security => true,
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a text is not a grade.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a grade, the grades are `speed`, `hybrid` and `security`")]
pub struct InvalidGrade(String);

impl FromStr for Grade {
    type Err = InvalidGrade;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|grade| grade.name() == text)
            .ok_or_else(|| InvalidGrade(text.to_owned()))
    }
}

/// What we want of a bucket: its grade, and the key when the grade asks for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// [`Grade::Speed`].
    Speed,
    /// [`Grade::Hybrid`].
    Hybrid(KeyArn),
    /// [`Grade::Security`].
    Security(KeyArn),
}

/// A grade without the key that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the grade `{0}` needs the ARN of a KMS key")]
pub struct BaselineError(Grade);

impl Baseline {
    /// Puts a grade and a key together. A key that the grade does not need is not used.
    pub fn new(grade: Grade, key: Option<KeyArn>) -> Result<Self, BaselineError> {
        match (grade, key) {
            (Grade::Speed, _) => Ok(Self::Speed),
            (Grade::Hybrid, Some(key)) => Ok(Self::Hybrid(key)),
            (Grade::Security, Some(key)) => Ok(Self::Security(key)),
            (Grade::Hybrid | Grade::Security, None) => Err(BaselineError(grade)),
        }
    }

    /// The grade.
    pub const fn grade(&self) -> Grade {
        match self {
            Self::Speed => Grade::Speed,
            Self::Hybrid(_) => Grade::Hybrid,
            Self::Security(_) => Grade::Security,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grade_is_read_by_its_name() {
        for grade in Grade::ALL {
            assert_eq!(grade.name().parse(), Ok(grade));
        }
        assert_eq!(
            "paranoid".parse::<Grade>().unwrap_err().to_string(),
            "`paranoid` is not a grade, the grades are `speed`, `hybrid` and `security`"
        );
    }

    #[test]
    fn a_grade_that_needs_a_key_is_nothing_without_one() {
        for grade in Grade::ALL {
            assert_eq!(Baseline::new(grade, None).is_err(), grade.needs_key(), "{grade}");
        }
    }
}
