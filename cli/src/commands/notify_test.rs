//! `s3guard notify-test`: sends a test notification of each kind.

use std::time::Duration;

use s3guard_aws::Topics;
use s3guard_aws::topics::publish_text;
use s3guard_posture::Notification;
use s3guard_posture::contract::{Channel, output};
use s3guard_posture::digest;
use s3guard_posture::model::severity::Severity;
use s3guard_posture::notify::notification::Origin;
use serde::Serialize;
use time::OffsetDateTime;

use crate::exit::Exit;
use crate::operations::session::{Account, AccountArgs};
use crate::operations::{operator, session};
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

/// SNS suspends the subscription of an address that gets more than ten emails a second.
const PAUSE: Duration = Duration::from_millis(250);
/// What is sent to the topic of alarms.
const ALERT: &str = "TEST: nothing happened. This is a test of the alarms of s3guard.";

/// Send a test notification of each kind
///
/// Publishes one notification of each kind to the topic of each channel, and a text to the topic of
/// alarms. Each is marked as a test in its subject, its text and its document (`"test": true`). The
/// filters of subscriptions apply.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountArgs,

    /// Only show what would be sent
    #[arg(long)]
    dry_run: bool,
}

/// What was sent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Sent {
    topics: Vec<String>,
    is_dry_run: bool,
    notifications: Vec<One>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct One {
    kind: &'static str,
    severity: &'static str,
    subject: String,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let on_interrupt = "the notifications that were sent are marked as tests".to_owned();
    session::run(send(args, output, now), on_interrupt)
}

async fn send(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let account = Account::open(&args.account).await?;
    let stack = session::guard_stack(&args.account, &account).await?;
    let arn =
        |output| session::output_of(&stack, &args.account, output, "topic").map(str::to_owned);
    let [email, sms, document, chat] = Channel::ALL;
    let topic = |channel: Channel| anyhow::Ok((channel, arn(channel.output())?));
    let channels = [topic(email)?, topic(sms)?, topic(document)?, topic(chat)?];
    let alerts = arn(output::ALERT_TOPIC_ARN)?;
    let topics = channels.iter().map(|(_, arn)| arn).chain([&alerts]).cloned().collect();
    let origin = Origin {
        account: &account.caller.account,
        region: account.connection.region(),
        stack: args.account.stack.as_str(),
        now,
    };
    let samples = digest::samples(&origin);
    if !args.dry_run {
        let connection = operator::connection(&args.account, &account, &stack).await?;
        let to = Topics::new(&connection, channels, Severity::Info);
        for sample in &samples {
            to.publish(sample).await?;
            tokio::time::sleep(PAUSE).await;
        }
        publish_text(&connection, &alerts, "TEST: s3guard: an alarm", ALERT).await?;
    }
    let notifications = samples.iter().map(One::of).collect();
    output.result(&Sent { topics, is_dry_run: args.dry_run, notifications })?;
    if !args.dry_run {
        let stack = &args.account.stack;
        output.say(format_args!("`s3guard status --stack {stack}` shows the subscriptions"));
    }
    Ok(Exit::Done)
}

impl One {
    fn of(notification: &Notification) -> Self {
        Self {
            kind: notification.document.kind(),
            severity: notification.document.severity.name(),
            subject: notification.subject.clone(),
        }
    }
}

impl Printable for Sent {
    fn print(&self, text: &mut Text) {
        let verb = if self.is_dry_run { "would be sent" } else { "sent" };
        for topic in &self.topics {
            text.line(format_args!("{verb} to {topic}"));
        }
        for One { kind, severity, subject } in &self.notifications {
            text.line(format_args!("  {severity:8} {kind:18} {subject}"));
        }
    }
}
