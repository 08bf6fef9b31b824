//! The outputs of a guard's stack.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::operations::session;
use crate::operations::session::{Account, AccountArgs};

/// The outputs of one stack.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Outputs {
    stack: String,
    region: String,
    account: String,
    #[serde(rename = "outputs")]
    values: BTreeMap<String, String>,
}

impl Outputs {
    /// Reads them.
    pub(crate) async fn fetch(args: &AccountArgs) -> anyhow::Result<Self> {
        let account = Account::open(args).await?;
        let outputs = session::guard_stack(args, &account).await?.outputs;
        Ok(Self {
            stack: args.stack.to_string(),
            region: account.connection.region().to_string(),
            account: account.caller.account.to_string(),
            values: outputs,
        })
    }
}

impl fmt::Display for Outputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {}", self.region)?;
        table(f, &self.values)
    }
}

/// Outputs in two columns.
pub(crate) fn table(f: &mut fmt::Formatter<'_>, outputs: &BTreeMap<String, String>) -> fmt::Result {
    let width = outputs.keys().map(String::len).max().unwrap_or(0);
    outputs.iter().try_for_each(|(name, value)| writeln!(f, "{name:width$}  {value}"))
}
