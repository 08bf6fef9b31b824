//! The roles against what the code does: nothing missing, nothing too much.

use std::collections::BTreeSet;

use serde_json::Value;

use super::guarded::{Guarded, is_private};

/// What the platform does in a role's name, and the code never calls.
const OF_THE_PLATFORM: [&str; 7] = [
    // Lambda polls the queue.
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    // Lambda writes the log.
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    // SNS encrypts what is published, and Lambda decrypts the environment.
    "kms:GenerateDataKey",
    "kms:Decrypt",
];

/// The actions that a policy of the template grants.
fn granted(policy: &str) -> BTreeSet<String> {
    let template: Value =
        serde_json::from_str(&s3guard_synth::stacks::guard().to_json().unwrap()).unwrap();
    let document = &template["Resources"][policy]["Properties"]["PolicyDocument"];
    let statements = document["Statement"].as_array().unwrap().iter();
    // One action or a list of them: policies have both.
    let actions = statements.flat_map(|statement| {
        let action = &statement["Action"];
        let listed = action.as_array().cloned().unwrap_or_else(|| vec![action.clone()]);
        listed.into_iter().map(|action| action.as_str().unwrap().to_owned())
    });
    actions.collect()
}

/// The actions that a role's code was checked for.
fn called(guarded: &Guarded, role: &str) -> BTreeSet<String> {
    let calls = guarded.calls(role).into_iter();
    calls.inspect(|call| assert!(call.allowed, "{call:?}")).filter_map(|call| call.action).collect()
}

#[test]
fn no_role_may_do_everything_of_anything() {
    for policy in ["GuardPolicy", "NotifyPolicy"] {
        let granted = granted(policy);
        assert!(granted.iter().all(|action| !action.contains('*')), "{granted:?}");
    }
}

#[test]
fn what_is_granted_is_what_the_code_calls() {
    let account = super::guarded::new_account();
    let key = format!("arn:aws:kms:{}:{}:key/ours", account.region(), account.number());
    let guarded = Guarded::of(account, &["--grade", "hybrid", "--key", &key]);
    let (careless, reports) = guarded.with_bucket();
    // Everything that is ever asked and done: both settings weakened, objects told, a sweep, a bucket sent back.
    careless.delete_public_access_block(&reports).unwrap();
    guarded.wait("a private bucket", || is_private(&careless, &reports));
    careless.delete_encryption(&reports).unwrap();
    guarded.wait("two mails or more", || guarded.mails().len() >= 2);
    guarded.account.fire_schedules().unwrap();
    careless.enable_event_bridge(&reports).unwrap();
    careless.put_object(&reports, "plan.txt", b"plan").unwrap();
    let by_notify = || called(&guarded, "NotifyRoleArn");
    guarded.wait("a call of notify", || !by_notify().is_empty());
    guarded.wait("the sweep", || called(&guarded, "GuardRoleArn").contains("s3:ListAllMyBuckets"));
    guarded.rest();

    let platform: BTreeSet<String> = OF_THE_PLATFORM.map(str::to_owned).into();
    for (role, policy) in [("GuardRoleArn", "GuardPolicy"), ("NotifyRoleArn", "NotifyPolicy")] {
        let granted: BTreeSet<String> = granted(policy).difference(&platform).cloned().collect();
        assert_eq!(called(&guarded, role), granted, "{role}");
    }
}
