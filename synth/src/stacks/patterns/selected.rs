//! The filters of a rule for the objects of a selection. A rule lets through everything that is selected, and drops what it
//! can: what a filter cannot express, the function drops.

use crate::{
    cfn::{Value, kind::Text},
    resources::events::Filter,
};

/// EventBridge limits how complex the wildcards of a rule are together, and does not document the limit.
///
/// Source: Amazon EventBridge User Guide, "Best practices for Amazon EventBridge event patterns" (use few wildcards).
const ASTERISKS_MAX: usize = 20;

/// The values that a field may have if it matches one of these; `None` where that is everything, or cannot be expressed.
pub(super) fn included<'a>(patterns: impl Iterator<Item = &'a str>) -> Option<Vec<Filter>> {
    let mut asterisks = 0;
    let mut filters = Vec::new();
    for mut pattern in patterns.map(collapsed) {
        let is_expressible = !pattern.contains('?');
        let is_wildcard = matches!(filter(&pattern), Some(Filter::Wildcard(_)));
        if is_expressible && is_wildcard {
            asterisks += count(&pattern);
        }
        if !is_expressible || is_wildcard && asterisks > ASTERISKS_MAX {
            pattern = widened(&pattern);
        }
        let filter = filter(&pattern)?;
        if !filters.contains(&filter) {
            filters.push(filter);
        }
    }
    (!filters.is_empty()).then_some(filters)
}

/// The values that a field may have if it matches none of these, nor one of `others`; `None` where that is everything.
///
/// The filters of a field are alternatives: everything that is excluded must stand in one filter, written in one way.
pub(super) fn excluded<'a>(
    patterns: impl Iterator<Item = &'a str>,
    others: Vec<Value<Text>>,
) -> Option<Vec<Filter>> {
    let mut asterisks = 0;
    let patterns =
        patterns.map(collapsed).filter(|pattern| !pattern.contains('?') && pattern != "*");
    let patterns: Vec<String> = patterns
        .filter(|pattern| {
            asterisks += count(pattern);
            asterisks <= ASTERISKS_MAX
        })
        .collect();
    let has_wildcards = patterns.iter().any(|pattern| pattern.contains('*'));
    let texts = patterns.iter().map(|pattern| {
        if has_wildcards { escaped(pattern).into() } else { pattern.as_str().into() }
    });
    let texts: Vec<Value<Text>> = others.into_iter().chain(texts).collect();
    let filter = if has_wildcards { Filter::AnythingButWildcard } else { Filter::AnythingBut };
    (!texts.is_empty()).then(|| vec![filter(texts)])
}

/// The filter of a pattern; `None` where it matches everything.
fn filter(pattern: &str) -> Option<Filter> {
    Some(match pattern.split('*').collect::<Vec<_>>()[..] {
        [text] => Filter::Exactly(text.into()),
        ["", ""] => return None,
        [prefix, ""] => Filter::Prefix(prefix.into()),
        ["", suffix] => Filter::Suffix(suffix.into()),
        _ => Filter::Wildcard(escaped(pattern).into()),
    })
}

/// EventBridge refuses two `*` in a row, which mean no more than one.
fn collapsed(pattern: &str) -> String {
    let mut pattern = pattern.to_owned();
    while pattern.contains("**") {
        pattern = pattern.replace("**", "*");
    }
    pattern
}

/// The longest prefix or suffix of everything that the pattern matches. EventBridge has no `?`.
fn widened(pattern: &str) -> String {
    let is_any = |c: char| c == '*' || c == '?';
    let prefix = pattern.split(is_any).next().unwrap_or_default();
    let suffix = pattern.rsplit(is_any).next().unwrap_or_default();
    if prefix.len() >= suffix.len() { format!("{prefix}*") } else { format!("*{suffix}") }
}

fn count(pattern: &str) -> usize {
    pattern.matches('*').count()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
}
