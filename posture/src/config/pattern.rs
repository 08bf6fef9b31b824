//! Patterns: names with `*` for any characters, also none, and `?` for any one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A text in which `*` stands for any characters and `?` for any one. It matches whole texts, and heeds capitals.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pattern(String);

impl Pattern {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it matches every text.
    pub(crate) fn is_everything(&self) -> bool {
        !self.0.is_empty() && self.0.chars().all(|character| character == '*')
    }

    /// Whether it matches the whole text.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let pattern: Vec<char> = self.0.chars().collect();
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut from) = (0, 0);
        // The last star, and how far the text had come: the star takes one character more if what follows it fails. An
        // earlier star need not be tried again, because the later one can take whatever the earlier could.
        let mut star: Option<(usize, usize)> = None;
        while from < text.len() {
            match pattern.get(at) {
                Some('*') => {
                    star = Some((at, from));
                    at += 1;
                }
                Some(character) if *character == '?' || *character == text[from] => {
                    at += 1;
                    from += 1;
                }
                Some(_) | None => match star {
                    Some((star_at, star_from)) => {
                        star = Some((star_at, star_from + 1));
                        at = star_at + 1;
                        from = star_from + 1;
                    }
                    None => return false,
                },
            }
        }
        pattern[at..].iter().all(|character| *character == '*')
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One pattern, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Patterns {
    /// One pattern.
    One(String),
    /// Several, of which one has to match.
    Many(Vec<String>),
}

impl Patterns {
    /// The patterns.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(pattern) => std::slice::from_ref(pattern),
            Self::Many(patterns) => patterns,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(pattern: &str, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(Pattern::new(pattern).matches(text), "{pattern} {text}");
        }
        for text in bad {
            assert!(!Pattern::new(pattern).matches(text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_matches_whole_names() {
        check("payroll", &["payroll"], &["payroll-2026", "my-payroll", "Payroll", ""]);
        check("payroll-*", &["payroll-2026", "payroll-"], &["payroll", "my-payroll-1"]);
        check("*-logs", &["a-logs", "-logs", "a-logs-logs"], &["logs", "a-logs-"]);
        check("*", &["", "anything"], &[]);
        check("**", &["", "anything"], &[]);
        check("a*b*c", &["abc", "aXbYc", "abbcc", "abcbc"], &["ab", "acb", "abcd"]);
        check("log-?", &["log-1"], &["log-", "log-12"]);
        check("?*", &["a", "ab"], &[""]);
        check("*.?", &["a.b", "a.b.c"], &["a.bc", "."]);
        check("ü?", &["üß"], &["ü", "u."]);
        check("", &[""], &["a"]);
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = Pattern::new("*a".repeat(120) + "b");
        assert!(!pattern.matches(&"a".repeat(255)));
    }

    /// What a pattern means, said in the shortest way.
    fn means(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), None) => means(rest, text),
            (Some(('*', rest)), Some((_, left))) => means(rest, text) || means(pattern, left),
            (Some((first, rest)), Some((character, left))) => {
                (*first == '?' || first == character) && means(rest, left)
            }
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    proptest! {
        #[test]
        fn the_quick_way_finds_what_the_short_way_means(
            pattern in "[ab*?]{0,8}", text in "[ab]{0,10}",
        ) {
            let characters = |text: &str| text.chars().collect::<Vec<char>>();
            let meant = means(&characters(&pattern), &characters(&text));
            prop_assert_eq!(Pattern::new(pattern).matches(&text), meant);
        }
    }
}
