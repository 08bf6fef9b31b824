//! The two functions that run in the account, in one binary: `guard` and `notify`, chosen by the Handler.
//!
//! Both take batches of SQS messages and answer with those that failed, which SQS delivers again and, in the end, puts
//! into the dead letter queue. The event is only a hint; what the guard reads of the bucket decides.

use std::ffi::OsString;
use std::path::PathBuf;
use std::{env, fs, io};

use lambda_runtime::{LambdaEvent, service_fn};
use time::OffsetDateTime;

use crate::batch::{Batch, Failures};
use crate::clock::Clock;
use crate::settings::{CONFIGURATION, Settings};

mod batch;
mod clock;
mod guard;
mod log;
mod metrics;
mod notify;
mod publisher;
mod settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    // Lambda passes on what the stack's `LoggingConfig` says.
    log::init(env::var("AWS_LAMBDA_LOG_LEVEL").ok().as_deref());
    let configuration = configuration(env::var_os("LAMBDA_TASK_ROOT"))?;
    let settings = Settings::read(|name| env::var(name).ok(), configuration.as_deref())
        .inspect_err(
            |error| tracing::error!(error = %error, "the settings of the function are not usable"),
        )?;
    let connection = s3guard_aws::Connection::of_function().await?;
    match settings {
        Settings::Guard(settings) => {
            let now = OffsetDateTime::now_utc;
            let guard = guard::Guard::new(&connection, *settings, now);
            let answer =
                async |event: LambdaEvent<Batch>| -> Result<Failures, lambda_runtime::Error> {
                    let clock = Clock::until(event.context.deadline)?;
                    Ok(guard.handle(event.payload, clock).await)
                };
            lambda_runtime::run(service_fn(answer)).await
        }
        Settings::Notify(settings) => {
            let notify = notify::Notify::new(&connection, *settings);
            let answer =
                async |event: LambdaEvent<Batch>| -> Result<Failures, lambda_runtime::Error> {
                    let clock = Clock::until(event.context.deadline)?;
                    let name = event.context.request_id;
                    Ok(notify.handle(event.payload, &name, clock).await)
                };
            lambda_runtime::run(service_fn(answer)).await
        }
    }
}

/// Reads the configuration that lies beside the program, if there is one.
fn configuration(folder: Option<OsString>) -> io::Result<Option<String>> {
    let Some(folder) = folder else { return Ok(None) };
    match fs::read_to_string(PathBuf::from(folder).join(CONFIGURATION)) {
        Ok(json) => Ok(Some(json)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
