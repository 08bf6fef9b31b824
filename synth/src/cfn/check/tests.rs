//! Everything that the compiler cannot check is checked.

use expect_test::{Expect, expect};
use serde_json::json;

use crate::{
    cfn::{
        Attributes, Condition, ConditionHandle, Handle, LogicalId, Output, Parameter,
        ParameterType, PolicyDocument, Rule, Statement, Sub, Template, Test, Value, Which,
        kind::{Arns, Text},
    },
    resources::{
        events::{self, EventPattern, Trigger},
        sns::Topic,
        sqs::{Queue, QueuePolicy},
    },
};

const MODE: LogicalId = LogicalId::new("Mode");
const OWN: LogicalId = LogicalId::new("Own");
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

/// A topic that exists only where `Own` holds.
fn own_topic(template: &mut Template) -> Handle<Topic> {
    let mode = template.parameter::<Text>(MODE, "Mode", Parameter::new("whose"));
    let own = template.condition(OWN, Condition::equals(mode, "own"));
    let only_own = Attributes { condition: Some(own), ..Attributes::default() };
    template.add_with(TOPIC, only_own, Topic::default())
}

fn named(name: impl Into<Value<Text>>) -> Topic {
    Topic { display_name: Some(name.into()), ..Topic::default() }
}

#[test]
fn an_id_is_used_once() {
    check(
        |template| {
            template.add(TOPIC, Topic::default());
            template.add(TOPIC, Queue::new(60));
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
            template.add_with(QUEUE, after, Queue::new(60));
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
    let queue = Template::new("another").add(TOPIC, Queue::new(60));
    check(
        |template| {
            template.add(TOPIC, Topic::default());
            template.output(OTHER, Output::new("a queue", queue.name()));
        },
        &expect!["`Other` refers to `Topic.QueueName`, which is not in this template"],
    );
}

#[test]
fn a_condition_or_a_parameter_of_another_template_is_found() {
    let mut another = Template::new("another");
    let own = another.condition(OWN, Condition::equals("a", "b"));
    let mode = another.parameter::<Text>(MODE, "Mode", Parameter::new("whose"));
    check(
        |template| {
            template.condition(OTHER, !Condition::equals(mode, "a"));
        },
        &expect!["`Other` refers to `Mode`, which is not in this template"],
    );
    check(
        |template| {
            let (when, assert) = (Condition::equals("a", "b"), Condition::equals(mode, "a"));
            template.rule(OTHER, Rule { when, assert, description: "never" });
        },
        &expect!["`Other` refers to `Mode`, which is not in this template"],
    );
    check(
        |template| {
            let only_own = Attributes { condition: Some(own), ..Attributes::default() };
            template.add_with(QUEUE, only_own, Queue::new(60));
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
        &expect!["`Queue` refers to `Topic`, which exists only where `Own` holds"],
    );
}

#[test]
fn what_is_not_always_there_can_be_referred_to_where_it_is() {
    check(
        |template| {
            let topic = own_topic(template);
            let condition = Some(ConditionHandle::of(OWN));
            let where_own = Attributes { condition, ..Attributes::default() };
            template.add_with(QUEUE, where_own, named(topic.name()));
            template.output(OTHER, Output { condition, ..Output::new("a name", topic.name()) });
        },
        &expect!["fine"],
    );
}

#[test]
fn a_value_under_a_condition_can_refer_to_what_exists_there_and_the_other_one_cannot() {
    check(
        |template| {
            let topic = own_topic(template);
            let name: Value<Text> = topic.name().into();
            template.add(QUEUE, named(name.only_if(ConditionHandle::of(OWN))));
        },
        &expect!["fine"],
    );
    check(
        |template| {
            let topic = own_topic(template);
            let name = Value::<Text>::literal("none");
            template.add(QUEUE, named(name.or_else(ConditionHandle::of(OWN), topic.name().into())));
        },
        &expect!["`Queue` refers to `Topic`, which exists only where `Own` holds"],
    );
    let own = Template::new("another").condition(OWN, Condition::equals("a", "b"));
    check(
        |template| {
            template.add(QUEUE, named(Value::<Text>::literal("a").only_if(own)));
        },
        &expect!["`Queue` refers to `Own`, which is not in this template"],
    );
}

#[test]
fn a_text_with_a_choice_in_it_is_not_rendered() {
    check(
        |template| {
            let own = template.condition(OWN, Condition::equals("a", "b"));
            let choice = Value::<Text>::literal("a").only_if(own);
            template.add(QUEUE, named(Value::<Text>::from(Sub::new().text("x-").value(&choice))));
        },
        &expect!["`Queue` refers to `Fn::If`, which is not in this template"],
    );
}

#[test]
fn a_statement_under_a_condition_is_a_choice_and_its_elements_can_be_reversed() {
    let mut template = Template::new("a test");
    let own = template.condition(OWN, Condition::equals("a", "b"));
    let statement = Statement {
        only_if: Some(own),
        actions: Which::AllBut(vec!["s3:Get*".to_owned()]),
        resources: Which::AllBut(vec![Value::literal("a"), Value::literal("b")]),
        ..Statement::deny("Sid", "", [], Test::not_by_a_service())
    };
    assert_eq!(
        json!(PolicyDocument::new([statement]))["Statement"],
        json!([{ "Fn::If": ["Own", {
            "Sid": "Sid",
            "Effect": "Deny",
            "Principal": "*",
            "NotAction": "s3:Get*",
            "NotResource": ["a", "b"],
            "Condition": { "BoolIfExists": { "aws:PrincipalIsAWSService": false } },
        }, { "Ref": "AWS::NoValue" }] }])
    );
}

#[test]
fn a_list_parameter_is_compared_by_its_members() {
    let mut template = Template::new("a test");
    let list = Parameter { r#type: ParameterType::CommaDelimitedList, ..Parameter::new("who") };
    let arns = template.parameter::<Arns>(MODE, "Who", list);
    template.condition(OWN, !Condition::is_empty(arns));
    let conditions = &template.render().unwrap()["Conditions"];
    let joined = json!({ "Fn::Join": [",", { "Ref": "Mode" }] });
    assert_eq!(conditions["Own"], json!({ "Fn::Not": [{ "Fn::Equals": [joined, ""] }] }));
}

#[test]
fn a_pattern_that_event_bridge_would_refuse_is_found() {
    let names = |count: usize| vec!["PutBucketIntelligentTieringConfiguration"; count];
    let rule = |count| events::Rule {
        trigger: Trigger::Pattern(EventPattern::new().field("detail.eventName", names(count))),
        target: events::Target::Queue { queue: Value::literal("queue"), input: None },
        dead_letters: Value::literal("dead letters"),
        description: "a rule",
    };
    check(
        |template| {
            template.add(OTHER, rule(47));
        },
        &expect!["fine"],
    );
    check(
        |template| {
            template.add(OTHER, rule(48));
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
                template.add(id, Queue::new(60));
            }
        },
        &expect!["the number of resources is 501, more than the 500 allowed"],
    );
}

#[test]
fn a_statement_that_iam_would_read_otherwise_is_found() {
    check(
        |template| {
            let queue = template.add(QUEUE, Queue::new(60));
            let twice = Statement {
                conditions: vec![Test::equals("aws:x", "a"), Test::equals("aws:x", "b")],
                ..Statement::allow("Twice", ["sqs:*"], [queue.arn().into()])
            };
            let policy_document = PolicyDocument::new([twice]);
            template.add(OTHER, QueuePolicy { queues: [queue.url()], policy_document });
        },
        &expect!["`Other` cannot be rendered: a statement tests `aws:x` with `StringEquals` twice"],
    );
}
