//! Which resources nothing else waits for.

use std::collections::BTreeSet;

use super::{Dependency, Template, check::references};

impl Template {
    /// What nothing else waits for: a resource that depends on all of these is created after everything added so far, and
    /// deleted before it.
    ///
    /// Resources with a condition are left out, because a resource can depend only on what exists.
    pub fn ends(&self) -> Vec<Dependency> {
        let always: Vec<_> =
            self.resources.iter().filter(|entry| entry.attributes.condition.is_none()).collect();
        let mut awaited = BTreeSet::new();
        for entry in &always {
            let names = entry.properties.iter().flat_map(references);
            awaited.extend(names.map(|name| name.split('.').take(1).collect::<String>()));
            awaited.extend(entry.attributes.depends_on.iter().map(|to| to.id().to_string()));
        }
        let ends = always.into_iter().filter(|entry| !awaited.contains(entry.id.as_str()));
        ends.map(|entry| Dependency::of(entry.id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        cfn::{Attributes, Condition, Dependency, LogicalId, Sub, Template},
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
                let queue = template.add(FIRST, Queue::new(60));
                let dead_letter_target_arn = queue.arn();
                let redrive_policy =
                    Some(RedrivePolicy { dead_letter_target_arn, max_receive_count: 1 });
                template.add(SECOND, Queue { redrive_policy, ..Queue::new(60) });
            },
            &[SECOND],
        );
        check(
            |template| {
                let queue = template.add(FIRST, Queue::new(60));
                let topic = template.add(SECOND, Topic::default());
                let name = Sub::new().value(&queue.name()).text("-").value(&topic.arn());
                template.add(THIRD, Topic { display_name: Some(name.into()), ..Topic::default() });
            },
            &[THIRD],
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
                let queue = template.add(FIRST, Queue::new(60));
                let own = template.condition(OWN, Condition::equals("a", "b"));
                let attributes = Attributes { condition: Some(own), ..Attributes::default() };
                let display_name = Some(queue.name().into());
                template.add_with(SECOND, attributes, Topic { display_name, ..Topic::default() });
            },
            &[FIRST],
        );
    }
}
