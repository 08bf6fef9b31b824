//! Who made a call, as people know them.

use crate::AccountId;
use crate::text::shown;

/// What roles of Identity Center begin with: behind it are the permission set and a hash.
///
/// Source: IAM Identity Center User Guide, "Referencing permission sets in resource policies".
const SSO: &str = "AWSReservedSSO_";

/// The parts of a principal.
enum Parts<'a> {
    Root,
    User(&'a str),
    Role(&'a str),
    Session {
        role: &'a str,
        session: &'a str,
    },
    Sso {
        permission_set: &'a str,
        user: &'a str,
    },
    Federated(&'a str),
    /// A service, or a kind of caller: it is shown as it is.
    Other(&'a str),
}

/// A principal as people know it: the user, not the ARN. Whoever is of another account than `account` is said to be.
///
/// Source: IAM User Guide, "IAM identifiers".
pub fn known_as(principal: &str, account: &AccountId) -> String {
    let name = match parts(principal) {
        Parts::Root => "root".to_owned(),
        Parts::User(name) => format!("IAM user {name}"),
        Parts::Role(name) => format!("role {name}"),
        Parts::Session { role, session } => format!("role {role}, session {session}"),
        Parts::Sso { permission_set, user } => format!("{user} by SSO ({permission_set})"),
        Parts::Federated(name) => format!("federated user {name}"),
        Parts::Other(name) => name.to_owned(),
    };
    let name = shown(&name, 300);
    match principal.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(3)) {
        Some(other) if other.parse::<AccountId>().is_ok_and(|other| other != *account) => {
            format!("{name} of account {other}")
        }
        _ => name,
    }
}

/// A principal in a word or two, as in a subject.
pub fn short(principal: &str) -> String {
    match parts(principal) {
        Parts::Root => "root".to_owned(),
        Parts::User(name) | Parts::Role(name) | Parts::Federated(name) | Parts::Other(name) => {
            name.to_owned()
        }
        Parts::Session { role, session } => format!("{role}/{session}"),
        Parts::Sso { user, .. } => user.to_owned(),
    }
}

fn parts(principal: &str) -> Parts<'_> {
    // CloudTrail gives no ARN for some sessions: what it gives then is put together by `event::principal`.
    let (arn, session) = match principal.split_once(", session ") {
        Some((arn, session)) => (arn, Some(session)),
        None => (principal, None),
    };
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, service, _, _, resource] = fields[..] else { return Parts::Other(principal) };
    let last = |path: &'_ str| path.rsplit('/').next().map_or(0, str::len);
    match (service, resource.split_once('/').unwrap_or((resource, "")), session) {
        ("iam", ("root", _), None) => Parts::Root,
        ("iam", ("user", path), None) => Parts::User(&path[path.len() - last(path)..]),
        ("iam", ("role", path), session) => role(&path[path.len() - last(path)..], session),
        // A role's path is not in the ARN of its session.
        ("sts", ("assumed-role", rest), None) => match rest.split_once('/') {
            Some((name, session)) => role(name, Some(session)),
            None => role(rest, None),
        },
        ("sts", ("federated-user", name), None) => Parts::Federated(name),
        _ => Parts::Other(principal),
    }
}

fn role<'a>(name: &'a str, session: Option<&'a str>) -> Parts<'a> {
    match (name.strip_prefix(SSO).and_then(|name| name.rsplit_once('_')), session) {
        (Some((permission_set, _)), Some(user)) => Parts::Sso { permission_set, user },
        (_, Some(session)) => Parts::Session { role: name, session },
        (_, None) => Parts::Role(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_it_was_is_called_as_people_know_them() {
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
    fn whoever_is_of_another_account_is_said_to_be() {
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
