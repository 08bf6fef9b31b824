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
mod operations;
mod package;
mod ui;

use std::env;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use crate::exit::Exit;
use crate::ui::output::{self, Color, Colours, Form, Output};

/// Runs the command as it was called. The only place that reads the environment: the rest gets values.
pub fn main() -> ExitCode {
    let color = Color::asked(env::args_os().skip(1));
    let paint_on = |is_terminal| Colours::read(|name| env::var_os(name), is_terminal).choose(color);
    let paint = paint_on(io::stderr().is_terminal());
    let deployment =
        args::config::deployment(env::args_os().skip(1), env::var_os("S3GUARD_CONFIG"));
    let configured = deployment.as_ref().ok().cloned().unwrap_or_default();
    let exit = match commands::parse(env::args_os(), |name| env::var_os(name), &configured) {
        Ok(cli) => {
            let output = Output::new(cli.output, paint)
                .painting_results(paint_on(io::stdout().is_terminal()));
            let is_live = output::is_live(env::vars_os(), io::stderr().is_terminal());
            let output = if is_live && !cli.no_progress { output.live() } else { output };
            // Another stack than the one that is meant would be worse than none.
            let is_known =
                if cli.command.is_about_a_stack() { deployment.map(|_| ()) } else { Ok(()) };
            is_known
                .and_then(|()| commands::run(cli.command, &output))
                .unwrap_or_else(|error| error::report(&error, &output))
        }
        Err(error) if error.use_stderr() => error::usage(&error, paint),
        Err(help) => {
            let output = Output::new(Form::Text, paint);
            let paint = paint_on(io::stdout().is_terminal());
            let shown = output.raw(paint.styled(&help.render()).as_bytes());
            shown.map_or_else(|error| error::report(&error, &output), |()| Exit::Done)
        }
    };
    exit.into()
}
