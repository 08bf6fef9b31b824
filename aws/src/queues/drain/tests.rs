use std::collections::BTreeSet;

use crate::Queue;
use crate::fake::{Fake, json_error};

use super::*;

const URL: &str = "https://sqs.eu-west-1.amazonaws.com/111122223333/queue";

fn queue(fake: &Fake) -> Queue {
    Queue::new(&fake.connection(), URL)
}

#[tokio::test]
async fn a_queue_says_how_deep_it_is() {
    let answer = r#"{"Attributes":{"ApproximateNumberOfMessages":"3","ApproximateNumberOfMessagesNotVisible":"2","ApproximateNumberOfMessagesDelayed":"1"}}"#;
    let fake = Fake::answering([(200, answer)]);
    let depth = queue(&fake).depth().await.unwrap();
    assert_eq!(depth, Depth { waiting: 3, in_flight: 2, delayed: 1 });
}

#[tokio::test]
async fn what_is_taken_out_can_be_deleted() {
    let messages = r#"{"Messages":[{"MessageId":"m","ReceiptHandle":"r","Body":"b","Attributes":{"DeadLetterQueueSourceArn":"arn"}}]}"#;
    let fake =
        Fake::answering([(200, messages), (200, r#"{"Successful":[],"Failed":[]}"#), (200, "{}")]);
    let queue = queue(&fake);
    let taken = queue.receive().await.unwrap();
    let shown = taken.iter().map(|message| (&message.body[..], message.source.as_deref()));
    assert_eq!(shown.collect::<Vec<_>>(), [("b", Some("arn"))]);
    queue.delete(&taken).await.unwrap();
    assert!(fake.asked()[0].body.contains(r#""WaitTimeSeconds":2"#), "{}", fake.asked()[0].body);
    assert!(fake.asked()[1].body.contains(r#""ReceiptHandle":"r""#), "{}", fake.asked()[1].body);
    assert_eq!(queue.receive().await, Ok(Vec::new()));
}

#[test]
fn a_queue_is_known_by_account_and_name() {
    let queue = queue(&Fake::answering([] as [(u16, &str); 0]));
    assert!(queue.has_arn("arn:aws:sqs:eu-west-1:111122223333:queue"));
    for other in ["111122223333:queue2", "111122223333:mine", "444455556666:queue", ""] {
        assert!(!queue.has_arn(&format!("arn:aws:sqs:eu-west-1:{other}")), "{other}");
    }
}

#[tokio::test]
async fn what_sqs_refuses_is_an_error_that_names_the_queue() {
    let failed = r#"{"Successful":[],"Failed":[{"Id":"0","Code":"ReceiptHandleIsInvalid","SenderFault":true}]}"#;
    let fake = Fake::answering([(200, failed.to_owned()), json_error("AccessDenied")]);
    let queue = queue(&fake);
    let taken = [Received {
        body: "b".to_owned(),
        source: None,
        attributes: BTreeSet::new(),
        receipt: "r".to_owned(),
    }];
    let error = queue.delete(&taken).await.unwrap_err().to_string();
    assert!(error.contains(URL) && error.contains("ReceiptHandleIsInvalid"), "{error}");
    let error = queue.depth().await.unwrap_err();
    assert!(error.is_denied(), "{error}");
}
