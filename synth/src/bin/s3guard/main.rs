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
use std::process::ExitCode;

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
    }
}
