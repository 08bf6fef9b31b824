//! The two functions that run in the account, in one binary: `guard` and `notify`, chosen by the Handler.
//!
//! Both take batches of SQS messages and answer with those that failed, which SQS delivers again and, in the end, puts
//! into the dead letter queue. The event is only a hint; what the guard reads of the bucket decides.

use std::env;

use lambda_runtime::{LambdaEvent, service_fn};
use time::OffsetDateTime;

use crate::batch::{Batch, Failures};
use crate::settings::Settings;

mod batch;
mod event;
mod guard;
mod log;
mod metrics;
mod notify;
mod object_event;
mod settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    // Lambda passes on what the stack's `LoggingConfig` says.
    log::init(env::var("AWS_LAMBDA_LOG_LEVEL").ok().as_deref());
    let settings = Settings::read(|name| env::var(name).ok()).inspect_err(
        |error| tracing::error!(error = %error, "the settings of the function are not usable"),
    )?;
    let connection = s3guard_aws::Connection::of_function().await?;
    match settings {
        Settings::Guard(settings) => {
            let guard = guard::Guard::new(&connection, settings);
            let answer =
                async |event: LambdaEvent<Batch>| -> Result<Failures, lambda_runtime::Error> {
                    Ok(guard.handle(event.payload, OffsetDateTime::now_utc).await)
                };
            lambda_runtime::run(service_fn(answer)).await
        }
        Settings::Notify(settings) => {
            let notify = notify::Notify::new(&connection, settings);
            let answer =
                async |event: LambdaEvent<Batch>| -> Result<Failures, lambda_runtime::Error> {
                    Ok(notify.handle(event.payload, OffsetDateTime::now_utc).await)
                };
            lambda_runtime::run(service_fn(answer)).await
        }
    }
}
