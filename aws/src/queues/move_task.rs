//! Having SQS move the messages of a dead-letter queue.

use std::time::Duration;

use aws_sdk_sqs::types::{ListMessageMoveTasksResultEntry, QueueAttributeName};
use tokio::time::Instant;

use super::Queue;
use crate::error::Answer as _;
use crate::wait::{self, Pace};
use crate::{AwsError, Kind};

/// How long a task may take.
///
/// Source: Amazon SQS Developer Guide, "Message move quotas".
const TASK_MAX: Duration = Duration::from_hours(36);

impl Queue {
    /// Has SQS move all messages to another queue of the account and Region, and waits until it has. Returns how many it has
    /// moved; `None` if SQS cannot: it moves only from dead-letter queues of SQS queues, and with one task at a time.
    pub async fn move_all(&self, to: &Self) -> Result<Option<u64>, AwsError> {
        let Some(source) = self.arn().await? else { return Ok(None) };
        let name = to.url.rsplit('/').next().unwrap_or_default();
        let Some((place, _)) = source.rsplit_once(':') else { return Ok(None) };
        let call = self.client.start_message_move_task().source_arn(&source);
        let call = call.destination_arn(format!("{place}:{name}"));
        match call.send().await.named("StartMessageMoveTask", self.object()) {
            Err(error) if is_refused(&error) => return Ok(None),
            answer => answer.map(drop)?,
        }
        let deadline = Instant::now() + TASK_MAX;
        let ended = async || {
            let call = self.client.list_message_move_tasks().source_arn(&source).max_results(1);
            let tasks = call.send().await.named("ListMessageMoveTasks", self.object())?;
            // The newest comes first.
            tasks.results().first().map_or(Ok(None), |task| self.moved(task))
        };
        let moved = wait::until(Pace::default(), deadline, AwsError::is_transient, ended).await?;
        moved.map(Some).ok_or_else(|| self.not_moved("it has not ended within 36 hours"))
    }

    /// How many messages a task has moved; `None` if it has not ended.
    fn moved(&self, task: &ListMessageMoveTasksResultEntry) -> Result<Option<u64>, AwsError> {
        match task.status() {
            Some("COMPLETED") => Ok(Some(
                u64::try_from(task.approximate_number_of_messages_moved()).unwrap_or_default(),
            )),
            Some("RUNNING") | None => Ok(None),
            Some(status) => {
                let reason = task.failure_reason().unwrap_or("AWS gives no reason");
                Err(self.not_moved(&format!("the task is {status}: {reason}")))
            }
        }
    }

    fn not_moved(&self, why: &str) -> AwsError {
        AwsError::other("StartMessageMoveTask", self.object(), why)
    }

    async fn arn(&self) -> Result<Option<String>, AwsError> {
        let name = QueueAttributeName::QueueArn;
        let call = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = call.attribute_names(name.clone()).send().await;
        let answer = answer.named("GetQueueAttributes", self.object())?;
        Ok(answer.attributes().and_then(|attributes| attributes.get(&name)).cloned())
    }
}

/// Whether SQS does not do this, so that the messages have to be received and sent.
fn is_refused(error: &AwsError) -> bool {
    let is_answer = matches!(error.kind, Kind::Service(_));
    is_answer && !error.is_transient() && !error.is_unauthenticated()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, json_error};

    const ARN: &str = r#"{"Attributes":{"QueueArn":"arn:aws:sqs:eu-west-1:111122223333:dead"}}"#;

    fn queue(fake: &Fake, name: &str) -> Queue {
        let url = format!("https://sqs.eu-west-1.amazonaws.com/111122223333/{name}");
        Queue::new(&fake.connection(), url)
    }

    async fn moved(fake: &Fake) -> Result<Option<u64>, AwsError> {
        queue(fake, "dead").move_all(&queue(fake, "alive")).await
    }

    fn task(status: &str) -> (u16, String) {
        let task = format!(
            r#"{{"Status":"{status}","ApproximateNumberOfMessagesMoved":7,"FailureReason":"AccessDenied"}}"#
        );
        (200, format!(r#"{{"Results":[{task}]}}"#))
    }

    #[tokio::test(start_paused = true)]
    async fn sqs_moves_the_messages_and_the_task_is_followed_to_its_end() {
        let answers = [(200, ARN.to_owned()), (200, "{}".to_owned())];
        let tasks = [(200, "{}".to_owned()), task("RUNNING"), task("COMPLETED")];
        let fake = Fake::answering(answers.into_iter().chain(tasks));
        assert_eq!(moved(&fake).await, Ok(Some(7)));
        let body = &fake.asked()[1].body;
        for part in
            ["arn:aws:sqs:eu-west-1:111122223333:dead", "arn:aws:sqs:eu-west-1:111122223333:alive"]
        {
            assert!(body.contains(part), "{body}");
        }
    }

    #[tokio::test]
    async fn what_sqs_does_not_move_is_left_to_the_caller() {
        for code in ["AWS.SimpleQueueService.UnsupportedOperation", "AccessDenied"] {
            let fake = Fake::answering([(200, ARN.to_owned()), json_error(code)]);
            assert_eq!(moved(&fake).await, Ok(None), "{code}");
        }
        let fake = Fake::answering([(200, "{}")]);
        assert_eq!(moved(&fake).await, Ok(None));
    }

    #[tokio::test]
    async fn a_failed_task_is_an_error() {
        let fake = Fake::answering([(200, ARN.to_owned()), (200, "{}".to_owned()), task("FAILED")]);
        let error = moved(&fake).await.unwrap_err().to_string();
        assert!(error.contains("the task is FAILED: AccessDenied"), "{error}");
    }
}
