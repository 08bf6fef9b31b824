//! The trail of a new stack, and the messages about it.

use serde_json::json;

use super::account::{in_account, program};
use super::aws::{Answer, Aws, Request, Story};

/// The trails of an account with this one: its region, whether it is logging, which calls it records.
fn one_trail(
    home: &'static str,
    is_logging: bool,
    calls: &'static str,
) -> impl Fn(&Request, usize) -> Option<Answer> {
    move |request, _| {
        let body = match request.call.as_str() {
            "DescribeTrails" => json!({ "trailList": [{
                "Name": "audit",
                "TrailARN": format!("arn:aws:cloudtrail:{home}:111122223333:trail/audit"),
                "HomeRegion": home,
                "IsMultiRegionTrail": true,
            }] }),
            "GetTrailStatus" => json!({ "IsLogging": is_logging }),
            "GetEventSelectors" => json!({
                "EventSelectors": [{ "ReadWriteType": calls, "IncludeManagementEvents": true }]
            }),
            _ => return None,
        };
        Some((200, body.to_string()))
    }
}

/// Deploys a new stack. Returns its stderr, and the trail parameter of the stack.
fn deploy(
    trails: impl Fn(&Request, usize) -> Option<Answer> + Send + Sync + 'static,
    arguments: &[&str],
) -> (String, Option<&'static str>) {
    let story = Story { after: "CREATE_COMPLETE", queue_is_open: true, ..Story::default() };
    let aws = Aws::answering(story, trails);
    let folder = tempfile::tempdir().unwrap();
    let program = program(folder.path());
    let mut command = in_account(&aws, &["deploy", "--stack", "s", "--code-bucket", "code"]);
    command.args(arguments).args(["--bucket-prefix", "ab", "--bootstrap"]).arg(program);
    let output = command.output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{words}");
    let [request] = &aws.made("CreateChangeSet")[..] else { panic!("{words}") };
    let asked = |mode: &str| {
        let parameter =
            format!(".ParameterKey=TrailMode&Parameters.member.N.ParameterValue={mode}");
        // The number of the parameter does not matter.
        let digits = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "N");
        digits(&request.body).contains(&parameter)
    };
    let mode = ["create", "existing"].into_iter().find(|mode| asked(mode));
    (words, mode)
}

#[test]
fn auto_uses_a_trail_of_another_region_that_records_all() {
    let (words, mode) = deploy(one_trail("us-east-1", true, "All"), &["--trail", "auto"]);
    assert_eq!(mode, Some("existing"), "{words}");
    assert!(words.contains("uses the trail `audit`, which records every Region"), "{words}");
    assert!(words.contains("would cost $2.00 for 100,000 management events"), "{words}");
}

#[test]
fn auto_creates_a_trail_where_the_existing_one_is_not_suitable() {
    for (is_logging, calls, why) in [
        (false, "All", "`audit` is stopped"),
        (true, "ReadOnly", "`audit` excludes the write management events of S3"),
    ] {
        let trails = one_trail("eu-west-1", is_logging, calls);
        let (words, mode) = deploy(trails, &["--trail", "auto"]);
        assert_eq!(mode, Some("create"), "{words}");
        assert!(words.contains(&format!("({why}): the stack gets a trail of its own")), "{words}");
    }
}

#[test]
fn auto_creates_a_trail_where_it_may_not_list_them_and_reports_that() {
    let denied = |request: &Request, _: usize| {
        let body = r#"{"__type":"AccessDeniedException","message":"no"}"#;
        (request.call == "DescribeTrails").then(|| (400, body.to_owned()))
    };
    let (words, mode) = deploy(denied, &["--trail", "auto"]);
    assert_eq!(mode, Some("create"), "{words}");
    let warning = "warning: the trails cannot be read (the permission `cloudtrail:DescribeTrails` is missing)";
    assert!(words.contains(warning), "{words}");
}

#[test]
fn the_price_of_a_second_trail_and_a_stopped_trail_are_reported() {
    let (words, mode) = deploy(one_trail("eu-west-1", true, "WriteOnly"), &[]);
    // The template's own default.
    assert_eq!(mode, None, "{words}");
    assert!(words.contains("the stack's own trail is a second copy, which costs $2.00"), "{words}");
    let stopped = one_trail("eu-west-1", false, "All");
    let (words, mode) = deploy(stopped, &["--trail", "existing"]);
    assert_eq!(mode, Some("existing"), "{words}");
    assert!(words.contains("warning: no trail records bucket changes"), "{words}");
}

/// An account with the trail of its organization, which shows its selectors or not.
fn organizations(is_shown: bool) -> impl Fn(&Request, usize) -> Option<Answer> {
    move |request, _| {
        let body = match request.call.as_str() {
            "DescribeTrails" => json!({ "trailList": [{
                "Name": "org",
                "TrailARN": "arn:aws:cloudtrail:us-east-1:999999999999:trail/org",
                "HomeRegion": "us-east-1",
                "IsMultiRegionTrail": true,
                "IsOrganizationTrail": true,
            }] }),
            "GetTrailStatus" => json!({ "IsLogging": true }),
            "GetEventSelectors" if is_shown => json!({
                "EventSelectors": [{ "ReadWriteType": "All", "IncludeManagementEvents": true }]
            }),
            "GetEventSelectors" => {
                let refusal = json!({ "__type": "UnsupportedOperationException", "message": "no" });
                return Some((400, refusal.to_string()));
            }
            _ => return None,
        };
        Some((200, body.to_string()))
    }
}

#[test]
fn a_trail_of_the_organization_counts_and_one_that_it_does_not_show_is_a_doubt() {
    let (words, mode) = deploy(organizations(true), &["--trail", "auto"]);
    assert_eq!(mode, Some("existing"), "{words}");
    let uses = "uses the trail `org` of the organization (account `999999999999`), which records every Region";
    assert!(words.contains(uses), "{words}");
    let doubt = "warning: it is not known whether a trail records bucket changes (`org` is a trail of the organization in \
                 account `999999999999`, which does not show it here";
    for (choice, mode) in [("auto", "create"), ("existing", "existing")] {
        let (words, chosen) = deploy(organizations(false), &["--trail", choice]);
        assert_eq!(chosen, Some(mode), "{words}");
        assert!(words.contains(doubt), "{words}");
        assert!(!words.contains("no trail records"), "{words}");
    }
}
