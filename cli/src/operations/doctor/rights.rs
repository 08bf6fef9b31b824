//! Whether the caller has the permissions that a deployment needs, as IAM simulates them.

use futures_util::stream::{self, StreamExt as _};
use s3guard_aws::identity::{Identity, Principal};
use s3guard_aws::permissions::{Missing, Question, missing, source};
use s3guard_aws::{AwsError, Connection};
use s3guard_posture::{Reading, StackName};

use crate::operations::permissions;
use crate::operations::permissions::{PermissionTarget, Scope};

/// How many simulations run at once: IAM throttles early.
const AT_ONCE: usize = 3;

/// What the caller may do of what a deployment needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    Root,
    /// IAM cannot be asked about this kind of caller.
    Unknowable,
    /// IAM may not be asked without this action.
    Denied(&'static str),
    AllBut(Vec<Missing>),
}

pub(crate) async fn rights(
    connection: &Connection,
    caller: &Identity,
    stack: &StackName,
    prefix: &str,
) -> Result<Rights, AwsError> {
    if caller.principal() == Principal::Root {
        return Ok(Rights::Root);
    }
    let source = match source(connection, caller).await? {
        Reading::Known(source) => source,
        Reading::Denied => return Ok(Rights::Denied("iam:GetRole")),
        Reading::Absent | Reading::Unread => return Ok(Rights::Unknowable),
    };
    let target = PermissionTarget {
        partition: caller.partition().to_owned(),
        account: caller.account.clone(),
        region: Some(connection.region().clone()),
        stack: stack.clone(),
        prefix: prefix.to_owned(),
        boundary: None,
    };
    let questions = questions(&target);
    let asked = questions.iter().map(|question| missing(connection, &source, question));
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let mut all = Vec::new();
    for answer in answers {
        match answer? {
            Reading::Known(missing) => all.extend(missing),
            // The role has been deleted, or IAM refuses.
            Reading::Absent | Reading::Unread => return Ok(Rights::Unknowable),
            Reading::Denied => return Ok(Rights::Denied("iam:SimulatePrincipalPolicy")),
        }
    }
    all.sort();
    all.dedup();
    Ok(Rights::AllBut(all))
}

/// The permissions that a deployment needs, on resources with possible names.
fn questions(target: &PermissionTarget) -> Vec<Question> {
    let all = permissions::actions().into_iter();
    let asked = all.filter(|(scope, _)| *scope != Scope::Caller);
    asked
        .map(|(scope, actions)| {
            let is_needed = |action: &String| scope != Scope::ReadAny || !is_listing(action);
            let resource = scope.resources(target).swap_remove(0);
            let resource = if resource == "*" { resource } else { resource.replace('*', "x") };
            Question { actions: actions.into_iter().filter(is_needed).collect(), resource }
        })
        .collect()
}

/// Whether an action lists resources, which a stack does not need.
fn is_listing(action: &str) -> bool {
    action.split_once(':').is_some_and(|(_, name)| name.starts_with("List"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_is_asked_for_in_few_calls_on_things_that_could_be() {
        let target = PermissionTarget {
            partition: "aws".to_owned(),
            account: "111122223333".parse().unwrap(),
            region: Some("eu-west-1".parse().unwrap()),
            stack: "s".parse().unwrap(),
            prefix: "s".to_owned(),
            boundary: None,
        };
        let questions = questions(&target);
        assert!((10..30).contains(&questions.len()), "{}", questions.len());
        for Question { actions, resource } in &questions {
            assert!(!actions.is_empty() && actions.len() < 100, "{resource}");
            assert!(resource == "*" || !resource.contains('*'), "{resource}");
            assert!(!actions.iter().any(|action| action == "lambda:ListFunctions"));
        }
        let of = |action: &str| {
            let has = |one: &&Question| one.actions.iter().any(|known| known == action);
            questions.iter().find(has).unwrap().resource.clone()
        };
        assert_eq!(of("sqs:CreateQueue"), "arn:aws:sqs:eu-west-1:111122223333:s-x");
        assert_eq!(of("iam:PassRole"), "arn:aws:iam::111122223333:role/s3guard/s-x");
        assert_eq!(of("kms:CreateKey"), "*");
    }
}
