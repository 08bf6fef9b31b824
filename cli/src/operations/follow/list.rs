//! The resources in progress as lines, computed without a clock or a terminal.

use s3guard_aws::stacks::Event;
use s3guard_posture::text::escaped;
use time::{Duration, OffsetDateTime};

use crate::operations::follow::diagnosis::words;
use crate::ui::lines::{cut, width, wrapped};
use crate::ui::text::{Style, TextLine};

/// The indentation of text below a line.
const INDENT: usize = 10;
const COLUMNS_MIN: usize = 20;

/// An operation on a stack, from its events.
#[derive(Clone, Debug)]
pub(crate) struct List {
    name: String,
    status: String,
    begun: Option<OffsetDateTime>,
    /// How many resources the operation changes, if that is known.
    total: Option<usize>,
    done: usize,
    failed: usize,
    work: Vec<Work>,
}

/// A resource in progress.
#[derive(Clone, Debug)]
struct Work {
    last: Event,
    since: OffsetDateTime,
}

impl List {
    pub(crate) fn new(name: &str, total: Option<usize>) -> Self {
        Self {
            name: name.to_owned(),
            status: String::new(),
            begun: None,
            total,
            done: 0,
            failed: 0,
            work: Vec::new(),
        }
    }

    /// Takes an event; returns how long a resource that ended has taken.
    pub(crate) fn take(&mut self, event: &Event) -> Option<Duration> {
        self.begun.get_or_insert(event.time);
        if event.is_about_the_stack() {
            self.status.clone_from(&event.status);
            return None;
        }
        let known = self.work.iter().position(|work| work.last.logical_id == event.logical_id);
        if event.is_end() {
            if event.is_failure() {
                self.failed += 1;
            } else {
                self.done += 1;
            }
            return known.map(|index| event.time - self.work.remove(index).since);
        }
        let work = Work { last: event.clone(), since: event.time };
        match known.map(|index| &mut self.work[index]) {
            None => self.work.push(work),
            // The beginning has more than one event.
            Some(known) if known.last.status == event.status => {
                known.last.is_configured |= event.is_configured;
            }
            Some(known) => *known = work,
        }
        None
    }

    /// Takes the status of the stack, which may be newer than its events.
    pub(crate) fn take_status(&mut self, status: &str) {
        status.clone_into(&mut self.status);
    }

    /// The list at this time.
    pub(crate) fn lines(&self, now: OffsetDateTime, columns: usize) -> Vec<TextLine> {
        let columns = columns.max(COLUMNS_MIN);
        let Some(begun) = self.begun else { return Vec::new() };
        let failed =
            if self.failed == 0 { String::new() } else { format!(", {} failed", self.failed) };
        // A rollback and the clean-up after an update change resources that the change set does not count.
        let seen = self.done + self.failed + self.work.len();
        let total = self.total.filter(|total| self.failed == 0 && seen <= *total);
        let total = total.map(|total| format!(" of {total}")).unwrap_or_default();
        let heading = format!(
            "{:>8}  {}  {}  {}{total} done{failed}, {} in progress",
            elapsed(now - begun),
            self.name,
            self.status,
            self.done,
            self.work.len()
        );
        let mut lines = vec![TextLine::hint(fitted(&heading, columns))];
        // The status is never cut: it is what a reader looks for.
        let longest = |part: fn(&Work) -> &str| {
            self.work.iter().map(|work| width(&escaped(part(work)))).max().unwrap_or_default()
        };
        let room = columns.saturating_sub(INDENT + 3 + longest(doing)).max(8);
        let id = longest(|work| &work.last.logical_id).min(room.min(40));
        for work in &self.work {
            let begun = elapsed(now - work.since);
            let line =
                format!("{begun:>8}  {}  {}", padded(&work.last.logical_id, id), doing(work));
            lines.push(fitted(&line, columns).into());
        }
        lines
    }
}

/// The message for an event beside the list: how long a resource took, and why it failed.
pub(crate) fn ended(event: &Event, took: Option<Duration>, columns: usize) -> Vec<TextLine> {
    let columns = columns.max(COLUMNS_MIN);
    let style = if event.is_failure() {
        Style::Bad
    } else if event.is_end() {
        Style::Good
    } else {
        Style::Plain
    };
    let status = escaped(&event.status);
    let took = took.map(elapsed).unwrap_or_default();
    let room = columns.saturating_sub(INDENT + 2 + width(&status)).max(8);
    let id = cut(&event.logical_id, room);
    let head = TextLine::from(format_args!("{took:>8}  ")).and(TextLine::styled(style, status));
    let mut lines = vec![head.and(format_args!("  {id}"))];
    let words = match &event.hook {
        Some(hook) if hook.refused => Some(format!("hook `{}`: {}", hook.name, hook.words())),
        Some(_) | None if event.is_failure() => Some(words(event)),
        Some(_) | None => event.reason.clone(),
    };
    let words = words.unwrap_or_default();
    let rows = wrapped(&words, columns - INDENT - 1);
    lines.extend(rows.into_iter().map(|row| format_args!("{:INDENT$}{row}", "").into()));
    lines
}

/// What is being done with a resource, else its status.
fn doing(work: &Work) -> &str {
    if work.last.is_configured {
        return "configured, stabilizing";
    }
    match work.last.status.as_str() {
        "CREATE_IN_PROGRESS" => "being created",
        "UPDATE_IN_PROGRESS" => "being updated",
        "DELETE_IN_PROGRESS" => "being deleted",
        "IMPORT_IN_PROGRESS" => "being imported",
        "ROLLBACK_IN_PROGRESS" | "UPDATE_ROLLBACK_IN_PROGRESS" => "being rolled back",
        status => status,
    }
}

/// A duration as people read it.
pub(crate) fn elapsed(duration: Duration) -> String {
    let seconds = duration.whole_seconds().max(0);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes}:{:02}", seconds % 60),
        (_, _) => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
    }
}

fn padded(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let gap = columns.saturating_sub(width(&text));
    format!("{text}{:gap$}", "")
}

fn fitted(line: &str, columns: usize) -> String {
    // The last column stays free: some terminals wrap the line there.
    cut(line.trim_end(), columns - 1)
}

#[cfg(test)]
mod tests;
