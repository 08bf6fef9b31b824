//! What a deployment tells: the changes before they are made, the outputs after.

use std::collections::BTreeMap;
use std::fmt;

use s3guard_aws::stacks::change_set::Replacement;
use s3guard_aws::stacks::{Change, Stack};
use s3guard_posture::{AccountId, Region, StackName};
use serde::Serialize;

/// What was done to the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Deployed {
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
pub(super) struct Deployment {
    stack: String,
    id: String,
    account: String,
    region: String,
    outcome: Deployed,
    outputs: BTreeMap<String, String>,
}

impl Deployment {
    pub(super) fn new(
        name: &StackName,
        region: &Region,
        account: &AccountId,
        outcome: Deployed,
        stack: Stack,
    ) -> Self {
        Self {
            stack: name.to_string(),
            id: stack.id,
            account: account.to_string(),
            region: region.to_string(),
            outcome,
            outputs: stack.outputs,
        }
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

/// A change in a line.
pub(super) fn change_line(change: &Change) -> String {
    let note = match change.replacement {
        Replacement::No => "",
        Replacement::Perhaps => "  (may be replaced)",
        Replacement::Yes => "  (replaced)",
    };
    let Change { action, resource_type, logical_id, .. } = change;
    format!("  {:<8} {resource_type:<32} {logical_id}{note}", action.to_lowercase())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use s3guard_aws::stacks::StackStatus;

    use super::*;

    #[test]
    fn a_replacement_is_said() {
        let change = Change {
            action: "Modify".to_owned(),
            logical_id: "GuardQueue".to_owned(),
            resource_type: "AWS::SQS::Queue".to_owned(),
            replacement: Replacement::Yes,
        };
        expect!["  modify   AWS::SQS::Queue                  GuardQueue  (replaced)"]
            .assert_eq(&change_line(&change));
    }

    #[test]
    fn the_outputs_are_a_table_or_an_object() {
        let stack = Stack {
            id: "arn:stack".to_owned(),
            status: StackStatus::CreateComplete,
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
        let deployment = Deployment::new(&name, &region, &account, Deployed::Created, stack);
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
