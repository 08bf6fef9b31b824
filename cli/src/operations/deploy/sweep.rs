//! The first look at the buckets that are there already: asked for when the guard is new.
//!
//! Without it they would wait for the schedule, which is hours away.

use s3guard_aws::stacks::Stack;
use s3guard_aws::{AwsError, Connection, Queue};

use crate::ui::output::Output;
use s3guard_posture::contract::output;

/// What the schedule puts into the guard's queue, as EventBridge writes it.
const SWEEP: &str = r#"{"source":"aws.events","detail-type":"Scheduled Event","detail":{}}"#;

/// Asks the guard to look at all buckets now. That it cannot be asked is no failure: the schedule asks it later.
pub(crate) async fn begin(connection: &Connection, stack: &Stack, output: &Output) {
    let Some(url) = stack.outputs.get(output::GUARD_QUEUE_URL) else {
        return output.warn("the stack names no queue: buckets that exist wait for the schedule");
    };
    match Queue::new(connection, url).send(SWEEP, 0).await {
        Ok(()) => output.say("the guard looks at the buckets that exist"),
        Err(error) => output.warn(refused(&error)),
    }
}

fn refused(error: &AwsError) -> String {
    format!("buckets that exist wait for the schedule, since no sweep could be asked for: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_what_the_schedule_sends() {
        let sweep: serde_json::Value = serde_json::from_str(SWEEP).unwrap();
        assert_eq!(sweep["source"], "aws.events");
        assert_eq!(sweep["detail-type"], "Scheduled Event");
    }
}
