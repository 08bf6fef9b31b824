//! `s3guard completions`: what a shell needs to complete the command line, made from the command line itself.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::{self, Cli};
use crate::failure::Exit;
use crate::output::Output;

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

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    output.raw(&script(args.shell))?;
    Ok(Exit::Done)
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "s3guard", &mut script);
    script
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard completions bash > ~/.local/share/bash-completion/completions/s3guard\n  \
                    s3guard completions zsh > ~/.zfunc/_s3guard\n  \
                    s3guard completions fish > ~/.config/fish/completions/s3guard.fish\n\n";
    examples.to_owned() + &cli::exit_codes(&[Exit::Done, Exit::Failed, Exit::Usage])
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).unwrap();
            for command in Cli::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
    }

    #[test]
    fn bash_takes_its_script() {
        use std::io::Write as _;
        let bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn();
        let mut bash = bash.unwrap();
        bash.stdin.take().unwrap().write_all(&script(Shell::Bash)).unwrap();
        assert!(bash.wait().unwrap().success());
    }
}
