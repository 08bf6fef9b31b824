//! The two functions that run in the account, in one binary: `guard` and `notify`, chosen by the Handler.
//!
//! Both take batches of SQS messages and answer with those that failed, which SQS delivers again and finally moves to the
//! DLQ. An event is only a hint: the guard decides by what it reads from the bucket.

use std::ffi::OsString;
use std::path::PathBuf;
use std::{env, fs, io};

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use time::OffsetDateTime;
use tracing_subscriber::filter::LevelFilter;

use crate::batch::Batch;
use crate::clock::Clock;
use crate::settings::{CONFIGURATION, Settings};

mod batch;
mod clock;
mod guard;
mod metrics;
mod notify;
mod publisher;
mod settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    // Lambda passes on what the stack's `LoggingConfig` says.
    let level = env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    // One JSON object a line on stdout, which Lambda passes on to CloudWatch Logs.
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .init();
    let configuration = configuration(env::var_os("LAMBDA_TASK_ROOT"))?;
    let settings = Settings::read(|name| env::var(name).ok(), configuration.as_deref())
        .inspect_err(
            |error| tracing::error!(error = %error, "the settings of the function are not valid"),
        )?;
    let connection = s3guard_aws::Connection::of_function().await?;
    match settings {
        Settings::Guard(settings) => {
            let (common, settings) = *settings;
            let queue = batch::queue_arn(&common.queue, connection.region());
            let now = OffsetDateTime::now_utc;
            let guard = guard::Guard::new(&connection, &common, settings, now);
            run(&queue, async |batch, _, clock| guard.handle(batch, clock).await).await
        }
        Settings::Notify(settings) => {
            let queue = batch::queue_arn(&settings.queue, connection.region());
            let notify = notify::Notify::new(&connection, *settings);
            run(&queue, async |batch, name, clock| notify.handle(batch, &name, clock).await).await
        }
    }
}

/// Answers events of a queue for the life of the process. `handle` takes a batch, the id of the invocation and its clock, and
/// returns the ids of the messages that failed.
async fn run(
    queue_arn: &str,
    handle: impl AsyncFn(Batch, String, Clock) -> Vec<String>,
) -> Result<(), lambda_runtime::Error> {
    let answer = async |event: LambdaEvent<Batch>| -> Result<Value, lambda_runtime::Error> {
        if !event.payload.is_from(queue_arn) {
            tracing::error!(
                "the invocation was refused: its event is not from the function's queue"
            );
            return Err("the event is not from the function's queue".into());
        }
        let clock = Clock::until(event.context.deadline)?;
        Ok(batch::answer(&handle(event.payload, event.context.request_id, clock).await))
    };
    lambda_runtime::run(service_fn(answer)).await
}

/// Reads the configuration in the package, if there is one.
fn configuration(folder: Option<OsString>) -> io::Result<Option<String>> {
    let Some(folder) = folder else { return Ok(None) };
    match fs::read_to_string(PathBuf::from(folder).join(CONFIGURATION)) {
        Ok(json) => Ok(Some(json)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
