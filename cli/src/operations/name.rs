//! Names of buckets, rated before they are used.

use std::net::Ipv4Addr;

use s3guard_audit::names::{self, Claim, Known, Rating};
use s3guard_posture::{AccountId, BucketName, Region};
use serde::Serialize;

use crate::ui::text::{Printable, Style, Text, TextLine};

/// The score below which a name is worth another one, unless the command line says otherwise.
pub(crate) const GUESSABLE_BELOW: u8 = 2;

/// The names, rated.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RatedNames {
    pub(crate) names: Vec<RatedName>,
}

/// A name, rated, and better ones.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RatedName {
    #[serde(flatten)]
    pub(crate) rating: Rating,
    /// How long a guess takes, in words.
    effort: &'static str,
    /// Why S3 does not take the name, if it does not.
    invalid: Option<String>,
    /// What is better, and how.
    proposals: Vec<Proposal>,
}

/// A better name.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Proposal {
    name: String,
    reason: &'static str,
}

/// Where the buckets are to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home<'a> {
    pub(crate) account: Option<&'a AccountId>,
    pub(crate) region: Option<&'a Region>,
}

impl RatedNames {
    /// Rates names. `random` has a number for the proposal of each.
    pub(crate) fn new(
        names: &[String],
        known: &Known,
        home: Home<'_>,
        mut random: impl FnMut() -> u64,
    ) -> Self {
        let names = names.iter().map(|name| RatedName::new(name, known, home, random()));
        Self { names: names.collect() }
    }

    /// Whether a name has a lower score than this.
    pub(crate) fn has_below(&self, score: u8) -> bool {
        self.names.iter().any(|one| one.rating.score < score)
    }
}

impl RatedName {
    fn new(name: &str, known: &Known, home: Home<'_>, random: u64) -> Self {
        let rating = names::rate(name, known);
        let mut proposals = Vec::new();
        let is_reserved = rating.claim == Claim::Reserved;
        if let (Some(account), Some(region), false) = (home.account, home.region, is_reserved) {
            let name = names::propose(name, &account.to_string(), region.as_str());
            let name = name.filter(|name| name.parse::<BucketName>().is_ok());
            proposals.extend(name.map(|name| Proposal {
                name,
                reason: "no other account can have it, also after you delete it",
            }));
        }
        // A website's name is that of its host.
        if rating.score < 4 && rating.service.is_none() && rating.claim != Claim::Dns {
            let name = names::with_suffix(name, random);
            let is_valid = name.parse::<BucketName>().is_ok();
            proposals.extend(is_valid.then_some(Proposal { name, reason: "not by guessing" }));
        }
        let is_old = name.contains(|one: char| one == '_' || one.is_ascii_uppercase());
        let invalid = match name.parse::<BucketName>() {
            _ if !(3..=63).contains(&name.len()) => {
                Some("a name has 3 to 63 characters".to_owned())
            }
            _ if name.parse::<Ipv4Addr>().is_ok() => {
                Some("a name has not the form of an IP address".to_owned())
            }
            Err(error) => Some(error.to_string()),
            // Source: Amazon S3 User Guide, "General purpose bucket naming rules".
            Ok(_) if is_old => Some("a new bucket has no `_` and no upper case".to_owned()),
            Ok(_) => None,
        };
        Self { effort: rating.words(), rating, invalid, proposals }
    }

    fn claim(&self) -> String {
        match (self.rating.claim, self.rating.service) {
            (Claim::Reserved, _) => "only this account can have it".to_owned(),
            (Claim::Expected, Some(service)) => format!(
                "{service} uses this name: create it before anyone else does, in each Region that is used"
            ),
            (Claim::Expected, None) => {
                "the same name with another Region is free to others: code that makes up such names may use their bucket".to_owned()
            }
            (Claim::Dns, _) => {
                "DNS may point to it: remove the record before you delete the bucket, or others can take it".to_owned()
            }
            (Claim::Open, _) => "after a deletion anyone can have it".to_owned(),
        }
    }
}

impl Printable for RatedNames {
    fn print(&self, text: &mut Text) {
        for (index, one) in self.names.iter().enumerate() {
            if index > 0 {
                text.gap();
            }
            let RatedName { rating, effort, invalid, proposals, .. } = one;
            let style = match rating.score {
                0 | 1 => Style::Bad,
                2 => Style::Notable,
                _ => Style::Good,
            };
            let guesses = format!("about 10^{:.1} guesses", rating.log10_guesses);
            let score = TextLine::styled(style, format_args!("score {} of 4", rating.score));
            text.line(TextLine::from(format_args!("{}  ", rating.name)).and(score));
            text.line(format_args!("  guess    {effort}: {guesses}"));
            for part in &rating.parts {
                let word =
                    if part.text.is_empty() { String::new() } else { format!("`{}`: ", part.text) };
                text.line(format_args!("           10^{:.1}  {word}{}", part.cost, part.kind));
            }
            text.line(format_args!("  claim    {}", one.claim()));
            if rating.is_telling {
                text.line("  telling  it says what the bucket holds");
            }
            if let Some(invalid) = invalid {
                text.line(TextLine::bad(format_args!("  invalid  {invalid}")));
            }
            for Proposal { name, reason } in proposals {
                text.line(TextLine::hint(format_args!("  better   {name}  ({reason})")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::ui::text::plain;

    fn rated(names: &[&str], home: Home<'_>) -> RatedNames {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let known = Known {
            keywords: vec!["acme".to_owned()],
            account: home.account.map(ToString::to_string),
        };
        RatedNames::new(&names, &known, home, || 0x0123_4567_89ab_cdef)
    }

    #[test]
    fn a_name_is_rated_explained_and_a_better_one_is_proposed() {
        let (account, region) = ("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
        let home = Home { account: Some(&account), region: Some(&region) };
        let names = [
            "acme-payroll",
            "cdk-hnb659fds-assets-111122223333-eu-west-1",
            "Acme_x",
            "www.acme.com",
        ];
        expect![[r#"
            acme-payroll  score 0 of 4
              guess    in published lists: seconds: about 10^3.5 guesses
                       10^0.0  `acme`: your name
                       10^2.6  `payroll`: 1 of 449 common words
                       10^0.8  the order of 2 tokens, and what is between them
              claim    after a deletion anyone can have it
              telling  it says what the bucket holds
              better   acme-payroll-111122223333-eu-west-1-an  (no other account can have it, also after you delete it)
              better   acme-payroll-0123456789abcdef  (not by guessing)

            cdk-hnb659fds-assets-111122223333-eu-west-1  score 0 of 4
              guess    in published lists: seconds: about 10^2.6 guesses
                       10^2.6  `cdk-hnb659fds-assets-111122223333-eu-west-1`: a name that AWS CDK makes: cdk-{qualifier}-assets-{account}-{region}
              claim    AWS CDK uses this name: create it before anyone else does, in each Region that is used

            acme_x  score 0 of 4
              guess    in published lists: seconds: about 10^2.2 guesses
                       10^0.0  `acme`: your name
                       10^1.4  `x`: letters without a word
                       10^0.8  the order of 2 tokens, and what is between them
              claim    after a deletion anyone can have it
              invalid  a new bucket has no `_` and no upper case
              better   acme-x-111122223333-eu-west-1-an  (no other account can have it, also after you delete it)
              better   acme-x-0123456789abcdef  (not by guessing)

            www.acme.com  score 0 of 4
              guess    in published lists: seconds: about 10^1.0 guesses
                       10^1.0  `www.acme.com`: a host of your domain: DNS and certificate logs list it
              claim    DNS may point to it: remove the record before you delete the bucket, or others can take it
              better   www-acme-com-111122223333-eu-west-1-an  (no other account can have it, also after you delete it)
        "#]].assert_eq(&plain(&rated(&names, home)));
    }

    #[test]
    fn without_an_account_only_a_suffix_is_proposed_and_nothing_for_what_is_right() {
        let nowhere = Home { account: None, region: None };
        let RatedNames { names } = rated(&["acme-data", "x7k2m9q4h3"], nowhere);
        let proposed: Vec<usize> = names.iter().map(|one| one.proposals.len()).collect();
        assert_eq!(proposed, [1, 0]);
        assert!(rated(&["acme-data"], nowhere).has_below(2));
        assert!(!rated(&["x7k2m9q4h3"], nowhere).has_below(4));
    }
}
