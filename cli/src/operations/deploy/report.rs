//! What a deployment tells when it is done.

use std::collections::BTreeMap;
use std::fmt;

use s3guard_aws::stacks::Stack;
use s3guard_posture::{AccountId, Region, StackName};
use serde::Serialize;

use crate::operations::deploy::review::Told;

/// What was done to the stack.
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
    told: Told,
}

impl Deployment {
    pub(crate) fn new(
        name: &StackName,
        region: &Region,
        account: &AccountId,
        outcome: Deployed,
        stack: Stack,
        told: Told,
    ) -> Self {
        Self {
            stack: name.to_string(),
            id: stack.id,
            account: account.to_string(),
            region: region.to_string(),
            outcome,
            outputs: stack.outputs,
            told,
        }
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    pub(crate) fn outputs(&self) -> &BTreeMap<String, String> {
        &self.outputs
    }
}

impl fmt::Display for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.outputs.keys().map(String::len).max().unwrap_or(0);
        for (name, value) in &self.outputs {
            writeln!(f, "{name:width$}  {value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use s3guard_aws::stacks::StackStatus;

    use super::*;

    #[test]
    fn the_outputs_are_a_table_or_an_object() {
        let stack = Stack {
            id: "arn:stack".to_owned(),
            status: StackStatus::from("CREATE_COMPLETE"),
            reason: None,
            parameters: BTreeMap::new(),
            outputs: BTreeMap::from([
                ("TopicArn".to_owned(), "arn:topic".to_owned()),
                ("GuardQueueUrl".to_owned(), "https://queue".to_owned()),
            ]),
            tags: BTreeMap::new(),
            updated: None,
            protected: false,
        };
        let (name, region) = ("s".parse().unwrap(), "eu-west-1".parse().unwrap());
        let account = "111122223333".parse().unwrap();
        let deployment =
            Deployment::new(&name, &region, &account, Deployed::Created, stack, Told::default());
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
