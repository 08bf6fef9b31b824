//! The deployer's policy, as the command prints it: deployments succeed with it, and fail with less.

use std::process::Output;

use s3guard_emulator::Account;
use serde_json::{Value, json};

use super::guarded::{new_account, package, s3guard};

/// The deployer's permissions that the command prints, in one policy.
fn deployers_policy(account: &Account) -> Value {
    let printed = s3guard(&account.env(), &["doctor", "--print-policy", "--stack", "guard"]);
    let policies = crate::json::read("doctor-print-policy", &printed.stdout);
    let policies = policies.as_object().unwrap();
    let statements = policies.values().flat_map(|policy| policy["Statement"].as_array().unwrap());
    json!({ "Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>() })
}

/// The same for the emulator's simulation: it checks the permission to simulate on `*`, where IAM restricts it to users
/// and roles, and it ignores the context of the simulation.
fn simulated(policy: &Value) -> Value {
    let mut policy = policy.clone();
    let statements = policy["Statement"].as_array_mut().unwrap();
    for statement in statements.iter_mut() {
        statement.as_object_mut().unwrap().remove("Condition");
    }
    let simulate = "iam:SimulatePrincipalPolicy";
    statements.push(json!({ "Effect": "Allow", "Action": [simulate], "Resource": "*" }));
    policy
}

/// The policy without this action.
fn without(policy: &Value, action: &str) -> Value {
    let mut policy = policy.clone();
    let mut taken = 0;
    for statement in policy["Statement"].as_array_mut().unwrap() {
        let actions = statement["Action"].as_array_mut().unwrap();
        let before = actions.len();
        actions.retain(|known| known != action);
        taken += before - actions.len();
    }
    assert!(taken > 0, "{action}");
    policy
}

/// Runs the command as a user with this policy.
fn run_as(account: &Account, name: &str, policy: &Value, arguments: &[&str]) -> Output {
    let credentials = account.user(name, policy).unwrap();
    s3guard(&account.env_of(&credentials), arguments)
}

fn output_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_printed_policy_allows_deploy_status_and_destroy() {
    let account = new_account();
    let policy = deployers_policy(&account);
    let credentials = account.user("deployer", &policy).unwrap();
    let run = |arguments: &[&str]| s3guard(&account.env_of(&credentials), arguments);
    let zip = package().to_str().unwrap();
    let deployed = run(&["deploy", "--stack", "guard", "--package", zip, "--trail", "auto"]);
    assert_eq!(deployed.status.code(), Some(0), "{}", output_of(&deployed));
    let look = ["doctor", "--stack", "guard", "--output", "json"];
    let looked = run_as(&account, "looker", &simulated(&policy), &look);
    let report = crate::json::read("doctor", &looked.stdout);
    let checks = report["regions"][0]["checks"].as_array().unwrap();
    for name in ["caller", "stack", "functions", "trail", "permissions"] {
        let check = checks.iter().find(|check| check["check"] == name).unwrap();
        assert_eq!(check["status"], "ok", "{check}");
    }
    let destroyed = run(&["destroy", "--stack", "guard", "--yes", "--disable-protection"]);
    assert_eq!(destroyed.status.code(), Some(0), "{}", output_of(&destroyed));
}

#[test]
fn a_missing_action_is_named() {
    let account = new_account();
    let policy = deployers_policy(&account);
    let zip = package().to_str().unwrap();
    let mut deploy = ["deploy", "--stack", "guard", "--package", zip].map(str::to_owned).to_vec();
    // The first one makes the bucket for code, which admits only deployers.
    for at in 0..5 {
        let arn = format!("arn:aws:iam::{}:user/deployer-{at}", account.number());
        deploy.extend(["--deployer".to_owned(), arn]);
    }
    let deploy: Vec<&str> = deploy.iter().map(String::as_str).collect();
    let taken = [
        "s3:CreateBucket",
        "s3:PutObject",
        "cloudformation:DescribeStacks",
        "cloudformation:CreateChangeSet",
        "cloudformation:ExecuteChangeSet",
    ];
    for (at, action) in taken.into_iter().enumerate() {
        let less = without(&policy, action);
        let name = format!("deployer-{at}");
        let refused = run_as(&account, &name, &less, &deploy);
        assert_eq!(refused.status.code(), Some(1), "{action}: {}", output_of(&refused));
        assert!(output_of(&refused).contains(action), "{action}: {}", output_of(&refused));
    }
    // The doctor reports it before, including CloudFormation's own calls.
    let less = without(&simulated(&policy), "lambda:CreateFunction");
    let looked = run_as(&account, "looker", &less, &["doctor", "--stack", "guard"]);
    let text = String::from_utf8_lossy(&looked.stdout).into_owned();
    assert!(text.contains("missing: `lambda:CreateFunction`\n"), "{text}");
    assert_eq!(looked.status.code(), Some(3), "{text}");
}
