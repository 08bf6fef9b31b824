//! How the command fails: exit codes, and errors with hints.
//!
//! An error is printed as `error: …`, its causes, a blank line and `hint: …` with the command to run.

mod aws;
mod mistakes;
mod problem;

use std::error::Error as StdError;
use std::fmt;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use thiserror::Error;

pub(crate) use crate::error::aws::credentials;
pub(crate) use crate::error::mistakes::{Mistakes, Placed};
pub(crate) use crate::error::problem::{Failure, Problem};
use crate::exit::Exit;
use crate::ui::output;
use crate::ui::output::{Output, Paint};
use crate::ui::text::{Text, TextLine};

/// A flag with more wrong characters is not proposed: `--reason` is not meant as `--region`.
const EDITS_MAX: usize = 1;

/// A value that a flag does not accept, with what to write instead. The parsers of flags return it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem}")]
pub(crate) struct Invalid {
    pub(crate) problem: String,
    pub(crate) hint: String,
}

impl Invalid {
    pub(crate) fn new(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { problem: problem.into(), hint: hint.into() }
    }
}

/// Adds a hint or an exit code to an error.
pub(crate) trait Advice<T> {
    /// Adds what to try next.
    fn hint(self, hint: impl Into<String>) -> anyhow::Result<T>;

    /// Sets the exit code; without it an error is [`Exit::Failed`].
    fn exit(self, exit: Exit) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Advice<T> for Result<T, E> {
    fn hint(self, hint: impl Into<String>) -> anyhow::Result<T> {
        self.map_err(|error| advised(error.into(), Some(hint.into()), None))
    }

    fn exit(self, exit: Exit) -> anyhow::Result<T> {
        self.map_err(|error| advised(error.into(), None, Some(exit)))
    }
}

/// An error with a hint or an exit code. It reads as the error inside.
struct Advised {
    error: anyhow::Error,
    hint: Option<String>,
    exit: Option<Exit>,
}

impl fmt::Debug for Advised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.error, f)
    }
}

impl fmt::Display for Advised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl StdError for Advised {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let head: &(dyn StdError + 'static) = self.error.as_ref();
        head.source()
    }
}

/// An error with a hint, where there is no result.
pub(crate) fn hinted(error: impl Into<anyhow::Error>, hint: impl Into<String>) -> anyhow::Error {
    advised(error.into(), Some(hint.into()), None)
}

fn advised(error: anyhow::Error, hint: Option<String>, exit: Option<Exit>) -> anyhow::Error {
    anyhow::Error::new(Advised { error, hint, exit })
}

/// Ends the command with an error: a text on stderr and, for programs, an object on stdout.
pub(crate) fn fail(error: &anyhow::Error, output: &Output) -> Exit {
    if !error.is::<output::Closed>() {
        // A reader that has closed stdout still gets the text.
        let _ = output.failure(&Failure { error: Problem::of(error) });
    }
    report(error, output)
}

/// Writes an error to stderr and picks the exit code.
pub(crate) fn report(error: &anyhow::Error, output: &Output) -> Exit {
    if error.is::<output::Closed>() {
        // The reader has closed stdout (`s3guard synth | head`), which is no failure.
        return Exit::Done;
    }
    let (text, exit) = render(error, output.paint());
    output::message(&text);
    exit
}

/// Ends the command with what is wrong with the command line.
pub(crate) fn usage(error: &clap::Error, output: &Output) -> Exit {
    let paint = output.paint();
    if let Some(invalid) = error.source().and_then(<dyn StdError>::downcast_ref::<Invalid>) {
        let flag = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(flag)) => flag.as_str(),
            Some(_) | None => "a flag",
        };
        let error =
            anyhow::Error::new(invalid.clone()).context(format!("wrong value for `{flag}`"));
        return fail(&advised(error, Some(invalid.hint.clone()), Some(Exit::Usage)), output);
    }
    let text = error.render();
    let _ = output.failure(&Failure { error: Problem::of_clap(&text.to_string()) });
    match text.to_string().strip_prefix("error: ") {
        Some(problem) => output::message(&in_our_words(problem).painted(paint)),
        // Without a command it is the help.
        None => output::to_stderr(&paint.styled(&text)),
    }
    Exit::Usage
}

/// The error of an unknown flag without the tips of `clap` that lead astray: to pass it as a value, where no command takes
/// such a value, and another flag that only begins alike. `asks` is whether the command shows its changes first.
pub(crate) fn with_fitting_tips(mut error: clap::Error, asks: bool) -> clap::Error {
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(_) | None => String::new(),
    };
    let (given, near) = (text(ContextKind::InvalidArg), text(ContextKind::SuggestedArg));
    error.remove(ContextKind::Suggested);
    if strsim::damerau_levenshtein(&given, &near) > EDITS_MAX {
        error.remove(ContextKind::SuggestedArg);
        // It is that of the other flag.
        error.remove(ContextKind::Usage);
    }
    if given == "--dry-run" && asks {
        let tip =
            "there is no `--dry-run`: the changes are shown first, and made only after an approval";
        let tip = ContextValue::StyledStrs(vec![tip.into()]);
        error.insert(ContextKind::Suggested, tip);
    }
    error
}

/// The message of `clap`, with the prefixes of our errors.
fn in_our_words(problem: &str) -> Text {
    let mut text = Text::default();
    for (index, line) in problem.lines().enumerate() {
        match line.strip_prefix("  tip: ") {
            _ if index == 0 => text.line(labelled_error(line)),
            Some(tip) => text.line(labelled_hint(tip)),
            None => text.line(line),
        }
    }
    text
}

fn labelled_error(error: impl fmt::Display) -> TextLine {
    TextLine::bad("error:").and(format_args!(" {error}"))
}

fn labelled_hint(hint: impl fmt::Display) -> TextLine {
    TextLine::hint("hint:").and(format_args!(" {hint}"))
}

fn render(error: &anyhow::Error, paint: Paint) -> (String, Exit) {
    if let Some(mistakes) = error.downcast_ref::<Mistakes>() {
        // Each is shown with its line, as an error of its own.
        return (mistakes.render(paint), Exit::Usage);
    }
    let advice = Advices::of(error);
    let mut text = Text::default();
    text.line(labelled_error(error));
    for cause in error.chain().skip(1) {
        text.line(format_args!("  caused by: {cause}"));
    }
    if !advice.hints.is_empty() {
        text.gap();
    }
    advice.hints.iter().for_each(|hint| text.line(labelled_hint(hint)));
    (text.painted(paint), advice.exit.unwrap_or(Exit::Failed))
}

impl Problem {
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        if let Some(mistakes) = error.downcast_ref::<Mistakes>() {
            let message = mistakes.to_string();
            return Self { mistakes: mistakes.view(), ..Self::usage(message, Vec::new()) };
        }
        let Advices { hints, exit } = Advices::of(error);
        Self {
            message: error.to_string(),
            causes: error.chain().skip(1).map(ToString::to_string).collect(),
            hints,
            exit_code: exit.unwrap_or(Exit::Failed) as u8,
            mistakes: Vec::new(),
        }
    }
}

/// The hints and the exit code anywhere in an error; the outermost exit code counts.
#[derive(Default)]
struct Advices {
    hints: Vec<String>,
    exit: Option<Exit>,
}

impl Advices {
    fn of(error: &anyhow::Error) -> Self {
        let mut advices = Self::default();
        advices.collect(error);
        if advices.hints.is_empty() {
            advices.hints.extend(aws::hint(error));
        }
        advices
    }

    fn collect(&mut self, error: &anyhow::Error) {
        for cause in error.chain() {
            if let Some(advised) = cause.downcast_ref::<Advised>() {
                self.hints.extend(advised.hint.clone());
                self.exit = self.exit.or(advised.exit);
                // The chain continues with the error inside.
                return self.collect(&advised.error);
            }
        }
    }
}

/// The hints of an error.
pub(crate) fn hint(error: &anyhow::Error) -> Option<String> {
    let hints = Advices::of(error).hints;
    (!hints.is_empty()).then(|| hints.join("; "))
}

/// Whether the command was interrupted.
pub(crate) fn is_interrupted(error: &anyhow::Error) -> bool {
    Advices::of(error).exit == Some(Exit::Interrupted)
}

/// An error as a person reads it.
#[cfg(test)]
pub(crate) fn text(error: &anyhow::Error) -> String {
    render(error, Paint::Plain).0
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[track_caller]
    fn check(error: &anyhow::Error, text: &str, exit: Exit) {
        assert_eq!(render(error, Paint::Plain), (text.to_owned(), exit));
    }

    #[test]
    fn an_error_shows_its_causes_and_then_its_hint() {
        let error = Err::<(), _>(anyhow!("no such file"))
            .context("`out.yaml` could not be written")
            .hint("give another file with `--out`")
            .unwrap_err();
        check(
            &error,
            "error: `out.yaml` could not be written\n  caused by: no such file\n\n\
             hint: give another file with `--out`\n",
            Exit::Failed,
        );
    }

    #[test]
    fn advice_survives_context_and_more_advice() {
        let error = Err::<(), _>(anyhow!("inner"))
            .hint("first")
            .exit(Exit::Usage)
            .context("outer")
            .hint("second")
            .unwrap_err();
        check(
            &error,
            "error: outer\n  caused by: inner\n\nhint: second\nhint: first\n",
            Exit::Usage,
        );
    }

    #[test]
    fn a_closed_stdout_is_no_failure() {
        let error = anyhow::Error::new(output::Closed);
        assert_eq!(report(&error, &Output::default()), Exit::Done);
    }

    #[test]
    fn exit_codes_are_part_of_the_interface() {
        assert_eq!(Exit::ALL.map(|exit| exit as u8), [0, 1, 2, 3, 4, 130]);
    }
}
