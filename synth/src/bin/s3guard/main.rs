//! The command `s3guard`: puts the guard into an account, and takes it out again.
//!
//! What each subcommand does is in `commands`; how it fails is in `failure`; what it writes is in `output`.

mod cli;
mod commands;
mod config;
mod failure;
mod files;
mod output;
mod package;
mod permissions;

use std::env;
use std::io::{self, IsTerminal as _};
use std::process::{self, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

use crate::cli::Command;
use crate::failure::Exit;
use crate::output::{Color, Colours, Form, Output};

fn main() -> ExitCode {
    // The only place that reads the environment: the rest gets values.
    let color = Color::asked(env::args_os().skip(1));
    let paint_on = |is_terminal| Colours::read(|name| env::var_os(name), is_terminal).choose(color);
    let paint = paint_on(io::stderr().is_terminal());
    let deployment = config::deployment(env::args_os().skip(1), env::var_os("S3GUARD_CONFIG"));
    let configured = deployment.as_ref().ok().cloned().unwrap_or_default();
    let exit = match cli::parse(env::args_os(), |name| env::var_os(name), &configured) {
        Ok(cli) => {
            let output = Output::new(cli.output, paint)
                .painting_results(paint_on(io::stdout().is_terminal()));
            let is_live = output::is_live(env::vars_os(), io::stderr().is_terminal());
            let output = if is_live && !cli.no_progress { output.live() } else { output };
            // Another stack than the one that is meant would be worse than none.
            let is_known =
                if cli.command.is_about_a_stack() { deployment.map(|_| ()) } else { Ok(()) };
            is_known
                .and_then(|()| run(cli.command, &output))
                .unwrap_or_else(|error| failure::report(&error, &output))
        }
        Err(error) if error.use_stderr() => failure::usage(&error, paint),
        Err(help) => {
            let output = Output::new(Form::Text, paint);
            let paint = paint_on(io::stdout().is_terminal());
            let shown = output.raw(paint.styled(&help.render()).as_bytes());
            shown.map_or_else(|error| failure::report(&error, &output), |()| Exit::Done)
        }
    };
    exit.into()
}

fn run(command: Command, output: &Output) -> anyhow::Result<Exit> {
    match command {
        Command::Synth(args) => commands::synth::run(&args, output),
        Command::Package(args) => commands::package::run(&args, output),
        Command::Deploy(args) => commands::deploy::run(&args, output, &token()),
        Command::Doctor(args) => commands::doctor::run(&args, output, OffsetDateTime::now_utc()),
        Command::Events(args) => commands::events::run(&args, output),
        Command::Rollback(args) => commands::rollback::run(&args, output, &token()),
        Command::Diff(args) => commands::diff::run(&args, output, &token()),
        Command::Destroy(args) => {
            commands::destroy::run(&args, output, &token(), OffsetDateTime::now_utc())
        }
        Command::History(args) => commands::history::run(&args, output),
        Command::Status(args) => commands::status::run(&args, output),
        Command::Outputs(args) => commands::outputs::run(&args, output),
        Command::Drift(args) => commands::drift::run(&args, output),
        Command::Logs(args) => commands::logs::run(&args, output, OffsetDateTime::now_utc()),
        Command::NotifyTest(args) => {
            commands::notify_test::run(&args, output, OffsetDateTime::now_utc())
        }
        Command::Redrive(args) => commands::redrive::run(&args, output),
        Command::Undo(args) => commands::undo::run(&args, output, OffsetDateTime::now_utc()),
        Command::Init(args) => commands::init::run(&args, output),
        Command::Config(args) => commands::config::run(&args, output, |name| env::var_os(name)),
        Command::Completions(args) => commands::completions::run(&args, output),
        Command::Man(args) => commands::man::run(&args, output),
        Command::Verify(args) => commands::verify::run(&args, output, OffsetDateTime::now_utc()),
        Command::Replay(args) => commands::replay::run(&args, output, OffsetDateTime::now_utc()),
    }
}

/// The name of this run in AWS: of its change set, and of what it asks for.
fn token() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("s3guard-{}-{}", now.as_millis(), process::id())
}
