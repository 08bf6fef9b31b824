//! The styles of text on a terminal.

use clap::builder::StyledStr;

/// How a part of a line is painted. Colour carries no information of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Bad,
    Good,
    Notable,
    Warning,
    Hint,
}

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Paint {
    #[default]
    Plain,
    Ansi,
}

impl Paint {
    /// A text styled by `clap`.
    pub(crate) fn styled(self, text: &StyledStr) -> String {
        match self {
            Self::Plain => text.to_string(),
            Self::Ansi => text.ansi().to_string(),
        }
    }

    /// An escaped text in a style.
    pub(super) fn paint(self, style: Style, text: &str) -> String {
        let code = match (self, style) {
            (Self::Plain, _) | (Self::Ansi, Style::Plain) => return text.to_owned(),
            (Self::Ansi, Style::Bad) => "1;31",
            (Self::Ansi, Style::Good) => "32",
            (Self::Ansi, Style::Notable) => "33",
            (Self::Ansi, Style::Warning) => "1;33",
            (Self::Ansi, Style::Hint) => "36",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}
