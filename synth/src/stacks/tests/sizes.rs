//! The sizes of policies within the limits of their services.

use expect_test::expect;
use serde_json::Map;

use super::locks::{locked, of, policy};
use super::reading::{many, of_type, texts};

/// The longest lists that a deployment can be expected to have.
fn many_arns(count: usize) -> String {
    let arn = format!("arn:aws-us-gov:iam::111122223333:role/{}", "p".repeat(100));
    vec![arn; count].join(",")
}

#[test]
fn policies_are_within_the_limits_of_their_services_also_with_many_deployers() {
    let read = of(&many_arns(10), &many_arns(10));
    let mut sizes = Vec::new();
    for (r#type, max) in [
        ("AWS::IAM::ManagedPolicy", 6_144),
        ("AWS::S3::BucketPolicy", 20_480),
        ("AWS::SQS::QueuePolicy", 8_192),
        ("AWS::SNS::TopicPolicy", 30_720),
        ("AWS::KMS::Key", 32_768),
    ] {
        // References are resolved to names such as `<GuardRole.Arn>`; ARNs of roles are longer.
        let length = |id: &str| {
            let text = policy(&read, id).to_string();
            text.len() + text.matches('<').count() * 100
        };
        let longest = of_type(&read, r#type).map(|(id, _)| (length(id), id)).max().unwrap();
        assert!(longest.0 <= max, "{}: {}", longest.1, longest.0);
        sizes.push(format!("{type}: {} of {max}, {}\n", longest.0, longest.1));
    }
    expect![[r#"
        AWS::IAM::ManagedPolicy: 3659 of 6144, GuardReadPolicy
        AWS::S3::BucketPolicy: 8828 of 20480, LedgerBucketPolicy
        AWS::SQS::QueuePolicy: 6472 of 8192, GuardQueuePolicy
        AWS::SNS::TopicPolicy: 4123 of 30720, AlertTopicPolicy
        AWS::KMS::Key: 3343 of 32768, Key
    "#]]
    .assert_eq(&sizes.concat());
}

/// Source: Amazon SQS Developer Guide, "Amazon SQS policy quotas".
#[test]
fn policies_of_queues_are_within_the_quotas_of_sqs() {
    for template in [locked(), of("", "")] {
        for (id, policy) in of_type(&template, "AWS::SQS::QueuePolicy") {
            let statements = many(&policy["Properties"]["PolicyDocument"]["Statement"]);
            assert!(statements.len() <= 20, "{id}: {} statements", statements.len());
            let conditions = statements.iter().filter_map(|one| one["Condition"].as_object());
            let conditions: usize =
                conditions.flat_map(Map::values).map(|keys| keys.as_object().unwrap().len()).sum();
            assert!(conditions <= 10, "{id}: {conditions} conditions");
            for one in statements {
                assert!(texts(&one["Action"]).len() <= 7, "{id}: {one}");
            }
        }
    }
}
