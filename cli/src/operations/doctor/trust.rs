//! Whom the policies of the account's buckets let in, and the configuration does not trust yet.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use s3guard_aws::{AwsError, Buckets};
use s3guard_posture::evaluate::admitted::{Admitted, PrincipalKind, Standing, admitted};
use s3guard_posture::model::policy::Policy;
use s3guard_posture::{AccountId, BucketName, Trusted};

use crate::operations::doctor::report::{Check, Verdict};

/// The most buckets whose policies are read.
const BUCKETS_MAX: usize = 100;
/// The most calls at once.
const CALLS_MAX: usize = 10;

/// What policies of buckets let in and the configuration does not trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct InUse {
    /// How many buckets have a policy that was read.
    policies: usize,
    outsiders: Trusted,
}

/// Reads the policies of the first of these buckets, as far as the caller may.
pub(crate) async fn in_use(
    buckets: &Buckets,
    names: &BTreeSet<BucketName>,
    account: &AccountId,
    trusted: &Trusted,
) -> Result<InUse, AwsError> {
    let names: Vec<&BucketName> = names.iter().take(BUCKETS_MAX).collect();
    let mut found = InUse::default();
    for names in names.chunks(CALLS_MAX) {
        let policies = try_join_all(names.iter().map(|name| buckets.policy(name))).await?;
        for policy in policies.iter().filter_map(|policy| policy.known()) {
            found.add(policy, account, trusted);
        }
    }
    Ok(found)
}

impl InUse {
    fn add(&mut self, policy: &Policy, account: &AccountId, trusted: &Trusted) {
        self.policies += 1;
        let is_outsider = |one: &Admitted| one.standing == Standing::Outsider;
        for one in admitted(policy, account, trusted).into_iter().filter(is_outsider) {
            match one.kind {
                PrincipalKind::Account(account)
                | PrincipalKind::Identity { account, .. }
                | PrincipalKind::IdentityProvider { account, .. }
                | PrincipalKind::AccessPoints(account) => {
                    self.outsiders.accounts.insert(account);
                }
                PrincipalKind::CanonicalUser(id) => {
                    self.outsiders.canonical_ids.insert(id);
                }
                PrincipalKind::Organization(path) => {
                    self.outsiders.organizations.extend(path.parse());
                }
                PrincipalKind::Deleted(_)
                | PrincipalKind::UserId(_)
                | PrincipalKind::WebIdentity(_)
                | PrincipalKind::Service { .. }
                | PrincipalKind::CloudFront(_)
                | PrincipalKind::LogDelivery { .. }
                | PrincipalKind::OwnOrganization
                | PrincipalKind::Everyone { .. }
                | PrincipalKind::Unknown(_) => {}
            }
        }
    }

    /// One line for each setting, with the line for the configuration as the hint.
    pub(crate) fn lines(&self) -> Vec<Check> {
        let Trusted { accounts, organizations, canonical_ids } = &self.outsiders;
        let lines = [
            ("accounts", accounts.iter().map(ToString::to_string).collect::<Vec<_>>()),
            ("organizations", organizations.iter().map(ToString::to_string).collect()),
            ("canonical-ids", canonical_ids.iter().map(ToString::to_string).collect()),
        ];
        let found = lines.into_iter().filter(|(_, names)| !names.is_empty());
        found.map(|(setting, names)| self.line(setting, &names)).collect()
    }

    fn line(&self, setting: &str, names: &[String]) -> Check {
        let names = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let what = setting.replace('-', " ");
        let policies = match self.policies {
            1 => "1 bucket policy".to_owned(),
            many => format!("{many} bucket policies"),
        };
        let text = format!("of {policies}, some let in {what} that s3guard.toml does not trust");
        let fix = format!("to trust these, add `trusted-{setting} = [{names}]` to s3guard.toml");
        Verdict { fix: Some(fix), ..Verdict::ok(text) }.of("trust")
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_in_use_and_not_trusted_is_proposed_for_the_configuration() {
        let account: AccountId = "111122223333".parse().unwrap();
        let accounts = ["777788889999".parse().unwrap()].into();
        let trusted = Trusted { accounts, ..Trusted::default() };
        let allow = |principal| json!({ "Effect": "Allow", "Principal": principal });
        let of_organization = json!({
            "Effect": "Allow",
            "Principal": "*",
            "Condition": { "StringEquals": { "aws:PrincipalOrgID": "o-exampleorgid" } },
        });
        let statements = [
            allow(json!({ "AWS": ["444455556666", "777788889999", "AROAEXAMPLEDELETED01"] })),
            allow(json!({ "AWS": "arn:aws:iam::111122223333:role/own" })),
            allow(json!({ "CanonicalUser": "ab".repeat(32), "Service": "s3.amazonaws.com" })),
            allow(json!("*")),
            of_organization,
        ];
        let mut found = InUse::default();
        assert_eq!(found.lines(), []);
        let policy = Policy::new(json!({ "Statement": statements }).to_string());
        found.add(&policy, &account, &trusted);
        let lines = found.lines();
        let words = lines.iter().map(|line| {
            let Verdict { text, fix, .. } = &line.verdict;
            format!("{text}\n  {}\n", fix.as_deref().unwrap_or_default())
        });
        expect![[r#"
            of 1 bucket policy, some let in accounts that s3guard.toml does not trust
              to trust these, add `trusted-accounts = ["444455556666"]` to s3guard.toml
            of 1 bucket policy, some let in organizations that s3guard.toml does not trust
              to trust these, add `trusted-organizations = ["o-exampleorgid"]` to s3guard.toml
            of 1 bucket policy, some let in canonical ids that s3guard.toml does not trust
              to trust these, add `trusted-canonical-ids = ["abababababababababababababababababababababababababababababababab"]` to s3guard.toml
        "#]]
        .assert_eq(&words.collect::<String>());
    }
}
