//! The result of a deployment, in one Region or several.

use std::collections::BTreeMap;
use std::fmt;

use s3guard_aws::stacks::Stack;
use s3guard_posture::StackName;
use serde::Serialize;

use crate::exit::Exit;
use crate::operations::deploy::review::Review;
use crate::operations::deploy::target::Target;
use crate::operations::regions;
use crate::operations::regions::ByRegion;
use crate::operations::status::outputs;
use crate::ui::output::Output;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Deployed {
    Created,
    Updated,
    Unchanged,
}

impl fmt::Display for Deployed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "is up to date, checked",
        })
    }
}

/// The result of a deployment; as text, its outputs.
#[derive(Debug, Serialize)]
pub(crate) struct Deployment {
    stack: String,
    id: String,
    account: String,
    region: String,
    outcome: Deployed,
    outputs: BTreeMap<String, String>,
    #[serde(flatten)]
    review: Option<Review>,
    /// What a person does next.
    #[serde(skip)]
    next: Vec<String>,
}

#[derive(Serialize)]
struct Deployments {
    stacks: Vec<Deployment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Failed>,
}

#[derive(Serialize)]
struct Failed {
    region: String,
    error: String,
}

impl Deployment {
    pub(crate) fn new(
        target: &Target,
        outcome: Deployed,
        stack: Stack,
        review: Option<Review>,
        next: Vec<String>,
    ) -> Self {
        Self {
            stack: target.name.to_string(),
            id: stack.id,
            account: target.account.caller.account.to_string(),
            region: target.region().to_string(),
            outcome,
            outputs: stack.outputs,
            review,
            next,
        }
    }
}

/// Prints the results of all Regions, then reports the failures.
pub(crate) fn finish(
    ended: ByRegion<Deployment>,
    stack: &StackName,
    output: &Output,
) -> anyhow::Result<Exit> {
    let ByRegion { done, failed } = ended.unless_the_only_one_failed()?;
    let count = done.len() + failed.len();
    let failed_view = |one: &regions::Failed| Failed {
        region: one.region.clone(),
        error: format!("{:#}", one.error),
    };
    let all = Deployments { stacks: done, failed: failed.iter().map(failed_view).collect() };
    match all.stacks.first().filter(|_| count == 1) {
        Some(one) => output.result(one)?,
        None => output.result(&all)?,
    }
    all.stacks
        .iter()
        .flat_map(|one| &one.next)
        .for_each(|step| output.say(format_args!("next: {step}")));
    regions::failures(failed, count, "failed", output, |regions| {
        format!(
            "the other Regions are deployed; repeat `s3guard deploy --stack {stack} --region {regions}` with the same flags"
        )
    })?;
    Ok(Exit::Done)
}

impl fmt::Display for Deployments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<String> =
            self.stacks.iter().map(|one| format!("{}\n{one}", one.region)).collect();
        f.write_str(&named.join("\n"))
    }
}

impl fmt::Display for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        outputs::table(f, &self.outputs)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_outputs_are_a_table_or_an_object() {
        let outputs = [("TopicArn", "arn:topic"), ("GuardQueueUrl", "https://queue")];
        let deployment = Deployment {
            stack: "s".to_owned(),
            id: "arn:stack".to_owned(),
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            outcome: Deployed::Created,
            outputs: outputs.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            review: None,
            next: Vec::new(),
        };
        expect![[r#"
            GuardQueueUrl  https://queue
            TopicArn       arn:topic
        "#]]
        .assert_eq(&deployment.to_string());
        expect![[
            r#"{"stack":"s","id":"arn:stack","account":"111122223333","region":"eu-west-1","outcome":"created","outputs":{"GuardQueueUrl":"https://queue","TopicArn":"arn:topic"}}"#
        ]]
        .assert_eq(&serde_json::to_string(&deployment).unwrap());
    }
}
