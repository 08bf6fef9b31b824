//! Whether a stack is as it is wanted already, so that nothing has to be uploaded or asked for.

use std::collections::BTreeMap;

use s3guard_aws::stacks::{Stack, Value};
use serde_json::Value as Json;

/// What is wanted of a stack that is there.
pub(crate) struct Wanted<'a> {
    pub(crate) template: &'a Json,
    pub(crate) parameters: &'a BTreeMap<String, Value>,
    pub(crate) tags: &'a BTreeMap<String, String>,
}

/// Decides from the stack and the template that it was made with. Who is not sure asks CloudFormation.
pub(crate) fn is_unchanged(stack: &Stack, deployed: Option<&Json>, wanted: &Wanted<'_>) -> bool {
    let same_value = |(name, value): (&String, &Value)| match value {
        Value::Previous => true,
        Value::New(value) => stack.parameters.get(name) == Some(value),
    };
    // Those of AWS itself are nobody's to give.
    let given = stack.tags.iter().filter(|(key, _)| !key.starts_with("aws:"));
    // After a failure the template may say what the resources are not: CloudFormation knows.
    stack.status.is_success()
        && deployed == Some(wanted.template)
        && wanted.parameters.iter().all(same_value)
        && given.eq(wanted.tags.iter())
}

#[cfg(test)]
mod tests {
    use s3guard_aws::stacks::StackStatus;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stack_is_unchanged_if_template_parameters_and_tags_are_the_same() {
        let text = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let stack = Stack {
            id: String::new(),
            status: StackStatus::from("UPDATE_COMPLETE"),
            reason: None,
            parameters: text("CodeKey", "a.zip"),
            outputs: BTreeMap::new(),
            tags: [text("team", "storage"), text("aws:x", "y")].into_iter().flatten().collect(),
            updated: None,
            protected: false,
        };
        let template = json!({ "Resources": { "A": 1 }, "Outputs": {} });
        let deployed = &template;
        let check = |deployed: Option<&Json>, key: Value, tags: &BTreeMap<String, String>| {
            let parameters = BTreeMap::from([("CodeKey".to_owned(), key)]);
            is_unchanged(
                &stack,
                deployed,
                &Wanted { template: &template, parameters: &parameters, tags },
            )
        };
        let tags = text("team", "storage");
        let same = || Value::New("a.zip".to_owned());
        assert!(check(Some(deployed), same(), &tags));
        assert!(check(Some(deployed), Value::Previous, &tags));
        assert!(!check(None, same(), &tags), "it could not be read");
        let other = json!({ "Resources": { "A": 2 }, "Outputs": {} });
        assert!(!check(Some(&other), same(), &tags));
        assert!(!check(Some(deployed), Value::New("b.zip".to_owned()), &tags));
        assert!(!check(Some(deployed), same(), &text("team", "other")));
        assert!(!check(Some(deployed), same(), &BTreeMap::new()));
        let wanted = BTreeMap::from([("CodeKey".to_owned(), same())]);
        let wanted = Wanted { template: &template, parameters: &wanted, tags: &tags };
        for status in StackStatus::all() {
            let of_status = Stack { status: status.clone(), ..stack.clone() };
            let is_unchanged = is_unchanged(&of_status, Some(deployed), &wanted);
            assert_eq!(is_unchanged, status.is_success(), "{status}");
        }
    }
}
