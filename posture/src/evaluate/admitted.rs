//! Who a bucket policy lets in: the one model that reports, encryption, `undo` and `replay` use.
//!
//! Conditions count as far as they narrow a statement, and not otherwise (`condition`). Deny statements are not considered:
//! they never make a policy less public for S3 either. Whether a policy is *public* is judged by S3's rules.
//!
//! Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", section "The meaning of public"; AWS
//! IAM User Guide, "AWS JSON policy elements: Principal" and "AWS global condition context keys".

mod condition;
mod delivery;
mod grants;
mod kind;
mod manage;
mod network;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::Value;

use self::condition::Conditions;
pub use self::grants::Grants;
pub use self::kind::{PrincipalKind, Sources};
use crate::model::policy::{Policy, Statement, listed, statements};
use crate::text::shown;
use crate::{AccountId, Trusted};

/// The most names in a list of those who are let in.
const NAMES_MAX: usize = 20;

/// A principal, or a group of principals, that a statement of a policy lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// What it is. Its `Display` is its name in words.
    pub kind: PrincipalKind,
    /// Where it stands to the bucket's account.
    pub standing: Standing,
    /// Whether S3 would call the statement public because of it.
    pub is_public: bool,
    /// The statement: its `Sid`, else its number.
    pub statement: String,
    /// An action of the statement that changes the bucket's settings, as the policy spells it.
    pub changes: Option<String>,
    /// What the statement allows with objects.
    pub grants: Grants,
}

/// Where a principal stands to the bucket's account, the closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It is the account itself, or one of its users, roles or identity providers.
    Own,
    /// It was deleted, and no one can use it.
    Deleted,
    /// It is an AWS service or an access point, limited to the bucket's account.
    Limited,
    /// The owner trusts it.
    Trusted,
    /// It is outside of the account, and not trusted.
    Outsider,
}

impl Admitted {
    /// Whether it is one of AWS, which acts for its customers, and changes no settings.
    pub fn is_of_aws(&self) -> bool {
        self.kind.is_of_aws() && self.changes.is_none()
    }

    /// Whether it is outside of the account, trusted or not: a KMS key would have to allow it, too.
    pub fn needs_key(&self) -> bool {
        self.standing >= Standing::Limited
    }
}

/// For whom a policy is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Viewpoint<'a> {
    account: &'a AccountId,
    trusted: &'a Trusted,
}

/// Who a policy lets in. One that is not understood lets in a principal that is not known.
pub fn admitted(policy: &Policy, account: &AccountId, trusted: &Trusted) -> Vec<Admitted> {
    let Some(document) = policy.document().filter(|document| document.get("Statement").is_some())
    else {
        return vec![Admitted {
            kind: PrincipalKind::Unknown(
                "principals that are not known: it could not be parsed".to_owned(),
            ),
            standing: Standing::Outsider,
            is_public: false,
            statement: "1".to_owned(),
            changes: None,
            grants: Grants::default(),
        }];
    };
    let view = Viewpoint { account, trusted };
    let allowed = (1..).zip(statements(document)).filter(|(_, one)| one.effect() != Some("Deny"));
    allowed.flat_map(|(number, statement)| view.admitted(statement, number)).collect()
}

/// Whether S3 calls a policy public; `None` if it is not understood.
pub fn is_public(policy: &Policy, account: &AccountId) -> Option<bool> {
    policy.document()?.get("Statement")?;
    Some(admitted(policy, account, &Trusted::default()).iter().any(|one| one.is_public))
}

/// The names of some who are let in, each once, with the first statement that does: the broadest first, AWS's own last.
pub fn names<'a>(some: impl Iterator<Item = &'a Admitted>) -> Option<String> {
    let mut names: BTreeMap<_, (&str, Option<&str>)> = BTreeMap::new();
    for one in some {
        let key = (one.kind.is_of_aws(), Reverse(one.kind.breadth()), one.kind.to_string());
        let (_, changes) = names.entry(key).or_insert((&one.statement, None));
        *changes = changes.or(one.changes.as_deref());
    }
    let words = names.iter().take(NAMES_MAX).map(|((.., name), (of, changes))| {
        let changes = changes.map(|action| format!(", which may call {action}"));
        format!("{name} (statement {of}){}", changes.unwrap_or_default())
    });
    let words: Vec<String> = words.collect();
    let more = if names.len() > NAMES_MAX { "; and more" } else { "" };
    (!words.is_empty()).then(|| words.join("; ") + more)
}

impl Viewpoint<'_> {
    fn admitted(self, statement: Statement<'_>, number: usize) -> Vec<Admitted> {
        let conditions = Conditions::of(statement, self);
        let sid = statement.0.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty());
        let name = sid.map_or_else(|| number.to_string(), |sid| format!("`{}`", shown(sid, 80)));
        let (changes, grants) = (manage::changes(statement), Grants::of(statement));
        let entry = |kind: PrincipalKind, is_public| Admitted {
            standing: self.standing(&kind),
            kind,
            is_public,
            statement: name.clone(),
            changes: changes.clone(),
            grants,
        };
        let closest = |tests: &[Vec<PrincipalKind>]| {
            let tests = tests.iter().map(|kinds| (self.farthest(kinds), kinds.clone()));
            tests.min_by_key(|(standing, kinds)| (*standing, kinds[0].breadth()))
        };
        let of_all = closest(&conditions.principals);
        let of_anyone = closest(&[&conditions.principals[..], &conditions.channels].concat());
        let mut admitted = Vec::new();
        // What a condition narrows several principals to is the same for all of them.
        let (mut all_are_public, mut anyone_is_public) = (None, None);
        for kind in principals(statement, self.account) {
            let is_fixed = kind.is_fixed();
            let is_public = !is_fixed && !conditions.is_fixed;
            if !is_fixed && of_anyone.is_some() {
                anyone_is_public = Some(is_public);
                continue;
            }
            let kind = if let PrincipalKind::Service { name, .. } = kind {
                PrincipalKind::Service { name, sources: conditions.sources.clone() }
            } else if let PrincipalKind::Everyone { but, .. } = kind {
                PrincipalKind::Everyone { but, limits: conditions.limits.clone() }
            } else {
                kind
            };
            match &of_all {
                Some((standing, _)) if *standing < self.standing(&kind) => {
                    all_are_public = Some(is_public);
                }
                Some(_) | None => admitted.push(entry(kind, is_public)),
            }
        }
        for (tested, is_public) in [(of_all, all_are_public), (of_anyone, anyone_is_public)] {
            let (Some((_, kinds)), Some(is_public)) = (tested, is_public) else { continue };
            admitted.extend(kinds.into_iter().map(|kind| entry(kind, is_public)));
        }
        admitted
    }

    fn farthest(self, kinds: &[PrincipalKind]) -> Standing {
        let standings = kinds.iter().map(|kind| self.standing(kind));
        standings.max().unwrap_or(Standing::Outsider)
    }

    fn standing(self, kind: &PrincipalKind) -> Standing {
        match kind {
            PrincipalKind::Account(account)
            | PrincipalKind::Identity { account, .. }
            | PrincipalKind::IdentityProvider { account, .. } => {
                self.of_account(account, Standing::Own)
            }
            PrincipalKind::Deleted(_) => Standing::Deleted,
            PrincipalKind::CanonicalUser(id) => trusted_if(self.trusted.canonical_ids.contains(id)),
            PrincipalKind::Service { sources, .. } => {
                sources.as_ref().map_or(Standing::Outsider, |sources| sources.standing)
            }
            PrincipalKind::AccessPoints(account) => self.of_account(account, Standing::Limited),
            PrincipalKind::LogDelivery { is_limited: true, .. } => Standing::Limited,
            PrincipalKind::Organization(path) => self.of_organization(path),
            PrincipalKind::LogDelivery { .. }
            | PrincipalKind::CloudFront(_)
            | PrincipalKind::OwnOrganization
            | PrincipalKind::UserId(_)
            | PrincipalKind::WebIdentity(_)
            | PrincipalKind::Everyone { .. }
            | PrincipalKind::Unknown(_) => Standing::Outsider,
        }
    }

    fn of_account(self, account: &AccountId, own: Standing) -> Standing {
        if account == self.account {
            own
        } else {
            trusted_if(self.trusted.accounts.contains(account))
        }
    }

    fn of_organization(self, path: &str) -> Standing {
        trusted_if(self.trusted.organizations.iter().any(|trusted| trusted.covers(path)))
    }
}

fn trusted_if(is_trusted: bool) -> Standing {
    if is_trusted { Standing::Trusted } else { Standing::Outsider }
}

/// The principals of a statement, before its conditions.
fn principals(statement: Statement<'_>, account: &AccountId) -> Vec<PrincipalKind> {
    let is_limited = delivery::is_limited(statement, account);
    let principal = |kind: &str, name: &Value| match name.as_str() {
        Some(name) => PrincipalKind::of(kind, name, is_limited),
        None => PrincipalKind::Unknown(name.to_string()),
    };
    let everyone = |but| vec![PrincipalKind::Everyone { but, limits: Vec::new() }];
    match statement.0.get("Principal") {
        Some(Value::Object(kinds)) => kinds
            .iter()
            .flat_map(|(kind, names)| listed(names).map(move |name| principal(kind, name)))
            .collect(),
        Some(names) => listed(names).map(|name| principal("AWS", name)).collect(),
        None => everyone(statement.0.get("NotPrincipal").is_some()),
    }
}

#[cfg(test)]
mod tests;
