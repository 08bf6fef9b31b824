//! Who made a call, as a readable name.

use crate::AccountId;
use crate::text::unlinked;

/// The prefix of the roles of Identity Center, which is followed by the permission set and a hash.
///
/// Source: IAM Identity Center User Guide, "Referencing permission sets in resource policies".
const SSO: &str = "AWSReservedSSO_";

/// The readable name of a principal, with its account if that is not `account`.
///
/// Source: IAM User Guide, "IAM identifiers".
pub fn known_as(principal: &str, account: &AccountId) -> String {
    let name = unlinked(&names(principal).0, 300);
    match principal.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(3)) {
        Some(other) if other.parse::<AccountId>().is_ok_and(|other| other != *account) => {
            format!("{name} of account {other}")
        }
        _ => name,
    }
}

/// The short name of a principal, as in a subject.
pub fn short(principal: &str) -> String {
    unlinked(&names(principal).1, 300)
}

/// The full name and the short one; a service, or a kind of caller, is unchanged.
fn names(principal: &str) -> (String, String) {
    // For some sessions CloudTrail has no ARN, and `events::principal` adds the session to that of the role.
    let (arn, session) = match principal.split_once(", session ") {
        Some((arn, session)) => (arn, Some(session)),
        None => (principal, None),
    };
    let other = || (principal.to_owned(), principal.to_owned());
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, service, _, _, resource] = fields[..] else { return other() };
    let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
    let name = rest.rsplit('/').next().unwrap_or(rest);
    match (service, kind, session) {
        ("iam", "root", None) => ("root".to_owned(), "root".to_owned()),
        ("iam", "user", None) => (format!("IAM user {name}"), name.to_owned()),
        ("iam", "role", session) => role(name, session),
        // A role's path is not in the ARN of its session.
        ("sts", "assumed-role", None) => match rest.split_once('/') {
            Some((name, session)) => role(name, Some(session)),
            None => role(rest, None),
        },
        ("sts", "federated-user", None) => (format!("federated user {rest}"), rest.to_owned()),
        _ => other(),
    }
}

fn role(name: &str, session: Option<&str>) -> (String, String) {
    match (name.strip_prefix(SSO).and_then(|name| name.rsplit_once('_')), session) {
        (Some((permission_set, _)), Some(user)) => {
            (format!("{user} by SSO ({permission_set})"), user.to_owned())
        }
        (_, Some(session)) => {
            (format!("role {name}, session {session}"), format!("{name}/{session}"))
        }
        (_, None) => (format!("role {name}"), name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_has_a_readable_name() {
        let check = |principal: &str, known: &str, brief: &str| {
            assert_eq!(known_as(principal, &"111122223333".parse().unwrap()), known, "{principal}");
            assert_eq!(short(principal), brief, "{principal}");
        };
        check("arn:aws:iam::111122223333:root", "root", "root");
        check("arn:aws:iam::111122223333:user/team/careless", "IAM user careless", "careless");
        check(
            "arn:aws:sts::111122223333:assumed-role/Deployer/ci-4711",
            "role Deployer, session ci-4711",
            "Deployer/ci-4711",
        );
        check(
            "arn:aws:iam::111122223333:role/team/Deployer, session ci-4711",
            "role Deployer, session ci-4711",
            "Deployer/ci-4711",
        );
        check("arn:aws:iam::111122223333:role/team/Deployer", "role Deployer", "Deployer");
        check(
            "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Data_Admin_0123456789abcdef/jane@example.com",
            "jane@example.com by SSO (Data_Admin)",
            "jane@example.com",
        );
        check("arn:aws-cn:sts::111122223333:federated-user/guest", "federated user guest", "guest");
        check(
            "cloudformation.amazonaws.com",
            "cloudformation.amazonaws.com",
            "cloudformation.amazonaws.com",
        );
        check("AWSService", "AWSService", "AWSService");
        check("", "", "");
        check("arn:aws:iam::111122223333:user/", "IAM user ", "");
    }

    #[test]
    fn a_principal_of_another_account_is_named_with_it() {
        let account = "111122223333".parse().unwrap();
        let known = |principal| known_as(principal, &account);
        assert_eq!(known("arn:aws:iam::444455556666:root"), "root of account 444455556666");
        assert_eq!(
            known("arn:aws:sts::444455556666:assumed-role/Deployer/ci"),
            "role Deployer, session ci of account 444455556666"
        );
        assert_eq!(known("AIDA of account 444455556666"), "AIDA of account 444455556666");
    }

    #[test]
    fn a_name_cannot_move_the_cursor() {
        let account = "111122223333".parse().unwrap();
        let principal = "arn:aws:sts::111122223333:assumed-role/R/a\r\nb\u{202e}";
        assert_eq!(known_as(principal, &account), r"role R, session a\u{d}\u{a}b\u{202e}");
    }
}
