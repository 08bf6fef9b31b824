//! `s3guard man`: the help as manual pages, one for each command.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Command;
use clap_mangen::Man;

use crate::error::Advice as _;
use crate::exit::Exit;
use crate::ui::output::Output;

/// Write the manual pages
///
/// Writes one page for s3guard and one for each of its commands, made from the same description as the
/// help. Without a folder the page of s3guard itself is printed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder to write the pages to; it is created if it does not exist
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, command: Command, output: &Output) -> anyhow::Result<Exit> {
    if let Some(folder) = &args.out {
        let created = fs::create_dir_all(folder);
        created
            .and_then(|()| clap_mangen::generate_to(command, folder))
            .with_context(|| format!("the pages could not be written to `{}`", folder.display()))
            .hint("name another folder with `--out`")?;
        return Ok(Exit::Done);
    }
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    output.raw(&page)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::command;

    #[test]
    fn every_command_has_a_page_with_its_examples_and_exit_codes() {
        let folder = tempfile::tempdir().unwrap();
        let out = Some(folder.path().join("man1"));
        run(&Args { out: out.clone() }, command(), &Output::default()).unwrap();
        let read = |name: &str| fs::read_to_string(out.as_ref().unwrap().join(name)).unwrap();
        let first = read("s3guard.1");
        for command in command().get_subcommands() {
            let text = read(&format!("s3guard-{}.1", command.get_name()));
            assert!(text.contains("Examples:") && text.contains("Exit codes:"), "{text}");
            let reference = format!("s3guard\\-{}(1)", command.get_name().replace('-', "\\-"));
            assert!(first.contains(&reference), "{reference}: {first}");
        }
    }
}
