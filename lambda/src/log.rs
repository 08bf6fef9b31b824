//! One JSON object a line on stdout, which Lambda passes on to CloudWatch Logs.

use tracing_subscriber::filter::LevelFilter;

/// Starts logging, at this level or, if it is none, at INFO.
pub(crate) fn init(level: Option<&str>) {
    let level = level.and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .init();
}
