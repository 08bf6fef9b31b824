//! The careless bucket: made, opened, used, and what is left in the end.

use std::time::Instant;

use s3guard_emulator::{Account, Client, until};
use serde_json::json;

use crate::failure::Failure;
use crate::page::Page;

/// The object that comes, changes and goes.
pub(crate) const KEY: &str = "invoice.pdf";
/// How often it does.
pub(crate) const CHANGES: usize = 3;

const BLOCKS: [&str; 4] =
    ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];

/// What is shown as typed is AWS's own command; so it calls itself.
const CLI: &str = "aws-cli/2.31.0";
const ACLS_OFF: &str = "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>";
const REFUSED: &str = "refused";
const TOLD: &str = "told to EventBridge";

/// What a person wants to know of a bucket.
#[derive(Clone, PartialEq, Eq)]
struct Settings {
    encryption: String,
    public_access: String,
    plain_http: &'static str,
    object_events: &'static str,
}

impl Settings {
    fn read(client: &Client, bucket: &str) -> Result<Self, Failure> {
        let encryption = match client.encryption(bucket) {
            Ok(xml) => {
                let algorithm = between(&xml, "SSEAlgorithm>").unwrap_or("?").to_owned();
                let blocks = if xml.contains(">SSE-C<") { ", SSE-C blocked" } else { "" };
                format!("{algorithm}{blocks}")
            }
            Err(error)
                if error.code() == Some("ServerSideEncryptionConfigurationNotFoundError") =>
            {
                "none".to_owned()
            }
            Err(error) => return Err(error.into()),
        };
        let public_access = match client.public_access_block(bucket) {
            Ok(xml) => {
                let on =
                    BLOCKS.iter().filter(|name| xml.contains(&format!("{name}>true<"))).count();
                format!("blocked ({on} of {} settings on)", BLOCKS.len())
            }
            Err(error) if error.code() == Some("NoSuchPublicAccessBlockConfiguration") => {
                "not blocked".to_owned()
            }
            Err(error) => return Err(error.into()),
        };
        let plain_http = match client.bucket_setting(bucket, "policy") {
            Ok(policy) if policy.contains("aws:SecureTransport") => REFUSED,
            Ok(_) => "answered",
            Err(error) if error.code() == Some("NoSuchBucketPolicy") => "answered",
            Err(error) => return Err(error.into()),
        };
        let notifications = client.notification(bucket)?;
        let object_events =
            if notifications.contains("<EventBridgeConfiguration") { TOLD } else { "not told" };
        Ok(Self { encryption, public_access, plain_http, object_events })
    }

    fn safe(&self) -> bool {
        self.encryption != "none"
            && self.public_access.contains("4 of 4")
            && self.plain_http == REFUSED
            && self.object_events == TOLD
    }
}

/// Waits for the look that a first deploy takes at the buckets that exist; what comes later, events tell of.
pub(crate) fn until_swept(account: &Account) -> Result<(), Failure> {
    until("the first sweep", || {
        let runs = account.runs()?;
        let swept = runs.iter().any(|run| run.log.contains("a page of buckets is queued"));
        Ok::<_, Failure>(swept.then_some(()))
    })
}

/// A user makes a bucket that is like those from before 2023. Shows it before and after the guard came.
pub(crate) fn make_carelessly(page: &mut Page, account: &Account) -> Result<String, Failure> {
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Action": "s3:*", "Resource": "*" },
    });
    let careless = account.client_of(account.user("careless", &policy)?).with_user_agent(CLI);
    let bucket = format!("holiday-{}", account.number());
    page.typed(&format!("aws s3 mb s3://{bucket}        # as the IAM user `careless`"))?;
    let made = Instant::now();
    careless.create_bucket(&bucket)?;
    account.make_legacy(&bucket)?;
    // Where ACLs count, the guard would not know whether somebody reads an object by one.
    careless.put_bucket_setting(&bucket, "ownershipControls", ACLS_OFF)?;
    page.say(
        "(as S3 made buckets before 2023, and many of them are still there: nothing is set but that ACLs are off)",
    )?;
    let before = Settings::read(&careless, &bucket)?;
    let after = until_safe(&careless, &bucket)?;
    let took = made.elapsed();
    show(page, "before", &before, "after the guard", &after)?;
    page.say(&format!(
        "It took {:.1} seconds, with a settle time of 1 (CloudTrail adds seconds to minutes on AWS).",
        took.as_secs_f64()
    ))?;
    Ok(bucket)
}

/// Somebody removes the public access block, and the guard puts it back.
pub(crate) fn open(page: &mut Page, account: &Account, bucket: &str) -> Result<(), Failure> {
    let client = account.client().with_user_agent(CLI);
    page.typed(&format!("aws s3api delete-public-access-block --bucket {bucket}"))?;
    let opened = Instant::now();
    client.delete_public_access_block(bucket)?;
    let before = Settings::read(&client, bucket)?;
    let after = until_safe(&client, bucket)?;
    let took = opened.elapsed();
    show(page, "opened", &before, "after the guard", &after)?;
    page.say(&format!(
        "It took {:.1} seconds: weakening a bucket waits for nothing.",
        took.as_secs_f64()
    ))?;
    Ok(())
}

/// Shows that what was undone stays so: the guard has heard of it and looked.
pub(crate) fn show_that_it_is_left(
    page: &mut Page,
    account: &Account,
    bucket: &str,
) -> Result<(), Failure> {
    until("the guard's look", || {
        let left =
            account.runs()?.iter().any(|run| run.log.contains("it was undone, and stays so"));
        Ok::<_, Failure>(left.then_some(()))
    })?;
    let now = Settings::read(&account.client(), bucket)?;
    page.say(&format!(
        "\nThe guard has heard of it, and leaves it: public access is {}.",
        now.public_access
    ))?;
    Ok(())
}

/// Puts, overwrites and deletes an object; since the guard has looked at the bucket, S3 tells of it.
pub(crate) fn use_objects(page: &mut Page, account: &Account, bucket: &str) -> Result<(), Failure> {
    let client = account.client();
    page.typed(&format!(
        "aws s3 cp {KEY} s3://{bucket}/{KEY}     # twice: the second overwrites the first"
    ))?;
    client.put_object(bucket, KEY, b"first version")?;
    client.put_object(bucket, KEY, b"second version, longer")?;
    page.typed(&format!("aws s3 rm s3://{bucket}/{KEY}"))?;
    client.delete_object(bucket, KEY)?;
    Ok(())
}

/// Makes sure that the stack is gone.
pub(crate) fn show_that_it_is_gone(
    page: &mut Page,
    account: &Account,
    stack: &str,
) -> Result<(), Failure> {
    let asked = [("Action", "DescribeStacks"), ("StackName", stack)];
    match account.client().query("cloudformation", "2010-05-15", &asked) {
        Err(error) if error.code() == Some("ValidationError") => {}
        Err(error) => return Err(error.into()),
        Ok(_) => return Err(Failure::new(format!("the stack `{stack}` is still there"))),
    }
    page.say(&format!("\nThe stack {stack} is gone, with its functions, queues and rules."))?;
    Ok(())
}

/// Lists the buckets that are left, says why, and empties and deletes them.
pub(crate) fn show_what_stays(
    page: &mut Page,
    account: &Account,
    careless: &str,
) -> Result<(), Failure> {
    let client = account.client();
    let mut rows = Vec::new();
    for bucket in client.list_buckets()? {
        let objects = client.list_objects(&bucket)?.len();
        let why = if bucket == careless {
            "the bucket that was guarded"
        } else {
            "kept by `s3guard destroy`, see above"
        };
        rows.push([bucket.clone(), objects.to_string(), why.to_owned()]);
        client.empty_bucket(&bucket)?;
        client.delete_bucket(&bucket)?;
    }
    page.say("\nThese buckets are left; the demo empties and deletes them:")?;
    page.table(["bucket", "objects", "why"], &rows)?;
    let left = client.list_buckets()?.len();
    page.say(&format!("Buckets left now: {left}."))?;
    Ok(())
}

fn until_safe(client: &Client, bucket: &str) -> Result<Settings, Failure> {
    until("the guard", || {
        let settings = Settings::read(client, bucket)?;
        Ok::<_, Failure>(settings.safe().then_some(settings))
    })
}

fn show(
    page: &mut Page,
    first: &str,
    before: &Settings,
    second: &str,
    after: &Settings,
) -> Result<(), Failure> {
    let row = |name: &str, before: &str, after: &str| {
        [name.to_owned(), before.to_owned(), after.to_owned()]
    };
    let rows = [
        row("default encryption", &before.encryption, &after.encryption),
        row("public access", &before.public_access, &after.public_access),
        row("plain HTTP", before.plain_http, after.plain_http),
        row("changes of objects", before.object_events, after.object_events),
    ];
    page.table(["setting", first, second], &rows)?;
    Ok(())
}

fn between<'a>(xml: &'a str, tag: &str) -> Option<&'a str> {
    xml.split_once(tag)?.1.split('<').next()
}
