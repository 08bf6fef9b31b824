use crate::operations::follow::diagnosis::*;
use crate::operations::follow::sample::{event, of_stack};
use s3guard_aws::stacks::event::Hook;

/// The cause, and the hint.
fn diagnosed(events: &[Event]) -> (String, String) {
    let ended = Ended { stack: None, events: events.to_vec() };
    let error = failed("it failed", &ended, "deploy again");
    (error.root_cause().to_string(), crate::error::hint(&error).unwrap_or_default())
}

fn handler(words: &str, code: &str) -> String {
    format!(
        "Resource handler returned message: \"{words}\" (RequestToken: 1, HandlerErrorCode: {code})"
    )
}

#[test]
fn the_root_cause_is_shown_and_not_its_consequences() {
    let denied = "User: arn:aws:iam::1:user/u is not authorized to perform: sqs:CreateQueue on resource: \
                  arn:aws:sqs:eu-west-1:1:q because no identity-based policy allows the sqs:CreateQueue action";
    let events = [
        event("A", "CREATE_IN_PROGRESS", ""),
        event("B", "CREATE_FAILED", "Resource creation cancelled"),
        event("C", "CREATE_FAILED", denied),
        event("D", "CREATE_FAILED", "Queue already exists"),
        event("E", "CREATE_FAILED", "Resource creation cancelled"),
        of_stack("ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [C, D]."),
    ];
    let (cause, hint) = diagnosed(&events);
    assert_eq!(
        cause,
        "`C` (AWS::SQS::Queue): `arn:aws:iam::1:user/u` is not allowed to call `sqs:CreateQueue` on `arn:aws:sqs:eu-west-1:1:q`: \
         no policy of the role or user allows it: add the action that AWS names to one; `D` failed, too; 2 resources \
         were cancelled because of it"
    );
    assert_eq!(hint, "give the caller the permission `sqs:CreateQueue`; deploy again");
    let ended = Ended { stack: None, events: events.to_vec() };
    let error = failed("stack `s` was not created", &ended, "deploy again");
    assert_eq!(error.to_string(), "stack `s` was not created; the stack is in `deleted`");
}

#[test]
fn an_encoded_denial_is_named_with_the_command_that_decodes_it() {
    let words = "You are not authorized to perform this operation. Encoded authorization failure message: 9l5aBc";
    let (cause, hint) = diagnosed(&[event("A", "CREATE_FAILED", words)]);
    assert!(cause.contains("encoded authorization failure message of 6 characters"), "{cause}");
    assert!(hint.contains("decode-authorization-message --encoded-message 9l5aBc`"), "{hint}");
}

#[test]
fn a_hook_is_shown_with_its_own_message() {
    let hook = Hook {
        name: "Corp::Buckets::Hook".to_owned(),
        refused: true,
        reason: Some("buckets need an owner".to_owned()),
    };
    let its_own = Event { hook: Some(hook), ..event("A", "CREATE_IN_PROGRESS", "") };
    let failed = event("A", "CREATE_FAILED", "The following hook(s) failed: [Corp::Buckets::Hook]");
    let (cause, hint) = diagnosed(&[its_own, failed.clone()]);
    assert_eq!(
        cause,
        "`A` (AWS::SQS::Queue): hook `Corp::Buckets::Hook` failed: buckets need an owner"
    );
    assert!(hint.contains("what the hook `Corp::Buckets::Hook` requires"), "{hint}");
    // Without its event there is only the message of CloudFormation.
    let (cause, _) = diagnosed(&[failed]);
    assert!(cause.ends_with("failed: [Corp::Buckets::Hook]"), "{cause}");
}

#[test]
fn every_code_except_the_general_one_has_a_hint() {
    for code in [
        "AccessDenied",
        "AlreadyExists",
        "GeneralServiceException",
        "HandlerInternalFailure",
        "InternalFailure",
        "InvalidCredentials",
        "InvalidRequest",
        "InvalidTypeConfiguration",
        "NetworkFailure",
        "NonCompliant",
        "NotFound",
        "NotStabilized",
        "NotUpdatable",
        "ResourceConflict",
        "ServiceInternalError",
        "ServiceLimitExceeded",
        "Throttling",
        "UnsupportedTarget",
    ] {
        let events = [event("A", "CREATE_FAILED", &handler("no", code))];
        let (cause, hint) = diagnosed(&events);
        assert_eq!(cause, format!("`A` (AWS::SQS::Queue): no ({code})"));
        assert_eq!(hint == "deploy again", code == "GeneralServiceException", "{hint}");
        assert!(hint.ends_with("deploy again") && !hint.contains(".;"), "{hint}");
    }
    let words = handler("no", "New");
    assert_eq!(diagnosed(&[event("A", "CREATE_FAILED", &words)]).1, "deploy again");
    for (code, part) in [
        ("AlreadyExists", "--bucket-prefix"),
        ("NotStabilized", "did not stabilize"),
        ("ResourceConflict", "another caller"),
        ("Throttling", "throttles"),
        ("AccessDenied", "permission"),
        ("ServiceLimitExceeded", "Service Quotas"),
        ("InvalidRequest", "rejects"),
    ] {
        let (_, hint) = diagnosed(&[event("A", "UPDATE_FAILED", &handler("no", code))]);
        assert!(hint.contains(part), "{code}: {hint}");
    }
}

#[test]
fn a_mapping_in_use_is_the_cause_and_goes_by_itself() {
    let words = "Cannot delete the event source mapping because it is in use. (Service: Lambda, Status Code: 400)";
    let (cause, hint) = diagnosed(&[
        event("GuardQueue", "DELETE_FAILED", "Resource deletion cancelled"),
        event("GuardQueueMapping", "DELETE_FAILED", words),
    ]);
    let beginning = "`GuardQueueMapping` (AWS::SQS::Queue): Cannot delete the event source mapping";
    assert!(cause.starts_with(beginning), "{cause}");
    assert!(hint.ends_with("wait a minute; deploy again"), "{hint}");
}

#[test]
fn of_many_causes_some_are_named_and_the_rest_is_counted() {
    let events: Vec<Event> =
        ["A", "B", "C", "D", "E", "F"].map(|id| event(id, "UPDATE_FAILED", "no")).into();
    let (cause, _) = diagnosed(&events);
    assert_eq!(cause, "`A` (AWS::SQS::Queue): no; `B`, `C`, `D` and 2 more failed, too");
}

#[test]
fn where_only_the_stack_says_something_that_is_the_cause() {
    let (cause, _) = diagnosed(&[of_stack("UPDATE_FAILED", "quota")]);
    assert_eq!(cause, "`s` (AWS::CloudFormation::Stack): quota");
    let unnamed =
        Event { logical_id: String::new(), ..event("A", "VALIDATION_FAILED", "no such type") };
    assert_eq!(diagnosed(&[unnamed]).0, "no such type");
    assert_eq!(diagnosed(&[]).0, "CloudFormation gave no reason");
}
