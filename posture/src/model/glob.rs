//! Globs, with `*` for any characters and `?` for any one, as in the configuration and in IAM policies.
//!
//! Not a library: in `globset` `[`, `{` and `\`, which object keys can contain, are special, and `wildmatch` has no
//! escapes, which EventBridge's wildcards have.

use std::fmt;

/// A text in which `*` stands for any characters and `?` for any one. It matches whole texts and is case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Glob {
    text: String,
    parts: Vec<GlobPart>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum GlobPart {
    Character(char),
    AnyCharacter,
    AnyCharacters,
}

impl Glob {
    /// Reads a glob.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let part = |character| match character {
            '*' => GlobPart::AnyCharacters,
            '?' => GlobPart::AnyCharacter,
            character => GlobPart::Character(character),
        };
        let parts = text.chars().map(part).collect();
        Self { text, parts }
    }

    /// Reads a wildcard of EventBridge, in which only `*` has a meaning, `\*` is an asterisk and `\\` a backslash.
    /// `None` for what EventBridge refuses: two `*` in a row, a `\` before another character.
    ///
    /// Source: Amazon EventBridge User Guide, "Comparison operators for use in event patterns".
    pub fn of_eventbridge(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let mut parts = Vec::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            parts.push(match character {
                '*' if parts.last() == Some(&GlobPart::AnyCharacters) => return None,
                '*' => GlobPart::AnyCharacters,
                '\\' => GlobPart::Character(
                    characters.next().filter(|next| matches!(next, '*' | '\\'))?,
                ),
                character => GlobPart::Character(character),
            });
        }
        Some(Self { text, parts })
    }

    /// The glob as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches every text.
    pub fn is_everything(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| *part == GlobPart::AnyCharacters)
    }

    /// Whether it matches the whole text. The time is at most that of the glob's length times the text's.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut from) = (0, 0);
        // The last star, and where the text was then: the star takes one character more if what follows it fails. An
        // earlier star need not be tried again, because the later one can take what the earlier could.
        let mut star: Option<(usize, usize)> = None;
        while from < text.len() {
            match self.parts.get(at) {
                Some(GlobPart::AnyCharacters) => {
                    star = Some((at, from));
                    at += 1;
                }
                Some(part)
                    if *part == GlobPart::AnyCharacter
                        || *part == GlobPart::Character(text[from]) =>
                {
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
        self.parts[at..].iter().all(|part| *part == GlobPart::AnyCharacters)
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(pattern: &str, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(Glob::new(pattern).matches(text), "{pattern} {text}");
        }
        for text in bad {
            assert!(!Glob::new(pattern).matches(text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_glob_matches_whole_names() {
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
        let pattern = Glob::new("*a".repeat(120) + "b");
        assert!(!pattern.matches(&"a".repeat(255)));
    }

    #[test]
    fn of_eventbridges_wildcards_only_the_asterisk_is_special_and_may_be_escaped() {
        let matches = |glob: &str, text| Glob::of_eventbridge(glob).map(|glob| glob.matches(text));
        assert_eq!(matches("h*o", "hello"), Some(true));
        // What one end has taken, the other may not use.
        assert_eq!(matches("ab*ba", "aba"), Some(false));
        assert_eq!(matches("a?", "ab"), Some(false));
        assert_eq!(matches(r"a\*\\*", r"a*\b"), Some(true));
        assert_eq!(matches(r"a\*\\*", "a*"), Some(false));
        for refused in ["a**", r"a\b", r"a\"] {
            assert_eq!(Glob::of_eventbridge(refused), None, "{refused}");
        }
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
            prop_assert_eq!(Glob::new(pattern).matches(&text), meant);
        }
    }
}
