//! `s3guard completions`: completion scripts, made from the command line itself.

use clap::Command;
use clap_complete::Shell;

use crate::exit::Exit;
use crate::ui::output::Output;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Shell to write the script for
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
