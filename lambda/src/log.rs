//! One JSON object a line on stdout, which Lambda passes on to CloudWatch Logs.

use std::env;

use tracing_subscriber::filter::LevelFilter;

/// Starts logging, at the level that Lambda's `LoggingConfig` sets.
pub(crate) fn init() {
    let level = env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .init();
}
