//! What a guard's stack says of itself.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::anyhow;
use clap::ValueEnum;
use serde::Serialize;

use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::session;
use crate::operations::session::{Account, AccountsArgs};
use crate::ui::output::{Form, Output};

/// How outputs are written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A name and a value a line
    Table,
    /// Assignments of a shell, `NAME='value'`
    Env,
}

/// Prints all outputs of the stacks, or one of them.
pub(crate) async fn outputs(
    accounts: &AccountsArgs,
    name: Option<&str>,
    format: Format,
    output: &Output,
) -> anyhow::Result<Exit> {
    let mut stacks = Vec::new();
    for one in accounts.each() {
        let account = Account::open(&one).await?;
        let stack = session::guard_stack(&one, &account).await?;
        let region = account.connection.region().to_string();
        let outputs = match name {
            Some(name) => chosen(stack.outputs, name)?,
            None => stack.outputs,
        };
        stacks.push(Stack { region, outputs });
    }
    let all = All { stacks, is_bare: name.is_some(), format };
    match &all.stacks[..] {
        [one] if output.form() != Form::Text => {
            output.result(&One(&one.outputs))?;
        }
        _ => output.result(&all)?,
    }
    Ok(Exit::Done)
}

/// The output of this name, however its letters are written.
fn chosen(
    outputs: BTreeMap<String, String>,
    name: &str,
) -> anyhow::Result<BTreeMap<String, String>> {
    let names: Vec<String> = outputs.keys().cloned().collect();
    let found = outputs.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let found = found
        .ok_or_else(|| anyhow!("the stack has no output `{name}`"))
        .hint(format!("it has {}", names.join(", ")))
        .exit(Exit::Usage)?;
    Ok(BTreeMap::from([found]))
}

#[derive(Serialize)]
struct Stack {
    region: String,
    outputs: BTreeMap<String, String>,
}

/// The outputs of several stacks.
#[derive(Serialize)]
struct All {
    stacks: Vec<Stack>,
    #[serde(skip)]
    is_bare: bool,
    #[serde(skip)]
    format: Format,
}

/// The outputs of one stack, for programs.
#[derive(Serialize)]
struct One<'a>(&'a BTreeMap<String, String>);

impl fmt::Display for One<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table(f, self.0)
    }
}

impl fmt::Display for All {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Stack { region, outputs } in &self.stacks {
            if self.is_bare {
                outputs.values().try_for_each(|value| writeln!(f, "{value}"))?;
                continue;
            }
            if self.stacks.len() > 1 {
                writeln!(f, "# {region}")?;
            }
            match self.format {
                Format::Table => table(f, outputs)?,
                Format::Env => outputs
                    .iter()
                    .try_for_each(|(name, value)| writeln!(f, "{name}={}", quoted(value)))?,
            }
        }
        Ok(())
    }
}

pub(crate) fn table(f: &mut fmt::Formatter<'_>, outputs: &BTreeMap<String, String>) -> fmt::Result {
    let width = outputs.keys().map(String::len).max().unwrap_or(0);
    outputs.iter().try_for_each(|(name, value)| writeln!(f, "{name:width$}  {value}"))
}

/// A value as a shell takes it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error;

    #[test]
    fn an_output_is_found_by_its_name_and_an_unknown_one_is_answered_with_those_there_are() {
        let outputs = || BTreeMap::from([("TopicArn".to_owned(), "arn:t".to_owned())]);
        assert_eq!(chosen(outputs(), "topicarn").unwrap()["TopicArn"], "arn:t");
        let text = error::text(&chosen(outputs(), "Topic").unwrap_err());
        assert!(text.contains("no output `Topic`\n\nhint: it has TopicArn"), "{text}");
    }

    #[test]
    fn a_shell_takes_every_value_as_it_is() {
        let outputs = BTreeMap::from([("A".to_owned(), "it's $(x)".to_owned())]);
        let stacks = vec![Stack { region: "r".to_owned(), outputs }];
        let all = All { stacks, is_bare: false, format: Format::Env };
        assert_eq!(all.to_string(), "A='it'\\''s $(x)'\n");
    }
}
