//! The connection to the account, running a command, and approvals.

use std::future::Future;
use std::io::{self, IsTerminal as _};
use std::pin::pin;

use anyhow::{Context as _, anyhow};
use s3guard_aws::code_bucket::CodeBucket;
use s3guard_aws::identity::{self, Identity};
use s3guard_aws::stacks::{Stack, Stacks};
use s3guard_aws::{AwsError, ConnectError, Connection, Kind};
use s3guard_posture::contract::parameter;
use s3guard_posture::{BucketName, Region, StackName};
use serde::Serialize;
use tokio::sync::mpsc;

pub(crate) use crate::args::account::{AccountArgs, AccountsArgs};
use crate::error;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::interrupt::{Interrupts, signals};
use crate::ui::output::{Form, Output};
use crate::ui::text::Printable;

/// What a command has done before it asks for approval.
const NOTHING: &str = "nothing was changed";

/// The tag with the name of the guard, on its stack and all resources.
pub(crate) const STACK_TAG: &str = "s3guard:stack";

/// An account and the caller in it.
pub(crate) struct Account {
    pub(crate) connection: Connection,
    pub(crate) caller: Identity,
}

impl Account {
    /// Connects to the account and fetches the caller's identity.
    pub(crate) async fn open(args: &AccountArgs) -> anyhow::Result<Self> {
        let connection = connect(args).await?;
        let caller = known(identity::identity(&connection).await, &connection)?;
        Ok(Self { connection, caller })
    }

    /// The bucket for code with this name, else the standard one.
    pub(crate) fn code_bucket(&self, named: Option<&BucketName>) -> anyhow::Result<BucketName> {
        named.map_or_else(|| self.standard_code_bucket(), |name| Ok(name.clone()))
    }

    /// The standard bucket for code.
    pub(crate) fn standard_code_bucket(&self) -> anyhow::Result<BucketName> {
        let region = self.connection.region();
        CodeBucket::standard_name(&self.caller.account, region)
            .hint("name another one with `--code-bucket`")
    }
}

/// Connects to AWS; makes no call.
pub(crate) async fn connect(args: &AccountArgs) -> anyhow::Result<Connection> {
    let region = args.region.as_ref().map(Region::as_str);
    let error = match Connection::open(region, args.profile.as_deref()).await {
        Ok(connection) => return Ok(connection),
        Err(error) => error,
    };
    let hint = match &error {
        ConnectError::NoRegion => "give one with `--region`, or set `AWS_REGION`",
        ConnectError::Region(_) => "check `AWS_REGION` and the region of the profile",
        ConnectError::NoProfile(_) => "`aws configure list-profiles` lists the profiles",
        ConnectError::Configuration(_) => "check `~/.aws/config` and `~/.aws/credentials`",
        ConnectError::Endpoint(_) => {
            "it comes from `AWS_ENDPOINT_URL` or the profile's `endpoint_url`: write it as `https://HOST`, or leave it out"
        }
    };
    Err(error).hint(hint)
}

/// The caller, or why AWS did not return its identity, with a hint.
pub(crate) fn known(
    caller: Result<Identity, AwsError>,
    connection: &Connection,
) -> anyhow::Result<Identity> {
    caller.map_err(|error| unreachable(error, connection))
}

/// Runs a command that calls AWS and follows nothing, until it is done or interrupted.
pub(crate) fn run(
    command: impl Future<Output = anyhow::Result<Exit>>,
    on_interrupt: String,
) -> anyhow::Result<Exit> {
    run_with(&Interrupts::new(None, on_interrupt), command)
}

/// Runs a command that registers with `interrupts` what it follows, or handles them itself.
pub(crate) fn run_with(
    interrupts: &Interrupts,
    command: impl Future<Output = anyhow::Result<Exit>>,
) -> anyhow::Result<Exit> {
    run_until(signals, interrupts, command)
}

fn run_until<I: AsyncFnMut()>(
    signals: impl FnOnce() -> io::Result<I>,
    interrupts: &Interrupts,
    command: impl Future<Output = anyhow::Result<Exit>>,
) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        let mut command = pin!(command);
        let mut interrupt = signals()?;
        let (typed, mut lines) = mpsc::unbounded_channel();
        loop {
            tokio::select! {
                done = &mut command => return done,
                () = interrupt() => {
                    if let Some(error) = interrupts.press(&typed) {
                        return Err(error);
                    }
                }
                Some(line) = lines.recv() => interrupts.typed(&line),
            }
        }
    });
    // Otherwise this waits for blocking work, as a compiler or a prompt.
    runtime.shutdown_background();
    done
}

/// Runs blocking work beside the runtime, so that it can be interrupted.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("a task of the command has failed")?
}

/// Asks a person to type a name, if there is a terminal: only for what cannot be restored.
pub(crate) async fn confirm_by_name(what: &str, name: &str, output: &Output) -> anyhow::Result<()> {
    let question = format!("{what}: type `{name}` to continue:");
    let answer = ask((what, NOTHING), &question, "--yes", output).await?;
    agreed(answer == name, &format!("cancelled: that is not `{name}`"), NOTHING)
}

/// Prints the plan for a program, if it was not approved.
pub(crate) fn unless_approved(
    approved: anyhow::Result<()>,
    plan: &(impl Serialize + Printable),
    output: &Output,
) -> anyhow::Result<()> {
    if approved.is_err() && output.form() != Form::Text {
        output.result(plan)?;
    }
    approved
}

/// Asks a person for a yes, if there is a terminal; anything else is a no.
pub(crate) async fn confirm(what: &str, question: &str, output: &Output) -> anyhow::Result<()> {
    confirm_or(what, question, "--yes", output).await
}

/// The same, where a no leaves something behind, which `unchanged` says.
pub(crate) async fn confirm_leaving(
    unchanged: &str,
    what: &str,
    question: &str,
    output: &Output,
) -> anyhow::Result<()> {
    let answer = ask((what, unchanged), &format!("{question} [y/N]"), "--yes", output).await?;
    agreed(is_yes(&answer), "cancelled", unchanged)
}

/// The same, where other flags approve it.
pub(crate) async fn confirm_or(
    what: &str,
    question: &str,
    flags: &str,
    output: &Output,
) -> anyhow::Result<()> {
    let answer = ask((what, NOTHING), &format!("{question} [y/N]"), flags, output).await?;
    agreed(is_yes(&answer), "cancelled", NOTHING)
}

fn is_yes(answer: &str) -> bool {
    matches!(&*answer.to_ascii_lowercase(), "y" | "yes")
}

async fn ask(
    (what, unchanged): (&str, &str),
    question: &str,
    flags: &str,
    output: &Output,
) -> anyhow::Result<String> {
    if !io::stdin().is_terminal() {
        return Err(anyhow!("{what} needs approval, and there is no terminal to ask on"))
            .hint(format!("{unchanged}; review the output above, then pass `{flags}` to approve"))
            .exit(Exit::Approval);
    }
    output.say(question);
    blocking(|| {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).context("the answer could not be read")?;
        Ok(answer.trim().to_owned())
    })
    .await
}

fn agreed(is_agreed: bool, otherwise: &str, unchanged: &str) -> anyhow::Result<()> {
    if is_agreed {
        return Ok(());
    }
    Err(anyhow!("{otherwise}")).hint(unchanged).exit(Exit::Approval)
}

/// The guard's stack.
pub(crate) async fn guard_stack(args: &AccountArgs, account: &Account) -> anyhow::Result<Stack> {
    let name = &args.stack;
    let stacks = Stacks::new(&account.connection);
    let region = account.connection.region();
    let stack = stacks
        .describe(name.as_str())
        .await?
        .ok_or_else(|| anyhow!("stack `{name}` does not exist in `{region}`"))
        .hint(
            "name the guard's stack with `--stack`, and its Region with `--region`; `s3guard deploy` installs a guard",
        )?;
    check_is_guard(&stacks, &stack, name).await?;
    Ok(stack)
}

/// An output of a guard's stack.
pub(crate) fn output_of<'a>(
    stack: &'a Stack,
    args: &AccountArgs,
    output: &str,
    what: &str,
) -> anyhow::Result<&'a str> {
    let name = &args.stack;
    let value = stack.outputs.get(output).map(String::as_str);
    value
        .ok_or_else(|| {
            anyhow!("stack `{name}` has no {what}: it was deployed by an older version of s3guard")
        })
        .hint(format!("`s3guard deploy --stack {name}` adds one"))
}

/// An error unless a stack is a guard: another stack with the name must not be changed.
pub(crate) async fn check_is_guard(
    stacks: &Stacks,
    stack: &Stack,
    name: &StackName,
) -> anyhow::Result<()> {
    if is_guard_stack(stacks, stack).await? {
        return Ok(());
    }
    Err(anyhow!("stack `{name}` exists and is not a stack of s3guard"))
        .hint("choose another name with `--stack`; this stack was not changed")
}

/// Whether a stack is a guard.
pub(crate) async fn is_guard_stack(stacks: &Stacks, stack: &Stack) -> Result<bool, AwsError> {
    let is_empty = stack.status.is_review() && stacks.resources(&stack.id).await?.is_empty();
    Ok(is_guard(stack, is_empty))
}

/// The parameters show that a stack is a guard, also if its template was uploaded by hand or its creation has failed. Only a
/// stack whose first change set was never executed has no parameters.
fn is_guard(stack: &Stack, is_empty: bool) -> bool {
    let asks = |parameter: &str| stack.parameters.contains_key(parameter);
    if [parameter::CODE_BUCKET, parameter::CODE_KEY, parameter::BUCKET_PREFIX].into_iter().all(asks)
    {
        return true;
    }
    let is_nothing_else = stack.parameters.is_empty() && stack.outputs.is_empty();
    let is_ours = is_empty || stack.tags.contains_key(STACK_TAG);
    stack.status.is_review() && is_nothing_else && is_ours
}

fn unreachable(error: AwsError, connection: &Connection) -> anyhow::Error {
    let hint = match (&error.kind, connection.endpoint()) {
        (Kind::Unreachable | Kind::Timeout, Some(endpoint)) => format!(
            "check `{endpoint}`, which comes from `AWS_ENDPOINT_URL` or the profile's `endpoint_url`"
        ),
        (Kind::Unreachable | Kind::Timeout, None) => format!(
            "check that the Region `{}` exists, then the network, the proxy and the firewall",
            connection.region()
        ),
        (Kind::Credentials, _) => match error.no_credentials() {
            Some(cause) => error::credentials(cause, connection.profile()),
            None => return error.into(),
        },
        (Kind::Other, _) => "does the endpoint speak for AWS?".to_owned(),
        (Kind::Service(_), _) => return error.into(),
    };
    error::hinted(error, hint)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use s3guard_aws::stacks::StackStatus;

    use super::*;

    fn stack(status: StackStatus, parameters: &[&str], tags: &[&str]) -> Stack {
        let named =
            |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), String::new())).collect();
        Stack {
            id: String::new(),
            status,
            reason: None,
            parameters: named(parameters),
            outputs: BTreeMap::new(),
            tags: named(tags),
            updated: None,
            protected: false,
        }
    }

    #[test]
    fn another_stack_is_never_taken_for_a_guard_whatever_its_status() {
        let unknown = StackStatus::from("NEW");
        for status in StackStatus::all().chain([unknown]) {
            let is_guard = |parameters: &[&str], tags: &[&str], is_empty| {
                is_guard(&stack(status.clone(), parameters, tags), is_empty)
            };
            assert!(is_guard(&["CodeBucket", "CodeKey", "BucketPrefix"], &[], false), "{status}");
            assert!(!is_guard(&["CodeBucket"], &[], false), "{status}");
            assert!(!is_guard(&["DatabaseName"], &[STACK_TAG], true), "{status}");
            assert!(!is_guard(&[], &[], false), "{status}");
            let is_under_review = status.is_review();
            assert_eq!(is_guard(&[], &[STACK_TAG], false), is_under_review, "{status}");
            assert_eq!(is_guard(&[], &[], true), is_under_review, "{status}");
        }
    }

    #[test]
    fn blocking_work_does_not_delay_an_interrupt() {
        let (go_on, gate) = mpsc::channel::<()>();
        let command = blocking(move || {
            // The gate opens only after the command.
            let _ = gate.recv_timeout(Duration::from_mins(1));
            Ok(Exit::Done)
        });
        let begun = Instant::now();
        // The command gets its turn first.
        let pressed = || Ok(async || tokio::task::yield_now().await);
        let error = run_until(pressed, &Interrupts::new(None, "a hint"), command).unwrap_err();
        assert_eq!(error.to_string(), "interrupted");
        assert!(begun.elapsed() < Duration::from_secs(30));
        drop(go_on);
    }
}
