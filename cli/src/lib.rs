//! The command `s3guard`: puts the guard into an account, and takes it out again.
//!
//! `commands` has a file for each subcommand, `operations` what they do, `ui` what a person sees, `error` how it fails.
//! Dependencies point one way: `ui ← operations ← commands`.

mod args;
mod commands;
mod config_file;
mod error;
mod exit;
mod files;
#[cfg(test)]
mod hostile;
mod operations;
mod package;
#[cfg(test)]
mod schemas;
mod ui;

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::ValueEnum as _;

use crate::exit::Exit;
use crate::ui::output::{self, Color, Form, Output};

/// Runs the command as it was called. The only place that reads the environment: the rest gets values.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().collect();
    // Known before the command line is parsed, because its errors are painted, too.
    let color = args::value_of(&arguments, "--color");
    let color = color.and_then(|color| Color::from_str(color.to_str()?, false).ok());
    let color = color.unwrap_or_default();
    let form = args::value_of(&arguments, "--output").or_else(|| env::var_os("S3GUARD_OUTPUT"));
    let form = form.and_then(|form| Form::from_str(form.to_str()?, false).ok());
    let (paint, results) = (color.paint(&io::stderr()), color.paint(&io::stdout()));
    let deployment = args::config::deployment(&arguments, env::var_os("S3GUARD_CONFIG"));
    let configured = deployment.as_ref().ok().cloned().unwrap_or_default();
    let exit = match commands::parse(&arguments, |name| env::var_os(name), &configured) {
        Ok(cli) => {
            let is_live = output::is_live(|name| env::var_os(name), io::stderr().is_terminal());
            let output = Output::new(cli.global.output, paint, results);
            let output = if is_live && !cli.global.no_progress { output.live() } else { output };
            // The default stack would be the wrong one.
            let is_known =
                if cli.command.is_about_a_stack() { deployment.map(|_| ()) } else { Ok(()) };
            is_known
                .and_then(|()| commands::run(cli.command, &output))
                .unwrap_or_else(|error| error::fail(&error, &output))
        }
        Err(error) if error.use_stderr() => {
            error::usage(&error, &Output::new(form.unwrap_or_default(), paint, results))
        }
        Err(help) => {
            let output = Output::new(Form::Text, paint, results);
            let shown = output.raw(results.styled(&help.render()).as_bytes());
            shown.map_or_else(|error| error::report(&error, &output), |()| Exit::Done)
        }
    };
    exit.into()
}
