//! What the description of a change set leaves out, and what it says beforehand about a deployment that would fail.

use super::{Aws, Story, answered, changed, old_guard, run};

/// An account whose description with values leaves out a policy and only warns.
fn hiding() -> Aws {
    let story = Story {
        before: Some("UPDATE_COMPLETE"),
        after: "UPDATE_COMPLETE",
        queue_is_open: true,
        ..Story::default()
    };
    Aws::answering(story, |request, before| match request.call.as_str() {
        "DescribeStacks" if before == 0 => Some(old_guard("UPDATE_COMPLETE")),
        "DescribeChangeSet" => {
            let more = if request.body.contains("IncludePropertyValues=true") {
                "<StatusReason>[WARN] property value is not valid JSON</StatusReason><Changes/>"
            } else {
                "<Changes><member><Type>Resource</Type><ResourceChange><Action>Modify</Action>\
                 <LogicalResourceId>GuardFunctionPolicy</LogicalResourceId>\
                 <ResourceType>AWS::IAM::ManagedPolicy</ResourceType><Replacement>False</Replacement>\
                 </ResourceChange></member></Changes>"
            };
            let status =
                "<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus>";
            Some(answered("DescribeChangeSet", &format!("{status}{more}")))
        }
        _ => None,
    })
}

#[test]
fn a_resource_that_the_description_hides_is_in_the_table() {
    let ended = run(&hiding(), &["diff", "--fail"]);
    assert_eq!(ended.exit, Some(3), "{}", ended.words);
    for part in [
        "resources: 1 changed",
        "~ AWS::IAM::ManagedPolicy  GuardFunctionPolicy",
        "without values: [WARN] property value is not valid JSON",
    ] {
        assert!(ended.result.contains(part), "{part}: {}", ended.result);
    }
    assert!(!ended.result.contains("no changes"), "{}", ended.result);
    let ended = run(&hiding(), &["diff", "--output", "json"]);
    let region = &ended.json("diff")["regions"][0];
    assert_eq!(region["changes"][0]["logicalId"], "GuardFunctionPolicy");
    assert_eq!(region["withoutValues"], "[WARN] property value is not valid JSON");
    let aws = hiding();
    let ended = run(&aws, &["deploy"]);
    assert_eq!((ended.exit, aws.count("ExecuteChangeSet")), (Some(4), 0), "{}", ended.words);
    assert!(ended.words.contains("GuardFunctionPolicy"), "{}", ended.words);
}

#[test]
fn a_replacement_is_not_begun_while_failures_are_kept() {
    for express in [&["--express"][..], &[]] {
        let aws = changed("", "UPDATE_FAILED");
        let keep = ["deploy", "--on-failure", "keep", "--yes"];
        let ended = run(&aws, &[&keep[..], express].concat());
        assert_eq!((ended.exit, aws.count("ExecuteChangeSet")), (Some(1), 0), "{}", ended.words);
        assert_eq!(aws.count("DeleteChangeSet"), 1, "{}", ended.words);
        for part in [
            "`GuardQueue` would be replaced, which CloudFormation does not do while rollback is disabled",
            "leave out `--on-failure keep`",
        ] {
            assert!(ended.words.contains(part), "{part}: {}", ended.words);
        }
    }
    let aws = changed("", "UPDATE_COMPLETE");
    let ended = run(&aws, &["deploy", "--express", "--yes"]);
    assert_eq!((ended.exit, aws.count("ExecuteChangeSet")), (Some(0), 1), "{}", ended.words);
}
