//! `s3guard init`: a configuration to begin with, asked for or given.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use crate::config_file;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::files;
use crate::operations::init::answers::{Answers, Question};
use crate::operations::init::interview;
use crate::operations::init::text;
use crate::ui::output;
use crate::ui::output::Output;

/// Write a configuration `s3guard.toml` to begin with
///
/// Asks for what most people set, and writes a file in which every setting is explained; what you do not need is commented
/// out. What is given as a flag is not asked. Calls nobody.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "s3guard.toml")]
    out: PathBuf,

    /// Ask nothing: take the flags, and the defaults for the rest
    #[arg(long)]
    yes: bool,

    /// Replace a file that is there
    #[arg(long)]
    force: bool,

    /// Name of the stack
    // Not `stack`, nor `regions`: what a configuration says that is to be replaced is no default.
    #[arg(long = "stack", value_name = "NAME", help_heading = "Settings")]
    named: Option<String>,

    /// Regions to guard, as `eu-west-1,us-east-1`
    #[arg(long = "region", value_name = "REGIONS", help_heading = "Settings")]
    guarded: Option<String>,

    /// How well buckets are protected: `speed`, `hybrid` or `security`
    #[arg(long, value_name = "GRADE", help_heading = "Settings")]
    grade: Option<String>,

    /// KMS keys for the buckets, one for each Region, from grade `hybrid` on
    #[arg(long = "key", value_name = "ARNS", help_heading = "Settings")]
    keys: Option<String>,

    /// Mail address that hears of everything
    #[arg(long, value_name = "ADDRESS", help_heading = "Settings")]
    email: Option<String>,

    /// Trail that tells of changes: `auto`, `create` or `existing`
    #[arg(long, value_name = "TRAIL", help_heading = "Settings")]
    trail: Option<String>,

    /// Whether the stack is protected against deletion: `yes` or `no`
    #[arg(long, value_name = "YES", help_heading = "Settings")]
    protect: Option<String>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    // Nobody should answer seven questions to hear this then.
    if !args.force && args.out.symlink_metadata().is_ok() {
        return Err(exists(&args.out));
    }
    let mut answers = Answers::default();
    for question in Question::ALL {
        if let Some(given) = args.given(question) {
            let answered = answers.take(question, given);
            answered
                .map_err(|refusal| {
                    anyhow!(refusal.problem)
                        .context(format!("wrong value for `{}`", question.flag()))
                })
                .hint(question.advice())
                .exit(Exit::Usage)?;
        }
    }
    if !args.yes {
        if !io::stdin().is_terminal() {
            return Err(anyhow!("there is no terminal to ask on"))
                .hint("give `--yes` to take the defaults, and flags for what is to be otherwise")
                .exit(Exit::Approval);
        }
        let asked = Question::ALL.into_iter().filter(|question| args.given(*question).is_none());
        interview::ask(asked, &mut answers, interview::read_line, output::to_stderr)?;
    }
    if let Some(problem) = answers.missing_key() {
        return Err(anyhow!(problem))
            .hint("give the ARN of a KMS key in each Region with `--key`")
            .exit(Exit::Usage);
    }
    let text = text::of(&answers);
    config_file::check(&args.out.display().to_string(), &text)
        .context("the configuration would be wrong, which is a mistake in s3guard")?;
    if args.force {
        files::write(&args.out, text.as_bytes())?;
    } else if !files::write_new(&args.out, text.as_bytes())? {
        return Err(exists(&args.out));
    }
    output.say(format_args!("`{}` written; every setting is explained in it", args.out.display()));
    if let Some(advice) = answers.advice() {
        output.say(advice);
    }
    output.say(format_args!("next: {}", next(&args.out)));
    Ok(Exit::Done)
}

impl Args {
    fn given(&self, question: Question) -> Option<&str> {
        match question {
            Question::Stack => self.named.as_deref(),
            Question::Regions => self.guarded.as_deref(),
            Question::Grade => self.grade.as_deref(),
            Question::Keys => self.keys.as_deref(),
            Question::Email => self.email.as_deref(),
            Question::Trail => self.trail.as_deref(),
            Question::Protect => self.protect.as_deref(),
        }
    }
}

fn exists(path: &Path) -> anyhow::Error {
    let error = Err::<(), _>(anyhow!("`{}` is there already", path.display()))
        .hint("name another file with `--out`, or replace it with `--force`")
        .exit(Exit::Usage);
    error.expect_err("it was made as an error")
}

/// The command to run next: a file of another name has to be named.
fn next(path: &Path) -> String {
    match path.to_str() {
        Some("s3guard.toml") => "`s3guard deploy`".to_owned(),
        _ => format!("`s3guard deploy --config {}`", path.display()),
    }
}
