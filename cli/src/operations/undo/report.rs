//! What an undo changes, as text and as JSON.

use s3guard_posture::Record;
use serde::Serialize;
use time::Date;

use crate::operations::undo::change::Change;
use crate::ui::lines::cut;
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

/// How many lines of changes are printed; the JSON has all of them.
const LINES_MAX: usize = 400;

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum UndoOutcome {
    /// Nothing was done: the plan needs approval.
    NeedsApproval,
    Done,
}

/// What was restored; `restored` is `None` if it was so already.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Undone {
    id: String,
    bucket: String,
    outcome: UndoOutcome,
    restored: Option<String>,
    /// The lines that the setting loses, with a `-`, and gets, with a `+`.
    changes: Vec<String>,
    /// What the restored setting lets in, or protects less: it needs an approval of its own.
    exposures: Vec<String>,
    /// `None` if the guard enforces it.
    suppressed_until: Option<String>,
}

impl Undone {
    pub(crate) fn new(record: &Record, change: Option<&Change>, until: Option<Date>) -> Self {
        let of_change =
            |of: fn(&Change) -> &Vec<String>| change.map(of).cloned().unwrap_or_default();
        Self {
            id: record.id.clone(),
            bucket: record.bucket.clone(),
            outcome: UndoOutcome::NeedsApproval,
            restored: change.map(|change| change.to.to_string()),
            changes: of_change(|change| &change.lines),
            exposures: of_change(|change| &change.exposures),
            suppressed_until: until.map(|until| until.to_string()),
        }
    }

    pub(crate) fn done(self) -> Self {
        Self { outcome: UndoOutcome::Done, ..self }
    }

    pub(crate) fn is_write(&self) -> bool {
        self.restored.is_some()
    }

    pub(crate) fn is_exposing(&self) -> bool {
        !self.exposures.is_empty()
    }

    /// Prints what is going to be changed.
    pub(crate) fn say(&self, output: &Output) {
        if !self.is_write() {
            output.say("  nothing to restore: the setting is as it was before");
        }
        for line in self.changes.iter().take(LINES_MAX) {
            output.say(format_args!("    {line}"));
        }
        if let Some(more @ 1..) = self.changes.len().checked_sub(LINES_MAX) {
            output
                .say(format_args!("    … and {more} more lines: `--output json` has all of them"));
        }
        for exposure in &self.exposures {
            output.warn(exposure.as_str());
        }
    }
}

impl Printable for Undone {
    fn print(&self, text: &mut Text) {
        let Self { bucket, restored, suppressed_until, .. } = self;
        let restored = restored.as_deref().map(|restored| cut(restored, 300));
        let was = suppressed_until.as_ref().map(|_| "as it was".to_owned());
        match restored.or(was) {
            Some(restored) => text.line(format_args!("{bucket}  {restored}")),
            None => return text.line(format_args!("{bucket}  not suppressed")),
        }
        match suppressed_until {
            Some(until) => text.line(format_args!("suppressed until {until}")),
            None => text.line("not suppressed"),
        }
    }
}
