//! `s3guard subscribe`: subscribes an address, and confirms subscriptions.

use crate::args::account::AccountArgs;
use crate::exit::Exit;
use crate::operations::session;
use crate::operations::subscribe::subscribe;
use crate::ui::output::Output;

/// Subscribe an email address, or confirm subscriptions
///
/// An address gets nothing before each of its subscriptions is confirmed: to the notifications, and to
/// the alarms. The link in SNS's email confirms it without a login, and each later email has a link that ends it
/// without one: mail gateways that follow links do both. `--confirm` confirms a subscription so that
/// only a principal with the permission sns:Unsubscribe ends it.
///
/// `--email` subscribes an address again that was unsubscribed, which `deploy` does not notice.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountArgs,

    /// Address to subscribe to notifications and alarms
    #[arg(long, value_name = "ADDRESS", group = "what")]
    email: Option<String>,

    /// URL of "Confirm subscription" in an email of SNS, in quotes, or its token; can be repeated
    #[arg(long = "confirm", value_name = "URL", group = "what")]
    confirmations: Vec<String>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let command = async {
        let email = args.email.as_deref();
        output.result(&subscribe(&args.account, email, &args.confirmations).await?)?;
        if email.is_some() {
            output
                .say("confirm each: `s3guard subscribe --confirm URL` with the link of each email");
        }
        Ok(Exit::Done)
    };
    session::run(command, "run the same command again to continue".to_owned())
}
