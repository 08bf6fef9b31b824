//! The output of the command: results on stdout, messages on stderr. Colour carries no information of its own.

use std::cell::Cell;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::rc::Rc;

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anyhow::Context as _;
use clap::ValueEnum;
use s3guard_posture::text::shown_json;
use serde::Serialize;
use thiserror::Error;

pub(crate) use crate::ui::paint::Paint;
use crate::ui::screen::Screen;
pub(crate) use crate::ui::screen::{Part, Size, message, to_stderr};
use crate::ui::text::{Printable, Text, TextLine};

/// The format of results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people
    #[default]
    Text,
    /// For programs: one JSON object
    Json,
    /// For programs: one JSON object per line for each event, the last with the result
    Ndjson,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless the environment disables it
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// How a stream is painted; `auto` respects `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and `TERM`.
    pub(crate) fn paint(self, stream: &impl RawStream) -> Paint {
        let is_plain = match self {
            Self::Auto => AutoStream::choice(stream) == ColorChoice::Never,
            Self::Always => false,
            Self::Never => true,
        };
        if is_plain { Paint::Plain } else { Paint::Ansi }
    }
}

/// Variables of CI systems and coding agents, which cannot use a live area.
///
/// Source: the list of the CDK's command (`aws/aws-cdk-cli`, `guess-agent.ts`), and `AI_AGENT`.
const AGENTS: [&str; 7] = [
    "CI",
    "AI_AGENT",
    "CLAUDECODE",
    "CURSOR_AGENT",
    "VSCODE_AGENT",
    "CODEX_THREAD_ID",
    "CLINE_ACTIVE",
];

/// Whether the live area is drawn on stderr: on a terminal that a person reads.
pub(crate) fn is_live(variable: impl Fn(&str) -> Option<OsString>, is_terminal: bool) -> bool {
    let is_set = |name: &&str| {
        variable(name).is_some_and(|value| !["", "0", "false"].iter().any(|no| value == *no))
    };
    let can_draw = variable("TERM").is_none_or(|term| term != "dumb");
    is_terminal && can_draw && !AGENTS.iter().any(is_set)
}

/// The output of a command; a clone writes to the same streams.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    form: Form,
    paint: Paint,
    /// How results are painted.
    results: Paint,
    /// The prefix of every message, if several Regions are reported at once.
    label: Option<String>,
    screen: Rc<Screen>,
    /// Whether stdout has anything.
    is_begun: Rc<Cell<bool>>,
}

/// The reader has closed stdout: the command stops without a failure.
#[derive(Debug, Error)]
#[error("stdout was closed")]
pub(crate) struct Closed;

impl Output {
    pub(crate) fn new(form: Form, paint: Paint, results: Paint) -> Self {
        Self { form, paint, results, label: None, screen: Rc::default(), is_begun: Rc::default() }
    }

    /// The same output with a live area.
    pub(crate) fn live(self) -> Self {
        Self { screen: Rc::new(Screen::live()), ..self }
    }

    /// The same output for one of several Regions.
    pub(crate) fn labelled(&self, label: &str) -> Self {
        Self { label: Some(label.to_owned()), ..self.clone() }
    }

    /// The same output for all Regions.
    pub(crate) fn unlabelled(&self) -> Self {
        Self { label: None, ..self.clone() }
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }

    pub(crate) fn paint(&self) -> Paint {
        self.paint
    }

    /// The prefix of messages.
    pub(crate) fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// A part of the live area, if there is one; dropping it removes it.
    pub(crate) fn part(&self) -> Option<Part> {
        self.screen.part()
    }

    /// Notes that a person has typed a line.
    pub(crate) fn typed(&self) {
        self.screen.typed();
    }

    /// Clears the terminal before a result is shown again.
    pub(crate) fn clear(&self) {
        let is_screen = self.form == Form::Text && io::stdout().is_terminal();
        if is_screen {
            // A terminal that cannot be cleared is no failure.
            let _ = self.raw(b"\x1b[H\x1b[2J");
        }
    }

    /// Writes a result: its text, or the same as JSON.
    pub(crate) fn result(&self, result: &(impl Serialize + Printable)) -> anyhow::Result<()> {
        match self.form {
            Form::Text => self.text(result),
            Form::Json => self.json(result),
            Form::Ndjson => self.line("result", result),
        }
    }

    /// Writes text to stdout, wrapped between words on a terminal.
    pub(crate) fn text(&self, what: &impl Printable) -> anyhow::Result<()> {
        let columns = Size::of(io::stdout()).map(|size| size.columns);
        self.raw(Text::of(what, columns).painted(self.results).as_bytes())
    }

    /// Writes a line for programs to stdout: it is not wrapped.
    pub(crate) fn unwrapped(&self, line: &TextLine) -> anyhow::Result<()> {
        self.raw((line.painted(Paint::Plain) + "\n").as_bytes())
    }

    /// Writes a result that has no text, as JSON.
    pub(crate) fn json(&self, result: &impl Serialize) -> anyhow::Result<()> {
        let json = serde_json::to_string_pretty(result).context("the result is no JSON")?;
        self.raw((shown_json(&json) + "\n").as_bytes())
    }

    /// Writes an event for programs, in a line of its own with its kind; [`say`](Self::say) is for people.
    pub(crate) fn event(&self, kind: &'static str, event: &impl Serialize) -> anyhow::Result<()> {
        match self.form {
            Form::Text | Form::Json => Ok(()),
            Form::Ndjson => self.line(kind, event),
        }
    }

    /// Writes a part of a result as soon as it is known: for people as lines of the result, else as a message.
    pub(crate) fn part_of_result(&self, part: &(impl Printable + Display)) -> anyhow::Result<()> {
        match self.form {
            Form::Text => self.text(part),
            Form::Json | Form::Ndjson => {
                self.say(format_args!("  {part}"));
                Ok(())
            }
        }
    }

    /// Writes a failure for programs: in a line of its own, or if there is no result, which stays the only object.
    pub(crate) fn failure(&self, failure: &impl Serialize) -> anyhow::Result<()> {
        match self.form {
            Form::Ndjson => self.line("error", failure),
            Form::Json if !self.is_begun.get() => self.json(failure),
            Form::Text | Form::Json => Ok(()),
        }
    }

    fn line(&self, kind: &'static str, value: &impl Serialize) -> anyhow::Result<()> {
        /// A line begins with its kind.
        #[derive(Serialize)]
        struct Line<'a, T> {
            kind: &'static str,
            #[serde(flatten)]
            value: &'a T,
        }
        let json =
            serde_json::to_string(&Line { kind, value }).context("the result is no JSON object")?;
        self.raw((shown_json(&json) + "\n").as_bytes())
    }

    /// Writes bytes to stdout as they are: text of our own, which contains nothing from outside.
    pub(crate) fn raw(&self, bytes: &[u8]) -> anyhow::Result<()> {
        self.is_begun.set(true);
        let written = self.screen.beside(|| {
            let mut stdout = io::stdout().lock();
            stdout.write_all(bytes).and_then(|()| stdout.flush())
        });
        match written {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Closed.into()),
            Err(error) => Err(error).context("stdout could not be written"),
        }
    }

    /// Writes a message to stderr.
    pub(crate) fn say(&self, line: impl Into<TextLine>) {
        let line = line.into();
        let line = match &self.label {
            Some(label) => TextLine::from(format_args!("{label}  ")).and(line),
            None => line,
        };
        self.screen.write(&(line.painted(self.paint) + "\n"));
    }

    /// Writes a warning to stderr.
    pub(crate) fn warn(&self, line: impl Into<TextLine>) {
        self.say(TextLine::bad("warning:").and(" ").and(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_live_area_is_for_people_at_a_terminal() {
        let live = |environment: &[(&str, &str)], is_terminal| {
            let value = |name: &str| environment.iter().find(|(known, _)| *known == name);
            is_live(|name| value(name).map(|(_, value)| value.into()), is_terminal)
        };
        assert!(live(&[("TERM", "xterm"), ("HOME", "/")], true));
        assert!(!live(&[], false));
        assert!(!live(&[("TERM", "dumb")], true));
        for name in AGENTS {
            assert!(!live(&[(name, "1")], true), "{name}");
            for no in ["", "0", "false"] {
                assert!(live(&[(name, no)], true), "{name}");
            }
        }
    }

    #[test]
    fn colour_can_be_chosen_for_any_stream() {
        assert_eq!(Color::Always.paint(&Vec::new()), Paint::Ansi);
        assert_eq!(Color::Never.paint(&io::stdout()), Paint::Plain);
    }
}
