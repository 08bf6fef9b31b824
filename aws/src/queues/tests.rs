use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchOutput;
use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchResultEntry};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

use super::*;

fn queue(rule: &Rule) -> Queue {
    let client = mock_client!(aws_sdk_sqs, RuleMode::MatchAny, &[rule]);
    Queue { client, url: "https://sqs/queue".to_owned() }
}

/// Takes all messages of a batch but those with these ids.
fn answer(failed: &[&str]) -> SendMessageBatchOutput {
    let taken =
        SendMessageBatchResultEntry::builder().id("0").message_id("m").md5_of_message_body("");
    let failed = failed.iter().map(|id| {
        BatchResultErrorEntry::builder()
            .id(*id)
            .code("InternalError")
            .sender_fault(false)
            .build()
            .unwrap()
    });
    SendMessageBatchOutput::builder()
        .successful(taken.build().unwrap())
        .set_failed(Some(failed.collect()))
        .build()
        .unwrap()
}

fn messages(count: u16) -> Vec<Delayed> {
    (0..count).map(|n| Delayed { body: n.to_string(), delay_seconds: n }).collect()
}

#[tokio::test]
async fn twenty_five_messages_are_three_calls() {
    let rule = mock!(Client::send_message_batch)
        .match_requests(|request| request.entries().len() <= BATCH_MAX)
        .then_output(|| answer(&[]));
    queue(&rule).send_all(&messages(25)).await.unwrap();
    assert_eq!(rule.num_calls(), 3);
}

#[tokio::test]
async fn what_sqs_leaves_out_is_sent_again() {
    let first = mock!(Client::send_message_batch)
        .match_requests(|request| request.entries().len() == 10)
        .then_output(|| answer(&["3", "7"]));
    let second = mock!(Client::send_message_batch)
        .match_requests(|request| {
            let sent: Vec<&str> =
                request.entries().iter().map(SendMessageBatchRequestEntry::message_body).collect();
            sent == ["3", "7"] && request.entries()[1].delay_seconds() == Some(7)
        })
        .then_output(|| answer(&[]));
    let client = mock_client!(aws_sdk_sqs, RuleMode::Sequential, &[&first, &second]);
    let queue = Queue { client, url: "https://sqs/queue".to_owned() };
    queue.send_all(&messages(10)).await.unwrap();
    assert_eq!((first.num_calls(), second.num_calls()), (1, 1));
}

#[tokio::test]
async fn messages_that_are_never_taken_are_an_error_and_not_forgotten() {
    let rule = mock!(Client::send_message_batch).then_output(|| answer(&["3"]));
    let error = queue(&rule).send_all(&messages(10)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "SendMessageBatch on queue `https://sqs/queue` failed: 1 messages were not accepted, the first with `InternalError`"
    );
}
