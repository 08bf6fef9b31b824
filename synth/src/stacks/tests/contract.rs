//! The contract: the environment of the functions, parameters and outputs for the command, what is retained.

use expect_test::{Expect, expect};
use s3guard_posture::Config;
use s3guard_posture::contract::alarms::CONDITIONS;
use s3guard_posture::contract::metrics::{self, Metric};
use s3guard_posture::digest::objects;
use serde_json::{Value as Json, json};

use super::reading::{many, of_type, read_guard, texts};
use crate::stacks::guard_with;

fn check(lines: impl IntoIterator<Item = String>, expected: &Expect) {
    let lines: Vec<String> = lines.into_iter().map(|line| line + "\n").collect();
    expected.assert_eq(&lines.concat());
}

#[test]
fn these_parameters_can_be_given() {
    let guard = read_guard();
    let parameters = guard["Parameters"].as_object().unwrap();
    let default =
        |parameter: &Json| parameter["Default"].as_str().map(|text| format!(" = `{text}`"));
    check(
        parameters.iter().map(|(id, one)| format!("{id}{}", default(one).unwrap_or_default())),
        &expect![[r#"
            CodeBucket
            CodeKey
            Architecture = `x86_64`
            Email = ``
            TrailMode = `create`
            CodeVersion = ``
            OperatorArns = ``
            DeployerArns = ``
            EarlierKeyArns = ``
            PermissionsBoundary = ``
            Grade = `speed`
            BucketKeyArn = ``
            SettleSeconds = `15`
            SweepRate = `rate(6 hours)`
            BucketPrefix = `s3guard`
            GuardedRegions = ``
            ObjectLock = `off`
            ReservedConcurrency = `off`
        "#]],
    );
}

#[test]
fn the_stack_has_these_outputs() {
    let guard = read_guard();
    let outputs = guard["Outputs"].as_object().unwrap();
    check(
        outputs.iter().map(|(id, one)| {
            let only = one["Condition"].as_str().map(|name| format!(" if {name}"));
            format!("{id}: {}{}", one["Value"].as_str().unwrap(), only.unwrap_or_default())
        }),
        &expect![[r#"
            EmailTopicArn: <EmailTopic>
            SmsTopicArn: <SmsTopic>
            DocumentTopicArn: <DocumentTopic>
            ChatTopicArn: <ChatTopic>
            AlertTopicArn: <AlertTopic>
            GuardQueueUrl: <GuardQueue>
            GuardQueueArn: <GuardQueue.Arn>
            ObjectQueueUrl: <ObjectQueue>
            GuardDlqUrl: <GuardDlq>
            ObjectDlqUrl: <ObjectDlq>
            NotificationDlqUrl: <NotificationDlq>
            GuardFunctionName: <GuardFunction>
            NotifyFunctionName: <NotifyFunction>
            GuardRoleArn: <GuardRole.Arn>
            NotifyRoleArn: <NotifyRole.Arn>
            KeyArn: <Key.Arn>
            DashboardName: <Dashboard>
            LedgerBucketName: <LedgerBucket>
            LogBucketName: <LogBucket>
            TrailBucketName: <TrailBucket> if OwnTrail
            OperatorRoleArn: <OperatorRole.Arn> if HasOperators
        "#]],
    );
}

#[test]
fn the_functions_find_this_in_their_environment() {
    let guard = read_guard();
    check(
        of_type(&guard, "AWS::Lambda::Function").flat_map(|(id, function)| {
            let properties = &function["Properties"];
            let variables = properties["Environment"]["Variables"].as_object().unwrap().clone();
            let handler = properties["Handler"].as_str().unwrap();
            let title = [format!("{id} runs {handler}")];
            title
                .into_iter()
                .chain(variables.into_iter().map(|(name, value)| format!("  {name}: {value}")))
        }),
        &expect![[r#"
            GuardFunction runs guard
              S3GUARD_ACCOUNT: "111122223333"
              S3GUARD_STACK: "s3guard"
              S3GUARD_LEDGER: "<LedgerBucket>"
              S3GUARD_LEDGER_KEY: "<Key.Arn>"
              S3GUARD_EARLIER_LEDGER_KEYS: ""
              S3GUARD_OWN_BUCKETS: "s3guard-ledger-111122223333-eu-west-1-an,s3guard-logs-111122223333-eu-west-1-an,s3guard-trail-111122223333-eu-west-1-an,CodeBucket"
              S3GUARD_GRADE: "speed"
              S3GUARD_EMAIL_TOPIC: "<EmailTopic>"
              S3GUARD_SMS_TOPIC: "<SmsTopic>"
              S3GUARD_DOCUMENT_TOPIC: "<DocumentTopic>"
              S3GUARD_CHAT_TOPIC: "<ChatTopic>"
              S3GUARD_QUEUE: "<GuardQueue>"
              S3GUARD_KEY: ""
              S3GUARD_SETTLE_SECONDS: "15"
              S3GUARD_LOG_BUCKET: "<LogBucket>"
              S3GUARD_ROLE: "<GuardRole.Arn>"
              S3GUARD_DEPLOYERS: ""
              S3GUARD_GUARDED_REGIONS: ""
            NotifyFunction runs notify
              S3GUARD_ACCOUNT: "111122223333"
              S3GUARD_STACK: "s3guard"
              S3GUARD_LEDGER: "<LedgerBucket>"
              S3GUARD_LEDGER_KEY: "<Key.Arn>"
              S3GUARD_EARLIER_LEDGER_KEYS: ""
              S3GUARD_OWN_BUCKETS: "s3guard-ledger-111122223333-eu-west-1-an,s3guard-logs-111122223333-eu-west-1-an,s3guard-trail-111122223333-eu-west-1-an,CodeBucket"
              S3GUARD_GRADE: "speed"
              S3GUARD_EMAIL_TOPIC: "<EmailTopic>"
              S3GUARD_SMS_TOPIC: "<SmsTopic>"
              S3GUARD_DOCUMENT_TOPIC: "<DocumentTopic>"
              S3GUARD_CHAT_TOPIC: "<ChatTopic>"
              S3GUARD_QUEUE: "<ObjectQueue>"
        "#]],
    );
}

#[test]
fn only_evidence_and_its_key_are_retained() {
    let guard = read_guard();
    let resources = guard["Resources"].as_object().unwrap();
    let policies = |one: &Json| {
        ["DeletionPolicy", "UpdateReplacePolicy"].map(|key| one[key].as_str().unwrap().to_owned())
    };
    check(
        resources
            .iter()
            .map(|(id, one)| (id, policies(one)))
            .filter(|(_, policies)| policies.iter().any(|policy| policy != "Delete"))
            .map(|(id, [deleted, replaced])| format!("{id}: {deleted}, when replaced {replaced}")),
        &expect![[r#"
            Key: RetainExceptOnCreate, when replaced Retain
            LogBucket: RetainExceptOnCreate, when replaced Retain
            LogBucketPolicy: RetainExceptOnCreate, when replaced Retain
            LedgerBucket: RetainExceptOnCreate, when replaced Retain
            LedgerBucketPolicy: RetainExceptOnCreate, when replaced Retain
            TrailBucket: RetainExceptOnCreate, when replaced Retain
            TrailBucketPolicy: RetainExceptOnCreate, when replaced Retain
        "#]],
    );
}

#[test]
fn what_is_retained_is_deleted_when_the_first_creation_fails() {
    let guard = read_guard();
    for (id, one) in guard["Resources"].as_object().unwrap() {
        let policy = one["DeletionPolicy"].as_str().unwrap();
        assert!(["Delete", "RetainExceptOnCreate"].contains(&policy), "{id}: {policy}");
        let type_of_evidence = ["AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::KMS::Key"];
        let is_evidence = type_of_evidence.contains(&one["Type"].as_str().unwrap());
        assert_eq!(policy == "RetainExceptOnCreate", is_evidence, "{id}: {policy}");
    }
}

#[test]
fn the_prefix_parameter_warns_of_retained_buckets() {
    let guard = read_guard();
    let description = guard["Parameters"]["BucketPrefix"]["Description"].as_str().unwrap();
    for words in ["retained when the stack is deleted", "template by hand", "another prefix"] {
        assert!(description.contains(words), "{description}");
    }
}

#[test]
fn notify_waits_a_tenth_of_the_window_for_as_many_events_as_it_can_get() {
    for (window, seconds) in [("10s", 1), ("60s", 6), ("90s", 9), ("5m", 20), ("1d", 20)] {
        let config = json!({ "notifications": { "window": window } });
        let template = guard_with(&Config::read(&config).unwrap()).render().unwrap();
        let resources = &template["Resources"];
        let source = &resources["NotifySource"]["Properties"];
        assert_eq!(source["BatchSize"], 10_000);
        assert_eq!(source["MaximumBatchingWindowInSeconds"], seconds, "{window}");
        assert_eq!(resources["ObjectQueue"]["Properties"]["VisibilityTimeout"], 360 + seconds);
    }
}

#[test]
fn windows_that_end_with_the_clock_are_closed_every_quarter() {
    let guard = read_guard();
    let rule = &guard["Resources"]["CloseWindows"]["Properties"];
    assert_eq!(rule["ScheduleExpression"], "cron(0/15 * * * ? *)");
    assert_eq!(rule["Targets"][0]["Arn"], "<ObjectQueue.Arn>");
    assert_eq!(rule["Targets"][0]["Input"], objects::CLOSE_WINDOWS);
}

#[test]
fn records_expire_and_digests_do_sooner_but_no_current_document_does() {
    let guard = read_guard();
    let ledger = &guard["Resources"]["LedgerBucket"]["Properties"]["LifecycleConfiguration"];
    check(
        many(&ledger["Rules"]).into_iter().map(|rule| {
            let earlier = &rule["NoncurrentVersionExpiration"]["NoncurrentDays"];
            format!("{} {} {earlier}", rule["Prefix"], rule["ExpirationInDays"])
        }),
        &expect![[r#"
            "records/" 400 400
            "suppressions/" 400 400
            "runs/" 400 400
            "jobs/" 400 400
            "state/" null 30
            "sweeps/" null 30
            "windows/" 30 30
            "digests/" 30 30
        "#]],
    );
}

#[test]
fn the_dashboard_is_json_with_widgets_that_cloudwatch_knows() {
    let guard = read_guard();
    let body = guard["Resources"]["Dashboard"]["Properties"]["DashboardBody"].as_str().unwrap();
    let body: Json = serde_json::from_str(body).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    assert_eq!(widgets.len(), 14);
    for widget in widgets {
        let kind = widget["type"].as_str().unwrap();
        assert!(["text", "alarm", "metric"].contains(&kind), "{widget}");
        let end = widget["x"].as_u64().unwrap() + widget["width"].as_u64().unwrap();
        assert!(end <= 24, "{widget}");
        if kind == "metric" {
            assert_eq!(widget["properties"]["region"], "eu-west-1");
            for metric in widget["properties"]["metrics"].as_array().unwrap() {
                let line = metric.as_array().unwrap();
                assert!(line.len() == 5 && line[4]["label"].is_string(), "{metric}");
            }
        }
    }
}

#[test]
fn the_dashboard_shows_all_that_the_functions_count() {
    let guard = read_guard();
    let body = guard["Resources"]["Dashboard"]["Properties"]["DashboardBody"].as_str().unwrap();
    let body: Json = serde_json::from_str(body).unwrap();
    let widgets = body["widgets"].as_array().unwrap().iter();
    let lines: Vec<&[Json]> = widgets
        .flat_map(|widget| many(&widget["properties"]["metrics"]))
        .map(|line| line.as_array().unwrap().as_slice())
        .collect();
    for metric in Metric::ALL {
        let named = [metrics::NAMESPACE, metric.name(), metrics::DIMENSION, "s3guard"];
        let is_shown = lines.iter().any(|line| line[..named.len()] == named.map(Json::from));
        assert!(is_shown, "{metric:?}");
    }
    let alarms = texts(&body["widgets"][1]["properties"]["alarms"]);
    let of = |kind| of_type(&guard, kind).map(|(id, _)| id).filter(|id| !CONDITIONS.contains(id));
    let of_stack = of("AWS::CloudWatch::Alarm").chain(of("AWS::CloudWatch::CompositeAlarm"));
    assert_eq!(alarms, of_stack.map(|id| format!("<{id}.Arn>")).collect::<Vec<_>>());
}
