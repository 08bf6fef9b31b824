//! Shows the mistakes of a file: its name, line and column, the line itself, and what to write instead.

use std::fmt;
use std::ops::Range;

use annotate_snippets::renderer::AnsiColor;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use s3guard_posture::text::{escaped, is_unsafe};
use serde::Serialize;
use thiserror::Error;

use crate::ui::output::Paint;
use crate::ui::text::TextLine;

/// More mistakes are only counted.
const SHOWN_MAX: usize = 20;

/// The mistakes of a file.
#[derive(Debug, Error)]
pub(crate) struct Mistakes {
    name: String,
    text: String,
    /// In the order of the text.
    placed: Vec<Placed>,
}

/// A mistake and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) span: Range<usize>,
    pub(crate) problem: String,
    pub(crate) proposal: Option<String>,
}

/// A mistake as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Mistake {
    message: String,
    file: String,
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
    /// What to write instead.
    help: Option<String>,
}

impl Mistakes {
    pub(crate) fn new(name: &str, text: String, mut placed: Vec<Placed>) -> Self {
        placed.sort_by_key(|placed| placed.span.start);
        placed.dedup();
        Self { name: escaped(name), text, placed }
    }

    /// All of them, formatted as `rustc` does.
    pub(crate) fn render(&self, paint: Paint) -> String {
        let renderer = match paint {
            Paint::Plain => Renderer::plain(),
            Paint::Ansi => {
                Renderer::styled().error(AnsiColor::Red.on_default().bold()).hyperlink(false)
            }
        };
        let text = visible(&self.text);
        let mut all = String::new();
        for placed in self.placed.iter().take(SHOWN_MAX) {
            let annotation = AnnotationKind::Primary.span(self.first_line(&placed.span));
            let annotation = match &placed.proposal {
                Some(proposal) => annotation.label(escaped(proposal)),
                None => annotation,
            };
            let snippet = Snippet::source(&text).path(&self.name).annotation(annotation);
            let group = Level::ERROR.primary_title(escaped(&placed.problem)).element(snippet);
            all += &renderer.render(&[group]);
            all += "\n\n";
        }
        let end = match self.placed.len() {
            0 | 1 => {
                all.truncate(all.trim_end().len() + 1);
                return all;
            }
            2..=SHOWN_MAX => self.to_string(),
            count => format!("{self}: {} more than are shown", count - SHOWN_MAX),
        };
        all += &TextLine::bad("error:").painted(paint);
        all.extend([" ", &end, "\n"]);
        all
    }

    /// All of them, for programs.
    pub(crate) fn view(&self) -> Vec<Mistake> {
        let view = |placed: &Placed| {
            let before = &self.text[..self.text.floor_char_boundary(placed.span.start)];
            let line = before.rsplit('\n').next().unwrap_or_default();
            Mistake {
                message: placed.problem.clone(),
                file: self.name.clone(),
                line: before.matches('\n').count() + 1,
                column: line.chars().count() + 1,
                help: placed.proposal.clone(),
            }
        };
        self.placed.iter().map(view).collect()
    }

    /// The part of a span that is on its first line, between whole characters.
    fn first_line(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(span.start);
        let end = self.text.ceil_char_boundary(span.end.max(start));
        let line = self.text[start..end].split(['\r', '\n']).next().unwrap_or_default();
        start..start + line.len()
    }
}

/// A text of which what is unsafe is replaced by as many bytes, so that the spans still fit. The renderer replaces tabs and
/// what is ASCII itself.
fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for character in text.chars() {
        match character.len_utf8() {
            2 if is_unsafe(character) => visible.push('\u{bf}'),
            3 if is_unsafe(character) => visible.push('\u{fffd}'),
            4 if is_unsafe(character) => visible.push_str("\u{fffd}?"),
            _ => visible.push(character),
        }
    }
    visible
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.placed.len();
        let mistakes =
            if count == 1 { "a mistake".to_owned() } else { format!("{count} mistakes") };
        write!(f, "`{}` has {mistakes}", self.name)
    }
}
