//! What a principal is, and its name in words.

use std::fmt;

use super::Standing;
use super::delivery;
use crate::AccountId;
use crate::model::trusted::CanonicalId;
use crate::text::shown;

/// The longest name that a policy itself gives.
const CHARACTERS_MAX: usize = 150;

/// What is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// An account.
    Account(AccountId),
    /// A role, a user or a session, or several by a pattern.
    Identity {
        /// The ARN.
        arn: String,
        /// Its account.
        account: AccountId,
    },
    /// A role or a user that was deleted: S3 shows its unique id instead of its ARN.
    ///
    /// Source: AWS IAM User Guide, "IAM identifiers", "Unique identifiers".
    Deleted(String),
    /// A canonical user id.
    CanonicalUser(CanonicalId),
    /// An identity with this unique id (`aws:userid`).
    UserId(String),
    /// A SAML or `OpenID` Connect provider of an account.
    IdentityProvider {
        /// The ARN.
        arn: String,
        /// Its account.
        account: AccountId,
    },
    /// Everyone who signs in with a public identity provider.
    WebIdentity(String),
    /// An AWS service; without a name, any.
    Service {
        /// Its name, without `.amazonaws.com`.
        name: Option<String>,
        /// For whom it acts; without, for any account.
        sources: Option<Sources>,
    },
    /// A `CloudFront` origin access identity.
    CloudFront(String),
    /// An account of AWS that delivers logs.
    LogDelivery {
        /// Which logs.
        service: &'static str,
        /// The account, or the canonical id.
        id: String,
        /// Whether the statement allows only the keys of logs of the bucket's account.
        is_limited: bool,
    },
    /// The accounts of an organization, or of a path of one.
    Organization(String),
    /// The accounts of the organization of the bucket's account, which the policy does not name.
    OwnOrganization,
    /// Those whom access points of this account let in.
    AccessPoints(AccountId),
    /// Everyone.
    Everyone {
        /// Whether `NotPrincipal` excepts some.
        but: bool,
        /// The networks to which conditions limit the requests.
        limits: Vec<String>,
    },
    /// What is not known.
    Unknown(String),
}

/// For whom an AWS service acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// The farthest of them.
    pub standing: Standing,
    /// In words.
    pub words: String,
    /// The ids of `CloudFront` distributions, if there are only these.
    pub distributions: Option<String>,
}

impl PrincipalKind {
    /// A principal of the element `Principal`.
    pub(super) fn of(kind: &str, name: &str, is_limited: bool) -> Self {
        let unknown = || Self::Unknown(format!("`{}: {}`", shown(kind, 20), text(name)));
        match kind {
            "AWS" => Self::of_aws(name, is_limited).unwrap_or_else(unknown),
            "CanonicalUser" => Self::of_canonical(name, is_limited).unwrap_or_else(unknown),
            "Service" if !is_pattern(name) => {
                Self::Service { name: Some(service(name).to_owned()), sources: None }
            }
            "Federated" if !is_pattern(name) => match account_of(name) {
                Some(account) => Self::IdentityProvider { arn: name.to_owned(), account },
                None => Self::WebIdentity(name.to_owned()),
            },
            _ => unknown(),
        }
    }

    fn of_aws(name: &str, is_limited: bool) -> Option<Self> {
        if name == "*" {
            return Some(Self::Everyone { but: false, limits: Vec::new() });
        }
        if is_unique_id(name) {
            return Some(Self::Deleted(name.to_owned()));
        }
        if let Some(known) = Self::of_canonical(name, is_limited) {
            return Some(known);
        }
        // Source: Amazon CloudFront Developer Guide, "Give an origin access identity permission to read files".
        let identity = name.split_once(":iam::cloudfront:user/CloudFront Origin Access Identity ");
        if let Some((_, id)) = identity {
            return Some(Self::CloudFront(id.to_owned()));
        }
        let account = name.parse().ok().or_else(|| account_of(name))?;
        Some(match delivery::service(&account) {
            Some(service) => Self::LogDelivery { service, id: account.to_string(), is_limited },
            None if name == account.as_str() || name.ends_with(":root") => Self::Account(account),
            None => Self::Identity { arn: name.to_owned(), account },
        })
    }

    fn of_canonical(name: &str, is_limited: bool) -> Option<Self> {
        let id = name.to_ascii_lowercase().parse::<CanonicalId>().ok()?;
        Some(if delivery::CLOUDFRONT_LOGS.contains(&id.as_str()) {
            Self::LogDelivery { service: "CloudFront", id: id.to_string(), is_limited }
        } else {
            Self::CanonicalUser(id)
        })
    }

    /// Whether it is one principal, and not all or as many as one likes: what S3 calls a fixed value.
    ///
    /// Source: Amazon S3 User Guide, "The meaning of public", where `graph.facebook.com` is public.
    pub(super) fn is_fixed(&self) -> bool {
        match self {
            Self::Everyone { .. } | Self::WebIdentity(_) => false,
            Self::Unknown(text) => !is_pattern(text),
            Self::Account(_)
            | Self::Identity { .. }
            | Self::Deleted(_)
            | Self::CanonicalUser(_)
            | Self::UserId(_)
            | Self::IdentityProvider { .. }
            | Self::Service { .. }
            | Self::CloudFront(_)
            | Self::LogDelivery { .. }
            | Self::Organization(_)
            | Self::OwnOrganization
            | Self::AccessPoints(_) => true,
        }
    }

    /// Whether it is one of AWS: a service, `CloudFront`, or an account that delivers logs.
    pub(super) const fn is_of_aws(&self) -> bool {
        matches!(self, Self::Service { .. } | Self::LogDelivery { .. } | Self::CloudFront(_))
    }

    /// How broad it is among those with the same standing: the narrowest says most.
    pub(super) fn breadth(&self) -> u8 {
        match self {
            Self::Identity { .. } | Self::Deleted(_) | Self::UserId(_) | Self::CanonicalUser(_) => {
                0
            }
            Self::Account(_)
            | Self::IdentityProvider { .. }
            | Self::CloudFront(_)
            | Self::LogDelivery { .. } => 1,
            Self::Service { .. } => 2,
            Self::AccessPoints(_) => 3,
            Self::Organization(_) | Self::OwnOrganization => 4,
            Self::WebIdentity(_) | Self::Everyone { .. } | Self::Unknown(_) => 5,
        }
    }
}

impl fmt::Display for PrincipalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => write!(f, "account {account}"),
            Self::Identity { arn, .. } => f.write_str(&text(arn)),
            Self::Deleted(id) => write!(f, "deleted role or user {id}"),
            Self::CanonicalUser(id) => {
                let id = id.as_str();
                write!(f, "canonical user {}…{}", &id[..8], &id[id.len() - 4..])
            }
            Self::UserId(id) => write!(f, "the identity with the user id {}", text(id)),
            Self::IdentityProvider { arn, .. } => write!(f, "identity provider {}", text(arn)),
            Self::WebIdentity(name) => {
                write!(f, "everyone with an identity of {}", text(name))
            }
            Self::Service { name: Some(name), sources: Some(Sources { distributions, .. }) }
                if name == "cloudfront" && distributions.is_some() =>
            {
                let distributions = distributions.as_deref().unwrap_or_default();
                write!(f, "CloudFront distribution {distributions}")
            }
            Self::Service { name, sources } => {
                match name {
                    Some(name) => write!(f, "AWS service {}", text(name))?,
                    None => f.write_str("AWS services")?,
                }
                let any = "any account";
                write!(f, ", for {}", sources.as_ref().map_or(any, |sources| &sources.words))
            }
            Self::CloudFront(id) => {
                write!(f, "CloudFront {} (origin access identity)", text(id))
            }
            Self::LogDelivery { service, id, .. } => {
                write!(f, "{service} log delivery (AWS's {})", shown(id, 12))
            }
            Self::Organization(path) => write!(f, "organization {}", text(path)),
            Self::OwnOrganization => f.write_str("the account's own organization"),
            Self::AccessPoints(account) => write!(f, "access points of account {account}"),
            Self::Everyone { but, limits } => {
                f.write_str("everyone")?;
                if *but {
                    f.write_str(" but the principals in its NotPrincipal")?;
                }
                if limits.is_empty() {
                    return Ok(());
                }
                write!(f, ", limited to {}", limits.join(" and "))
            }
            Self::Unknown(text) => f.write_str(text),
        }
    }
}

/// A text of a policy, escaped and not too long.
pub(super) fn text(text: &str) -> String {
    shown(text, CHARACTERS_MAX)
}

/// A service principal without its domain.
pub(super) fn service(name: &str) -> &str {
    let name = name.strip_suffix(".cn").unwrap_or(name);
    name.strip_suffix(".amazonaws.com").unwrap_or(name)
}

/// Whether a text has a wildcard.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// The account of an ARN.
pub(super) fn account_of(arn: &str) -> Option<AccountId> {
    let mut fields = arn.strip_prefix("arn:")?.splitn(5, ':');
    fields.nth(3).filter(|_| fields.next().is_some())?.parse().ok()
}

/// Whether it is the unique id of a role or a user.
///
/// Source: AWS IAM User Guide, "IAM identifiers", "Understanding unique ID prefixes".
fn is_unique_id(text: &str) -> bool {
    ["AROA", "AIDA"].iter().any(|prefix| text.starts_with(prefix))
        && (16..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}
