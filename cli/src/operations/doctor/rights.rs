//! Whether the caller has the permissions that a deployment needs, as IAM simulates them.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt as _};
use s3guard_aws::identity::{Identity, Principal};
use s3guard_aws::permissions::{By, Missing, Question, missing, source};
use s3guard_aws::{AwsError, Connection};
use s3guard_posture::evaluate;
use s3guard_posture::model::question::On;
use s3guard_posture::model::setting::SettingKind;
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
    AllBut {
        missing: Vec<Missing>,
        /// Actions of the guard's writes that the organization denies to the account.
        denied_writes: Vec<String>,
    },
}

pub(crate) async fn rights(
    connection: &Connection,
    caller: &Identity,
    stack: &StackName,
    prefix: &str,
    writable: &BTreeSet<SettingKind>,
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
    let (of_deployment, of_guard) = (questions(&target), writes(&target, writable));
    let questions = of_deployment.iter().chain(&of_guard);
    let asked = questions.map(|question| missing(connection, &source, question));
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let (mut all, mut denied_writes) = (Vec::new(), Vec::new());
    for (index, answer) in answers.into_iter().enumerate() {
        match answer? {
            Reading::Known(missing) if index < of_deployment.len() => all.extend(missing),
            // The guard's role has these permissions; the organization's policies are those of every principal.
            Reading::Known(missing) => denied_writes.extend(
                missing.into_iter().filter(|one| one.by == By::Organization).map(|one| one.action),
            ),
            // The role has been deleted, or IAM refuses.
            Reading::Absent | Reading::Unread => return Ok(Rights::Unknowable),
            Reading::Denied => return Ok(Rights::Denied("iam:SimulatePrincipalPolicy")),
        }
    }
    all.sort();
    all.dedup();
    Ok(Rights::AllBut { missing: all, denied_writes })
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

/// The writes of the guard, on a bucket that could be and on the account.
fn writes(target: &PermissionTarget, writable: &BTreeSet<SettingKind>) -> Vec<Question> {
    let PermissionTarget { partition, account, .. } = target;
    let bucket = format!("arn:{partition}:s3:::bucket-of-{account}");
    let all = [(On::Buckets, bucket), (On::Account, "*".to_owned())];
    let questions = all.map(|(on, resource)| {
        let actions = evaluate::permissions::writes(on, writable).into_iter();
        Question { actions: actions.map(str::to_owned).collect(), resource }
    });
    questions.into_iter().filter(|question| !question.actions.is_empty()).collect()
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

    #[test]
    fn the_guards_writes_are_asked_for_as_configured() {
        let target = PermissionTarget {
            partition: "aws".to_owned(),
            account: "111122223333".parse().unwrap(),
            region: None,
            stack: "s".parse().unwrap(),
            prefix: "s".to_owned(),
            boundary: None,
        };
        assert_eq!(writes(&target, &BTreeSet::new()), [], "the configuration only reports");
        let of = |kinds: &[SettingKind]| writes(&target, &kinds.iter().copied().collect());
        let [bucket] = &of(&[SettingKind::Encryption])[..] else { panic!() };
        assert_eq!(bucket.actions, ["s3:PutEncryptionConfiguration"]);
        assert_eq!(bucket.resource, "arn:aws:s3:::bucket-of-111122223333");
        let [account] = &of(&[SettingKind::AccountPublicAccessBlock])[..] else { panic!() };
        assert_eq!(account.actions, ["s3:PutAccountPublicAccessBlock"]);
        assert_eq!(account.resource, "*");
    }
}
