//! What the conditions of a statement narrow it to.
//!
//! A test counts if it fails for requests without its key and for all but fixed values. So these do not count: `…IfExists`,
//! `ForAllValues:`, `Null`, negated operators, and values with a wildcard where they would match more than one account,
//! organization or network.
//!
//! Source: AWS IAM User Guide, "IAM JSON policy elements: Condition operators", "Set operators for multivalued context
//! keys" and "AWS global condition context keys".

use serde_json::Value;

use super::kind::{account_of, is_pattern, service, text};
use super::network::IpRange;
use super::{PrincipalKind, Sources, Standing, Viewpoint};
use crate::AccountId;
use crate::model::policy::{Statement, listed};

/// The most values that are named.
const VALUES_MAX: usize = 5;

/// What the conditions of a statement narrow it to. Each test has its alternatives, of which one has to apply.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    /// The tests of the principal itself.
    pub(super) principals: Vec<Vec<PrincipalKind>>,
    /// Tests of the way that a request takes, which say something of requests by anyone: a service, an access point.
    pub(super) channels: Vec<Vec<PrincipalKind>>,
    /// For whom a service may act.
    pub(super) sources: Option<Sources>,
    /// The networks, in words.
    pub(super) limits: Vec<String>,
    /// Whether S3 counts one of them as fixed.
    pub(super) is_fixed: bool,
}

/// How a test compares texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    /// Whole texts.
    Equal,
    /// Texts with wildcards.
    Pattern,
    /// ARNs with wildcards, field by field.
    Arn,
    /// Ranges of IP addresses.
    Ip,
    /// Yes or no.
    Bool,
}

/// One test: how, the key in lower case, and the values.
struct ConditionTest<'a> {
    comparison: Comparison,
    is_for_any_value: bool,
    key: String,
    values: Vec<&'a str>,
    own: &'a AccountId,
}

/// A value of a test, as far as it is fixed.
struct Fixed<T> {
    value: T,
    /// Whether S3 counts it as fixed: it has neither a wildcard nor a policy variable.
    is_fixed: bool,
}

/// For whom a service acts, by one test.
struct Source {
    standing: Standing,
    words: String,
    distribution: Option<String>,
}

impl Conditions {
    pub(super) fn of(statement: Statement<'_>, view: Viewpoint<'_>) -> Self {
        let mut found = Self::default();
        let tests = statement.0.get("Condition").and_then(Value::as_object).into_iter().flatten();
        for (operator, keys) in tests {
            let Some((comparison, is_for_any_value)) = comparison(operator) else { continue };
            for (key, values) in keys.as_object().into_iter().flatten() {
                let Some(values) = listed(values).map(Value::as_str).collect::<Option<Vec<_>>>()
                else {
                    continue;
                };
                if values.is_empty() {
                    continue;
                }
                let key = key.to_ascii_lowercase();
                let test =
                    ConditionTest { comparison, is_for_any_value, key, values, own: view.account };
                found.add(&test, view);
            }
        }
        if let Some(sources) = &found.sources {
            let any = PrincipalKind::Service { name: None, sources: Some(sources.clone()) };
            found.channels.push(vec![any]);
        }
        for kind in found.channels.iter_mut().flatten() {
            if let PrincipalKind::Service { sources, .. } = kind {
                sources.clone_from(&found.sources);
            }
        }
        found
    }

    fn add(&mut self, test: &ConditionTest<'_>, view: Viewpoint<'_>) {
        if let Some(kinds) = test.each(|value| test.principal(value)) {
            self.is_fixed |= kinds.is_fixed;
            self.principals.push(kinds.value);
        } else if let Some(kinds) = test.each(|value| test.channel(value)) {
            self.is_fixed |= kinds.is_fixed;
            self.channels.push(kinds.value);
        } else if let Some(sources) = test.each(|value| test.source(value, view)) {
            self.is_fixed |= sources.is_fixed;
            let sources = merged(&sources.value);
            if self.sources.as_ref().is_none_or(|closest| is_closer(&sources, closest)) {
                self.sources = Some(sources);
            }
        } else if let Some(networks) = test.each(|value| test.network(value)) {
            self.is_fixed |= networks.is_fixed;
            let what = if networks.value.len() == 1 { "" } else { "one of " };
            self.limits.push(format!("{what}{}", words(&networks.value)));
        }
    }
}

impl<'a> ConditionTest<'a> {
    /// Every value, if each of them narrows.
    fn each<T>(&self, read: impl Fn(&'a str) -> Option<Fixed<T>>) -> Option<Fixed<Vec<T>>> {
        let values: Vec<Fixed<T>> =
            self.values.iter().map(|value| read(value)).collect::<Option<_>>()?;
        let is_fixed = values.iter().all(|value| value.is_fixed);
        Some(Fixed { value: values.into_iter().map(|value| value.value).collect(), is_fixed })
    }

    /// The principal that a value means.
    fn principal(&self, value: &str) -> Option<Fixed<PrincipalKind>> {
        let is_text = self.compares_texts();
        match self.key.as_str() {
            "aws:principalorgid"
                if is_text && value.eq_ignore_ascii_case("${aws:ResourceOrgID}") =>
            {
                varied(PrincipalKind::OwnOrganization)
            }
            "aws:principalorgid" if is_text => fixed(PrincipalKind::Organization(
                organization(value).filter(|id| *id == value)?.to_owned(),
            )),
            "aws:principalorgpaths" if is_text && self.is_for_any_value => {
                organization(value)?;
                fixed(PrincipalKind::Organization(value.to_owned()))
            }
            "aws:principalaccount" if is_text => self.account(value).map(|account| Fixed {
                value: PrincipalKind::Account(account.value),
                is_fixed: account.is_fixed,
            }),
            "aws:principalarn" => {
                let account = self.account_in(value)?;
                let kind = PrincipalKind::Identity { arn: value.to_owned(), account };
                Some(Fixed { value: kind, is_fixed: !is_pattern(value) })
            }
            "aws:userid" if is_text => user(value),
            _ => None,
        }
    }

    /// The way that a value means.
    fn channel(&self, value: &str) -> Option<Fixed<PrincipalKind>> {
        let service = |name: Option<&str>| PrincipalKind::Service {
            name: name.map(|name| service(name).to_owned()),
            sources: None,
        };
        match self.key.as_str() {
            "aws:principalisawsservice" if self.comparison == Comparison::Bool => {
                value.eq_ignore_ascii_case("true").then_some(())?;
                varied(service(None))
            }
            "aws:principalservicename" if self.compares_texts() && !is_open(value) => {
                varied(service(Some(value)))
            }
            "s3:dataaccesspointaccount" if self.compares_texts() => {
                let account = self.account(value)?;
                let kind = PrincipalKind::AccessPoints(account.value);
                Some(Fixed { value: kind, is_fixed: account.is_fixed })
            }
            // "This value can contain a wildcard for the access point name without rendering the policy public, as long as
            // the account id is fixed." Source: Amazon S3 User Guide, "The meaning of public".
            "s3:dataaccesspointarn" => {
                let account = self.account_in(value)?;
                let before = value.split_once(account.as_str()).map_or(value, |(before, _)| before);
                let is_fixed = !is_pattern(before);
                Some(Fixed { value: PrincipalKind::AccessPoints(account), is_fixed })
            }
            _ => None,
        }
    }

    /// For whom a service may act by a value: only services' own requests have these keys.
    fn source(&self, value: &str, view: Viewpoint<'_>) -> Option<Fixed<Source>> {
        let of = |account: &AccountId| view.of_account(account, Standing::Limited);
        let source = |standing, words| Source { standing, words, distribution: None };
        match self.key.as_str() {
            "aws:sourceaccount" | "aws:sourceowner" if self.compares_texts() => {
                let Fixed { value: account, is_fixed } = self.account(value)?;
                let value = source(of(&account), format!("account {account}"));
                Some(Fixed { value, is_fixed })
            }
            "aws:sourcearn" if self.compares_texts() || self.comparison == Comparison::Arn => {
                let is_fixed = !is_pattern(value);
                let Some(account) = self.account_in(value) else {
                    // The ARNs of buckets name no account.
                    let is_bucket = !is_open(value)
                        && value.split(':').nth(2) == Some("s3")
                        && value.split(':').nth(4) == Some("");
                    return is_bucket.then(|| Fixed {
                        value: source(Standing::Outsider, text(value)),
                        is_fixed,
                    });
                };
                let id = value.rsplit_once(":distribution/").map(|(_, id)| text(id));
                let distribution = id.map(|id| format!("{id} of account {account}"));
                let words = format!("{} of account {account}", resource(value));
                let value = Source { standing: of(&account), words, distribution };
                Some(Fixed { value, is_fixed })
            }
            "aws:sourceorgid" if self.compares_texts() => {
                let id = organization(value).filter(|id| *id == value)?;
                varied(source(view.of_organization(id), format!("organization {id}")))
            }
            "aws:sourceorgpaths" if self.compares_texts() && self.is_for_any_value => {
                organization(value)?;
                let words = format!("organization {}", text(value));
                varied(source(view.of_organization(value), words))
            }
            _ => None,
        }
    }

    /// The network that a value means, in words.
    fn network(&self, value: &str) -> Option<Fixed<String>> {
        let named = |what: &str| {
            (self.compares_texts() && !is_open(value)).then(|| format!("{what} {}", text(value)))
        };
        match self.key.as_str() {
            "aws:sourcevpc" => fixed(named("VPC")?),
            "aws:sourcevpce" => fixed(named("VPC endpoint")?),
            "aws:vpceaccount" => varied(named("VPC endpoints of account")?),
            "aws:vpceorgid" => varied(named("VPC endpoints of organization")?),
            "aws:sourceip" | "aws:vpcsourceip" if self.comparison == Comparison::Ip => {
                let range = IpRange::read(value)?;
                let is_fixed = self.key == "aws:sourceip" && !range.is_public();
                (!range.is_everything()).then(|| Fixed { value: text(value), is_fixed })
            }
            _ => None,
        }
    }

    fn compares_texts(&self) -> bool {
        matches!(self.comparison, Comparison::Equal | Comparison::Pattern)
    }

    /// An account, or the variable that means the bucket's own.
    fn account(&self, value: &str) -> Option<Fixed<AccountId>> {
        if value.eq_ignore_ascii_case("${aws:ResourceAccount}") {
            return varied(self.own.clone());
        }
        fixed(value.parse().ok()?)
    }

    /// The account of an ARN or of a pattern, if it can have no other: a wildcard of a plain pattern also matches `:`.
    fn account_in(&self, value: &str) -> Option<AccountId> {
        let account = account_of(value).filter(|_| !value.contains("${"))?;
        let before = value.split_once(account.as_str()).map_or(value, |(before, _)| before);
        match self.comparison {
            Comparison::Arn | Comparison::Equal => Some(account),
            Comparison::Pattern => (!is_pattern(before)).then_some(account),
            Comparison::Ip | Comparison::Bool => None,
        }
    }
}

/// How an operator compares, and whether it is for any value of several; `None` if it passes without the key, or is unknown.
fn comparison(operator: &str) -> Option<(Comparison, bool)> {
    let operator = operator.to_ascii_lowercase();
    let (operator, is_for_any_value) = match operator.strip_prefix("foranyvalue:") {
        Some(operator) => (operator, true),
        None => (operator.as_str(), false),
    };
    let comparison = match operator {
        "stringequals" | "stringequalsignorecase" => Comparison::Equal,
        "stringlike" => Comparison::Pattern,
        "arnequals" | "arnlike" => Comparison::Arn,
        "ipaddress" => Comparison::Ip,
        "bool" => Comparison::Bool,
        _ => return None,
    };
    Some((comparison, is_for_any_value))
}

/// Several sources of one test, of which each is possible.
fn merged(sources: &[Source]) -> Sources {
    let standings = sources.iter().map(|source| source.standing);
    let names: Vec<String> = sources.iter().map(|source| source.words.clone()).collect();
    let distributions: Option<Vec<String>> =
        sources.iter().map(|source| source.distribution.clone()).collect();
    Sources {
        standing: standings.max().unwrap_or(Standing::Outsider),
        words: words(&names),
        distributions: distributions.map(|names| words(&names)),
    }
}

/// Whether one source says more than another.
fn is_closer(one: &Sources, other: &Sources) -> bool {
    let rank = |sources: &Sources| (sources.standing, sources.distributions.is_none());
    rank(one) < rank(other)
}

/// Some names as a list.
fn words(names: &[String]) -> String {
    let more = if names.len() > VALUES_MAX { " and more" } else { "" };
    names.iter().take(VALUES_MAX).map(String::as_str).collect::<Vec<_>>().join(", ") + more
}

/// The organization of its id or of a path.
fn organization(value: &str) -> Option<&str> {
    let id = value.split('/').next()?;
    let rest = id.strip_prefix("o-")?;
    let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    ((10..=32).contains(&rest.len()) && rest.bytes().all(is_known) && !value.contains("${"))
        .then_some(id)
}

/// A value of `aws:userid`: the account for its root, `AIDA…` for a user, `AROA…:SESSION` for a role.
///
/// Source: AWS IAM User Guide, "IAM policy elements: Variables and tags", "Principal key values".
fn user(value: &str) -> Option<Fixed<PrincipalKind>> {
    if let Ok(account) = value.parse() {
        return fixed(PrincipalKind::Account(account));
    }
    let id = value.split_once(':').map_or(value, |(id, _)| id);
    let narrows = !is_open(id) && id.len() >= 16 && !value.contains("${");
    let kind = PrincipalKind::UserId(value.to_owned());
    narrows.then(|| Fixed { value: kind, is_fixed: !is_pattern(value) })
}

/// The service and the resource of an ARN, in words.
fn resource(arn: &str) -> String {
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    match fields[..] {
        [_, _, service, _, _, "*"] => format!("`{}`", text(service)),
        [_, _, service, _, _, resource] => format!("`{} {}`", text(service), text(resource)),
        _ => format!("`{}`", text(arn)),
    }
}

/// Whether a value matches more than itself, or is empty.
fn is_open(value: &str) -> bool {
    value.is_empty() || is_pattern(value) || value.contains("${")
}

#[expect(clippy::unnecessary_wraps, reason = "other tests have no value")]
fn fixed<T>(value: T) -> Option<Fixed<T>> {
    Some(Fixed { value, is_fixed: true })
}

/// A value that narrows, though S3 does not count it.
#[expect(clippy::unnecessary_wraps, reason = "other tests have no value")]
fn varied<T>(value: T) -> Option<Fixed<T>> {
    Some(Fixed { value, is_fixed: false })
}
