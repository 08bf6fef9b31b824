//! The command line: one file for each subcommand, with its arguments and `run`.

pub(crate) mod audit;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod deploy;
pub(crate) mod destroy;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod guardrails;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod logs;
pub(crate) mod man;
pub(crate) mod name;
pub(crate) mod notify_test;
pub(crate) mod package;
pub(crate) mod pause;
pub(crate) mod redrive;
pub(crate) mod replay;
pub(crate) mod rollback;
pub(crate) mod status;
pub(crate) mod subscribe;
pub(crate) mod sweep;
pub(crate) mod synth;
pub(crate) mod undo;
pub(crate) mod verify;

use std::env;
use std::ffi::{OsStr, OsString};

use clap::builder::Resettable;
use clap::{Arg, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use s3guard_posture::config::Deploy;
use s3guard_posture::text::escaped;
use time::OffsetDateTime;

use crate::args::manual;
use crate::error;
use crate::exit::Exit;
use crate::package::{EMBEDDED, long_version};
use crate::ui::output::{Color, Form, Output};

/// Keep every S3 bucket of an AWS account encrypted, private and monitored
///
/// `s3guard deploy` installs a guard: a CloudFormation stack with a Lambda function that checks each
/// bucket when it is created or changed, remediates unsafe settings and notifies the owner.
#[derive(Debug, Parser)]
#[command(name = "s3guard", version, long_version = long_version(EMBEDDED), max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

#[derive(Args, Debug)]
pub(crate) struct Global {
    /// Format of results on stdout
    #[arg(long, global = true, value_name = "FORMAT", env = "S3GUARD_OUTPUT")]
    #[arg(default_value = "text", help_heading = "Global options")]
    pub(crate) output: Form,

    /// When to use colour; `NO_COLOR` and `CLICOLOR_FORCE` are respected
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    #[arg(help_heading = "Global options")]
    pub(crate) color: Color,

    /// Print one line per event instead of the live progress list
    #[arg(long, global = true, env = "S3GUARD_NO_PROGRESS", help_heading = "Global options")]
    #[arg(value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) no_progress: bool,
}

/// The commands, and how each adds its arguments.
macro_rules! commands {
    ($($name:literal => $Variant:ident($args:ty),)+) => {
        #[derive(Debug, Subcommand)]
        pub(crate) enum Command {
            $(#[command(name = $name)] $Variant($args),)+
        }

        /// What adds the arguments of a command.
        fn augment(name: &str) -> Option<fn(clap::Command) -> clap::Command> {
            match name {
                $($name => Some(<$args as Args>::augment_args),)+
                _ => None,
            }
        }
    };
}

commands! {
    "audit" => Audit(Box<audit::Args>),
    "completions" => Completions(completions::Args),
    "config" => Config(config::Args),
    "deploy" => Deploy(Box<deploy::Args>),
    "destroy" => Destroy(Box<destroy::Args>),
    "diff" => Diff(Box<diff::Args>),
    "doctor" => Doctor(doctor::Args),
    "events" => Events(events::Args),
    "explain" => Explain(explain::Args),
    "guardrails" => Guardrails(guardrails::Args),
    "history" => History(history::Args),
    "init" => Init(init::Args),
    "logs" => Logs(logs::Args),
    "man" => Man(man::Args),
    "name" => Name(name::Args),
    "notify-test" => NotifyTest(notify_test::Args),
    "package" => Package(package::Args),
    "pause" => Pause(pause::Args),
    "redrive" => Redrive(redrive::Args),
    "replay" => Replay(replay::Args),
    "rollback" => Rollback(rollback::Args),
    "status" => Status(status::Args),
    "subscribe" => Subscribe(subscribe::Args),
    "sweep" => Sweep(sweep::Args),
    "synth" => Synth(synth::Args),
    "undo" => Undo(undo::Args),
    "verify" => Verify(verify::Args),
}

impl Command {
    /// Whether it needs to know which stack is meant.
    pub(crate) fn is_about_a_stack(&self) -> bool {
        !matches!(
            self,
            Self::Synth(_)
                | Self::Package(_)
                | Self::Replay(_)
                | Self::Init(_)
                | Self::Config(_)
                | Self::Completions(_)
                | Self::Audit(_)
                | Self::Explain(_)
                | Self::Man(_)
                | Self::Name(_)
        )
    }
}

/// Reads the command line. A variable that is empty counts as unset; what the configuration sets for the deployment is
/// the default of the same flags.
///
/// An error quotes the arguments: it is that of the escaped arguments.
pub(crate) fn parse(
    arguments: &[OsString],
    variable: impl Fn(&OsStr) -> Option<OsString>,
    deployment: &Deploy,
) -> Result<Cli, clap::Error> {
    let filled = |argument: Arg| match argument.get_env().and_then(&variable) {
        Some(value) if value.is_empty() => argument.env(Resettable::Reset),
        Some(_) | None => argument,
    };
    let configured = |argument: Arg| configured(argument, deployment);
    let read = |command: clap::Command, arguments: &[OsString]| {
        let command = command
            .mut_args(filled)
            .mut_subcommands(|command| command.mut_args(filled).mut_args(configured));
        Cli::from_arg_matches(&command.try_get_matches_from(arguments)?)
    };
    let escaped = |argument: &OsString| escaped(&argument.to_string_lossy()).into();
    let escaped: Vec<OsString> = arguments.iter().map(escaped).collect();
    let name = escaped.iter().skip(1).find_map(|one| manual::name(one.to_str()?));
    if let Some(Ok(cli)) = name.and_then(alone).map(|command| read(command, arguments)) {
        return Ok(cli);
    }
    read(command(), arguments).map_err(|error| {
        let error = read(command(), &escaped).err().unwrap_or(error);
        error::with_fitting_tips(error, name.is_some_and(manual::asks))
    })
}

/// The command line with one command, which takes less time and memory than all. Help and errors need all.
fn alone(name: &'static str) -> Option<clap::Command> {
    let command = augment(name)?(clap::Command::new(name));
    Some(Global::augment_args(clap::Command::new("s3guard")).subcommand(command))
}

/// The argument with the configuration's value as its default, if it has one.
fn configured(argument: Arg, deployment: &Deploy) -> Arg {
    let regions: Vec<String> = deployment.regions.iter().map(ToString::to_string).collect();
    match (argument.get_id().as_str(), &deployment.stack, &regions[..]) {
        ("stack", Some(stack), _) => argument.default_value(stack.to_string()),
        // With several Regions none is the default of a command for one Region.
        ("region", _, [region]) => argument.default_value(region.clone()),
        ("regions", _, [_, ..]) => argument.default_values(regions),
        _ => argument,
    }
}

/// The command line with its manual.
fn command() -> clap::Command {
    manual::documented(Cli::command())
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Exit> {
    let now = OffsetDateTime::now_utc();
    match command {
        Command::Audit(args) => audit::run(&args, output),
        Command::Completions(args) => completions::run(&args, self::command(), output),
        Command::Config(args) => config::run(&args, output, now, |name| env::var_os(name)),
        Command::Deploy(args) => deploy::run(&args, output, now),
        Command::Destroy(args) => destroy::run(&args, output, now),
        Command::Diff(args) => diff::run(&args, output, now),
        Command::Doctor(args) => doctor::run(&args, output, now),
        Command::Events(args) => events::run(&args, output),
        Command::Explain(args) => explain::run(&args, output),
        Command::Guardrails(args) => guardrails::run(&args, output),
        Command::History(args) => history::run(&args, output),
        Command::Init(args) => init::run(&args, output),
        Command::Logs(args) => logs::run(&args, output, now),
        Command::Man(args) => man::run(&args, self::command(), output),
        Command::Name(args) => name::run(&args, output),
        Command::NotifyTest(args) => notify_test::run(&args, output, now),
        Command::Package(args) => package::run(&args, output),
        Command::Pause(args) => pause::run(&args, output, now),
        Command::Redrive(args) => redrive::run(&args, output),
        Command::Replay(args) => replay::run(&args, output, now),
        Command::Rollback(args) => rollback::run(&args, output, now),
        Command::Status(args) => status::run(&args, output, now),
        Command::Subscribe(args) => subscribe::run(&args, output),
        Command::Sweep(args) => sweep::run(&args, output),
        Command::Synth(args) => synth::run(&args, output),
        Command::Undo(args) => undo::run(&args, output, now),
        Command::Verify(args) => verify::run(&args, output, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        command().debug_assert();
    }

    #[test]
    fn a_command_read_alone_is_read_as_among_all() {
        for command in Cli::command().get_subcommands() {
            let name = manual::name(command.get_name()).unwrap();
            let arguments = |command: &clap::Command| {
                let all = command.get_arguments().map(|one| format!("{one:?}"));
                all.collect::<Vec<_>>()
            };
            let alone = alone(name).unwrap();
            let one = alone.find_subcommand(name).unwrap();
            assert_eq!(arguments(one), arguments(command), "{name}");
        }
        // The value of a flag is no command.
        let line = "s3guard --color auto --output text history status";
        let line: Vec<_> = line.split(' ').map(OsString::from).collect();
        let read = parse(&line, |_| None, &Deploy::default()).unwrap();
        assert!(matches!(read.command, Command::History(_)), "{read:?}");
    }

    #[test]
    fn the_help_lists_the_commands_in_groups() {
        let mut command = command().mut_args(|one| one.hide_env_values(true)).term_width(80);
        let help = command.render_help().to_string();
        // A terminal would break longer lines within words.
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        expect_test::expect_file!["golden/help.txt"].assert_eq(&help);
    }

    #[test]
    fn every_command_is_in_exactly_one_group_of_the_help() {
        let command = Cli::command();
        let mut known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        let mut listed = manual::listed();
        known.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, known);
    }

    #[test]
    fn every_command_and_flag_is_documented_and_every_command_gives_its_exit_codes() {
        for mut command in command().get_subcommands().cloned() {
            let name = command.get_name().to_owned();
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && !about.ends_with('.'), "{name}: {about}");
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(!help.is_empty() && !help.ends_with('.'), "{name}: {}", argument.get_id());
            }
            let help = command.render_long_help().to_string();
            assert!(help.contains("Exit codes:") && help.contains("Examples:"), "{help}");
        }
    }

    #[test]
    fn an_unknown_flag_has_no_tip_that_leads_astray() {
        let refused = |line: &str| {
            let arguments: Vec<_> = line.split(' ').map(OsString::from).collect();
            parse(&arguments, |_| None, &Deploy::default()).unwrap_err().to_string()
        };
        let text = refused("s3guard undo a@20261124T231502.123Z-policy --dry-run");
        assert!(text.contains("there is no `--dry-run`: the changes are shown first"), "{text}");
        assert!(!text.contains("-- --dry-run"), "{text}");
        let text = refused("s3guard status --dry-run");
        assert!(!text.contains("tip:"), "{text}");
        let text = refused("s3guard pause --until 2h --reason x");
        assert!(!text.contains("--region"), "{text}");
        let text = refused("s3guard status --regoin eu-west-1");
        assert!(text.contains("tip: a similar argument exists: '--region'"), "{text}");
    }

    #[test]
    fn the_help_lists_every_exit_code() {
        let help = command().render_long_help().to_string();
        for exit in Exit::ALL {
            assert!(help.contains(exit.meaning()), "{help}");
        }
    }
}
