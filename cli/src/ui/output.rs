//! What the command writes: results to stdout, words to stderr.
//!
//! Nothing here needs colour to be understood.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::rc::Rc;

use anyhow::Context as _;
use clap::ValueEnum;
use clap::builder::StyledStr;
use serde::Serialize;
use thiserror::Error;

pub(crate) use crate::ui::screen::{Part, Size, to_stderr, width};
use crate::ui::screen::{Screen, Stream};

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people
    #[default]
    Text,
    /// For programs: one JSON object
    Json,
    /// For programs: a JSON object in a line for whatever happens, the last with the result
    Ndjson,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless the environment says otherwise
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// What the arguments ask for, told before they are read: what is wrong with them is painted, too.
    pub(crate) fn asked(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let mut asked = Self::Auto;
        let mut arguments =
            arguments.into_iter().map(|argument| argument.to_string_lossy().into_owned());
        while let Some(argument) = arguments.next() {
            let value = match argument.strip_prefix("--color") {
                Some("") => arguments.next(),
                Some(rest) => rest.strip_prefix('=').map(str::to_owned),
                None if argument == "--" => break,
                None => None,
            };
            let value = value.and_then(|value| Self::from_str(&value, false).ok());
            asked = value.unwrap_or(asked);
        }
        asked
    }
}

/// What the environment says about colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Colours {
    refused: bool,
    forced: bool,
    terminal: bool,
}

impl Colours {
    /// Reads `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and `FORCE_COLOR` as <https://no-color.org>,
    /// <https://bixense.com/clicolors> and <https://force-color.org> say, and `TERM`, which is `dumb` where a terminal
    /// paints nothing.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<OsString>, terminal: bool) -> Self {
        let filled = |name: &str| variable(name).filter(|value| !value.is_empty());
        let forces = |name: &str| filled(name).is_some_and(|value| value != "0");
        let is = |name: &str, value: &str| filled(name).is_some_and(|found| found == value);
        Self {
            refused: filled("NO_COLOR").is_some(),
            forced: forces("CLICOLOR_FORCE") || forces("FORCE_COLOR"),
            terminal: terminal && !is("CLICOLOR", "0") && !is("TERM", "dumb"),
        }
    }

    pub(crate) fn choose(self, color: Color) -> Paint {
        let coloured = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !self.refused && (self.forced || self.terminal),
        };
        if coloured { Paint::Ansi } else { Paint::Plain }
    }
}

/// How words on stderr are painted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Paint {
    #[default]
    Plain,
    Ansi,
}

impl Paint {
    pub(crate) fn bad(self, text: impl fmt::Display) -> String {
        self.paint("1;31", text)
    }

    pub(crate) fn good(self, text: impl fmt::Display) -> String {
        self.paint("32", text)
    }

    pub(crate) fn notable(self, text: impl fmt::Display) -> String {
        self.paint("33", text)
    }

    pub(crate) fn warning(self, text: impl fmt::Display) -> String {
        self.paint("1;33", text)
    }

    pub(crate) fn hint(self, text: impl fmt::Display) -> String {
        self.paint("36", text)
    }

    /// A text that `clap` has styled.
    pub(crate) fn styled(self, text: &StyledStr) -> String {
        match self {
            Self::Plain => text.to_string(),
            Self::Ansi => text.ansi().to_string(),
        }
    }

    fn paint(self, code: &str, text: impl fmt::Display) -> String {
        match self {
            Self::Plain => text.to_string(),
            Self::Ansi => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}

/// Programs that read what a terminal shows, told by their variables: lines that change are of no use to them.
///
/// Source: the list of the CDK's command (`aws/aws-cdk-cli`, `guess-agent.ts`), and `AI_AGENT`.
const AGENTS: [&str; 5] = ["CI", "AI_AGENT", "CLAUDECODE", "CURSOR_AGENT", "VSCODE_AGENT"];
const AGENT_FAMILIES: [&str; 2] = ["CODEX_", "CLINE_"];

/// Whether lines that change are wanted on stderr, if it is a terminal that can draw them.
pub(crate) fn is_live(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    is_terminal: bool,
) -> bool {
    let is_plain = |(name, value): (OsString, OsString)| {
        let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
        let is_set = !value.is_empty();
        let is_no = matches!(value.as_ref(), "0" | "false");
        let lower = value.to_lowercase();
        match name.as_ref() {
            "TERM" => value == "dumb",
            "AWS_EXECUTION_ENV" => lower.contains("amazonq") || lower.contains("kiro"),
            name if AGENTS.contains(&name) => is_set && !is_no,
            name => is_set && AGENT_FAMILIES.iter().any(|family| name.starts_with(family)),
        }
    };
    is_terminal && !environment.into_iter().any(is_plain)
}

/// Where a command writes to; a copy writes to the same place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    form: Form,
    paint: Paint,
    /// How results are painted.
    results: Paint,
    /// What every word begins with, where several things are told of at once.
    label: Option<String>,
    screen: Rc<Screen>,
}

/// The reader of stdout has gone: the command stops, and that is all right.
#[derive(Debug, Error)]
#[error("stdout was closed")]
pub(crate) struct Closed;

impl Output {
    pub(crate) fn new(form: Form, paint: Paint) -> Self {
        Self { form, paint, results: Paint::Plain, label: None, screen: Rc::default() }
    }

    /// The same output with results that are painted so.
    pub(crate) fn painting_results(self, results: Paint) -> Self {
        Self { results, ..self }
    }

    /// The same output with lines that change at the bottom of the terminal.
    pub(crate) fn live(self) -> Self {
        Self { screen: Rc::new(Screen::live()), ..self }
    }

    /// The same output for one of several things that are told of at once, as a Region.
    pub(crate) fn labelled(&self, label: &str) -> Self {
        Self { label: Some(label.to_owned()), ..self.clone() }
    }

    /// The same output for what is about all of them.
    pub(crate) fn unlabelled(&self) -> Self {
        Self { label: None, ..self.clone() }
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// How many columns results on stdout have, if that is a terminal; elsewhere nothing of them is cut.
    #[expect(clippy::unused_self, reason = "it is the output's screen")]
    pub(crate) fn results_width(&self) -> Option<usize> {
        Stream::Stdout.size().map(|size| size.columns)
    }

    pub(crate) fn paint(&self) -> Paint {
        self.paint
    }

    /// How results are painted.
    pub(crate) fn results(&self) -> Paint {
        self.results
    }

    /// Which of several things is told of, if it is one of several.
    pub(crate) fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// A part of the lines that change, where there are some; it goes when it is dropped.
    pub(crate) fn part(&self) -> Option<Part> {
        self.screen.part()
    }

    /// Takes note that somebody has typed a line.
    pub(crate) fn typed(&self) {
        self.screen.typed();
    }

    /// Makes room for the same result anew: on a terminal in its place, elsewhere below the one before.
    pub(crate) fn clear(&self) {
        let is_screen = self.form == Form::Text && io::stdout().is_terminal();
        if is_screen {
            // That a terminal cannot be cleared is no reason to stop.
            let _ = self.raw(b"\x1b[H\x1b[2J");
        }
    }

    /// Writes a result: its text, or the same as JSON.
    pub(crate) fn result(&self, result: &(impl Serialize + fmt::Display)) -> anyhow::Result<()> {
        match self.form {
            Form::Text => self.raw(result.to_string().as_bytes()),
            Form::Json => self.json(result),
            Form::Ndjson => self.line("result", result),
        }
    }

    /// Writes a result that has no text, as JSON.
    pub(crate) fn json(&self, result: &impl Serialize) -> anyhow::Result<()> {
        let mut json = serde_json::to_vec_pretty(result).context("the result is no JSON")?;
        json.push(b'\n');
        self.raw(&json)
    }

    /// Tells programs of something that happened, in a line of its own with what kind of thing it is; people are told
    /// by [`say`](Self::say).
    pub(crate) fn event(&self, kind: &'static str, event: &impl Serialize) -> anyhow::Result<()> {
        match self.form {
            Form::Text | Form::Json => Ok(()),
            Form::Ndjson => self.line(kind, event),
        }
    }

    fn line(&self, kind: &'static str, value: &impl Serialize) -> anyhow::Result<()> {
        /// A line says first what it is.
        #[derive(Serialize)]
        struct Line<'a, T> {
            kind: &'static str,
            #[serde(flatten)]
            value: &'a T,
        }
        let mut json =
            serde_json::to_vec(&Line { kind, value }).context("the result is no JSON object")?;
        json.push(b'\n');
        self.raw(&json)
    }

    /// Writes bytes to stdout as they are.
    pub(crate) fn raw(&self, bytes: &[u8]) -> anyhow::Result<()> {
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

    /// Says a line on stderr.
    pub(crate) fn say(&self, line: impl fmt::Display) {
        match &self.label {
            Some(label) => self.screen.write(&format!("{label}  {line}\n")),
            None => self.screen.write(&format!("{line}\n")),
        }
    }

    /// Says on stderr what is not as it should be and yet no reason to stop.
    pub(crate) fn warn(&self, line: impl fmt::Display) {
        self.say(format_args!("{} {line}", self.paint.bad("warning:")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(environment: &[(&str, &str)], terminal: bool, color: Color, paint: Paint) {
        let colours = Colours::read(
            |name| environment.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into()),
            terminal,
        );
        assert_eq!(colours.choose(color), paint, "{environment:?} {terminal} {color:?}");
    }

    #[test]
    fn lines_that_change_are_for_people_at_a_terminal() {
        let live = |environment: &[(&str, &str)], is_terminal| {
            let pairs = environment.iter().map(|(name, value)| (name.into(), value.into()));
            is_live(pairs.collect::<Vec<_>>(), is_terminal)
        };
        assert!(live(&[("TERM", "xterm"), ("HOME", "/")], true));
        assert!(!live(&[], false));
        assert!(!live(&[("TERM", "dumb")], true));
        for name in ["CI", "AI_AGENT", "CLAUDECODE", "CURSOR_AGENT", "VSCODE_AGENT"] {
            assert!(!live(&[(name, "1")], true), "{name}");
            assert!(live(&[(name, "")], true), "{name}");
            assert!(live(&[(name, "false")], true), "{name}");
        }
        assert!(!live(&[("CODEX_THREAD_ID", "1")], true));
        assert!(!live(&[("CLINE_ACTIVE", "true")], true));
        assert!(!live(&[("AWS_EXECUTION_ENV", "AmazonQ-For-CLI")], true));
        assert!(live(&[("AWS_EXECUTION_ENV", "CloudShell")], true));
    }

    #[test]
    fn what_is_asked_of_colour_is_known_before_the_arguments_are_read() {
        let asked = |line: &str| Color::asked(line.split(' ').map(OsString::from));
        assert_eq!(asked("synth --color never --formt"), Color::Never);
        assert_eq!(asked("--color=always --color never"), Color::Never);
        assert_eq!(asked("--color=always synth"), Color::Always);
        assert_eq!(asked("synth --colour always"), Color::Auto);
        assert_eq!(asked("synth --color"), Color::Auto);
        assert_eq!(asked("synth --color purple"), Color::Auto);
        assert_eq!(asked("synth -- --color always"), Color::Auto);
    }

    #[test]
    fn colour_is_for_terminals_unless_somebody_says_otherwise() {
        check(&[], true, Color::Auto, Paint::Ansi);
        check(&[], false, Color::Auto, Paint::Plain);
        check(&[("NO_COLOR", "1")], true, Color::Auto, Paint::Plain);
        check(&[("NO_COLOR", "")], true, Color::Auto, Paint::Ansi);
        check(&[("CLICOLOR_FORCE", "1")], false, Color::Auto, Paint::Ansi);
        check(&[("CLICOLOR_FORCE", "0")], false, Color::Auto, Paint::Plain);
        check(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true, Color::Auto, Paint::Plain);
        check(&[("FORCE_COLOR", "1")], false, Color::Auto, Paint::Ansi);
        check(&[("FORCE_COLOR", "0")], false, Color::Auto, Paint::Plain);
        check(&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], true, Color::Auto, Paint::Plain);
        check(&[("CLICOLOR", "0")], true, Color::Auto, Paint::Plain);
        check(&[("CLICOLOR", "1")], true, Color::Auto, Paint::Ansi);
        check(&[("CLICOLOR", "0"), ("CLICOLOR_FORCE", "1")], true, Color::Auto, Paint::Ansi);
        check(&[("TERM", "dumb")], true, Color::Auto, Paint::Plain);
        check(&[("TERM", "dumb")], true, Color::Always, Paint::Ansi);
        check(&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], true, Color::Auto, Paint::Ansi);
        check(&[("TERM", "xterm")], true, Color::Auto, Paint::Ansi);
        check(&[("NO_COLOR", "1")], false, Color::Always, Paint::Ansi);
        check(&[("CLICOLOR_FORCE", "1")], true, Color::Never, Paint::Plain);
    }
}
