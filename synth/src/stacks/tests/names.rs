//! Names that the template gives itself are accepted by the services, also with the longest values of their parts.

use serde_json::Value as Json;

use s3guard_posture::model::names::STACK_NAME_MAX;

use crate::cfn::Resolver;
use crate::stacks::guard;
use crate::stacks::parameters::BUCKET_PREFIX_LENGTH_MAX;

/// The properties that name a resource, with the most characters that the service accepts.
///
/// Source: the services' API references: `CreateBucket`, `CreateTrail`, `PutDashboard`, `CreateAlias`, `CreateRole`,
/// `CreatePolicy`, `CreateFunction`, `CreateQueue`, `CreateTopic`, `PutRule`, `PutMetricAlarm`, `CreateLogGroup`.
const NAMES: [(&str, &str, usize); 12] = [
    ("AWS::S3::Bucket", "BucketName", 63),
    ("AWS::CloudTrail::Trail", "TrailName", 128),
    ("AWS::CloudWatch::Dashboard", "DashboardName", 255),
    ("AWS::KMS::Alias", "AliasName", 256),
    ("AWS::IAM::Role", "RoleName", 64),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName", 128),
    ("AWS::Lambda::Function", "FunctionName", 64),
    ("AWS::SQS::Queue", "QueueName", 80),
    ("AWS::SNS::Topic", "TopicName", 256),
    ("AWS::Events::Rule", "Name", 64),
    ("AWS::CloudWatch::Alarm", "AlarmName", 255),
    ("AWS::Logs::LogGroup", "LogGroupName", 512),
];

/// Types whose names the template gives. The others have names of CloudFormation, which it cuts to the service's limit.
const NAMED: [&str; 4] =
    ["AWS::CloudTrail::Trail", "AWS::CloudWatch::Dashboard", "AWS::KMS::Alias", "AWS::S3::Bucket"];

/// Each name in the template, with its type and its limit.
fn names(stack: &str, prefix: &str) -> Vec<(&'static str, String, usize)> {
    let template = guard().render().unwrap();
    let known = |name: &str| {
        let value = match name {
            "AWS::StackName" => stack,
            "AWS::AccountId" => "111122223333",
            "AWS::Region" => "ap-southeast-1",
            "BucketPrefix" => prefix,
            _ => return None,
        };
        Some(value.to_owned())
    };
    let resources = Resolver::new(&template, &known).value(&template["Resources"]);
    let mut names = Vec::new();
    for resource in resources.as_object().unwrap().values() {
        for (kind, property, most) in NAMES {
            let name = &resource["Properties"][property];
            if resource["Type"] == kind && *name != Json::Null {
                names.push((kind, name.as_str().unwrap().to_owned(), most));
            }
        }
    }
    names
}

#[test]
fn every_name_that_the_template_gives_fits_its_service() {
    let stack = "s".repeat(128);
    let names = names(&stack, &"p".repeat(BUCKET_PREFIX_LENGTH_MAX as usize));
    for (kind, name, most) in &names {
        assert!(name.len() <= *most, "{kind}: {name}");
    }
    let mut kinds: Vec<&str> = names.iter().map(|(kind, ..)| *kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, NAMED);
}

/// CloudFormation names a resource `STACK-LOGICAL_ID-RANDOM`, with twelve or thirteen characters at the end, and shortens the
/// first two parts if that is too long for the service. The rules about tampering then match nothing: they know the stack's
/// name and a hyphen.
#[test]
fn no_name_of_a_resource_is_shortened_with_the_longest_name_of_a_stack() {
    let template = guard().render().unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for (id, resource) in template["Resources"].as_object().unwrap() {
        let kind = resource["Type"].as_str().unwrap();
        let Some((_, property, most)) = NAMES.iter().find(|(of, ..)| *of == kind) else { continue };
        if resource["Properties"][property] != Json::Null {
            continue;
        }
        seen.insert(kind.to_owned());
        let length = STACK_NAME_MAX + "-".len() + id.len() + "-".len() + 13;
        assert!(length <= *most, "{kind} {id} would have {length} characters");
    }
    for kind in ["AWS::Events::Rule", "AWS::Lambda::Function", "AWS::SQS::Queue", "AWS::SNS::Topic"]
    {
        assert!(seen.contains(kind), "{kind} is not checked: {seen:?}");
    }
}

/// Source: AWS CloudTrail User Guide, "Naming requirements for CloudTrail resources".
fn is_accepted_by_cloudtrail(name: &str) -> bool {
    let is_end = |end: Option<char>| end.is_some_and(|end| end.is_ascii_alphanumeric());
    let is_separator = |one: &u8| b"._-".contains(one);
    let is_allowed = |one: u8| one.is_ascii_alphanumeric() || is_separator(&one);
    let has_adjacent = name.as_bytes().windows(2).any(|pair| pair.iter().all(is_separator));
    let is_address = name.parse::<std::net::Ipv4Addr>().is_ok();
    (3..=128).contains(&name.len())
        && name.bytes().all(is_allowed)
        && is_end(name.chars().next())
        && is_end(name.chars().last())
        && !has_adjacent
        && !is_address
}

#[test]
fn the_trail_has_a_name_that_cloudtrail_accepts_whatever_the_stack_is_called() {
    let trail = |stack: &str, prefix: &str| {
        let names = names(stack, prefix);
        names.into_iter().find(|(kind, ..)| *kind == "AWS::CloudTrail::Trail").unwrap().1
    };
    for stack in ["a--b", "a-", "A", &"s".repeat(128)] {
        for prefix in ["ab", "0-1", "s3guard"] {
            let name = trail(stack, prefix);
            assert!(is_accepted_by_cloudtrail(&name), "{name}");
        }
    }
    // What the prefix's pattern refuses, CloudTrail refuses too.
    for prefix in ["a--b", "-a", "a-"] {
        let name = trail("s3guard", prefix);
        assert!(!is_accepted_by_cloudtrail(&name), "{name}");
    }
}
