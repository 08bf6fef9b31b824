//! The principals that deploy a stack: they alone change the locks of its buckets and queues, and write to the code bucket.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use s3guard_aws::identity::{Identity, Principal};
use s3guard_aws::stacks::Stack;
use s3guard_posture::contract::parameter;

/// The deployers of a stack: those that it has, the caller, and these. None is removed.
pub(crate) fn all<'a>(
    previous: &BTreeMap<String, String>,
    caller: &Identity,
    added: impl IntoIterator<Item = &'a str>,
) -> BTreeSet<String> {
    let had = previous.get(parameter::DEPLOYER_ARNS).map_or("", String::as_str);
    let mut all: BTreeSet<String> =
        had.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect();
    all.extend(of_caller(caller));
    all.extend(added.into_iter().map(str::to_owned));
    all
}

/// What is wrong with a stack without deployers, whose template was uploaded by hand, and what to do about it.
pub(crate) fn unlocked(
    stack: &Stack,
    name: &impl Display,
    region: &impl Display,
) -> Option<(&'static str, String)> {
    let has_deployers = stack
        .parameters
        .get(parameter::DEPLOYER_ARNS)
        .is_some_and(|deployers| !deployers.is_empty());
    let what =
        "it has no deployers, so every principal can change its buckets, queues, topics and key";
    let fix = format!(
        "`s3guard deploy --stack {name} --region {region}` makes the caller one and locks them"
    );
    (!has_deployers).then_some((what, fix))
}

/// The value of the parameter. A comma, which the name of a user or a role may have, would divide it: `?` matches it.
pub(crate) fn value(deployers: &BTreeSet<String>) -> String {
    let names: Vec<String> = deployers.iter().map(|one| one.replace(',', "?")).collect();
    names.join(",")
}

/// The caller, as `aws:PrincipalArn` has it.
///
/// Of a session it is the ARN of the role, whose path the session does not have: the name is unique in an account, under
/// any path. Source: AWS IAM User Guide, "AWS global condition context keys" and "IAM and AWS STS quotas".
fn of_caller(caller: &Identity) -> Vec<String> {
    let role = |prefix: &str, name: &str| {
        format!("arn:{}:iam::{}:role/{prefix}{name}", caller.partition(), caller.account)
    };
    match caller.principal() {
        Principal::Role(name) => vec![role("", &name), role("*/", &name)],
        Principal::User(arn) => vec![arn],
        Principal::Root | Principal::Federated if caller.arn.is_empty() => Vec::new(),
        Principal::Root | Principal::Federated => vec![caller.arn.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(arn: &str) -> Identity {
        Identity { account: "111122223333".parse().unwrap(), arn: arn.to_owned() }
    }

    #[test]
    fn each_kind_of_caller_has_the_arn_that_conditions_see() {
        let sso = "AWSReservedSSO_Admin_0123456789abcdef";
        for (arn, expected) in [
            (
                "arn:aws:sts::111122223333:assumed-role/deployer/session",
                vec![
                    "arn:aws:iam::111122223333:role/deployer".to_owned(),
                    "arn:aws:iam::111122223333:role/*/deployer".to_owned(),
                ],
            ),
            (
                &format!("arn:aws-cn:sts::111122223333:assumed-role/{sso}/jane@example.com"),
                vec![
                    format!("arn:aws-cn:iam::111122223333:role/{sso}"),
                    format!("arn:aws-cn:iam::111122223333:role/*/{sso}"),
                ],
            ),
            (
                "arn:aws:iam::111122223333:user/team/jane",
                vec!["arn:aws:iam::111122223333:user/team/jane".to_owned()],
            ),
            ("arn:aws:iam::111122223333:root", vec!["arn:aws:iam::111122223333:root".to_owned()]),
            (
                "arn:aws:sts::111122223333:federated-user/jane",
                vec!["arn:aws:sts::111122223333:federated-user/jane".to_owned()],
            ),
            ("", Vec::new()),
        ] {
            assert_eq!(of_caller(&caller(arn)), expected, "{arn}");
        }
    }

    #[test]
    fn deployers_are_added_and_none_is_removed() {
        let previous = "arn:aws:iam::111122223333:role/ci, arn:aws:iam::111122223333:user/a?b";
        let previous = BTreeMap::from([("DeployerArns".to_owned(), previous.to_owned())]);
        let user = caller("arn:aws:iam::111122223333:user/jane");
        let deployers = all(&previous, &user, ["arn:aws:iam::111122223333:role/service"]);
        assert_eq!(
            value(&deployers),
            "arn:aws:iam::111122223333:role/ci,arn:aws:iam::111122223333:role/service,\
             arn:aws:iam::111122223333:user/a?b,arn:aws:iam::111122223333:user/jane"
        );
        let again = BTreeMap::from([("DeployerArns".to_owned(), value(&deployers))]);
        assert_eq!(all(&again, &user, []), deployers);
        let odd = all(&BTreeMap::new(), &caller("arn:aws:iam::111122223333:user/a,b"), []);
        assert_eq!(value(&odd), "arn:aws:iam::111122223333:user/a?b");
        assert_eq!(value(&all(&BTreeMap::new(), &caller(""), [])), "");
    }
}
