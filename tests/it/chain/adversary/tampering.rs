//! Single acts of an administrator that blind or stop the guard: each is reported by a part that it does not switch off, and
//! by nothing without the rule that watches it.

use s3guard_emulator::Client;
use serde_json::{Value, json};

use super::{Attacked, Guarded, attacked};

/// An act: the call as CloudTrail names it, what makes it, and what undoes it.
struct Act {
    name: &'static str,
    commit: Box<dyn Fn(&Client)>,
    undo: Box<dyn Fn(&Client)>,
}

impl Act {
    fn new(
        name: &'static str,
        commit: impl Fn(&Client) + 'static,
        undo: impl Fn(&Client) + 'static,
    ) -> Self {
        Self { name, commit: Box::new(commit), undo: Box::new(undo) }
    }

    /// Two calls of the JSON protocol.
    fn of_json(service: &'static str, [commit, undo]: [(&'static str, Value); 2]) -> Self {
        let name = commit.0;
        let call = |(operation, input): (&'static str, Value)| {
            move |client: &Client| {
                client.json(service, operation, &input).unwrap();
            }
        };
        Self::new(name, call(commit), call(undo))
    }
}

/// The rules of events whose names have this after the stack's.
fn rules(attacked: &Attacked, after: &str) -> Vec<String> {
    let answer =
        attacked.guarded.account.unchecked().json("events", "ListRules", &json!({})).unwrap();
    let names = answer["Rules"].as_array().unwrap().iter();
    let names = names.map(|rule| rule["Name"].as_str().unwrap().to_owned());
    names.filter(|name| name.contains(after)).collect()
}

fn rule(attacked: &Attacked, after: &str) -> String {
    let [rule] = rules(attacked, after).try_into().unwrap_or_else(|all| panic!("{after}: {all:?}"));
    rule
}

fn acts(attacked: &Attacked) -> Vec<Act> {
    let output = |name: &str| attacked.guarded.output(name).to_owned();
    let toggled = |rule: String| {
        Act::of_json(
            "events",
            [("DisableRule", json!({ "Name": rule })), ("EnableRule", json!({ "Name": rule }))],
        )
    };
    let concurrency = {
        let function = output("GuardFunctionName");
        let path = format!("/2017-10-31/functions/{function}/concurrency");
        let stop = path.clone();
        Act::new(
            "PutFunctionConcurrency20171031",
            move |client| {
                client
                    .call("lambda", "PUT", &stop, r#"{"ReservedConcurrentExecutions":0}"#)
                    .unwrap();
            },
            move |client| _ = client.call("lambda", "DELETE", &path, "").unwrap(),
        )
    };
    let mapping = {
        let client = attacked.guarded.account.unchecked();
        let path = "/2015-03-31/event-source-mappings/";
        let query = format!("{path}?FunctionName={}", output("GuardFunctionName"));
        let all = client.call("lambda", "GET", &query, "").unwrap();
        let all: Value = serde_json::from_str(&all).unwrap();
        let path = format!("{path}{}", all["EventSourceMappings"][0]["UUID"].as_str().unwrap());
        let set = move |client: &Client, is_on: bool| {
            let input = json!({ "Enabled": is_on }).to_string();
            client.call("lambda", "PUT", &path, &input).unwrap();
        };
        let again = set.clone();
        Act::new(
            "UpdateEventSourceMapping20150331",
            move |client| set(client, false),
            move |client| again(client, true),
        )
    };
    let queue = {
        let url = output("GuardQueueUrl");
        Act::of_json(
            "sqs",
            [
                (
                    "SetQueueAttributes",
                    json!({ "QueueUrl": url, "Attributes": { "ReceiveMessageWaitTimeSeconds": "0" } }),
                ),
                ("GetQueueUrl", json!({ "QueueName": url.rsplit('/').next() })),
            ],
        )
    };
    let key = output("KeyArn");
    let trails =
        attacked.guarded.account.unchecked().json("cloudtrail", "DescribeTrails", &json!({}));
    let trail = trails.unwrap()["trailList"][0]["Name"].as_str().unwrap().to_owned();
    vec![
        Act::of_json(
            "cloudtrail",
            [("StopLogging", json!({ "Name": trail })), ("StartLogging", json!({ "Name": trail }))],
        ),
        toggled(rule(attacked, "-BucketChanged")),
        // The rule that watches the rules.
        toggled(rule(attacked, "-EventsTampered")),
        queue,
        concurrency,
        mapping,
        Act::of_json(
            "kms",
            [("DisableKey", json!({ "KeyId": key })), ("EnableKey", json!({ "KeyId": key }))],
        ),
        topic(output("AlertTopicArn")),
        role(&output("GuardRoleArn")),
    ]
}

/// No policy that lets EventBridge or CloudWatch publish alerts.
fn topic(arn: String) -> Act {
    let set = move |client: &Client, policy: &str| {
        let parameters = [
            ("Action", "SetTopicAttributes"),
            ("TopicArn", &arn),
            ("AttributeName", "Policy"),
            ("AttributeValue", policy),
        ];
        client.query("sns", "2010-03-31", &parameters).unwrap();
    };
    let silent = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": "*" } ] })
    .to_string();
    let open = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*" } ] })
    .to_string();
    let again = set.clone();
    Act::new(
        "SetTopicAttributes",
        move |client| set(client, &silent),
        move |client| again(client, &open),
    )
}

fn role(arn: &str) -> Act {
    let name = arn.rsplit('/').next().unwrap().to_owned();
    let again = name.clone();
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Deny", "Action": "s3:PutBucketPolicy", "Resource": "*" } ] })
    .to_string();
    let query = |client: &Client, parameters: &[(&str, &str)]| {
        client.query("iam", "2010-05-08", parameters).unwrap();
    };
    Act::new(
        "PutRolePolicy",
        move |client| {
            let named = [
                ("Action", "PutRolePolicy"),
                ("RoleName", &*name),
                ("PolicyName", "stop"),
                ("PolicyDocument", &*policy),
            ];
            query(client, &named);
        },
        move |client| {
            query(
                client,
                &[("Action", "DeleteRolePolicy"), ("RoleName", &*again), ("PolicyName", "stop")],
            );
        },
    )
}

/// The texts of all emails but the first ones.
fn texts(guarded: &Guarded, first: usize) -> Vec<String> {
    let mails = guarded.account.mails().unwrap();
    mails.into_iter().skip(first).map(|mail| format!("{}: {}", mail.subject, mail.text)).collect()
}

#[test]
fn h6_an_administrator_who_stops_the_guard_is_reported() {
    let attacked = &*attacked();
    let (guarded, root) = (&attacked.guarded, attacked.root());
    let unseen = guarded.account.unchecked();
    let reported = |act: &Act, first: usize| {
        let account = guarded.account.number();
        let wanted = format!("s3guard CRITICAL: {} by arn:aws:iam::{account}:root", act.name);
        texts(guarded, first).iter().any(|text| text.contains(&wanted))
    };
    let count = || texts(guarded, 0).len();
    for act in acts(attacked) {
        let first = count();
        (act.commit)(&root);
        guarded.wait(act.name, || reported(&act, first));
        (act.undo)(&unseen);
    }
    let defences = [rules(attacked, "Tampered"), rules(attacked, "-StackChanged")].concat();
    let switch = |operation| {
        for name in &defences {
            unseen.json("events", operation, &json!({ "Name": name })).unwrap();
        }
    };
    for act in acts(attacked) {
        // One of the acts switches a defence on again.
        switch("DisableRule");
        let first = count();
        (act.commit)(&root);
        (act.undo)(&unseen);
        guarded.rest();
        assert!(!reported(&act, first), "{} is reported by something else", act.name);
    }
    switch("EnableRule");
}

/// The states of the alarms about silence, by the ends of their ids.
fn silence(guarded: &Guarded) -> [String; 3] {
    let alarms = guarded.account.alarms().unwrap();
    ["-TickMissingAlarm", "-NeverTickedAlarm", "-SilenceAlarm"].map(|id| {
        let mut found = alarms.iter().filter(|(name, _)| name.contains(id));
        found.next().unwrap_or_else(|| panic!("{id} is none of {alarms:?}")).1.clone()
    })
}

#[test]
fn h6_silence_is_an_alarm_but_not_in_a_new_stack() {
    let guarded = Guarded::new(&[]);
    let is_silent = || texts(&guarded, 0).iter().any(|text| text.contains("-SilenceAlarm"));
    guarded.wait("missing ticks", || silence(&guarded) == ["ALARM", "ALARM", "OK"]);
    assert!(!is_silent(), "a new stack is silent, and that is no alarm");
    guarded.account.fire_schedules().unwrap();
    guarded.wait("a tick", || silence(&guarded) == ["OK", "OK", "OK"]);
    // Three hours and a minute later.
    guarded.account.age_metrics(3 * 3_600 + 60).unwrap();
    guarded.wait("the alarm", || silence(&guarded) == ["ALARM", "OK", "ALARM"]);
    guarded.wait("the email about it", is_silent);
}

#[test]
fn h6_a_deployment_and_an_update_raise_no_false_alert() {
    let guarded = Guarded::new(&[]);
    let alerts = |first| {
        let mut texts = texts(&guarded, first);
        texts.retain(|text| text.contains("s3guard CRITICAL: "));
        texts
    };
    assert_eq!(alerts(0), [] as [String; 0]);
    let first = texts(&guarded, 0).len();
    let update = guarded.deploy(&["--set", "SettleSeconds=20"]);
    assert!(update.status.success(), "{update:?}");
    guarded.rest();
    // One for the update itself, and none for what CloudFormation did.
    let alerts = alerts(first);
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    assert!(alerts[0].contains("s3guard CRITICAL: ExecuteChangeSet by "), "{alerts:#?}");
}
