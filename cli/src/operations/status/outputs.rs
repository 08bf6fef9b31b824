//! The outputs of a guard's stack.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::operations::session;
use crate::operations::session::{Account, AccountArgs};
use crate::ui::text::{Printable, Text};

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

impl Printable for Outputs {
    fn print(&self, text: &mut Text) {
        text.line(format_args!("# {}", self.region));
        table(text, &self.values);
    }
}

/// Outputs in two columns.
pub(crate) fn table(text: &mut Text, outputs: &BTreeMap<String, String>) {
    let width = outputs.keys().map(String::len).max().unwrap_or(0);
    for (name, value) in outputs {
        text.line(format_args!("{name:width$}  {value}"));
    }
}
