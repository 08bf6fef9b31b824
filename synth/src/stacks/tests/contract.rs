//! The contract: the environment of the functions, parameters and outputs for the command, the permissions of the roles.

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use s3guard_posture::contract::metrics::{self, Metric};
use s3guard_posture::digest::objects;
use s3guard_posture::evaluate::permissions::{self, NotifyOn};
use s3guard_posture::{Config, On};
use serde_json::{Value as Json, json};

use super::reading::{configured, many, of_type, read, read_guard, texts};
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
            Grade = `speed`
            BucketKeyArn = ``
            SettleSeconds = `15`
            SweepRate = `rate(6 hours)`
            BucketPrefix = `s3guard`
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
            TopicArn: <Topic>
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
              S3GUARD_TOPIC: "<Topic>"
              S3GUARD_LEDGER_KEY: "<Key.Arn>"
              S3GUARD_QUEUE: "<GuardQueue>"
              S3GUARD_GRADE: "speed"
              S3GUARD_KEY: ""
              S3GUARD_SETTLE_SECONDS: "15"
              S3GUARD_LEDGER: "<LedgerBucket>"
              S3GUARD_LOG_BUCKET: "<LogBucket>"
              S3GUARD_OWN_BUCKETS: "s3guard-ledger-111122223333-eu-west-1-an,s3guard-logs-111122223333-eu-west-1-an,s3guard-trail-111122223333-eu-west-1-an,CodeBucket"
            NotifyFunction runs notify
              S3GUARD_ACCOUNT: "111122223333"
              S3GUARD_STACK: "s3guard"
              S3GUARD_TOPIC: "<Topic>"
              S3GUARD_LEDGER_KEY: "<Key.Arn>"
              S3GUARD_OWN_BUCKETS: "s3guard-ledger-111122223333-eu-west-1-an,s3guard-logs-111122223333-eu-west-1-an,s3guard-trail-111122223333-eu-west-1-an,CodeBucket"
              S3GUARD_QUEUE: "<ObjectQueue>"
              S3GUARD_LEDGER: "<LedgerBucket>"
              S3GUARD_GRADE: "speed"
        "#]],
    );
}

#[test]
fn each_role_may_do_this_and_nothing_else() {
    let guard = read_guard();
    check(
        of_type(&guard, "AWS::IAM::ManagedPolicy").flat_map(|(id, policy)| {
            let statements = many(&policy["Properties"]["PolicyDocument"]["Statement"]);
            let lines = statements.into_iter().map(|one| {
                format!(
                    "  {} on {}",
                    texts(&one["Action"]).join(" "),
                    texts(&one["Resource"]).join(" ")
                )
            });
            [id.to_owned()].into_iter().chain(lines).collect::<Vec<_>>()
        }),
        &expect![[r#"
            GuardPolicy
              s3:GetBucketAcl s3:GetBucketLogging s3:GetBucketNotification s3:GetBucketObjectLockConfiguration s3:GetBucketOwnershipControls s3:GetBucketPolicy s3:GetBucketPolicyStatus s3:GetBucketPublicAccessBlock s3:GetBucketTagging s3:GetBucketVersioning s3:GetBucketWebsite s3:GetEncryptionConfiguration s3:GetLifecycleConfiguration s3:GetReplicationConfiguration s3:PutBucketLogging s3:PutBucketNotification s3:PutBucketOwnershipControls s3:PutBucketPolicy s3:PutBucketPublicAccessBlock s3:PutBucketVersioning s3:PutEncryptionConfiguration on arn:aws:s3:::*
              s3:GetAccountPublicAccessBlock s3:ListAllMyBuckets s3:PutAccountPublicAccessBlock on *
              kms:DescribeKey on arn:aws:kms:*:*:key/*
              cloudformation:DescribeStacks on arn:aws:cloudformation:*:111122223333:stack/*
              s3:ListBucket on <LedgerBucket.Arn>
              s3:GetObject s3:PutObject on <LedgerBucket.Arn>/*
              sqs:SendMessage on <GuardQueue.Arn>
              sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes on <GuardQueue.Arn>
              sns:Publish on <Topic>
              kms:GenerateDataKey kms:Decrypt on <Key.Arn>
              logs:CreateLogStream logs:PutLogEvents on <GuardLogs.Arn>
            NotifyPolicy
              s3:GetObject s3:PutObject on <LedgerBucket.Arn>/windows/*
              s3:ListBucket on <LedgerBucket.Arn>
              s3:GetBucketTagging on arn:aws:s3:::*
              s3:GetObjectAcl s3:GetObjectVersionAcl on arn:aws:s3:::*/*
              sqs:SendMessage on <ObjectQueue.Arn>
              sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes on <ObjectQueue.Arn>
              sns:Publish on <Topic>
              kms:GenerateDataKey kms:Decrypt on <Key.Arn>
              logs:CreateLogStream logs:PutLogEvents on <NotifyLogs.Arn>
        "#]],
    );
}

#[test]
fn the_roles_have_no_wildcard_action_and_touch_no_object_but_records() {
    let guard = read_guard();
    for (id, policy) in of_type(&guard, "AWS::IAM::ManagedPolicy") {
        for statement in many(&policy["Properties"]["PolicyDocument"]["Statement"]) {
            let on = texts(&statement["Resource"]);
            for action in texts(&statement["Action"]) {
                assert!(!action.contains('*'), "{id}: {action}");
                // The object lock configuration belongs to the bucket.
                let is_of_objects =
                    action.contains("Object") && action != "s3:GetBucketObjectLockConfiguration";
                let records = ["s3:GetObject", "s3:PutObject"].contains(&action)
                    && on == ["<LedgerBucket.Arn>/*"];
                let gathers = ["s3:GetObject", "s3:PutObject"].contains(&action)
                    && on == ["<LedgerBucket.Arn>/windows/*"];
                // The ACL shows whether an object is public.
                let reads_acl = ["s3:GetObjectAcl", "s3:GetObjectVersionAcl"].contains(&action);
                assert!(records || gathers || reads_acl || !is_of_objects, "{id}: {action}");
                let deletes_a_message = action == "sqs:DeleteMessage";
                assert!(deletes_a_message || !action.contains("Delete"), "{id}: {action}");
            }
        }
    }
}

#[test]
fn each_function_may_do_what_posture_says() {
    let guard = read_guard();
    let actions = |id: &str| -> BTreeSet<&str> {
        let document = &guard["Resources"][id]["Properties"]["PolicyDocument"];
        many(&document["Statement"]).into_iter().flat_map(|one| texts(&one["Action"])).collect()
    };
    let needed = [On::Buckets, On::Account, On::Keys, On::Stacks, On::Ledger];
    let needed: BTreeSet<&str> = needed.into_iter().flat_map(permissions::on).collect();
    let besides: BTreeSet<&str> = actions("GuardPolicy").difference(&needed).copied().collect();
    assert!(needed.is_subset(&actions("GuardPolicy")));
    let needed = [NotifyOn::Gathered, NotifyOn::Ledger, NotifyOn::Buckets, NotifyOn::Acls];
    let needed = needed.into_iter().flat_map(permissions::of_notify).copied().collect();
    let of_notify = actions("NotifyPolicy");
    // The permissions of both on queues, topics, the key and logs.
    assert_eq!(of_notify.difference(&needed).copied().collect::<BTreeSet<_>>(), besides);
    assert!(needed.is_subset(&of_notify));
}

#[test]
fn every_role_and_policy_is_under_our_path_and_has_no_name() {
    let guard = read_guard();
    for r#type in ["AWS::IAM::Role", "AWS::IAM::ManagedPolicy"] {
        for (id, one) in of_type(&guard, r#type) {
            assert_eq!(one["Properties"]["Path"], "/s3guard/", "{id}");
            // Two stacks cannot have one name: IAM is global.
            assert!(one["Properties"].get("RoleName").is_none(), "{id}");
            assert!(one["Properties"].get("ManagedPolicyName").is_none(), "{id}");
        }
    }
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
            LedgerBucket: RetainExceptOnCreate, when replaced Retain
            TrailBucket: RetainExceptOnCreate, when replaced Retain
        "#]],
    );
}

#[test]
fn what_is_retained_is_deleted_when_the_first_creation_fails() {
    let guard = read_guard();
    for (id, one) in guard["Resources"].as_object().unwrap() {
        let policy = one["DeletionPolicy"].as_str().unwrap();
        assert!(["Delete", "RetainExceptOnCreate"].contains(&policy), "{id}: {policy}");
        let type_of_evidence = ["AWS::S3::Bucket", "AWS::KMS::Key"];
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
fn digests_expire_after_a_month() {
    let guard = read_guard();
    let ledger = &guard["Resources"]["LedgerBucket"]["Properties"]["LifecycleConfiguration"];
    let rules = many(&ledger["Rules"]).into_iter().map(|rule| {
        let earlier = &rule["NoncurrentVersionExpiration"]["NoncurrentDays"];
        (rule["Prefix"].as_str().unwrap(), rule["ExpirationInDays"].clone(), earlier.clone())
    });
    let kept = |prefix, days: u32| (prefix, json!(days), json!(days));
    assert_eq!(rules.collect::<Vec<_>>(), [kept("records/", 400), kept("windows/", 30)]);
}

#[test]
fn notify_lists_versions_only_in_configured_buckets() {
    let policy = |template: &Json| -> Vec<Json> {
        let statements =
            &template["Resources"]["NotifyPolicy"]["Properties"]["PolicyDocument"]["Statement"];
        let looks = many(statements).into_iter().filter(|one| one["Sid"] == "ReportOverwrites");
        looks.cloned().collect()
    };
    assert_eq!(policy(&read_guard()), [] as [Json; 0]);
    let looks = policy(&read(&configured().render().unwrap()));
    assert_eq!(looks[0]["Action"], "s3:ListBucketVersions");
    assert_eq!(looks[0]["Resource"], json!(["arn:aws:s3:::contracts", "arn:aws:s3:::payroll-*"]));
    assert_eq!(looks[0]["Condition"]["StringEquals"]["aws:ResourceAccount"], "111122223333");
}

#[test]
fn the_dashboard_is_json_with_widgets_that_cloudwatch_knows() {
    let guard = read_guard();
    let body = guard["Resources"]["Dashboard"]["Properties"]["DashboardBody"].as_str().unwrap();
    let body: Json = serde_json::from_str(body).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    assert_eq!(widgets.len(), 13);
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
    let of_stack = of_type(&guard, "AWS::CloudWatch::Alarm").map(|(id, _)| format!("<{id}.Arn>"));
    assert_eq!(alarms, of_stack.collect::<Vec<_>>());
}
