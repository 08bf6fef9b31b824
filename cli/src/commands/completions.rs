//! `s3guard completions`: what a shell needs to complete the command line, made from the command line itself.

use clap::Command;
use clap_complete::Shell;

use crate::exit::{self, Exit};
use crate::ui::output::Output;

/// Print what a shell needs to complete commands and flags
///
/// Made from the same description as the help, so that it is never older than the command.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    /// Shell to complete in
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(args: &Args, command: Command, output: &Output) -> anyhow::Result<Exit> {
    output.raw(&script(args.shell, command))?;
    Ok(Exit::Done)
}

fn script(shell: Shell, mut command: Command) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "s3guard", &mut script);
    script
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard completions bash > ~/.local/share/bash-completion/completions/s3guard\n  \
                    s3guard completions zsh > ~/.zfunc/_s3guard\n  \
                    s3guard completions fish > ~/.config/fish/completions/s3guard.fish\n\n";
    examples.to_owned() + &exit::codes(&[Exit::Done, Exit::Failed, Exit::Usage])
}

#[cfg(test)]
mod tests {
    use std::process::{self, Stdio};

    use clap::{CommandFactory as _, ValueEnum as _};

    use super::*;
    use crate::commands::Cli;

    #[test]
    fn every_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell, Cli::command())).unwrap();
            for command in Cli::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
    }

    #[test]
    fn bash_takes_its_script() {
        use std::io::Write as _;
        let bash = process::Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn();
        let mut bash = bash.unwrap();
        bash.stdin.take().unwrap().write_all(&script(Shell::Bash, Cli::command())).unwrap();
        assert!(bash.wait().unwrap().success());
    }
}
