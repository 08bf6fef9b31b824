//! What one token of a name is, and how many guesses.

use super::words::{ENVIRONMENTS, TELLING, WORDS};
use super::{ACCOUNT, Known, Part};

pub(super) const IS_REGION: &str = "the Region";
pub(super) const IS_ACCOUNT: &str = "the account id, which is no secret";

/// Two that stand together without a separator.
const GLUED: f64 = 0.3;
const YEAR: f64 = 1.3;
const MONTH: f64 = 2.4;
const DAY: f64 = 3.9;
/// Terraform's suffix: a time and a counter.
const TERRAFORM: f64 = 12.0;
/// Digits after a word.
const COUNTER_MAX: usize = 4;
const COUNTER_COST_MAX: f64 = 3.0;
/// A character of each kind of text.
const PRONOUNCEABLE: f64 = 0.75;
const HEXADECIMAL: f64 = 1.2;
const CONSONANTS: f64 = 1.41;
const MIXED: f64 = 1.56;
/// A short pronounceable word is in some dictionary.
const SHORT: usize = 8;
const SHORT_COST_MAX: f64 = 6.0;

/// Whether a token says what the bucket holds.
pub(super) fn is_telling(token: &str) -> bool {
    TELLING.binary_search(&token).is_ok()
}

/// Whether a token is a word that is in no list, and no part of a Region.
pub(super) fn is_of_no_list(token: &str) -> bool {
    const SHORTEST: usize = 3;
    let is_word = |byte: u8| byte.is_ascii_lowercase();
    let lists = [&ENVIRONMENTS[..], &TELLING[..], &WORDS[..], &super::region::DIRECTIONS[..]];
    token.len() >= SHORTEST
        && token.bytes().all(is_word)
        && !lists.iter().any(|list| list.binary_search(&token).is_ok())
}

/// Whether a token is the account's id; without knowing it, whether it has its form.
pub(super) fn is_account(token: &str, known: &Known) -> bool {
    let has_form = token.len() == 12 && is_number(token);
    known.account.as_deref().map_or(has_form, |account| account == token)
}

/// Whether a name is a host of a domain with a keyword, and whether it is the first that is tried.
pub(super) fn host(name: &str, known: &Known) -> Option<bool> {
    let labels: Vec<&str> = name.split('.').collect();
    let [.., domain, top] = labels[..] else { return None };
    let is_top = (2..=6).contains(&top.len()) && top.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_ours = known.keywords.iter().any(|keyword| keyword == domain);
    (is_top && is_ours).then(|| labels.len() == 2 || labels[..] == ["www", domain, top])
}

/// The UUID in a name.
pub(super) fn uuid(name: &str) -> Option<&str> {
    const LENGTH: usize = 36;
    let is_one = |text: &str| {
        text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    (0..=name.len().checked_sub(LENGTH)?)
        .filter_map(|start| name.get(start..start + LENGTH))
        .find(|text| is_one(text))
}

/// The parts of a token that are known, if all of it is; else the token as a whole.
pub(super) fn parts(token: &str, known: &Known) -> Vec<Part> {
    let candidates = [glued(token, known), beside_keyword(token, known)].into_iter().flatten();
    let whole = vec![whole(token, known)];
    candidates.fold(whole, |best, one| if cost(&one) <= cost(&best) { one } else { best })
}

/// A keyword at an end of the token, and a word that is in no list.
fn beside_keyword(token: &str, known: &Known) -> Option<Vec<Part>> {
    let keyword = |text| listed(text, (true, true), known);
    let ends = known.keywords.iter().filter_map(|one| {
        let rest = token.strip_prefix(one.as_str()).or_else(|| token.strip_suffix(one.as_str()))?;
        is_pronounceable(rest).then_some((one, rest))
    });
    let parts = ends.filter_map(|(one, rest)| {
        let mut rest = whole(rest, known);
        rest.cost += GLUED;
        Some(vec![keyword(one)?, rest])
    });
    parts.min_by(|one, other| cost(one).total_cmp(&cost(other)))
}

fn cost(parts: &[Part]) -> f64 {
    parts.iter().map(|part| part.cost).sum()
}

/// The words of the lists that are put together to a token, in the cheapest way.
fn glued(token: &str, known: &Known) -> Option<Vec<Part>> {
    // The cheapest parts of what begins at each byte, from the end.
    let mut cheapest: Vec<Option<Vec<Part>>> = vec![None; token.len() + 1];
    cheapest[token.len()] = Some(Vec::new());
    for start in (0..token.len()).rev().filter(|start| token.is_char_boundary(*start)) {
        for end in (start + 1..=token.len()).filter(|end| token.is_char_boundary(*end)) {
            let Some(rest) = cheapest[end].clone() else { continue };
            let is_digit = |at: usize| token.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
            let is_cut = (start == 0 || is_digit(start - 1), is_digit(end));
            let Some(part) = listed(&token[start..end], is_cut, known) else { continue };
            let mut parts = vec![part];
            parts.extend(rest);
            if cheapest[start].as_ref().is_none_or(|best| cost(&parts) < cost(best)) {
                cheapest[start] = Some(parts);
            }
        }
    }
    let mut parts = cheapest.swap_remove(0)?;
    let words = parts.iter().filter(|part| !is_number(&part.text)).count();
    let joins = u32::try_from(words.saturating_sub(1)).unwrap_or(u32::MAX);
    if let Some(last) = parts.last_mut().filter(|_| joins > 0) {
        last.cost += GLUED * f64::from(joins);
    }
    Some(parts)
}

/// A word of the lists, or all digits after one: `is_cut` says whether there is no word before, or a digit behind.
fn listed(text: &str, is_cut: (bool, bool), known: &Known) -> Option<Part> {
    let part = |kind: String, cost| Some(Part { text: text.to_owned(), kind, cost });
    if let Some(at) = known.keywords.iter().position(|keyword| keyword == text) {
        let rank = u32::try_from(at + 1).unwrap_or(u32::MAX);
        return part("your name".to_owned(), f64::from(rank).log10());
    }
    if ENVIRONMENTS.binary_search(&text).is_ok() {
        let count = ENVIRONMENTS.len();
        return part(format!("1 of {count} environments"), log10(count));
    }
    if TELLING.binary_search(&text).is_ok() || WORDS.binary_search(&text).is_ok() {
        let count = TELLING.len() + WORDS.len();
        return part(format!("1 of {count} common words"), log10(count));
    }
    if is_number(text) && is_cut == (false, false) {
        if is_year(text) {
            return part("a year".to_owned(), YEAR);
        }
        if text.len() <= COUNTER_MAX {
            let cost = length(text).min(COUNTER_COST_MAX);
            return part("digits".to_owned(), cost);
        }
    }
    None
}

fn whole(token: &str, known: &Known) -> Part {
    let count = length(token);
    let (kind, cost) = if is_number(token) {
        number(token, known)
    } else if token.len() >= 6 && is_hexadecimal(token) {
        ("hexadecimal characters", count * HEXADECIMAL)
    } else if token.bytes().all(|byte| byte.is_ascii_lowercase()) {
        if is_pronounceable(token) {
            let cost = count * PRONOUNCEABLE;
            ("another word", if token.len() <= SHORT { cost.min(SHORT_COST_MAX) } else { cost })
        } else {
            ("letters without a word", count * CONSONANTS)
        }
    } else {
        mixed(token)
    };
    Part { text: token.to_owned(), kind: kind.to_owned(), cost }
}

fn number(token: &str, known: &Known) -> (&'static str, f64) {
    let month = |text: &str| ("01"..="12").contains(&text);
    let day = |text: &str| ("01"..="31").contains(&text);
    match token.len() {
        _ if is_account(token, known) => (IS_ACCOUNT, ACCOUNT),
        4 if is_year(token) => ("a year", YEAR),
        6 if is_year(&token[..4]) && month(&token[4..]) => ("a month", MONTH),
        8 if is_year(&token[..4]) && month(&token[4..6]) && day(&token[6..]) => ("a day", DAY),
        26 if is_year(&token[..4]) => ("the time at which Terraform made it", TERRAFORM),
        _ => ("digits", length(token)),
    }
}

/// Letters and digits: a word with some digits at its end, or characters without order.
fn mixed(token: &str) -> (&'static str, f64) {
    let any = ("letters and digits", length(token) * MIXED);
    let word = token.trim_end_matches(|one: char| one.is_ascii_digit());
    let digits = token.len() - word.len();
    if digits == 0 || digits > COUNTER_MAX || !is_pronounceable(word) {
        return any;
    }
    let cost = length(word) * PRONOUNCEABLE + length(&token[word.len()..]);
    if cost < any.1 { ("another word with digits", cost) } else { any }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && is_number(text) && (text.starts_with("19") || text.starts_with("20"))
}

fn is_hexadecimal(text: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.bytes().all(is_one) && text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether vowels and consonants alternate as in words: no four consonants in a row, and a vowel in every four letters.
fn is_pronounceable(text: &str) -> bool {
    let is_vowel = |one: char| "aeiouy".contains(one);
    let run = text.split(is_vowel).map(str::len).max().unwrap_or_default();
    let vowels = text.chars().filter(|one| is_vowel(*one)).count();
    text.bytes().all(|byte| byte.is_ascii_lowercase()) && run < 4 && vowels * 4 >= text.len()
}

fn length(text: &str) -> f64 {
    f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX))
}

fn log10(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)).log10()
}
