//! What the owner trusts outside of the account: accounts, organizations and canonical ids.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::AccountId;
use crate::model::names::text;
use crate::text::shown;

/// What the owner trusts outside of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trusted {
    /// Accounts.
    pub accounts: BTreeSet<AccountId>,
    /// Organizations and their organizational units.
    pub organizations: BTreeSet<OrganizationPath>,
    /// Canonical user ids.
    pub canonical_ids: BTreeSet<CanonicalId>,
}

/// An organization, `o-…`, or all below one of its organizational units, `o-…/r-…/ou-…/*`.
///
/// Source: AWS Organizations API Reference, `Organization`, `Root` and `OrganizationalUnit` (patterns of ids); AWS IAM
/// User Guide, "Understand the AWS Organizations entity path".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganizationPath(String);

/// The canonical user id of an account: 64 hexadecimal digits.
///
/// Source: Amazon S3 User Guide, "Finding the canonical user ID for your AWS account".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanonicalId(String);

text!(OrganizationPath: 0, CanonicalId: 0);

/// Why a text is neither an organization nor a path of one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{}` is neither an organization, as `o-a1b2c3d4e5`, nor a path, as `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*`",
    shown(.0, 80)
)]
pub struct InvalidOrganizationPath(String);

/// Why a text is not a canonical user id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{}` is not a canonical user id, which has 64 digits of 0-9 and a-f", shown(.0, 80))]
pub struct InvalidCanonicalId(String);

impl OrganizationPath {
    /// Whether it contains all that this value of a condition matches: an organization, or a path with wildcards.
    pub fn covers(&self, value: &str) -> bool {
        let base = self.0.strip_suffix("/*").unwrap_or(&self.0);
        value.strip_prefix(base).is_some_and(|rest| {
            rest.starts_with('/') || (rest.is_empty() && !self.0.ends_with('*'))
        })
    }
}

impl FromStr for OrganizationPath {
    type Err = InvalidOrganizationPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_path = match text.split_once('/') {
            None => is_id(text, "o-", 10..=32),
            Some((organization, "*")) => is_id(organization, "o-", 10..=32),
            Some((organization, path)) => path.strip_suffix("/*").is_some_and(|path| {
                let mut units = path.split('/');
                is_id(organization, "o-", 10..=32)
                    && units.next().is_some_and(|root| is_id(root, "r-", 4..=32))
                    && units.all(is_unit)
            }),
        };
        is_path
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| InvalidOrganizationPath(text.to_owned()))
    }
}

impl FromStr for CanonicalId {
    type Err = InvalidCanonicalId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_valid = text.len() == 64 && text.bytes().all(is_digit);
        is_valid.then(|| Self(text.to_owned())).ok_or_else(|| InvalidCanonicalId(text.to_owned()))
    }
}

fn is_id(text: &str, prefix: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    text.strip_prefix(prefix).is_some_and(|id| {
        let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        length.contains(&id.len()) && id.bytes().all(is_known)
    })
}

fn is_unit(text: &str) -> bool {
    let parts = text.strip_prefix("ou-").and_then(|parts| parts.split_once('-'));
    parts.is_some_and(|(root, unit)| is_id(root, "", 4..=32) && is_id(unit, "", 8..=32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organization_and_a_path_have_their_form() {
        for good in [
            "o-a1b2c3d4e5",
            "o-a1b2c3d4e5/*",
            "o-a1b2c3d4e5/r-ab12/*",
            "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*",
            "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/*",
        ] {
            assert!(good.parse::<OrganizationPath>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "*",
            "o-*",
            "o-short",
            "o-A1B2C3D4E5",
            "o-a1b2c3d4e5/",
            "o-a1b2c3d4e5/*/ou-ab12-11111111/*",
            "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111",
            "o-a1b2c3d4e5/ou-ab12-11111111/*",
            "111122223333",
        ] {
            assert!(bad.parse::<OrganizationPath>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_organization_contains_its_units_and_a_unit_what_is_below() {
        let check = |trusted: &str, value: &str, expected: bool| {
            let trusted: OrganizationPath = trusted.parse().unwrap();
            assert_eq!(trusted.covers(value), expected, "{trusted} {value}");
        };
        check("o-a1b2c3d4e5", "o-a1b2c3d4e5", true);
        check("o-a1b2c3d4e5", "o-a1b2c3d4e5/r-ab12/*", true);
        check("o-a1b2c3d4e5", "o-a1b2c3d4e5*", false);
        check("o-a1b2c3d4e5", "o-*", false);
        check("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*", "o-a1b2c3d4e5", false);
        check(
            "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*",
            "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/*",
            true,
        );
        check("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*", "o-a1b2c3d4e5/r-ab12/*", false);
        check(
            "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*",
            "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111*",
            false,
        );
    }

    #[test]
    fn a_canonical_id_has_64_hexadecimal_digits() {
        assert!(
            "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
                .parse::<CanonicalId>()
                .is_ok()
        );
        for bad in ["", "79a59df900b949e5", &"g".repeat(64), &"A".repeat(64)] {
            assert!(bad.parse::<CanonicalId>().is_err(), "{bad}");
        }
    }
}
