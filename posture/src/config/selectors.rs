//! Checks which buckets a rule or an exemption is for.

use std::collections::BTreeMap;

use super::mistake::{Mistake, PathPart, below, quoted, wrong_key, wrong_value};
use super::pattern::Patterns;
use super::scope::Scope;
use crate::model::glob::Glob;

/// The longest name that a bucket can have: an old one of us-east-1.
const PATTERN_CHARACTERS_MAX: usize = 255;
const NAME_CHARACTERS_MIN: usize = 3;
const PATTERNS_MAX: usize = 100;
/// What S3 takes of tags. Source: Amazon S3 User Guide, "Using cost allocation S3 bucket tags".
const TAG_KEY_CHARACTERS_MAX: usize = 128;
const TAG_VALUE_CHARACTERS_MAX: usize = 256;
const TAGS_MAX: usize = 50;

pub(super) fn scope(
    bucket: Option<&Patterns>,
    tags: &BTreeMap<String, String>,
    account: Option<&str>,
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
) -> Scope {
    if bucket.is_none() && tags.is_empty() && account.is_none() {
        let problem = "nothing says which buckets are meant";
        let proposal = "add `bucket`, `tags` or `account`; `bucket = \"*\"` means all".to_owned();
        mistakes.push(wrong_value(path, problem, Some(proposal)));
    }
    let buckets = bucket.map(|patterns| buckets(patterns, &below(path, "bucket"), mistakes));
    let tags = self::tags(tags, &below(path, "tags"), mistakes);
    let account = account.and_then(|text| {
        let account = text.parse();
        if account.is_err() {
            let problem = format!("{} is not an AWS account", quoted(text));
            let proposal = "write its twelve digits".to_owned();
            mistakes.push(wrong_value(&below(path, "account"), problem, Some(proposal)));
        }
        account.ok()
    });
    Scope { buckets: buckets.unwrap_or_default(), tags, account }
}

pub(super) fn buckets(
    patterns: &Patterns,
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
) -> Vec<Glob> {
    match patterns {
        Patterns::One(text) => bucket(text, path, mistakes).into_iter().collect(),
        Patterns::Many(texts) => {
            let problem = match texts.len() {
                0 => Some(("the list of buckets is empty", "add a pattern, or remove the line")),
                1..=PATTERNS_MAX => None,
                _ => Some(("there are more than 100 patterns", "find patterns that match more")),
            };
            mistakes.extend(
                problem.map(|(problem, proposal)| {
                    wrong_value(path, problem, Some(proposal.to_owned()))
                }),
            );
            let texts = texts.iter().enumerate().take(PATTERNS_MAX);
            texts.filter_map(|(index, text)| bucket(text, &below(path, index), mistakes)).collect()
        }
    }
}

fn bucket(text: &str, path: &[PathPart], mistakes: &mut Vec<Mistake>) -> Option<Glob> {
    match is_bucket(text) {
        Ok(()) => Some(Glob::new(text)),
        Err((problem, proposal)) => {
            mistakes.push(wrong_value(path, problem, Some(proposal)));
            None
        }
    }
}

/// Whether there can be a bucket that a pattern matches; else what is wrong, and what to do instead.
pub(super) fn is_bucket(text: &str) -> Result<(), (String, String)> {
    let is_known = |c: char| c.is_ascii_alphanumeric() || ".-_*?".contains(c);
    let (problem, proposal) = if text.is_empty() {
        ("the pattern is empty, and matches no bucket".to_owned(), "write `*` for all buckets")
    } else if let Some(character) = text.chars().find(|c| !is_known(*c)) {
        let problem = format!("no bucket's name has a {}", quoted(&character.to_string()));
        (problem, "write only letters, digits, `.`, `-`, `_`, and `*` or `?` for any")
    } else if text.len() > PATTERN_CHARACTERS_MAX {
        let problem = format!("the pattern has {} characters", text.len());
        (problem, "write up to 255, no bucket's name has more")
    } else if !text.contains('*') && text.len() < NAME_CHARACTERS_MIN {
        let problem = format!("{} is shorter than any bucket's name", quoted(text));
        (problem, "add a `*`, if it is only a part of the name")
    } else {
        return Ok(());
    };
    Err((problem, proposal.to_owned()))
}

fn tags(
    written: &BTreeMap<String, String>,
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
) -> BTreeMap<String, Glob> {
    if written.len() > TAGS_MAX {
        let problem = format!("there are {} tags, and a bucket has up to 50", written.len());
        mistakes.push(wrong_value(path, problem, Some("remove some".to_owned())));
    }
    let mut tags = BTreeMap::new();
    for (key, value) in written {
        let path = below(path, &**key);
        if !(1..=TAG_KEY_CHARACTERS_MAX).contains(&key.chars().count()) {
            let problem = format!("the key of the tag has {} characters", key.chars().count());
            let proposal = format!("write 1 to {TAG_KEY_CHARACTERS_MAX}, as S3 allows");
            mistakes.push(wrong_key(&path, problem, Some(proposal)));
        }
        let count = value.chars().count();
        if count > TAG_VALUE_CHARACTERS_MAX {
            let problem = format!("the value of the tag has {count} characters");
            let proposal = format!("write up to {TAG_VALUE_CHARACTERS_MAX}, as S3 allows");
            mistakes.push(wrong_value(&path, problem, Some(proposal)));
        }
        tags.insert(key.clone(), Glob::new(value.clone()));
    }
    tags
}
