//! How hard the name of a bucket is to guess, and whether others can take it.
//!
//! ```text
//! rate(name, &Known)   -> Rating      guesses, a score from 0 to 4, and what each part of the name adds
//! propose(name, …)     -> String      the account-regional form
//! ```
//!
//! A name is split as generators of names put it together: tokens between `-`, `.` and `_`. Each token costs as many guesses
//! as its kind has members; the costs are multiplied. What is priced is the work of someone who knows the owner's keywords and
//! uses lists, not of someone who tries all characters.

mod region;
mod scheme;
mod token;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use self::scheme::Scheme;

/// The decimal logarithm of how many guesses a Region is, of about forty.
const REGION: f64 = 1.58;
/// Of the account id: it is no secret, but not in every list.
const ACCOUNT: f64 = 0.5;
/// Of a name that a service or tool makes: its schemes, in each Region.
const SCHEME: f64 = 2.6;
/// Of a version 4 UUID: it alone decides.
const UUID: f64 = 36.6;
/// Of a website's name that is in DNS, and of another host of the domain.
const WEBSITE: f64 = 1.0;
const HOST: f64 = 2.5;
/// Of the separators: one kind, and more than one.
const SEPARATOR: f64 = 0.5;
/// The most orders of tokens that generators try.
const ORDERS: f64 = 24.0;
/// The longest name of a bucket: an old one of us-east-1.
const LONGEST: usize = 255;
/// The account-regional namespace: a name with this end always belongs to the account.
///
/// Source: Amazon S3 User Guide, "Namespaces for general purpose buckets".
const RESERVED: &str = "-an";

/// What a stranger knows of the owner.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Words that lead to the owner, the best known first: the company, its products, the alias of the account.
    pub keywords: Vec<String>,
    /// The account id.
    pub account: Option<String>,
}

impl Known {
    /// What a stranger knows: the words, and the parts of those that have several, because names are split like them.
    pub fn new(words: impl IntoIterator<Item = String>, account: Option<String>) -> Self {
        let words: Vec<String> = words.into_iter().map(|word| word.to_ascii_lowercase()).collect();
        let parts = words.iter().flat_map(|word| word.split(['-', '.', '_'])).map(str::to_owned);
        let mut keywords: Vec<String> = Vec::new();
        for word in words.iter().cloned().chain(parts) {
            if !word.is_empty() && !keywords.contains(&word) {
                keywords.push(word);
            }
        }
        Self { keywords, account }
    }

    /// What the names of an account's buckets tell: tokens of no list that a third of them have, the most frequent first.
    pub fn of_buckets<'a>(names: impl IntoIterator<Item = &'a str>, account: String) -> Self {
        const LEAST: usize = 3;
        let mut count = 0;
        let mut counts = BTreeMap::<&str, usize>::new();
        for name in names {
            count += 1;
            let tokens: BTreeSet<&str> = name.split(['-', '.', '_']).collect();
            for token in tokens.into_iter().filter(|one| token::is_of_no_list(one)) {
                *counts.entry(token).or_default() += 1;
            }
        }
        let mut keywords: Vec<(usize, &str)> = counts
            .into_iter()
            .filter(|(_, of)| *of >= LEAST && of * 10 >= count * 3)
            .map(|(token, of)| (of, token))
            .collect();
        keywords.sort_by(|(one, a), (other, b)| other.cmp(one).then(a.cmp(b)));
        let keywords = keywords.into_iter().map(|(_, token)| token.to_owned()).collect();
        Self { keywords, account: Some(account) }
    }
}

/// Whether a name says what its bucket holds.
pub fn is_telling(name: &str) -> bool {
    name.split(['-', '.', '_']).any(token::is_telling)
}

/// A part of a name, and what it adds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Part {
    /// The text.
    pub text: String,
    /// What it is, in words.
    pub kind: String,
    /// The decimal logarithm of how many guesses it is.
    pub cost: f64,
}

/// Who can have the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Claim {
    /// The first account that creates it: after a deletion it is free again.
    Open,
    /// Only this account, also after a deletion.
    Reserved,
    /// As open; and a service or tool uses it, or the next one of its kind, without asking.
    Expected,
    /// As open; and DNS may point to it.
    Dns,
}

/// How a name is rated.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rating {
    /// The name.
    pub name: String,
    /// From 0, which is in published lists, to 4, which is not found by guessing.
    pub score: u8,
    /// The decimal logarithm of the guesses.
    pub log10_guesses: f64,
    /// Who can have it.
    pub claim: Claim,
    /// The service or tool that makes such names.
    pub service: Option<&'static str>,
    /// Whether it says what the bucket holds.
    pub is_telling: bool,
    /// Its parts.
    pub parts: Vec<Part>,
}

impl Rating {
    /// The guesses in words, with how long they take at a thousand a second.
    pub fn words(&self) -> &'static str {
        match self.score {
            0 => "in published lists: seconds",
            1 => "minutes to guess",
            2 => "days to guess",
            3 => "years to guess",
            _ => "not by guessing",
        }
    }
}

/// Rates a name. Lower case counts: buckets have no other.
pub fn rate(name: &str, known: &Known) -> Rating {
    let name = name.to_ascii_lowercase();
    if name.len() > LONGEST {
        let kind = "longer than any name of a bucket".to_owned();
        return rating(
            name,
            vec![Part { text: String::new(), kind, cost: UUID }],
            Claim::Open,
            None,
        );
    }
    if let Some(scheme) = Scheme::of(&name).filter(|scheme| scheme.is_known()) {
        let kind = format!("a name that {} makes: {}", scheme.service, scheme.form);
        let parts = vec![Part { text: name.clone(), kind, cost: SCHEME }];
        return rating(name, parts, Claim::Expected, Some(scheme.service));
    }
    if let Some(part) = token::host(&name, known).map(|is_first| host(&name, is_first)) {
        return rating(name, vec![part], Claim::Dns, None);
    }
    if let Some(uuid) = token::uuid(&name) {
        let part = Part { text: uuid.to_owned(), kind: "a UUID".to_owned(), cost: UUID };
        let claim = if reserved(&name, known).is_some() { Claim::Reserved } else { Claim::Open };
        return rating(name, vec![part], claim, None);
    }
    let (mut parts, claim) = match reserved(&name, known) {
        Some((prefix, account, region)) => {
            let mut parts = priced(prefix, known);
            parts.push(Part {
                text: account.to_owned(),
                kind: token::IS_ACCOUNT.to_owned(),
                cost: ACCOUNT,
            });
            parts.push(Part {
                text: region.to_owned(),
                kind: token::IS_REGION.to_owned(),
                cost: REGION,
            });
            (parts, Claim::Reserved)
        }
        None => (priced(&name, known), Claim::Open),
    };
    let has_region = parts.iter().any(|part| part.kind == token::IS_REGION);
    let is_scheme = claim == Claim::Open && has_region;
    let claim = if is_scheme { Claim::Expected } else { claim };
    parts.retain(|part| part.cost > 0.0 || !part.text.is_empty());
    rating(name, parts, claim, None)
}

/// The account-regional form of a name: nobody else can ever have it. `None` if it is longer than a name may be.
pub fn propose(name: &str, account: &str, region: &str) -> Option<String> {
    const LONGEST: usize = 63;
    let name = name.to_ascii_lowercase().replace(['_', '.'], "-");
    let proposed = format!("{}-{account}-{region}{RESERVED}", name.trim_matches('-'));
    (proposed.len() <= LONGEST).then_some(proposed)
}

/// A name with the characters of this number at its end, which is not by guessing.
pub fn with_suffix(name: &str, random: u64) -> String {
    let name = name.to_ascii_lowercase().replace(['_', '.'], "-");
    format!("{}-{random:016x}", name.trim_matches('-'))
}

fn rating(
    name: String,
    mut parts: Vec<Part>,
    claim: Claim,
    service: Option<&'static str>,
) -> Rating {
    for part in &mut parts {
        part.cost = (part.cost * 100.0).round() / 100.0;
    }
    let log10_guesses = parts.iter().map(|part| part.cost).sum::<f64>() + 0.0;
    let log10_guesses = (log10_guesses * 100.0).round() / 100.0;
    let bands = [4.0, 6.0, 9.0, 12.0];
    let passed = bands.iter().filter(|band| log10_guesses >= **band).count();
    let is_telling = is_telling(&name);
    let score = u8::try_from(passed).unwrap_or(u8::MAX);
    Rating { name, score, log10_guesses, claim, service, is_telling, parts }
}

fn host(name: &str, is_first: bool) -> Part {
    let cost = if is_first { WEBSITE } else { HOST };
    let kind = "a host of your domain: DNS and certificate logs list it".to_owned();
    Part { text: name.to_owned(), kind, cost }
}

/// The prefix, the account and the Region of a name in the account-regional namespace.
fn reserved<'a>(name: &'a str, known: &Known) -> Option<(&'a str, &'a str, &'a str)> {
    let rest = name.strip_suffix(RESERVED)?;
    let hyphens: Vec<usize> = rest.match_indices('-').map(|(at, _)| at).collect();
    hyphens.into_iter().find_map(|at| {
        let (prefix, rest) = (&rest[..at], &rest[at + 1..]);
        let (account, region) = rest.split_once('-')?;
        let is_one = token::is_account(account, known) && region::is_region(region);
        (is_one && !prefix.is_empty()).then_some((prefix, account, region))
    })
}

/// The parts of a name without a form of its own.
fn priced(name: &str, known: &Known) -> Vec<Part> {
    let mut tokens: Vec<&str> = name.split(['-', '.', '_']).filter(|one| !one.is_empty()).collect();
    let mut parts = Vec::new();
    let count;
    if let Some((start, length)) = region::find(&tokens) {
        let text = tokens.drain(start..start + length).collect::<Vec<_>>().join("-");
        count = tokens.len() + 1;
        parts.push(Part { text, kind: token::IS_REGION.to_owned(), cost: REGION });
    } else {
        count = tokens.len();
    }
    let mut all: Vec<Part> = tokens.iter().flat_map(|one| token::parts(one, known)).collect();
    all.append(&mut parts);
    if count > 1 {
        let orders = match count {
            2 => 2.0,
            3 => 6.0,
            _ => ORDERS,
        };
        let kinds = ['-', '.', '_'].into_iter().filter(|one| name.contains(*one)).count();
        let cost = if kinds > 1 { SEPARATOR * 2.0 } else { SEPARATOR };
        let kind = format!("the order of {count} tokens, and what is between them");
        all.push(Part { text: String::new(), kind, cost: f64::log10(orders) + cost });
    }
    all
}

#[cfg(test)]
mod tests;
