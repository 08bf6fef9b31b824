//! The EventBridge rules of a guard: through a disabled rule no event arrives.

use futures_util::future::join_all;
use s3guard_aws::stacks::Resource;
use s3guard_aws::{AwsError, Connection, rules};
use s3guard_posture::Reading;
use serde::Serialize;

/// A rule of the stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Rule {
    pub(crate) name: String,
    #[serde(rename = "status")]
    pub(crate) state: RuleState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum RuleState {
    Enabled,
    Disabled,
    Deleted,
}

impl Rule {
    /// What is wrong with the rule and what to do about it, if something is.
    pub(crate) fn trouble(&self, stack: &str, region: &str) -> Option<(String, String)> {
        let name = &self.name;
        match self.state {
            RuleState::Enabled => None,
            RuleState::Disabled => Some((
                format!("EventBridge rule `{name}` is disabled, so its events do not arrive"),
                format!("`aws events enable-rule --name {name} --region {region}`"),
            )),
            RuleState::Deleted => Some((
                format!("EventBridge rule `{name}` was deleted, so its events do not arrive"),
                format!("`s3guard deploy --stack {stack} --region {region} --revert-drift`"),
            )),
        }
    }
}

/// Reads the rules among the resources of a stack.
pub(crate) async fn fetch(
    connection: &Connection,
    resources: &[Resource],
) -> Result<Reading<Vec<Rule>>, AwsError> {
    let all = resources.iter().filter(|one| one.resource_type == "AWS::Events::Rule");
    let read = all.map(async |one| (one, rules::is_enabled(connection, &one.physical_id).await));
    let mut rules = Vec::new();
    for (resource, is_enabled) in join_all(read).await {
        let state = match is_enabled? {
            Reading::Known(true) => RuleState::Enabled,
            Reading::Known(false) => RuleState::Disabled,
            Reading::Absent => RuleState::Deleted,
            Reading::Denied | Reading::Unread => return Ok(Reading::Denied),
        };
        rules.push(Rule { name: resource.physical_id.clone(), state });
    }
    Ok(Reading::Known(rules))
}
