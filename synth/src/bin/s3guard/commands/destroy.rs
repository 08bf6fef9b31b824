//! `s3guard destroy`: the guard taken out of an account, and what stays there named.

use std::fmt;

use anyhow::{Context as _, anyhow};
use s3guard_aws::stacks::{Event, Resource, Stack, StackStatus, Stacks};
use s3guard_posture::StackName;
use s3guard_synth::stacks;
use serde::Serialize;

use super::account::{self, Account, AccountArgs};
use super::progress::{self, Follower};
use crate::cli;
use crate::failure::{Advice as _, Exit};
use crate::output::Output;

/// What becomes of buckets that stay while their policies go.
const WITHOUT_POLICIES: &str = "the buckets that stay lose their policies: access without TLS is not \
     refused there any more, and no access logs arrive there, neither of the trail's bucket nor of those that the \
     guard has set to log";

/// Take the guard out of an account
///
/// Deletes the stack. What is needed to read the past stays: the trail's and the log's bucket and
/// the KMS key. The bucket for code stays for other stacks, and every bucket keeps the settings that
/// the guard gave it. All that stays is named.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountArgs,

    /// Do not ask for the stack's name
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(args: &Args, output: &Output, token: &str) -> anyhow::Result<Exit> {
    let on_interrupt = format!(
        "a deletion that was begun goes on; `s3guard destroy --stack {}` again tells how far it is",
        args.account.stack
    );
    account::run(destroy(args, output, token), on_interrupt)
}

async fn destroy(args: &Args, output: &Output, token: &str) -> anyhow::Result<Exit> {
    let name = &args.account.stack;
    let account = Account::open(&args.account).await?;
    let region = account.connection.region();
    let stacks = Stacks::new(&account.connection);
    let Some(stack) = stacks.describe(name.as_str()).await? else {
        output.say(format_args!("stack `{name}` does not exist in `{region}`: nothing to do"));
        output.result(&Destroyed {
            stack: name.to_string(),
            outcome: Outcome::Absent,
            stays: vec![],
        })?;
        return Ok(Exit::Done);
    };
    account::check_is_guard(&stacks, &stack, name).await?;
    check(name, &stack)?;
    let resources = stacks.resources(&stack.id).await?;
    let kept = kept_by_template()?;
    let staying = staying(&resources, &kept);
    output.say(format_args!(
        "stack `{name}` in `{region}`, account `{}`: {} resources",
        account.caller.account,
        resources.len()
    ));
    output.say(format_args!("deleted are {}; these stay:", resources.len() - staying.len()));
    let mut stays = staying;
    stays.extend(code_bucket(&stack));
    for stay in &stays {
        output.say(format_args!("  {stay}"));
    }
    output.say("  the settings that the guard gave to buckets");
    if lose_policies(&resources, &kept) {
        output.say(WITHOUT_POLICIES);
    }
    if !args.yes {
        let what = format!("deleting stack `{name}`");
        account::approve(&what, name.as_str(), "the stack's name", output).await?;
    }

    // Somebody may have begun it already.
    let is_asked_for = stack.status == StackStatus::DeleteInProgress;
    let follower =
        Follower::new(&stacks, output, &stack.id, (!is_asked_for).then_some(token)).await;
    if !is_asked_for {
        stacks.delete(&stack.id, token).await?;
    }
    let ended = follower.follow().await?;
    let gone = ended.stack.as_ref().is_none_or(|stack| stack.status == StackStatus::DeleteComplete);
    if !gone {
        let what = format!("stack `{name}` was not deleted whole");
        let otherwise = format!("mend the cause, then `s3guard destroy --stack {name}` again");
        return Err(progress::failure(&what, &ended))
            .hint(progress::failure_hint(&ended, &otherwise));
    }
    // What CloudFormation says it left counts more than what was expected.
    for event in ended.events.iter().filter(|event| event.is_left_behind()) {
        if !stays.iter().any(|stay| stay.name == event.physical_id) {
            stays.push(left_behind(event));
        }
    }
    output.say(format_args!("stack `{name}` deleted"));
    output.result(&Destroyed { stack: name.to_string(), outcome: Outcome::Deleted, stays })?;
    Ok(Exit::Done)
}

/// What may be deleted at all.
fn check(name: &StackName, stack: &Stack) -> anyhow::Result<()> {
    if stack.protected {
        return Err(anyhow!("stack `{name}` is protected against deletion")).hint(format!(
            "`aws cloudformation update-termination-protection --no-enable-termination-protection \
             --stack-name {name}`"
        ));
    }
    let is_busy = !stack.status.is_settled() && stack.status != StackStatus::DeleteInProgress;
    if is_busy {
        return Err(anyhow!("stack `{name}` is in `{}`: something is going on", stack.status))
            .hint("try again when it has come to rest");
    }
    Ok(())
}

/// The logical ids that the template keeps when the stack goes.
fn kept_by_template() -> anyhow::Result<Vec<String>> {
    let json = stacks::guard().to_json().context("the template cannot be rendered")?;
    let template: serde_json::Value = serde_json::from_str(&json).context("it is no JSON")?;
    let resources = template["Resources"].as_object().into_iter().flatten();
    let is_kept = |resource: &serde_json::Value| {
        resource["DeletionPolicy"].as_str().is_some_and(|policy| policy.starts_with("Retain"))
    };
    Ok(resources.filter(|(_, resource)| is_kept(resource)).map(|(id, _)| id.clone()).collect())
}

fn staying(resources: &[Resource], kept: &[String]) -> Vec<Stay> {
    resources
        .iter()
        .filter(|resource| kept.contains(&resource.logical_id))
        .map(|resource| Stay {
            kind: resource.resource_type.clone(),
            name: resource.physical_id.clone(),
            why: why(&resource.resource_type).to_owned(),
        })
        .collect()
}

/// Whether buckets stay whose policies go.
fn lose_policies(resources: &[Resource], kept: &[String]) -> bool {
    let any = |resource_type: &str, is_kept: bool| {
        resources.iter().any(|resource| {
            resource.resource_type == resource_type
                && kept.contains(&resource.logical_id) == is_kept
        })
    };
    any("AWS::S3::Bucket", true) && any("AWS::S3::BucketPolicy", false)
}

fn left_behind(event: &Event) -> Stay {
    Stay {
        kind: event.resource_type.clone(),
        name: event.physical_id.clone(),
        why: why(&event.resource_type).to_owned(),
    }
}

fn code_bucket(stack: &Stack) -> Option<Stay> {
    let name = stack.parameters.get("CodeBucket").filter(|name| !name.is_empty())?;
    Some(Stay {
        kind: "AWS::S3::Bucket".to_owned(),
        name: name.clone(),
        why: "other stacks may use its code".to_owned(),
    })
}

fn why(resource_type: &str) -> &'static str {
    match resource_type {
        "AWS::S3::Bucket" => "it holds the record of who did what",
        "AWS::KMS::Key" => "without it what it encrypted could not be read",
        _ => "the template keeps it",
    }
}

/// The result of a destruction; as text, what stays.
#[derive(Debug, Serialize)]
struct Destroyed {
    stack: String,
    outcome: Outcome,
    stays: Vec<Stay>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Deleted,
    Absent,
}

/// Something that is still there, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Stay {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    why: String,
}

impl fmt::Display for Stay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<16} {}  ({})", self.kind, self.name, self.why)
    }
}

impl fmt::Display for Destroyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for stay in &self.stays {
            writeln!(f, "{stay}")?;
        }
        Ok(())
    }
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard destroy --stack s3guard\n  \
                    s3guard destroy --stack s3guard --region eu-west-1 --yes --output json\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Approval, Exit::Interrupted];
    examples.to_owned() + &cli::exit_codes(&exits)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn stack(status: StackStatus) -> Stack {
        let parameters = ["CodeBucket", "CodeKey", "BucketPrefix"];
        Stack {
            id: String::new(),
            status,
            reason: None,
            parameters: parameters.map(|name| (name.to_owned(), format!("a-{name}"))).into(),
            outputs: BTreeMap::new(),
            tags: BTreeMap::new(),
            updated: None,
            protected: false,
        }
    }

    #[track_caller]
    fn check(stack: &Stack, problem: &str) {
        let found = super::check(&"s".parse().unwrap(), stack);
        assert_eq!(found.map_or_else(|error| error.to_string(), |()| String::new()), problem);
    }

    #[test]
    fn a_protected_or_a_busy_stack_is_not_deleted() {
        check(&stack(StackStatus::UpdateComplete), "");
        check(&stack(StackStatus::DeleteFailed), "");
        check(&stack(StackStatus::DeleteInProgress), "");
        check(
            &stack(StackStatus::UpdateInProgress),
            "stack `s` is in `UPDATE_IN_PROGRESS`: something is going on",
        );
        let protected = Stack { protected: true, ..stack(StackStatus::CreateComplete) };
        check(&protected, "stack `s` is protected against deletion");
    }

    #[test]
    fn what_the_template_keeps_is_named_with_its_reason() {
        let kept = kept_by_template().unwrap();
        let resource = |logical_id: &str, resource_type: &str| Resource {
            logical_id: logical_id.to_owned(),
            physical_id: format!("physical-{logical_id}"),
            resource_type: resource_type.to_owned(),
        };
        let resources = [
            resource("TrailBucket", "AWS::S3::Bucket"),
            resource("GuardQueue", "AWS::SQS::Queue"),
            resource("Key", "AWS::KMS::Key"),
        ];
        let names: Vec<_> = staying(&resources, &kept).into_iter().map(|stay| stay.name).collect();
        assert_eq!(names, ["physical-TrailBucket", "physical-Key"]);
        let policy = resource("TrailBucketPolicy", "AWS::S3::BucketPolicy");
        assert!(!lose_policies(&resources, &kept));
        assert!(!lose_policies(std::slice::from_ref(&policy), &kept));
        assert!(lose_policies(&[&resources[..], &[policy]].concat(), &kept));
        let code = code_bucket(&stack(StackStatus::CreateComplete)).unwrap();
        assert_eq!(code.name, "a-CodeBucket");
    }
}
