//! Values of settings: numbers with bounds, patterns and other texts with rules, and lists of them.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::Date;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::mistake::{Wrong, quoted};
use crate::model::attributes;
use crate::model::glob::Glob;

/// The longest name of a bucket: an old one of us-east-1.
const PATTERN_CHARACTERS_MAX: usize = 255;
const NAME_CHARACTERS_MIN: usize = 3;
/// The longest key of an object. Source: Amazon S3 User Guide, "Naming Amazon S3 objects".
const KEY_BYTES_MAX: usize = 1024;
/// The limit of S3. Source: Amazon S3 User Guide, "Using cost allocation S3 bucket tags".
const TAG_VALUE_CHARACTERS_MAX: usize = 256;
const REASON_CHARACTERS_MAX: usize = 256;
const NAME_CHARACTERS_MAX: usize = 32;
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// Serializes a text with rules; the literal describes what is expected.
macro_rules! as_text {
    ($($type:ty: $due:literal),* $(,)?) => { $(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = deserializer.deserialize_str($crate::config::values::Text($due))?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(test)]
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                String::json_schema(generator)
            }
        }
    )* };
}
pub(super) use as_text;

as_text! {
    BucketPattern: "a string",
    KeyPattern: "a string",
    TagPattern: "a string",
    Action: "a string",
    SubscriptionName: "a string",
    Reason: "a string",
    Day: "a day such as `2027-01-31`",
}

/// Accepts a text; the field describes what is expected.
pub(super) struct Text(pub(super) &'static str);

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
}

/// A number between two others, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Bounded<const LEAST: u32, const MOST: u32>(u32);

impl<const LEAST: u32, const MOST: u32> Bounded<LEAST, MOST> {
    /// The number.
    pub(super) const fn get(self) -> u32 {
        self.0
    }
}

impl<'de, const LEAST: u32, const MOST: u32> Deserialize<'de> for Bounded<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        let found = u32::try_from(number).ok().filter(|number| (LEAST..=MOST).contains(number));
        found.map(Self).ok_or_else(|| {
            let problem = format!("{number} is not between {LEAST} and {MOST}");
            let proposal = match (number < i64::from(LEAST), LEAST) {
                // Zero may stand for none.
                (true, 1) => "write `1` or more, or remove the line".to_owned(),
                (true, _) => format!("write `{LEAST}`"),
                (false, _) => format!("write `{MOST}`"),
            };
            D::Error::custom(Wrong::new(problem, proposal))
        })
    }
}

pub(super) const ONE_OR_MANY: &str = "OneOrMany";

/// A set of values; a single one is written without a list. An empty one is a setting that is not set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de> + Ord"))]
pub(super) struct OneOrMany<T>(BTreeSet<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<T> Deref for OneOrMany<T> {
    type Target = BTreeSet<T>;

    fn deref(&self) -> &BTreeSet<T> {
        &self.0
    }
}

impl<T: Serialize + Ord> Serialize for OneOrMany<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.first() {
            Some(one) if self.0.len() == 1 => one.serialize(serializer),
            Some(_) | None => self.0.serialize(serializer),
        }
    }
}

/// Declares the type of a text with rules.
macro_rules! parsed {
    ($(#[$doc:meta])* $name:ident($inner:ty) as $target:ty, $check:path, $make:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) struct $name($inner);

        impl Deref for $name {
            type Target = $target;

            fn deref(&self) -> &$target {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Wrong;

            fn from_str(text: &str) -> Result<Self, Wrong> {
                $check(text).map(|()| Self($make(text)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

parsed!(
    /// A bucket's name, or a pattern with `*` and `?`.
    BucketPattern(Glob) as Glob, is_bucket, Glob::new
);
parsed!(
    /// An object's key, or a pattern with `*` and `?`.
    KeyPattern(Glob) as Glob, is_key, Glob::new
);
parsed!(
    /// A tag's value, or a pattern with `*` and `?`.
    TagPattern(Glob) as Glob, is_tag, Glob::new
);
parsed!(
    /// A value of the attribute `action`.
    Action(String) as str, is_action, str::to_owned
);
parsed!(
    /// The name of a subscription.
    SubscriptionName(String) as str, is_name, str::to_owned
);
parsed!(
    /// The reason of an exemption, in one line.
    Reason(String) as str, is_reason, |text: &str| text.trim().to_owned()
);

/// Checks that a pattern can match a bucket.
pub(super) fn is_bucket(text: &str) -> Result<(), Wrong> {
    let is_known = |c: char| c.is_ascii_alphanumeric() || ".-_*?".contains(c);
    let (problem, proposal) = if text.is_empty() {
        ("the pattern is empty and matches no bucket".to_owned(), "write `*` for all buckets")
    } else if let Some(character) = text.chars().find(|c| !is_known(*c)) {
        let problem = format!("a bucket's name cannot contain {}", quoted(&character.to_string()));
        (problem, "write only letters, digits, `.`, `-` and `_`, and `*` or `?` as wildcards")
    } else if text.len() > PATTERN_CHARACTERS_MAX {
        let problem = format!("the pattern has {} characters", text.len());
        (problem, "write at most 255, the limit of a bucket's name")
    } else if !text.contains('*') && text.len() < NAME_CHARACTERS_MIN {
        let problem = format!("{} is too short for a bucket's name", quoted(text));
        (problem, "add a `*` if it is only a part of the name")
    } else {
        return Ok(());
    };
    Err(Wrong::new(problem, proposal))
}

fn is_key(text: &str) -> Result<(), Wrong> {
    match text.len() {
        0 => Err(Wrong::new("the pattern is empty and matches no key", "write `*`")),
        1..=KEY_BYTES_MAX => Ok(()),
        length => Err(Wrong::new(
            format!("the pattern has {length} bytes"),
            format!("write at most {KEY_BYTES_MAX}, the limit of a key"),
        )),
    }
}

fn is_tag(text: &str) -> Result<(), Wrong> {
    let count = text.chars().count();
    if count <= TAG_VALUE_CHARACTERS_MAX {
        return Ok(());
    }
    let problem = format!("the value of the tag has {count} characters");
    Err(Wrong::new(problem, format!("write at most {TAG_VALUE_CHARACTERS_MAX}, the limit of S3")))
}

fn is_action(text: &str) -> Result<(), Wrong> {
    let known: Vec<&str> = attributes::actions().collect();
    if known.contains(&text) { Ok(()) } else { Err(Wrong::choice(text, &known)) }
}

fn is_name(text: &str) -> Result<(), Wrong> {
    let is_name = text.len() <= NAME_CHARACTERS_MAX
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if is_name {
        return Ok(());
    }
    let problem = format!("{} is not a valid name of a subscription", quoted(text));
    let proposal =
        "write a letter and at most 31 letters, digits and `-`: it becomes part of a logical id";
    Err(Wrong::new(problem, proposal))
}

fn is_reason(text: &str) -> Result<(), Wrong> {
    let text = text.trim();
    let count = text.chars().count();
    if text.is_empty() {
        Err(Wrong::new("the exemption has no reason", "add `reason = \"…\"`"))
    } else if count > REASON_CHARACTERS_MAX {
        let proposal = format!("write at most {REASON_CHARACTERS_MAX}");
        Err(Wrong::new(format!("the reason has {count} characters"), proposal))
    } else if text.chars().any(char::is_control) {
        Err(Wrong::new("the reason has a control character", "write one line of text"))
    } else {
        Ok(())
    }
}

/// A day, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub Date);

impl FromStr for Day {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let day = |text: &str| {
            let is_plain = text.len() == 10 && text.starts_with(|c: char| c.is_ascii_digit());
            is_plain.then(|| Date::parse(text, DAY).ok()).flatten()
        };
        day(text).map(Self).ok_or_else(|| {
            // A timestamp begins with a day.
            let proposal = match text.get(..10).and_then(day) {
                Some(day) => format!("write only the day, `{day}`"),
                None => "write it as `2027-01-31`".to_owned(),
            };
            Wrong::new(format!("{} is not a day", quoted(text)), proposal)
        })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
