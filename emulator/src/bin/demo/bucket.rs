//! A careless user's bucket: created, opened, and remediated by the guard.

use std::time::{Duration, Instant};

use anyhow::Result;
use s3guard_emulator::{Account, Client, until};
use serde_json::json;

use crate::output::{say, typed};

/// The commands that are shown are AWS's own, so the calls carry its user agent.
const AWS_CLI: &str = "aws-cli/2.31.0";
const NAMES: [&str; 4] = ["default encryption", "public access", "plain HTTP", "object events"];
/// What the guard makes of the last three.
const SAFE: [&str; 3] = ["blocked (4 of 4)", "refused", "sent to EventBridge"];
const NONE: &str = "none";
/// After this time the wait is explained.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client that calls as this user, who is created and may do everything with S3.
pub(crate) fn user(account: &Account, name: &str) -> Result<Client> {
    let statement = json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": statement });
    Ok(by_cli(&account.client_of(account.user(name, &policy)?)))
}

/// A client whose calls are those of AWS's command.
pub(crate) fn by_cli(client: &Client) -> Client {
    client.with_header("user-agent", AWS_CLI)
}

/// A user creates a bucket with the defaults from before 2023. Waits until it is remediated.
pub(crate) fn create(account: &Account, user: &Client, bucket: &str) -> Result<()> {
    typed(&format!("aws s3 mb s3://{bucket}        # as a careless IAM user"))?;
    let created = Instant::now();
    user.create_bucket(bucket)?;
    account.make_legacy(bucket)?;
    // Where ACLs are in use, the guard would leave the public access block to the owner.
    let acls_off = "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>";
    user.put_bucket_setting(bucket, "ownershipControls", acls_off)?;
    say(
        "(The bucket is as S3 created them before 2023: nothing is set. Then the user\ndisables ACLs, with `aws s3api put-bucket-ownership-controls`.)",
    )?;
    show_remediation(user, bucket, created)
}

/// A call opens the bucket to the public. Waits until it is remediated.
pub(crate) fn open(client: &Client, bucket: &str) -> Result<()> {
    typed(&format!("aws s3api delete-public-access-block --bucket {bucket}"))?;
    let opened = Instant::now();
    client.delete_public_access_block(bucket)?;
    show_remediation(client, bucket, opened)
}

/// Waits until the bucket is remediated, and shows its settings before and after.
fn show_remediation(client: &Client, bucket: &str, started: Instant) -> Result<()> {
    let before = settings(client, bucket)?;
    let mut is_explained = false;
    let after = until("the bucket to be remediated", || {
        if !is_explained && started.elapsed() > PATIENCE {
            is_explained = true;
            say(
                "(Still waiting. A guard with the mode `report`, a paused one and a suppression leave the\nbucket as it is: `s3guard status` says so. Ctrl-C ends the wait.)",
            )?;
        }
        let now = settings(client, bucket)?;
        // The grade says which encryption.
        Ok((now[0] != NONE && now[1..] == SAFE).then_some(now))
    })?;
    let took = started.elapsed().as_secs_f64();
    say(&format!("\n  {:<20} {:<20} after the guard", "setting", "before"))?;
    for ((name, before), after) in NAMES.iter().zip(&before).zip(&after) {
        say(&format!("  {name:<20} {before:<20} {after}"))?;
    }
    say(&format!(
        "\nIt took {took:.1} seconds from the call. (Emails and the history count from the whole second\nof the event.)"
    ))
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
    let algorithm = algorithm.and_then(|(_, rest)| rest.split('<').next()).unwrap_or(NONE);
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
