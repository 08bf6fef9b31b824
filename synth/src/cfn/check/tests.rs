//! Each thing that the compiler cannot see is found.

use expect_test::{Expect, expect};

use crate::{
    cfn::{
        Assertion, Assertions, Attributes, Condition, LogicalId, Output, Parameter, PolicyDocument,
        Statement, Sub, Template, Test, Value, kind::Text,
    },
    resources::{
        events::{EventPattern, Rule, Trigger},
        sns::Topic,
        sqs::{Queue, QueuePolicy},
    },
};

const MODE: LogicalId = LogicalId::new("Mode");
const OWN: LogicalId = LogicalId::new("Own");
const ALSO_OWN: LogicalId = LogicalId::new("AlsoOwn");
const TOPIC: LogicalId = LogicalId::new("Topic");
const QUEUE: LogicalId = LogicalId::new("Queue");
const OTHER: LogicalId = LogicalId::new("Other");

fn check(build: impl FnOnce(&mut Template), expected: &Expect) {
    let mut template = Template::new("a test");
    build(&mut template);
    let message = match template.render() {
        Ok(_) => "fine".to_owned(),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&message);
}

/// A topic that is there only where `Own` holds.
fn own_topic(template: &mut Template) -> crate::cfn::Handle<Topic> {
    let mode = template.parameter::<Text>(MODE, "Mode", Parameter::new("whose"));
    let own = template.condition(OWN, Condition::equals(mode, "own"));
    let only_own = Attributes { condition: Some(own), ..Attributes::default() };
    template.add_with(TOPIC, only_own, Topic::default())
}

fn named(name: impl Into<Value<Text>>) -> Queue {
    Queue { queue_name: Some(name.into()), ..Queue::default() }
}

#[test]
fn an_id_is_used_once() {
    check(
        |template| {
            template.add(TOPIC, Topic::default());
            template.add(TOPIC, Queue::default());
        },
        &expect!["the id `Topic` is used twice"],
    );
}

#[test]
fn a_parameter_and_a_resource_do_not_share_an_id() {
    check(
        |template| {
            template.parameter::<Text>(TOPIC, "Topic", Parameter::new("a name"));
            template.add(TOPIC, Topic::default());
        },
        &expect!["the id `Topic` is used twice"],
    );
}

#[test]
fn a_handle_of_another_template_is_found() {
    let topic = Template::new("another").add(TOPIC, Topic::default());
    check(
        |template| {
            template.add(QUEUE, named(topic.name()));
        },
        &expect!["`Queue` refers to `Topic`, which is not in this template"],
    );
    check(
        |template| {
            let after =
                Attributes { depends_on: vec![topic.dependency()], ..Attributes::default() };
            template.add_with(QUEUE, after, Queue::default());
        },
        &expect!["`Queue` refers to `Topic`, which is not in this template"],
    );
    check(
        |template| {
            let name = Sub::new().text("for-").value(&topic.name());
            template.add(QUEUE, named(Value::<Text>::from(name)));
        },
        &expect!["`Queue` refers to `Topic`, which is not in this template"],
    );
    check(
        |template| template.output(OTHER, Output::new("a topic", topic.arn())),
        &expect!["`Other` refers to `Topic`, which is not in this template"],
    );
}

#[test]
fn another_templates_attribute_is_found_where_the_id_is_of_another_type() {
    let queue = Template::new("another").add(TOPIC, Queue::default());
    check(
        |template| {
            template.add(TOPIC, Topic::default());
            template.output(OTHER, Output::new("a queue", queue.name()));
        },
        &expect!["`Other` refers to `Topic.QueueName`, which is not in this template"],
    );
}

#[test]
fn a_condition_of_another_template_is_found() {
    let own = Template::new("another").condition(OWN, Condition::equals("a", "b"));
    check(
        |template| {
            template.condition(OTHER, !Condition::Is(own));
        },
        &expect!["`Other` refers to `Own`, which is not in this template"],
    );
    check(
        |template| {
            let only_own = Attributes { condition: Some(own), ..Attributes::default() };
            template.add_with(QUEUE, only_own, Queue::default());
        },
        &expect!["`Queue` refers to `Own`, which is not in this template"],
    );
}

#[test]
fn what_is_not_always_there_is_not_always_referred_to() {
    check(
        |template| {
            let topic = own_topic(template);
            template.add(QUEUE, named(topic.name()));
        },
        &expect!["`Queue` refers to `Topic`, which is there only where `Own` holds"],
    );
}

#[test]
fn what_is_not_always_there_can_be_referred_to_where_it_is() {
    check(
        |template| {
            let topic = own_topic(template);
            let own = template.condition(ALSO_OWN, Condition::equals("a", "a"));
            let both = Condition::And(vec![
                Condition::Is(own),
                Condition::Is(crate::cfn::ConditionHandle::of(OWN)),
            ]);
            let both = template.condition(OTHER, both);
            let where_both = Attributes { condition: Some(both), ..Attributes::default() };
            template.add_with(QUEUE, where_both, named(topic.name()));
            let own = crate::cfn::ConditionHandle::of(OWN);
            let name = Value::either(own, topic.name(), Value::literal("none"));
            template.output(OTHER, Output::new("a name", name));
        },
        &expect!["fine"],
    );
}

#[test]
fn the_other_branch_is_not_where_it_is_there() {
    check(
        |template| {
            let topic = own_topic(template);
            let own = crate::cfn::ConditionHandle::of(OWN);
            let name = Value::either(own, Value::literal("none"), topic.name());
            template.output(OTHER, Output::new("a name", name));
        },
        &expect!["`Other` refers to `Topic`, which is there only where `Own` holds"],
    );
}

#[test]
fn rules_know_no_conditions() {
    check(
        |template| {
            let own = template.condition(OWN, Condition::equals("a", "b"));
            let never = Assertion { assert: !Condition::Is(own), description: "never" };
            template.rule(OTHER, Assertions { when: None, assertions: vec![never] });
        },
        &expect!["the rule `Other` uses the condition `Own`, rules know only parameters"],
    );
}

#[test]
fn one_condition_alone_is_not_joined() {
    check(
        |template| {
            template.condition(OWN, !Condition::Or(vec![Condition::equals("a", "b")]));
        },
        &expect!["`Own` joins 1 conditions, it can be 2 to 10"],
    );
}

#[test]
fn a_pattern_that_event_bridge_would_refuse_is_found() {
    let names = |count: usize| vec!["PutBucketIntelligentTieringConfiguration"; count];
    let rule =
        |count| Trigger::Pattern(EventPattern::new().field("detail.eventName", names(count)));
    check(
        |template| {
            template.add(OTHER, Rule::new(rule(47)));
        },
        &expect!["fine"],
    );
    check(
        |template| {
            template.add(OTHER, Rule::new(rule(48)));
        },
        &expect!["the length of EventPattern of `Other` is 2090, more than the 2048 allowed"],
    );
}

#[test]
fn more_resources_than_a_stack_holds_are_found() {
    check(
        |template| {
            // Ids are constants; a test of the limit makes its own.
            for number in 0..501 {
                let id = LogicalId::new(format!("Queue{number}").leak());
                template.add(id, Queue::default());
            }
        },
        &expect!["the number of resources is 501, more than the 500 allowed"],
    );
}

#[test]
fn a_statement_that_iam_would_read_otherwise_is_found() {
    check(
        |template| {
            let queue = template.add(QUEUE, Queue::default());
            let twice = Statement {
                conditions: vec![Test::equals("aws:x", "a"), Test::equals("aws:x", "b")],
                ..Statement::deny(["sqs:*"], [queue.arn().into()])
            };
            template.add(OTHER, QueuePolicy::new(queue.url(), PolicyDocument::new([twice])));
        },
        &expect!["`Other` cannot be rendered: a statement tests `aws:x` with `StringEquals` twice"],
    );
}
