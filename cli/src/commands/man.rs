//! `s3guard man`: the help as manual pages, one for each command.

use std::path::PathBuf;
use std::{fmt, fs};

use anyhow::Context as _;
use clap::Command;
use clap_mangen::Man;
use serde::Serialize;

use crate::error::Advice as _;
use crate::exit::{self, Exit};
use crate::files;
use crate::ui::output::Output;

/// Write the manual pages
///
/// One page for s3guard and one for each of its commands, made from the same description as the help.
/// Without a folder the page of s3guard itself is printed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    /// Folder to write the pages to; it is made if it is not there
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, command: Command, output: &Output) -> anyhow::Result<Exit> {
    let pages =
        pages(command).context("the pages could not be made, which is a mistake in s3guard")?;
    let Some(folder) = &args.out else {
        output.raw(&pages[0].text)?;
        return Ok(Exit::Done);
    };
    fs::create_dir_all(folder)
        .with_context(|| format!("folder `{}` could not be made", folder.display()))
        .hint("name another folder with `--out`")?;
    for page in &pages {
        files::write(&folder.join(&page.file), &page.text)?;
    }
    let written = pages.iter().map(|page| folder.join(&page.file).display().to_string()).collect();
    output.result(&Written { pages: written })?;
    Ok(Exit::Done)
}

/// A page, and the name of its file.
struct Page {
    file: String,
    text: Vec<u8>,
}

/// What was written; as text, a file a line.
#[derive(Serialize)]
struct Written {
    pages: Vec<String>,
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pages.iter().try_for_each(|page| writeln!(f, "{page}"))
    }
}

/// The pages, that of the command itself first.
fn pages(command: Command) -> std::io::Result<Vec<Page>> {
    // Its own command `help` is no command of ours.
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = vec![page(command.clone())?];
    for subcommand in command.get_subcommands() {
        // The name that the page of the whole refers to.
        let name = subcommand.get_display_name().unwrap_or(subcommand.get_name()).to_owned();
        pages.push(page(subcommand.clone().name(name))?);
    }
    Ok(pages)
}

fn page(command: Command) -> std::io::Result<Page> {
    let man = Man::new(command);
    let mut text = Vec::new();
    man.render(&mut text)?;
    Ok(Page { file: man.get_filename(), text })
}

fn manual() -> String {
    let examples =
        "Examples:\n  s3guard man | man -l -\n  s3guard man --out ~/.local/share/man/man1\n\n";
    examples.to_owned() + &exit::codes(&[Exit::Done, Exit::Failed, Exit::Usage])
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::commands::Cli;

    #[test]
    fn every_command_has_a_page_with_its_examples_and_exit_codes() {
        let pages = pages(Cli::command()).unwrap();
        let first = String::from_utf8(pages[0].text.clone()).unwrap();
        assert_eq!(pages[0].file, "s3guard.1");
        for command in Cli::command().get_subcommands() {
            let file = format!("s3guard-{}.1", command.get_name());
            let page =
                pages.iter().find(|page| page.file == file).unwrap_or_else(|| panic!("{file}"));
            let text = String::from_utf8(page.text.clone()).unwrap();
            assert!(text.contains("Examples:") && text.contains("Exit codes:"), "{text}");
            let reference = format!("s3guard\\-{}(1)", command.get_name().replace('-', "\\-"));
            assert!(first.contains(&reference), "{reference}: {first}");
        }
    }
}
