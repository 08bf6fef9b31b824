//! Stacks: created, updated, and waited for.

use s3guard_emulator::{Client, until};
use serde_json::Value;

pub(crate) fn cloudformation(client: &Client, action: &str, parameters: &[(&str, &str)]) -> String {
    let mut all = vec![("Action", action), ("StackName", "tried")];
    all.extend(parameters);
    client.query("cloudformation", "2010-05-15", &all).expect("it goes well")
}

/// Creates the stack. Returns its final status and its events.
pub(crate) fn deploy(client: &Client, template: &Value) -> (String, String) {
    run(client, "CreateStack", template, &[])
}

/// Creates or updates the stack. Returns its final status and its events.
pub(crate) fn run(
    client: &Client,
    action: &str,
    template: &Value,
    more: &[(&str, &str)],
) -> (String, String) {
    let template = template.to_string();
    let always =
        [("TemplateBody", template.as_str()), ("Capabilities.member.1", "CAPABILITY_NAMED_IAM")];
    cloudformation(client, action, &[&always, more].concat());
    end_of(client)
}

pub(crate) fn end_of(client: &Client) -> (String, String) {
    let status = eventually("the stack's end", || {
        let answer = cloudformation(client, "DescribeStacks", &[]);
        let status = between(&answer, "<StackStatus>", "</StackStatus>");
        (!status.ends_with("IN_PROGRESS")).then_some(status)
    });
    (status, cloudformation(client, "DescribeStackEvents", &[]))
}

pub(crate) fn between(text: &str, open: &str, close: &str) -> String {
    let after = text.split_once(open).map(|(_, after)| after).unwrap_or_default();
    after.split_once(close).map(|(found, _)| found.to_owned()).unwrap_or_default()
}

pub(crate) fn eventually<T>(what: &str, mut poll: impl FnMut() -> Option<T>) -> T {
    until(what, || Ok(poll())).expect("it happens")
}

pub(crate) fn template(resources: &Value) -> Value {
    serde_json::json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": resources })
}
