use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::operation::continue_update_rollback::ContinueUpdateRollbackOutput;
use aws_sdk_cloudformation::operation::list_stack_resources::ListStackResourcesOutput;
use aws_sdk_cloudformation::types::{ResourceStatus, StackResourceSummary};
use aws_smithy_mocks::{mock, mock_client};

use super::*;

#[tokio::test]
async fn what_is_skipped_is_named_or_all_of_it_and_never_both() {
    let some = vec!["Queue".to_owned()];
    for (skip, ids, force) in [
        (Skip::None, vec![], None),
        (Skip::These(some.clone()), some, None),
        (Skip::All, vec![], Some(true)),
    ] {
        let rule = mock!(Client::continue_update_rollback)
            .match_requests(move |request| {
                request.resources_to_skip() == ids && request.force_rollback() == force
            })
            .then_output(|| ContinueUpdateRollbackOutput::builder().build());
        let stacks = Stacks { client: mock_client!(aws_sdk_cloudformation, [&rule]) };
        assert_eq!(stacks.continue_rollback("s", &skip, "t").await, Ok(()), "{skip:?}");
    }
}

#[tokio::test]
async fn only_what_could_not_be_rolled_back_can_be_skipped() {
    let rule = mock!(Client::list_stack_resources).then_output(|| {
        let resource = |id: &str, status: ResourceStatus, reason: &str| {
            StackResourceSummary::builder()
                .logical_resource_id(id)
                .physical_resource_id(id)
                .resource_type("AWS::SQS::Queue")
                .last_updated_timestamp(aws_smithy_types::DateTime::from_secs(1))
                .resource_status(status)
                .resource_status_reason(reason)
                .build()
        };
        ListStackResourcesOutput::builder()
            .stack_resource_summaries(resource("A", ResourceStatus::UpdateFailed, "gone"))
            .stack_resource_summaries(resource(
                "B",
                ResourceStatus::UpdateFailed,
                "Resource update cancelled",
            ))
            .stack_resource_summaries(resource("C", ResourceStatus::UpdateComplete, ""))
            .build()
    });
    let stacks = Stacks { client: mock_client!(aws_sdk_cloudformation, [&rule]) };
    let resources = stacks.resources("s").await.unwrap();
    let stuck = resources.iter().filter(|one| one.is_stuck());
    assert_eq!(stuck.map(|one| one.logical_id.as_str()).collect::<Vec<_>>(), ["A"]);
}
