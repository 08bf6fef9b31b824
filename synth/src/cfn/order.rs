//! What has to come last, after all that no reference leads to.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{
    Dependency, Template,
    check::{intrinsic, variables},
};

impl Template {
    /// What nothing else waits for: a resource that depends on all of these is made after everything there is so far,
    /// and goes before it.
    ///
    /// Resources with a condition are left out, since one depends only on what is there.
    pub fn ends(&self) -> Vec<Dependency> {
        let always: Vec<_> =
            self.resources.iter().filter(|entry| entry.attributes.condition.is_none()).collect();
        let mut awaited = BTreeSet::new();
        for entry in &always {
            awaited.extend(entry.attributes.depends_on.iter().map(|to| to.id().as_str()));
            entry.properties.iter().for_each(|properties| find(properties, &mut awaited));
        }
        let ends = always.into_iter().filter(|entry| !awaited.contains(entry.id.as_str()));
        ends.map(|entry| Dependency::of(entry.id)).collect()
    }
}

/// Finds the names that functions refer to.
fn find<'a>(json: &'a Json, found: &mut BTreeSet<&'a str>) {
    match (intrinsic(json), json) {
        (Some(("Ref", Json::String(name))), _) => _ = found.insert(name),
        (Some(("Fn::GetAtt", Json::Array(parts))), _) => {
            found.extend(parts.first().and_then(Json::as_str));
        }
        (Some(("Fn::Sub", Json::String(text))), _) => find_in_text(text, found),
        (Some(("Fn::Sub", Json::Array(parts))), _) => {
            parts.first().and_then(Json::as_str).into_iter().for_each(|t| find_in_text(t, found));
            parts.iter().skip(1).for_each(|own| find(own, found));
        }
        (Some((_, argument)), _) => find(argument, found),
        (None, Json::Object(map)) => map.values().for_each(|value| find(value, found)),
        (None, Json::Array(items)) => items.iter().for_each(|item| find(item, found)),
        (None, Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => {}
    }
}

fn find_in_text<'a>(text: &'a str, found: &mut BTreeSet<&'a str>) {
    found.extend(variables(text).map(|name| name.split_once('.').map_or(name, |(id, _)| id)));
}

#[cfg(test)]
mod tests {
    use crate::{
        cfn::{Attributes, Condition, Dependency, LogicalId, Sub, Template, Value},
        resources::{
            sns::Topic,
            sqs::{Queue, RedrivePolicy},
        },
    };

    const OWN: LogicalId = LogicalId::new("Own");
    const FIRST: LogicalId = LogicalId::new("First");
    const SECOND: LogicalId = LogicalId::new("Second");
    const THIRD: LogicalId = LogicalId::new("Third");

    fn check(build: impl FnOnce(&mut Template), expected: &[LogicalId]) {
        let mut template = Template::new("a test");
        build(&mut template);
        let ends: Vec<_> = template.ends().into_iter().map(Dependency::id).collect();
        assert_eq!(ends, expected);
    }

    #[test]
    fn what_nothing_refers_to_is_an_end() {
        check(|_| {}, &[]);
        check(
            |template| {
                template.add(FIRST, Topic::default());
                template.add(SECOND, Topic::default());
            },
            &[FIRST, SECOND],
        );
    }

    #[test]
    fn what_is_referred_to_is_none_whichever_function_does_it() {
        check(
            |template| {
                let queue = template.add(FIRST, Queue::default());
                let dead_letter_target_arn = queue.arn();
                let redrive_policy =
                    Some(RedrivePolicy { dead_letter_target_arn, max_receive_count: 1 });
                template.add(SECOND, Queue { redrive_policy, ..Queue::default() });
            },
            &[SECOND],
        );
        check(
            |template| {
                let queue = template.add(FIRST, Queue::default());
                let topic = template.add(SECOND, Topic::default());
                let name = Sub::new().value(&queue.name()).text("-").value(&topic.arn());
                template.add(THIRD, Topic { display_name: Some(name.into()), ..Topic::default() });
            },
            &[THIRD],
        );
        check(
            |template| {
                let queue = template.add(FIRST, Queue::default());
                let own = template.condition(OWN, Condition::equals("a", "b"));
                let chosen = Value::either(own, queue.url().into(), "none".into());
                let name = Sub::new().value(&chosen).text("-");
                template.add(SECOND, Topic { display_name: Some(name.into()), ..Topic::default() });
            },
            &[SECOND],
        );
        check(
            |template| {
                let depends_on = vec![template.add(FIRST, Topic::default()).dependency()];
                let attributes = Attributes { depends_on, ..Attributes::default() };
                template.add_with(SECOND, attributes, Topic::default());
            },
            &[SECOND],
        );
    }

    #[test]
    fn what_may_not_be_there_is_no_end_and_waits_for_none() {
        check(
            |template| {
                let queue = template.add(FIRST, Queue::default());
                let own = template.condition(OWN, Condition::equals("a", "b"));
                let attributes = Attributes { condition: Some(own), ..Attributes::default() };
                let display_name = Some(queue.name().into());
                template.add_with(SECOND, attributes, Topic { display_name, ..Topic::default() });
            },
            &[FIRST],
        );
    }
}
