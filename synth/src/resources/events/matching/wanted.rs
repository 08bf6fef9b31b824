//! What a field may be.

use std::fmt;

use serde_json::Value as Json;

use super::{
    address::{self, Cidr},
    like::Like,
    number::{self, Range},
    words,
};

/// What a field may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// This scalar
    Exactly(Json),
    /// Text like this
    Like(Like),
    /// Whatever is none of these
    AnythingBut(Vec<Wanted>),
    /// A number of this range
    Numeric(Range),
    /// An address of this network
    Cidr(Cidr),
    /// There, or not there
    Exists(bool),
}

impl Wanted {
    /// Whether a leaf that is there is so.
    pub(super) fn accepts(&self, value: &Json) -> bool {
        match self {
            Self::Exactly(wanted) => is_same(wanted, value),
            Self::Like(like) => value.as_str().is_some_and(|text| like.accepts(text)),
            Self::AnythingBut(unwanted) => !unwanted.iter().any(|one| one.accepts(value)),
            Self::Numeric(range) => value.as_number().is_some_and(|number| range.contains(number)),
            Self::Cidr(cidr) => value.as_str().is_some_and(|text| cidr.contains(text)),
            Self::Exists(exists) => *exists,
        }
    }
}

/// The end of the sentence "the rule wants …".
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(wanted) => f.write_str(&words::value(wanted)),
            Self::Like(like) => like.fmt(f),
            Self::AnythingBut(unwanted) => {
                let unwanted = words::list(unwanted.iter().map(ToString::to_string), "or");
                write!(f, "anything but {unwanted}")
            }
            Self::Numeric(range) => write!(f, "a number {range}"),
            Self::Cidr(cidr) => write!(f, "an address of {cidr}"),
            Self::Exists(true) => f.write_str("it present"),
            Self::Exists(false) => f.write_str("it absent"),
        }
    }
}

fn is_same(wanted: &Json, value: &Json) -> bool {
    match (wanted, value) {
        (Json::Number(wanted), Json::Number(number)) => number::is_same(wanted, number),
        (Json::String(wanted), Json::String(text)) => {
            wanted == text || address::is_same(wanted, text)
        }
        (wanted, value) => wanted == value,
    }
}
