//! The deployer's policy, as the command prints it, against a list of IAM's actions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::{
    cli::{Aws, Story, in_account},
    tools::{Bench, KNOWN_ACTIONS},
};

/// Actions that are newer than the list, from the services' documentation and resource schemas.
const YOUNGER: [&str; 9] = [
    "cloudformation:DescribeEvents",
    "cloudtrail:GetEventConfiguration",
    "cloudtrail:PutEventConfiguration",
    "lambda:AssociateRuntimeAlias",
    "lambda:GetFunctionScalingConfig",
    "lambda:PutFunctionScalingConfig",
    "logs:PutLogGroupDeletionProtection",
    "s3:GetBucketAbac",
    "s3:PutBucketAbac",
];

/// Actions that IAM could restrict, and that the policy allows on any resource because they only read.
const ASKED_OF_ALL: [&str; 3] =
    ["cloudwatch:DescribeAlarms", "cloudtrail:GetEventSelectors", "cloudtrail:GetTrailStatus"];

fn printed() -> BTreeMap<String, Json> {
    let aws = Aws::new(Story::default());
    let mut command =
        in_account(&aws, &["doctor", "--print-policy", "--stack", "guard", "--no-config"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let policies = crate::json::read("doctor-print-policy", &output.stdout);
    serde_json::from_value(policies).unwrap()
}

fn strings(value: &Json) -> impl Iterator<Item = &str> {
    value.as_array().unwrap().iter().map(|one| one.as_str().unwrap())
}

#[test]
fn every_action_of_the_deployers_policy_exists_and_is_restricted_where_iam_can() {
    let known = Bench::new().run_script(KNOWN_ACTIONS, &[]);
    let known: BTreeMap<String, Vec<String>> =
        serde_json::from_str(&known.stdout).unwrap_or_else(|_| panic!("{}", known.stderr));
    let mut strange = BTreeSet::new();
    let mut young = BTreeSet::new();
    let mut loose = BTreeSet::new();
    let policies = printed();
    for statement in policies.values().flat_map(|policy| policy["Statement"].as_array().unwrap()) {
        let is_loose = strings(&statement["Resource"]).any(|resource| resource == "*");
        for action in strings(&statement["Action"]) {
            match known.get(action) {
                None if !YOUNGER.contains(&action) => drop(strange.insert(action)),
                None => drop(young.insert(action)),
                Some(kinds) if is_loose && !kinds.is_empty() && !ASKED_OF_ALL.contains(&action) => {
                    loose.insert(action);
                }
                Some(_) => {}
            }
        }
    }
    assert_eq!((strange, loose), (BTreeSet::new(), BTreeSet::new()));
    assert_eq!(young, YOUNGER.into(), "actions that are in the list by now");
}

#[test]
fn each_policy_fits_into_a_managed_policy() {
    let policies = printed();
    assert!(
        policies.keys().all(|name| name.starts_with("guard-deployer-")),
        "{:?}",
        policies.keys()
    );
    for (name, policy) in &policies {
        let length = policy.to_string().chars().filter(|c| !c.is_whitespace()).count();
        assert!(length <= 6144, "{name}: {length}");
        assert_eq!(policy["Version"], "2012-10-17");
    }
    let all = policies.values().flat_map(|policy| policy["Statement"].as_array().unwrap());
    let names: Vec<_> = all.map(|statement| statement["Sid"].as_str().unwrap()).collect();
    assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "{names:?}");
}
