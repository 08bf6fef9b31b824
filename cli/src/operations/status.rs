//! What the stack and its parts are doing.

pub(crate) mod drift;
mod fetch;
pub(crate) mod function;
mod judge;
pub(crate) mod outputs;
pub(crate) mod show;

use time::OffsetDateTime;

use crate::operations::session::{Account, AccountArgs};
use crate::operations::status::drift::Drift;
use crate::operations::status::show::Status;
use crate::operations::{operator, session};
use crate::ui::output::Output;

/// Fetches the status of one stack; with `detects_drift` after CloudFormation has compared it with its template.
pub(crate) async fn status(
    args: &AccountArgs,
    detects_drift: bool,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Status> {
    let account = Account::open(args).await?;
    let stack = session::guard_stack(args, &account).await?;
    let drifted =
        if detects_drift { Some(Drift::detect(&account, &stack, output).await?) } else { None };
    let mut status = Status::new(args.stack.as_str(), &account, &stack);
    status.drifted = drifted;
    // Otherwise the status says what the caller may not read.
    let ledger = operator::readable_ledger(args, &account, &stack).await.ok();
    let mut status = Box::pin(fetch::fetch(&account, &stack, ledger, status, now)).await;
    status.to_do = judge::to_do(&status, &stack);
    status.remarks = judge::remarks(&status, &stack);
    Ok(status)
}
