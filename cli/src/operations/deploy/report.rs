//! The result of a deployment, in one Region or several.

use std::collections::BTreeMap;
use std::fmt;

use s3guard_aws::stacks::Stack;
use s3guard_posture::StackName;
use serde::Serialize;

use crate::exit::Exit;
use crate::operations::deploy::review::Review;
use crate::operations::deploy::target::DeployTarget;
use crate::operations::regions::ByRegion;
use crate::operations::status::outputs;
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Deployment {
    stack: String,
    id: String,
    account: String,
    region: String,
    outcome: Deployed,
    outputs: BTreeMap<String, String>,
    /// Whether the text names its Region, because there are several.
    #[serde(skip)]
    is_labelled: bool,
    #[serde(flatten)]
    review: Option<Review>,
    /// What a person does next.
    #[serde(skip)]
    next: Vec<String>,
}

impl Deployment {
    pub(crate) fn new(
        target: &DeployTarget,
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
            is_labelled: false,
            review,
            next,
        }
    }
}

/// Prints the results of all Regions, then reports the failures.
pub(crate) fn finish(
    mut ended: ByRegion<Deployment>,
    stack: &StackName,
    output: &Output,
) -> anyhow::Result<Exit> {
    let is_labelled = !ended.is_one();
    ended.done.iter_mut().for_each(|one| one.is_labelled = is_labelled);
    let next: Vec<String> =
        ended.done.iter_mut().flat_map(|one| std::mem::take(&mut one.next)).collect();
    let finished = ended.unless_the_only_one_failed()?.finish(output, |regions| {
        format!(
            "the other Regions are deployed; repeat `s3guard deploy --stack {stack} --region {regions}` with the same flags"
        )
    });
    for step in next {
        output.say(format_args!("next: {step}"));
    }
    finished?;
    Ok(Exit::Done)
}

impl Printable for Deployment {
    fn print(&self, text: &mut Text) {
        // They were shown when it was deployed; `status --outputs` shows them again.
        if self.outcome == Deployed::Unchanged {
            return;
        }
        if self.is_labelled {
            text.line(&self.region);
        }
        outputs::table(text, &self.outputs);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::ui::text::plain;

    #[test]
    fn the_outputs_are_a_table_or_an_object() {
        let outputs = [("EmailTopicArn", "arn:topic"), ("GuardQueueUrl", "https://queue")];
        let deployment = Deployment {
            stack: "s".to_owned(),
            id: "arn:stack".to_owned(),
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            outcome: Deployed::Created,
            outputs: outputs.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            is_labelled: false,
            review: None,
            next: Vec::new(),
        };
        expect![[r#"
            EmailTopicArn  arn:topic
            GuardQueueUrl  https://queue
        "#]]
        .assert_eq(&plain(&deployment));
        expect![[
            r#"{"stack":"s","id":"arn:stack","account":"111122223333","region":"eu-west-1","outcome":"created","outputs":{"EmailTopicArn":"arn:topic","GuardQueueUrl":"https://queue"}}"#
        ]]
        .assert_eq(&serde_json::to_string(&deployment).unwrap());
    }
}
