//! The logs of the two functions: read, put in order, and followed.

pub(crate) mod line;

use std::collections::BTreeSet;

use anyhow::anyhow;
use futures_util::future::join_all;
use s3guard_aws::logs::{self, LogLine, Wanted};
use s3guard_aws::wait::Pace;
use s3guard_aws::{AwsError, function_state};
use s3guard_posture::Reading;
use s3guard_posture::contract::output;
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use tokio::time::sleep;

use crate::args::logs::LogArgs;
use crate::error;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::logs::line::Line;
use crate::operations::session;
use crate::operations::session::Account;
use crate::ui::output::{Form, Output};

/// How much later than it was logged a line may appear.
///
/// Source: none; CloudWatch Logs promises nothing, and minutes were seen.
const LATE: Duration = Duration::minutes(2);

/// Errors, as our functions and Lambda itself write them.
///
/// Source: AWS Lambda Developer Guide, "Lambda Telemetry API Event schema reference": the status of `platform.report` is
/// `success`, `failure`, `error` or `timeout`, and `errorType` is there only where something failed.
const ERRORS: &str = r#"?ERROR ?"Task timed out" ?"Runtime exited" ?panicked ?errorType ?timeout"#;

/// The functions, and the stack's output with the name of each.
const FUNCTIONS: [(&str, &str); 2] =
    [("guard", output::GUARD_FUNCTION_NAME), ("notify", output::NOTIFY_FUNCTION_NAME)];

/// The log group of a function.
struct Group {
    function: &'static str,
    name: String,
}

/// Shows lines; with `--follow` until the command is interrupted. A group that cannot be read does not hide the other.
pub(crate) async fn show(
    args: &LogArgs,
    now: OffsetDateTime,
    output: &Output,
) -> anyhow::Result<Exit> {
    if args.follow && output.form() == Form::Json {
        return Err(anyhow!("a log that is followed is not one JSON object"))
            .hint("give `--output ndjson`, which writes one object per line")
            .exit(Exit::Usage);
    }
    let account = Account::open(&args.account).await?;
    let stack = session::guard_stack(&args.account, &account).await?;
    let mut exit = Exit::Done;
    let mut failed = |error| exit = error::report(&error, output);
    let mut groups = Vec::new();
    for (function, name) in FUNCTIONS {
        if args.function.as_ref().is_some_and(|wanted| wanted != function) {
            continue;
        }
        let name = session::output_of(&stack, &args.account, name, "function of that name")?;
        match log_group(&account, name).await {
            Ok(name) => groups.push(Group { function, name }),
            Err(error) => failed(error),
        }
    }
    let filter = args.filter.as_deref().map(filter_pattern).unwrap_or_default();
    let pattern = if args.errors { ERRORS } else { &filter };
    let mut tail = Tail::new(now - args.since);
    let mut pace = Pace::default();
    loop {
        let read = groups.iter().map(|group| read(&account, group, tail.since_ms, pattern));
        let mut lines = Vec::new();
        let mut readable = Vec::new();
        let read = join_all(read).await;
        let mut is_whole = true;
        for (group, read) in groups.into_iter().zip(read) {
            match read {
                Ok(read) => lines.extend(read),
                // A throttled call loses nothing: the next one begins where the last has ended.
                Err(error) if args.follow && is_transient(&error) => is_whole = false,
                Err(error) => {
                    failed(error);
                    continue;
                }
            }
            readable.push(group);
        }
        groups = readable;
        let new = tail.take(lines, is_whole);
        if !new.is_empty() {
            pace = Pace::default();
        }
        write(&new, args.raw, output)?;
        if !args.follow || groups.is_empty() {
            return Ok(exit);
        }
        sleep(pace.next().unwrap_or_default()).await;
    }
}

/// The group that a function writes to. CloudFormation chooses its name.
async fn log_group(account: &Account, function: &str) -> anyhow::Result<String> {
    match function_state::describe(&account.connection, function).await? {
        Reading::Known(function) => Ok(function.log_group),
        Reading::Absent | Reading::Unread => Err(anyhow!("there is no function `{function}`"))
            .hint("`s3guard deploy --revert-drift` restores one that was deleted"),
        Reading::Denied => {
            Err(anyhow!("the log group of function `{function}` cannot be read: access denied"))
                .hint("give the caller the permission `lambda:GetFunctionConfiguration` on it")
        }
    }
}

async fn read(
    account: &Account,
    group: &Group,
    since_ms: i64,
    pattern: &str,
) -> anyhow::Result<Vec<(&'static str, LogLine)>> {
    let Group { function, name } = group;
    let wanted = Wanted { group: name, since_ms, pattern };
    match logs::lines(&account.connection, wanted).await? {
        Reading::Known(lines) => Ok(lines.into_iter().map(|line| (*function, line)).collect()),
        Reading::Absent | Reading::Unread => Err(anyhow!("there is no log group `{name}`"))
            .hint("`s3guard deploy --revert-drift` restores one that was deleted"),
        Reading::Denied => Err(anyhow!("the log group `{name}` cannot be read: access denied"))
            .hint("give the caller the permission `logs:FilterLogEvents` on it"),
    }
}

/// Words as a filter pattern: one with other characters than letters, digits and `_` needs quotes. A pattern is left
/// unchanged.
///
/// Source: Amazon CloudWatch Logs User Guide, "Filter pattern syntax for metric filters".
fn filter_pattern(text: &str) -> String {
    let is_pattern = text.contains('"') || text.starts_with(['{', '[', '%']);
    let is_operator = |word: &str| word.starts_with(['?', '-']);
    if is_pattern || text.split_whitespace().any(is_operator) {
        return text.to_owned();
    }
    let quoted = text.split_whitespace().map(|word| {
        let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if is_plain { word.to_owned() } else { format!("\"{word}\"") }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

fn is_transient(error: &anyhow::Error) -> bool {
    let error = error.chain().find_map(|cause| cause.downcast_ref::<AwsError>());
    error.is_some_and(AwsError::is_transient)
}

/// All lines, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Lines {
    lines: Vec<Line>,
}

fn write(lines: &[(&'static str, LogLine)], raw: bool, output: &Output) -> anyhow::Result<()> {
    let mut lines = lines.iter().map(|(function, line)| Line::of(function, line));
    match output.form() {
        Form::Text => lines.try_for_each(|line| {
            if raw { output.unwrapped(&line.raw()) } else { output.text(&line.text()) }
        }),
        Form::Ndjson => lines.try_for_each(|line| output.event("line", &line)),
        Form::Json => output.json(&Lines { lines: lines.collect() }),
    }
}

/// The lines that were shown, and from which time on to read next.
struct Tail {
    since_ms: i64,
    seen: BTreeSet<(i64, String)>,
}

impl Tail {
    fn new(since: OffsetDateTime) -> Self {
        Self { since_ms: milliseconds(since), seen: BTreeSet::new() }
    }

    /// The lines that were not shown yet, in the order of their times. After a call that failed the next ones begin no
    /// later.
    fn take<F: Copy>(&mut self, mut lines: Vec<(F, LogLine)>, is_whole: bool) -> Vec<(F, LogLine)> {
        lines.sort_by_key(|(_, line)| line.at_ms);
        lines.retain(|(_, line)| self.seen.insert((line.at_ms, line.id.clone())));
        if !is_whole {
            return lines;
        }
        let newest = self.seen.last().map_or(self.since_ms, |(at, _)| *at);
        let late_ms = i64::try_from(LATE.whole_milliseconds()).unwrap_or(0);
        // A line that comes late is still read; an older one is not, and need not be remembered.
        self.since_ms = self.since_ms.max(newest - late_ms);
        self.seen = self.seen.split_off(&(self.since_ms, String::new()));
        lines
    }
}

fn milliseconds(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, at_ms: i64) -> ((), LogLine) {
        ((), LogLine { id: id.to_owned(), at_ms, text: String::new() })
    }

    fn ids(lines: &[((), LogLine)]) -> Vec<&str> {
        lines.iter().map(|((), line)| line.id.as_str()).collect()
    }

    #[test]
    fn each_line_is_shown_once_also_one_that_comes_late() {
        let mut tail = Tail::new(OffsetDateTime::UNIX_EPOCH);
        assert_eq!(ids(&tail.take(vec![line("b", 200_000), line("a", 100_000)], true)), ["a", "b"]);
        assert_eq!(tail.since_ms, 80_000);
        let again =
            vec![line("a", 100_000), line("late", 150_000), line("b", 200_000), line("c", 300_000)];
        assert_eq!(ids(&tail.take(again, true)), ["late", "c"]);
        assert_eq!(tail.since_ms, 180_000);
        assert_eq!(tail.seen.len(), 2, "what is not asked for again is forgotten");
        assert!(tail.take::<()>(Vec::new(), true).is_empty());
        assert_eq!(tail.since_ms, 180_000, "it never goes back");
        assert_eq!(ids(&tail.take(vec![line("d", 900_000)], false)), ["d"]);
        assert_eq!(tail.since_ms, 180_000, "what was not seen is asked for again");
    }

    #[test]
    fn words_are_quoted_where_they_have_to_be_and_a_pattern_is_left() {
        for (text, pattern) in [
            ("reports", "reports"),
            ("my-bucket reports", "\"my-bucket\" reports"),
            ("arn:aws:s3:::b", "\"arn:aws:s3:::b\""),
            ("\"as it is\"", "\"as it is\""),
            ("?ERROR ?WARN", "?ERROR ?WARN"),
            ("{ $.level = \"ERROR\" }", "{ $.level = \"ERROR\" }"),
            ("ERROR -timeout", "ERROR -timeout"),
        ] {
            assert_eq!(filter_pattern(text), pattern);
        }
    }
}
