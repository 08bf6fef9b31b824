//! The templates are those under `templates/`, byte for byte. `cargo bless` updates them.

use expect_test::{expect, expect_file};

use super::reading::{configured, of_type, read_guard};
use crate::stacks::parameters::BUCKET_PREFIX_LENGTH_MAX;
use crate::stacks::{PATTERN_LENGTH_MAX, TEMPLATE_BYTES_MAX, guard};

/// Source: AWS CloudFormation User Guide, "Understand CloudFormation quotas".
const RESOURCES_MAX: usize = 500;

#[test]
fn the_guards_template_is_the_one_checked_in() {
    expect_file!["../../../../templates/guard.yaml"].assert_eq(&guard().to_yaml().unwrap());
    expect_file!["../../../../templates/guard.json"].assert_eq(&guard().to_json_pretty().unwrap());
}

#[test]
fn the_template_of_a_whole_configuration_is_the_one_checked_in() {
    expect_file!["../../../../templates/configured.yaml"]
        .assert_eq(&configured().to_yaml().unwrap());
}

#[test]
fn the_guards_template_is_as_large_as_cloudformation_takes_it() {
    let bytes = guard().to_json().unwrap().len();
    assert!(bytes <= TEMPLATE_BYTES_MAX, "{bytes} bytes");
    let resources = read_guard()["Resources"].as_object().unwrap().len();
    assert!(resources <= RESOURCES_MAX, "{resources} resources");
    // That it grows is seen: above 51 KB `deploy` takes the way over a bucket.
    expect!["120 KB"].assert_eq(&format!("{}0 KB", (bytes + 5_000) / 10_000));
}

#[test]
fn the_rules_patterns_are_as_short_as_eventbridge_wants_them_wherever_it_is() {
    let guard = read_guard();
    let mut patterns = 0;
    for (id, rule) in of_type(&guard, "AWS::Events::Rule") {
        let pattern = &rule["Properties"]["EventPattern"];
        if pattern.is_null() {
            continue;
        }
        let pattern = pattern
            .to_string()
            .replace("arn:aws:", "arn:aws-us-gov:")
            .replace("eu-west-1", "ap-southeast-1")
            .replace(
                "\"s3guard-",
                &format!("\"{}-", "p".repeat(BUCKET_PREFIX_LENGTH_MAX as usize)),
            );
        let length = with_longest_names(&pattern).len();
        assert!(length < PATTERN_LENGTH_MAX, "{id}: {length} characters");
        patterns += 1;
    }
    assert_eq!(patterns, 11);
}

/// The ARNs of alarms as CloudFormation names them in the stack with the longest name.
fn with_longest_names(pattern: &str) -> String {
    const STACK_NAME_LENGTH_MAX: usize = 128;
    let before = format!(
        "arn:aws-us-gov:cloudwatch:ap-southeast-1:111122223333:alarm:{}-",
        "s".repeat(STACK_NAME_LENGTH_MAX)
    );
    pattern.replace("\"<", &format!("\"{before}")).replace(".Arn>", "-ABCDEFGHIJKL")
}
