//! The permissions that a deployment needs: for CloudFormation on behalf of the caller, from `resources.json`, which a
//! test generates from AWS's resource schemas, and for the calls of the command itself, from `scope`.

mod excluded;
mod scope;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value as Json, json};

pub(crate) use crate::operations::permissions::scope::{ArnParts, PermissionTarget, Scope};

/// For each resource type of the template, the actions of its handlers.
const RESOURCES: &str = include_str!("permissions/resources.json");

/// The maximum length of a managed policy, without white space.
///
/// Source: AWS IAM User Guide, "IAM and AWS STS quotas".
const POLICY_LENGTH_MAX: usize = 6_144;

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Policy {
    #[serde(rename = "Version")]
    version: &'static str,
    #[serde(rename = "Statement")]
    statements: Vec<Json>,
}

impl Policy {
    /// A policy that allows these actions, which only read, on everything.
    pub(crate) fn reading(sid: &str, actions: impl IntoIterator<Item = &'static str>) -> Self {
        let actions: BTreeSet<&str> = actions.into_iter().collect();
        let statement =
            json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*" });
        Self { version: "2012-10-17", statements: vec![statement] }
    }
}

/// The actions by resource scope.
pub(crate) fn actions() -> BTreeMap<Scope, BTreeSet<String>> {
    let mut actions: BTreeMap<Scope, BTreeSet<String>> = BTreeMap::new();
    for action in of_resources().into_iter().filter(|action| !excluded::is(action)) {
        actions.entry(scope::of(&action)).or_default().insert(action);
    }
    for (scope, service, names) in scope::CALLED {
        let called = names.split_whitespace().map(|name| format!("{service}:{name}"));
        actions.entry(scope).or_default().extend(called);
    }
    actions
}

fn of_resources() -> BTreeSet<String> {
    let by_type: BTreeMap<String, Vec<String>> =
        serde_json::from_str(RESOURCES).expect("a test makes the file");
    by_type.into_values().flatten().collect()
}

/// The deployer's managed policies, by name: as many as IAM's maximum length requires.
pub(crate) fn policies(target: &PermissionTarget) -> BTreeMap<String, Policy> {
    let statements = actions().into_iter().map(|(scope, actions)| {
        let mut statement = json!({
            "Sid": format!("{scope:?}"),
            "Effect": "Allow",
            "Action": actions,
            "Resource": scope.resources(target),
        });
        if let Some(condition) = scope.condition(target) {
            statement["Condition"] = condition;
        }
        statement
    });
    let mut policies: Vec<Policy> = Vec::new();
    for statement in statements {
        match policies.last_mut() {
            Some(policy) if policy.has_room_for(&statement) => policy.statements.push(statement),
            Some(_) | None => {
                policies.push(Policy { version: "2012-10-17", statements: vec![statement] });
            }
        }
    }
    let numbered = policies.into_iter().enumerate();
    numbered.map(|(at, policy)| (format!("{}-deployer-{}", target.stack, at + 1), policy)).collect()
}

impl Policy {
    fn has_room_for(&self, statement: &Json) -> bool {
        let lengths = self.statements.iter().chain([statement]).map(|one| one.to_string().len());
        // The frame and the commas.
        40 + self.statements.len() + lengths.sum::<usize>() < POLICY_LENGTH_MAX
    }
}

#[cfg(test)]
mod tests {
    use s3guard_posture::model::glob::Glob;

    use super::*;

    fn target() -> PermissionTarget {
        PermissionTarget {
            partition: "aws".to_owned(),
            account: "111122223333".parse().unwrap(),
            region: Some("eu-west-1".parse().unwrap()),
            stack: "a".repeat(30).parse().unwrap(),
            prefix: "p".repeat(25),
            boundary: Some("arn:aws:iam::111122223333:policy/boundary".to_owned()),
        }
    }

    #[test]
    fn each_policy_fits_also_with_long_names() {
        for policy in policies(&target()).values() {
            let text = serde_json::to_string(policy).unwrap();
            assert!(text.len() <= POLICY_LENGTH_MAX, "{}", text.len());
        }
    }

    #[test]
    fn what_schemas_ask_is_granted_or_excluded_for_a_reason_that_still_holds() {
        let (asked, granted) = (of_resources(), actions());
        let granted: BTreeSet<&String> = granted.values().flatten().collect();
        for action in &asked {
            assert_ne!(granted.contains(action), excluded::is(action), "{action}");
        }
        for (why, patterns) in excluded::EXCLUDED {
            assert!(!why.is_empty(), "{patterns}");
            for pattern in patterns.split_whitespace() {
                let glob = Glob::new(pattern);
                assert!(asked.iter().any(|action| glob.matches(action)), "{pattern}");
            }
        }
    }

    #[test]
    fn nothing_is_granted_by_a_wildcard_and_nothing_twice_in_a_place() {
        for (scope, actions) in actions() {
            assert!(!actions.is_empty() && !scope.resources(&target()).is_empty(), "{scope:?}");
            for action in actions {
                let (service, name) = action.split_once(':').unwrap();
                let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
                assert!(plain(service) && plain(name) && !name.is_empty(), "{action}");
                assert_eq!(service, service.to_lowercase(), "{action}");
            }
        }
    }

    #[test]
    fn a_boundary_is_demanded_of_every_role_and_cannot_be_removed() {
        let policies = policies(&target());
        let statements: Vec<&Json> =
            policies.values().flat_map(|policy| &policy.statements).collect();
        let of = |action: &str| {
            let has = |one: &&&Json| one["Action"].as_array().unwrap().contains(&action.into());
            statements.iter().find(has).map(|one| one["Condition"]["ArnEquals"].clone())
        };
        let boundary =
            json!({ "iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/boundary" });
        for action in [
            "iam:CreateRole",
            "iam:AttachRolePolicy",
            "iam:PutRolePolicy",
            "iam:PutRolePermissionsBoundary",
        ] {
            assert_eq!(of(action), Some(boundary.clone()), "{action}");
        }
        assert_eq!(of("iam:DeleteRolePermissionsBoundary"), None);
        assert_eq!(of("iam:CreatePolicy"), Some(Json::Null));
        let free = PermissionTarget { boundary: None, ..target() };
        assert!(!json!(super::policies(&free)).to_string().contains("iam:PermissionsBoundary"));
    }

    #[test]
    fn roles_are_made_through_cloudformation_alone_and_passed_to_lambda_alone() {
        let policies = policies(&target());
        let statements = || policies.values().flat_map(|policy| &policy.statements);
        let of = |action: &str| {
            let has = |one: &&Json| one["Action"].as_array().unwrap().contains(&action.into());
            statements().find(has).unwrap_or_else(|| panic!("{action}"))
        };
        let via = &of("iam:CreateRole")["Condition"]["ForAnyValue:StringEquals"]["aws:CalledVia"];
        assert_eq!(via, "cloudformation.amazonaws.com");
        let passed = of("iam:PassRole");
        assert_eq!(
            passed["Condition"]["StringEquals"]["iam:PassedToService"],
            "lambda.amazonaws.com"
        );
        let role = passed["Resource"][0].as_str().unwrap();
        assert!(role.starts_with("arn:aws:iam::111122223333:role/s3guard/aaa"), "{role}");
    }
}
