//! The command `s3guard`: puts the guard into an account, and takes it out again.
//!
//! What each subcommand does is in `commands`; how it fails is in `failure`; what it writes is in `output`.

mod cli;
mod commands;
mod failure;
mod files;
mod output;
mod package;

use std::env;
use std::io::{self, IsTerminal as _};
use std::process::{self, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::failure::Exit;
use crate::output::Output;

fn main() -> ExitCode {
    // The only place that reads the environment for colours: the rest gets a value.
    let colours = output::Colours::read(|name| env::var_os(name), io::stderr().is_terminal());
    let code = match Cli::try_parse() {
        Ok(cli) => {
            let output = Output::new(cli.output, colours.choose(cli.color));
            run(cli.command, &output).unwrap_or_else(|error| failure::report(&error, &output))
        }
        Err(error) => failure::usage(&error, colours.choose(output::Color::Auto)),
    };
    code.into()
}

fn run(command: Command, output: &Output) -> anyhow::Result<Exit> {
    match command {
        Command::Synth(args) => commands::synth::run(&args, output),
        Command::Package(args) => commands::package::run(&args, output),
        Command::Deploy(args) => commands::deploy::run(&args, output, &token()),
        Command::Destroy(args) => commands::destroy::run(&args, output, &token()),
    }
}

/// The name of this run in AWS: of its change set, and of what it asks for.
fn token() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("s3guard-{}-{}", now.as_millis(), process::id())
}
