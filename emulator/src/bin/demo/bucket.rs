//! The settings of a bucket, before and after the guard has remediated it.

use std::time::Instant;

use anyhow::Result;
use s3guard_emulator::{Client, until};

use crate::output::say;

const NAMES: [&str; 4] = ["default encryption", "public access", "plain HTTP", "object events"];
const SAFE: [&str; 4] = ["AES256", "blocked (4 of 4)", "refused", "sent to EventBridge"];

/// Waits until the bucket is remediated, and shows its settings before and after.
pub(crate) fn show_remediation(client: &Client, bucket: &str, started: Instant) -> Result<()> {
    let before = settings(client, bucket)?;
    until("the bucket to be remediated", || Ok((settings(client, bucket)? == SAFE).then_some(())))?;
    let took = started.elapsed().as_secs_f64();
    say(&format!("\n  {:<20} {:<20} after the guard", "setting", "before"))?;
    for ((name, before), after) in NAMES.iter().zip(&before).zip(SAFE) {
        say(&format!("  {name:<20} {before:<20} {after}"))?;
    }
    say(&format!("\nIt took {took:.1} seconds."))
}

/// The settings, in the order of `NAMES`.
pub(crate) fn settings(client: &Client, bucket: &str) -> Result<[String; 4]> {
    let setting = |name| match client.bucket_setting(bucket, name) {
        // S3's answer for a setting that is not configured.
        Err(error) if error.status == 404 => Ok(String::new()),
        answer => answer,
    };
    let encryption = setting("encryption")?;
    let algorithm = encryption.split_once("SSEAlgorithm>");
    let algorithm = algorithm.and_then(|(_, rest)| rest.split('<').next()).unwrap_or("none");
    let public_access = match setting("publicAccessBlock")?.matches(">true<").count() {
        0 => "not blocked".to_owned(),
        on => format!("blocked ({on} of 4)"),
    };
    let refuses = setting("policy")?.contains("aws:SecureTransport");
    let sends = setting("notification")?.contains("<EventBridgeConfiguration");
    Ok([
        algorithm.to_owned(),
        public_access,
        if refuses { "refused" } else { "accepted" }.to_owned(),
        if sends { "sent to EventBridge" } else { "not sent" }.to_owned(),
    ])
}
