//! The filters of a rule for what a selection wants. A rule lets through all that is wanted, and drops what it can: what a
//! filter cannot say, the function drops.

use crate::{
    cfn::{Value, kind::Text},
    resources::events::Filter,
};

/// More `*` in a rule's wildcards could be too many for EventBridge, which reckons how complex they are together and does
/// not say how much it takes.
///
/// Source: Amazon EventBridge User Guide, "Best practices for Amazon EventBridge event patterns" (use few wildcards).
const ASTERISKS_MAX: usize = 20;

/// A pattern of a configuration, as far as EventBridge can tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Everything,
    Exactly(String),
    Prefix(String),
    Suffix(String),
    /// In EventBridge's writing.
    Wildcard(String),
}

/// What a field may be that is one of these; nothing where that cannot be told, or is everything.
pub(super) fn included<'a>(patterns: impl Iterator<Item = &'a str>) -> Option<Vec<Filter>> {
    let mut asterisks = 0;
    let mut filters = Vec::new();
    for pattern in patterns {
        let told = match told(pattern) {
            Some(Told::Wildcard(text)) => {
                asterisks += text.matches('*').count();
                if asterisks > ASTERISKS_MAX { widened(pattern) } else { Told::Wildcard(text) }
            }
            Some(told) => told,
            None => widened(pattern),
        };
        let filter = match told {
            Told::Everything => return None,
            Told::Exactly(text) => Filter::Exactly(text.into()),
            Told::Prefix(prefix) => Filter::Prefix(prefix.into()),
            Told::Suffix(suffix) => Filter::Suffix(suffix.into()),
            Told::Wildcard(text) => Filter::Wildcard(text.into()),
        };
        if !filters.contains(&filter) {
            filters.push(filter);
        }
    }
    (!filters.is_empty()).then_some(filters)
}

/// What a field may be that is none of these, nor one of `others`; nothing where all of it would be left to the function.
///
/// The filters of a field are alternatives: what is not to be has to stand in one, so in one way of saying it.
pub(super) fn excluded<'a>(
    patterns: impl Iterator<Item = &'a str>,
    others: Vec<Value<Text>>,
) -> Option<Vec<Filter>> {
    let mut asterisks = 0;
    let told: Vec<Told> = patterns
        .filter_map(told)
        .filter(|told| {
            asterisks += match told {
                Told::Everything | Told::Exactly(_) => 0,
                Told::Prefix(_) | Told::Suffix(_) => 1,
                Told::Wildcard(text) => text.matches('*').count(),
            };
            asterisks <= ASTERISKS_MAX && *told != Told::Everything
        })
        .collect();
    let exactly = told.iter().map(|told| match told {
        Told::Exactly(text) => Some(text.clone().into()),
        Told::Everything | Told::Prefix(_) | Told::Suffix(_) | Told::Wildcard(_) => None,
    });
    let filter = if let Some(exactly) = exactly.collect::<Option<Vec<Value<Text>>>>() {
        Filter::AnythingBut(others.into_iter().chain(exactly).collect())
    } else {
        let wildcards = told.iter().map(|told| told.wildcard().into());
        Filter::AnythingButWildcard(others.into_iter().chain(wildcards).collect())
    };
    let is_nothing = match &filter {
        Filter::AnythingBut(texts) | Filter::AnythingButWildcard(texts) => texts.is_empty(),
        Filter::Exactly(_)
        | Filter::Prefix(_)
        | Filter::Suffix(_)
        | Filter::Wildcard(_)
        | Filter::AnythingButPrefix(_)
        | Filter::Exists(_) => false,
    };
    (!is_nothing).then(|| vec![filter])
}

impl Told {
    fn wildcard(&self) -> String {
        match self {
            Self::Everything => "*".to_owned(),
            Self::Exactly(text) => escaped(text),
            Self::Prefix(prefix) => escaped(prefix) + "*",
            Self::Suffix(suffix) => format!("*{}", escaped(suffix)),
            Self::Wildcard(text) => text.clone(),
        }
    }
}

/// What EventBridge can tell; nothing of a pattern with `?`, which it does not know.
fn told(pattern: &str) -> Option<Told> {
    if pattern.contains('?') {
        return None;
    }
    let parts: Vec<&str> = pattern.split('*').collect();
    let inner = |parts: &[&str]| parts.iter().all(|part| part.is_empty());
    Some(match &parts[..] {
        [] => Told::Everything,
        [text] => Told::Exactly((*text).to_owned()),
        [first, rest @ ..] if inner(rest) => prefix(first),
        [rest @ .., last] if inner(rest) => Told::Suffix((*last).to_owned()),
        [first, middle @ .., last] => {
            // Two `*` in a row are refused, and mean no more than one.
            let middle = middle.iter().filter(|part| !part.is_empty()).map(|part| escaped(part));
            let parts: Vec<String> =
                [escaped(first)].into_iter().chain(middle).chain([escaped(last)]).collect();
            Told::Wildcard(parts.join("*"))
        }
    })
}

/// The longest beginning or end that all have that the pattern matches.
fn widened(pattern: &str) -> Told {
    let is_any = |c: char| c == '*' || c == '?';
    let first = pattern.split(is_any).next().unwrap_or_default();
    let last = pattern.rsplit(is_any).next().unwrap_or_default();
    if first.len() >= last.len() { prefix(first) } else { Told::Suffix(last.to_owned()) }
}

fn prefix(text: &str) -> Told {
    if text.is_empty() { Told::Everything } else { Told::Prefix(text.to_owned()) }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
}
