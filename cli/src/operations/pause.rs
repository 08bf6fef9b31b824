//! Pausing the guard's writes to buckets, and ending a pause.

use anyhow::anyhow;
use s3guard_aws::pause::{POLICY, Pause};
use s3guard_aws::stacks::Stack;
use s3guard_aws::topics::publish_text;
use s3guard_aws::{AwsError, Connection};
use s3guard_posture::Reading;
use s3guard_posture::contract::output;
use serde::Serialize;
use time::OffsetDateTime;

use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::deploy::step;
use crate::operations::session::{Account, AccountArgs, AccountsArgs, output_of};
use crate::operations::{operator, regions, session, sweep};
use crate::ui::lines::{folded, utc_time};
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

/// The width of the text of an email.
const MAIL_COLUMNS: usize = 76;

/// What is done with the writes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// They are denied until then.
    Begin(OffsetDateTime),
    /// They are allowed again.
    End,
}

/// The guard of one Region, after the command.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Paused {
    stack: String,
    region: String,
    account: String,
    /// Until when the guard does not write; `None` if it does.
    until: Option<String>,
}

/// Pauses the guards of all Regions, after a person has approved it, or ends their pauses.
pub(crate) async fn pause(
    args: &AccountsArgs,
    action: Action,
    yes: bool,
    output: &Output,
) -> anyhow::Result<Exit> {
    let found = regions::each(args, output, async |one, output| Guard::find(one, output).await);
    let guards = found
        .await
        .all("cannot be paused", output, |_| "nothing was changed in any Region".to_owned())?;
    if let Action::Begin(until) = action
        && !yes
    {
        for guard in &guards {
            let account = &guard.account.caller.account;
            guard.output.say(format_args!(
                "account `{account}`: until {} no bucket is protected by stack `{}`; what is found is reported",
                utc_time(until),
                guard.args.stack
            ));
        }
        session::confirm("pausing the guard", "pause it?", output).await?;
    }
    let works = guards.into_iter().map(|guard| async move {
        let region = guard.account.connection.region().to_string();
        (region, guard.carry_out(action).await)
    });
    let done: regions::ByRegion<Paused> =
        futures_util::future::join_all(works).await.into_iter().collect();
    done.unless_the_only_one_failed()?
        .finish(output, |_| "the error of each is shown above".to_owned())?;
    Ok(Exit::Done)
}

/// The guard of one Region.
struct Guard {
    args: AccountArgs,
    account: Account,
    stack: Stack,
    pause: Pause,
    output: Output,
}

impl Guard {
    async fn find(args: AccountArgs, output: Output) -> anyhow::Result<Self> {
        let account = Account::open(&args).await?;
        let stack = session::guard_stack(&args, &account).await?;
        let role = output_of(&stack, &args, output::GUARD_ROLE_ARN, "role of the guard")?;
        let pause = Pause::new(&account.connection, role);
        Ok(Self { args, account, stack, pause, output })
    }

    async fn carry_out(&self, action: Action) -> anyhow::Result<Paused> {
        let until = match action {
            Action::Begin(until) => {
                self.pause.begin(until).await.map_err(|error| self.denied(error))?;
                let until = utc_time(until);
                let place = step::place(self.args.stack.as_str(), &self.region());
                let then = format!(
                    "Until then it writes to no bucket, and reports what it finds. `s3guard pause --end {place}` ends the pause."
                );
                let what = format!("is paused until {until}");
                self.publish("s3guard is paused", &what, &then).await;
                Some(until)
            }
            Action::End => {
                if self.pause.end().await.map_err(|error| self.denied(error))? {
                    let then = if self.sweep().await {
                        "It writes to buckets again. A sweep of all buckets has started, which remediates what was found \
                         during the pause."
                    } else {
                        "It writes to buckets again. The next sweep of the schedule remediates what was found during the \
                         pause."
                    };
                    let what = "is not paused any more";
                    self.publish("s3guard is not paused any more", what, then).await;
                } else {
                    self.output.say("nothing to end: the guard is not paused");
                }
                None
            }
        };
        Ok(Paused {
            stack: self.args.stack.to_string(),
            region: self.region(),
            account: self.account.caller.account.to_string(),
            until,
        })
    }

    /// Notifies those who receive alarms. Only operators may publish, and a pause does not wait for one.
    async fn publish(&self, subject: &str, what: &str, then: &str) {
        let (stack, region, caller) = (&self.args.stack, self.region(), &self.account.caller);
        let text = format!(
            "The guard {what}.\n\nStack   {stack} ({region}, account {})\nCaller  {}\n\n{then}\n",
            caller.account, caller.arn
        );
        let text = folded(&text, MAIL_COLUMNS);
        let published = async {
            let topic =
                output_of(&self.stack, &self.args, output::ALERT_TOPIC_ARN, "topic of alarms")?;
            let by = operator::connection(&self.args, &self.account, &self.stack).await?;
            anyhow::Ok(publish_text(&by, topic, subject, &text).await?)
        };
        if let Err(error) = published.await {
            self.output.warn(format_args!("no notification was sent: {error:#}"));
        }
    }

    /// What was found during the pause is remediated now, and not hours later. Returns whether a sweep was started.
    async fn sweep(&self) -> bool {
        let started = sweep::start(&self.args, &self.account, &self.stack).await;
        match &started {
            Ok(()) => self.output.say("the guard checks all buckets now"),
            Err(error) => self.output.warn(format_args!(
                "a sweep could not be started, and the schedule starts the next one: {error}"
            )),
        }
        started.is_ok()
    }

    fn region(&self) -> String {
        self.account.connection.region().to_string()
    }

    fn denied(&self, error: AwsError) -> anyhow::Error {
        if !error.is_denied() {
            return error.into();
        }
        let role = self.stack.outputs.get(output::GUARD_ROLE_ARN).map_or("", String::as_str);
        let hint = format!(
            "the caller needs `{}` on {role}; in an emergency, a principal with more permissions can also put an inline \
             policy into that role that denies `s3:Put*`",
            error.action()
        );
        crate::error::hinted(error, hint)
    }
}

/// Ends a pause before the stack is deleted: IAM deletes no role with a policy that is not of the stack.
pub(crate) async fn end_before_deletion(
    connection: &Connection,
    stack: &Stack,
) -> anyhow::Result<()> {
    let Some(role) = stack.outputs.get(output::GUARD_ROLE_ARN) else { return Ok(()) };
    let pause = Pause::new(connection, role);
    // Without the permission to read it, or if the role is gone, CloudFormation finds out.
    let Ok(Reading::Known(_)) = pause.until().await else { return Ok(()) };
    pause.end().await.map(drop).map_err(|error| anyhow!(error)).hint(format!(
        "the guard was paused: policy `{POLICY}` of {role} has to be deleted before the role can be"
    ))
}

impl Printable for Paused {
    fn print(&self, text: &mut Text) {
        let Self { stack, region, until, .. } = self;
        match until {
            Some(until) => {
                text.line(format_args!("stack {stack} ({region}) is paused until {until}"));
            }
            None => text.line(format_args!("stack {stack} ({region}) is not paused")),
        }
    }
}
