//! CloudFormation's answers as its reference documents them, and how they are read.

use aws_sdk_cloudformation::operation::create_change_set::CreateChangeSetOutput;
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::operation::describe_events::DescribeEventsOutput;
use aws_sdk_cloudformation::operation::describe_stack_events::DescribeStackEventsOutput;
use aws_sdk_cloudformation::operation::describe_stacks::{
    DescribeStacksError, DescribeStacksOutput,
};
use aws_sdk_cloudformation::operation::execute_change_set::ExecuteChangeSetOutput;
use aws_sdk_cloudformation::types::{
    Capability, Change as SdkChange, ChangeAction, ChangeSetStatus, DetailedStatus, EventFilter,
    HookFailureMode, HookStatus, OperationEvent, Output, Replacement as SdkReplacement,
    ResourceChange, ResourceStatus, Stack as SdkStack, StackEvent, StackStatus as SdkStackStatus,
    Tag, ValidationStatus,
};
use aws_smithy_mocks::{mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;

use super::change_set::{ChangeSetKind, ResourceAction};
use super::*;

fn set() -> ChangeSet {
    ChangeSet { id: "set".to_owned(), stack_id: "arn:aws:cloudformation:::stack/s/1".to_owned() }
}

fn validation_error(message: &str) -> DescribeStacksError {
    let meta = ErrorMetadata::builder().code("ValidationError").message(message).build();
    DescribeStacksError::generic(meta)
}

#[tokio::test]
async fn a_stack_that_does_not_exist_is_no_error() {
    let rule = mock!(Client::describe_stacks)
        .then_error(|| validation_error("Stack with id s3guard does not exist"));
    let stacks = Stacks { client: mock_client!(aws_sdk_cloudformation, [&rule]) };
    assert_eq!(stacks.describe("s3guard").await, Ok(None));
}

#[tokio::test]
async fn another_validation_error_is_one_and_names_the_call_and_the_stack() {
    let rule = mock!(Client::describe_stacks).then_error(|| validation_error("1 is no name"));
    let stacks = Stacks { client: mock_client!(aws_sdk_cloudformation, [&rule]) };
    let error = stacks.describe("s3guard").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "DescribeStacks on stack `s3guard` failed: ValidationError: 1 is no name"
    );
}

#[tokio::test]
async fn a_stack_is_read_with_its_outputs_and_its_protection() {
    let rule = mock!(Client::describe_stacks).then_output(|| {
        let output = Output::builder().output_key("TopicArn").output_value("arn:topic").build();
        let stack = SdkStack::builder()
            .stack_name("s")
            .stack_id("arn:stack/s/1")
            .creation_time(aws_smithy_types::DateTime::from_secs(0))
            .stack_status(SdkStackStatus::UpdateRollbackComplete)
            .enable_termination_protection(true)
            .outputs(output)
            .tags(Tag::builder().key("team").value("storage").build())
            .last_updated_time(aws_smithy_types::DateTime::from_secs(7))
            .build();
        DescribeStacksOutput::builder().stacks(stack).build()
    });
    let stacks = Stacks { client: mock_client!(aws_sdk_cloudformation, [&rule]) };
    let stack = stacks.describe("s").await.unwrap().unwrap();
    assert_eq!(stack.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(stack.outputs["TopicArn"], "arn:topic");
    assert_eq!(stack.tags["team"], "storage");
    assert_eq!(stack.updated, Some(7));
    assert!(stack.protected);
}

fn request() -> ChangeSetRequest {
    ChangeSetRequest {
        stack: "s".parse().unwrap(),
        name: "n1".to_owned(),
        kind: ChangeSetKind::Update,
        template_url: "https://code.example/template.json".to_owned(),
        parameters: BTreeMap::from([("Email".to_owned(), "a@b.example".to_owned())]),
        tags: BTreeMap::from([("s3guard:stack".to_owned(), "s".to_owned())]),
        manner: Manner { imports: true, ..Manner::default() },
    }
}

#[tokio::test]
async fn a_change_set_is_asked_for_with_everything_that_cloudformation_needs() {
    let rule = mock!(Client::create_change_set)
        .match_requests(|request| {
            let [email] = request.parameters() else { return false };
            request.client_token() == Some("n1")
                && request.capabilities() == [Capability::CapabilityIam]
                && request.import_existing_resources() == Some(true)
                && email.parameter_value() == Some("a@b.example")
                && request.template_body().is_none()
                && request.template_url() == Some("https://code.example/template.json")
                && request.tags()[0].key() == Some("s3guard:stack")
        })
        .then_output(|| CreateChangeSetOutput::builder().id("set").stack_id("stack").build());
    let stacks = Stacks { client: mock_client!(aws_sdk_cloudformation, [&rule]) };
    let set = stacks.create_change_set(&request()).await.unwrap();
    assert_eq!((set.id.as_str(), set.stack_id.as_str()), ("set", "stack"));
}

#[tokio::test]
async fn a_change_set_is_carried_out_with_rollback() {
    let rule = mock!(Client::execute_change_set)
        .match_requests(|request| {
            request.disable_rollback() == Some(false) && request.client_request_token() == Some("t")
        })
        .then_output(|| ExecuteChangeSetOutput::builder().build());
    let stacks = Stacks { client: mock_client!(aws_sdk_cloudformation, [&rule]) };
    assert_eq!(stacks.execute(&set(), &Ready::default(), OnFailure::Rollback, "t").await, Ok(()));
}

#[track_caller]
fn check(status: &str, reason: Option<&str>, state: &ChangeSetState) {
    assert_eq!(ChangeSetState::read(Some(status), reason, None, Ready::default()), *state);
}

#[test]
fn a_change_set_without_changes_is_empty_and_another_failure_is_one() {
    let nothing = "The submitted information didn't contain changes. Submit different information \
                   to create a change set.";
    check("FAILED", Some(nothing), &ChangeSetState::Empty);
    check("FAILED", Some("No updates are to be performed."), &ChangeSetState::Empty);
    let other = "Template error: instance of Fn::GetAtt references undefined resource X";
    check("FAILED", Some(other), &ChangeSetState::Failed(other.to_owned()));
    check("CREATE_PENDING", None, &ChangeSetState::Pending);
    check("CREATE_COMPLETE", None, &ChangeSetState::Ready(Ready::default()));
    let gone = "it is in status `DELETE_COMPLETE`: no reason was given";
    check("DELETE_COMPLETE", None, &ChangeSetState::Failed(gone.to_owned()));
}

#[tokio::test]
async fn all_pages_of_a_change_set_are_read() {
    let page = |id: &str, replacement: SdkReplacement, next: Option<&str>| {
        let change = ResourceChange::builder()
            .action(ChangeAction::Modify)
            .logical_resource_id(id)
            .resource_type("AWS::SQS::Queue")
            .replacement(replacement)
            .build();
        DescribeChangeSetOutput::builder()
            .status(ChangeSetStatus::CreateComplete)
            .changes(SdkChange::builder().resource_change(change).build())
            .set_next_token(next.map(str::to_owned))
            .build()
    };
    let first = mock!(Client::describe_change_set)
        .match_requests(|request| request.next_token().is_none())
        .then_output(move || page("A", SdkReplacement::False, Some("2")));
    let second = mock!(Client::describe_change_set)
        .match_requests(|request| request.next_token() == Some("2"))
        .then_output(move || page("B", SdkReplacement::Conditional, None));
    let stacks = Stacks { client: mock_client!(aws_sdk_cloudformation, [&first, &second]) };
    let ChangeSetState::Ready(Ready { changes, .. }) = stacks.change_set(&set()).await.unwrap()
    else {
        panic!("it is ready");
    };
    let read: Vec<_> = changes.iter().map(|c| (c.logical_id.as_str(), c.action)).collect();
    assert_eq!(read, [("A", ResourceAction::Changed), ("B", ResourceAction::MayBeReplaced)]);
}

fn event(id: &str, status: ResourceStatus, reason: &str) -> StackEvent {
    StackEvent::builder()
        .event_id(id)
        .stack_id("arn:stack/s/1")
        .stack_name("s")
        .timestamp(aws_smithy_types::DateTime::from_secs(1))
        .logical_resource_id(id)
        .resource_type("AWS::SQS::Queue")
        .resource_status(status)
        .resource_status_reason(reason)
        .client_request_token("t")
        .build()
}

#[tokio::test]
async fn only_events_after_the_last_seen_one_are_given_oldest_first() {
    let failed = || event("4", ResourceStatus::CreateFailed, "No");
    let newest = mock!(Client::describe_stack_events)
        .match_requests(|request| request.next_token().is_none())
        .then_output(move || {
            let events = [failed(), event("3", ResourceStatus::CreateInProgress, "")];
            DescribeStackEventsOutput::builder()
                .set_stack_events(Some(events.to_vec()))
                .next_token("2")
                .build()
        });
    let older = mock!(Client::describe_stack_events)
        .match_requests(|request| request.next_token() == Some("2"))
        .then_output(|| {
            let events = ["2", "1", "0"].map(|id| event(id, ResourceStatus::CreateComplete, ""));
            DescribeStackEventsOutput::builder()
                .set_stack_events(Some(events.to_vec()))
                .next_token("3")
                .build()
        });
    let stacks = Stacks { client: mock_client!(aws_sdk_cloudformation, [&newest, &older]) };
    let events = stacks.events("arn:stack/s/1", Some("1")).await.unwrap();
    assert_eq!(events.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), ["2", "3", "4"]);
    assert!(events[2].is_cause() && !events[1].is_failure());
    assert!(events.iter().all(|event| event.token.as_deref() == Some("t")));
}

#[test]
fn a_cancelled_resource_is_no_cause() {
    let read = |reason| event::read(&event("1", ResourceStatus::CreateFailed, reason));
    assert!(!read("Resource creation cancelled").is_cause());
    assert!(read("Resource handler returned message: \"Access denied\"").is_cause());
}

#[tokio::test]
async fn what_was_found_wrong_before_anything_was_made_is_an_event_too() {
    let rule = mock!(Client::describe_events)
        .match_requests(|request| {
            request.stack_name() == Some("arn:aws:cloudformation:::stack/s/1")
                && request.change_set_name().is_none()
                && request.filters().and_then(EventFilter::failed_events) == Some(true)
        })
        .then_output(|| {
            let operation = OperationEvent::builder().event_id("0").build();
            let validation = OperationEvent::builder()
                .event_id("1")
                .logical_resource_id("TrailBucket")
                .resource_type("AWS::S3::Bucket")
                .validation_status(ValidationStatus::Failed)
                .validation_status_reason("it already exists")
                .validation_path("/Resources/TrailBucket")
                .build();
            DescribeEventsOutput::builder()
                .operation_events(operation)
                .operation_events(validation)
                .build()
        });
    let stacks = Stacks { client: mock_client!(aws_sdk_cloudformation, [&rule]) };
    let stack = ChangeSet { id: String::new(), ..set() };
    let found = stacks.validation_failures(&stack).await.unwrap();
    let [event] = found.as_slice() else { panic!("there is one: {found:?}") };
    assert!(event.is_cause());
    assert_eq!(event.reason.as_deref(), Some("it already exists (at `/Resources/TrailBucket`)"));
}

#[tokio::test]
async fn the_failures_of_an_operation_are_read_to_the_end_with_hooks_and_without_what_only_warns() {
    let at = aws_smithy_types::DateTime::from_secs;
    let first = mock!(Client::describe_events)
        .match_requests(|request| {
            request.operation_id() == Some("op")
                && request.stack_name().is_none()
                && request.next_token().is_none()
        })
        .then_output(move || {
            let warning = OperationEvent::builder()
                .event_id("3")
                .timestamp(at(3))
                .validation_failure_mode(HookFailureMode::Warn)
                .validation_status(ValidationStatus::Failed)
                .validation_status_reason("a quota is nearly used up")
                .build();
            DescribeEventsOutput::builder().operation_events(warning).next_token("2").build()
        });
    let second = mock!(Client::describe_events)
        .match_requests(|request| request.next_token() == Some("2"))
        .then_output(move || {
            let hook = |id: &str, mode: HookFailureMode| {
                OperationEvent::builder()
                    .event_id(id)
                    .timestamp(at(2))
                    .logical_resource_id("TrailBucket")
                    .hook_type("Corp::Hook")
                    .hook_status(HookStatus::HookCompleteFailed)
                    .hook_status_reason("no owner")
                    .hook_failure_mode(mode)
                    .build()
            };
            let failed = OperationEvent::builder()
                .event_id("1")
                .timestamp(at(1))
                .resource_status(ResourceStatus::CreateFailed)
                .resource_status_reason("No")
                .build();
            DescribeEventsOutput::builder()
                .operation_events(hook("2a", HookFailureMode::Fail))
                .operation_events(hook("2b", HookFailureMode::Warn))
                .operation_events(failed)
                .build()
        });
    let stacks = Stacks { client: mock_client!(aws_sdk_cloudformation, [&first, &second]) };
    let failures = stacks.failures(Scope::Operation("op")).await.unwrap();
    let read: Vec<_> =
        failures.iter().map(|e| (e.id.as_str(), e.status.as_str(), e.is_failure())).collect();
    let expected = [
        ("1", "CREATE_FAILED", true),
        ("2a", "HOOK_FAILED", true),
        ("2b", "HOOK_WARNING", false),
        ("3", "VALIDATION_WARNING", false),
    ];
    assert_eq!(read, expected);
    assert_eq!(failures[1].reason.as_deref(), Some("the hook `Corp::Hook` says: no owner"));
}

#[test]
fn a_configured_resource_and_its_hooks_are_distinguished() {
    let plain = event::read(&event("1", ResourceStatus::CreateInProgress, ""));
    assert!(!plain.is_configured && plain.hook.is_none() && !plain.is_end());
    let sdk = StackEvent::builder()
        .event_id("1")
        .stack_id("arn")
        .stack_name("s")
        .timestamp(aws_smithy_types::DateTime::from_secs_and_nanos(1, 500_000_000))
        .resource_status(ResourceStatus::CreateInProgress)
        .detailed_status(DetailedStatus::ConfigurationComplete)
        .operation_id("op")
        .hook_type("Corp::Hook")
        .hook_status(HookStatus::HookFailed)
        .build();
    let read = event::read(&sdk);
    assert!(read.is_configured && read.hook.as_ref().is_some_and(|hook| hook.refused));
    assert_eq!((read.operation.as_deref(), read.time.millisecond()), (Some("op"), 500));
}
