//! A guard as it stands, for people and for programs.

use std::fmt;

use s3guard_aws::subscriptions::Subscription;
use s3guard_posture::text::shown;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::operations::status::gather::{Look, Seen, Trail};
use crate::ui::lines;
use crate::ui::output::Paint;

/// No screen is narrower.
const WIDTH_MIN: usize = 40;

/// A guard as it stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    pub(crate) stack: String,
    pub(crate) region: String,
    account: String,
    state: String,
    is_protected: bool,
    functions: Vec<FunctionStatus>,
    queues: Vec<QueueStatus>,
    alarms: Vec<AlarmStatus>,
    /// `None` if it could not be looked at.
    subscriptions: Option<Vec<SubscriptionStatus>>,
    /// The trail that records the changes of buckets, if one does.
    trail: Option<String>,
    drift: Option<DriftStatus>,
    last_events: Vec<String>,
    /// What the guard has written last, the newest first.
    last_writes: Vec<WriteStatus>,
    /// Whether the ledger is so large that newer ones may have been missed.
    are_writes_partly_seen: bool,
    /// What could not be looked at, and why.
    not_seen: Vec<String>,
    /// What somebody has to do.
    pub(crate) to_do: Vec<String>,
    /// Whether the trails could be looked at.
    #[serde(skip)]
    knows_trails: bool,
    #[serde(skip)]
    view: View,
}

/// How it is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) width: usize,
    pub(crate) paint: Paint,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FunctionStatus {
    name: String,
    trouble: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WriteStatus {
    /// By which `s3guard undo` knows it.
    id: String,
    bucket: String,
    setting: &'static str,
    time: String,
    has_failed: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct QueueStatus {
    name: &'static str,
    waiting: u64,
    in_flight: u64,
    delayed: u64,
    is_dead_letters: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AlarmStatus {
    name: String,
    state: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SubscriptionStatus {
    protocol: String,
    endpoint: String,
    is_pending: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DriftStatus {
    status: String,
    checked: Option<String>,
}

impl Status {
    pub(crate) fn of(seen: Seen, stack: &str, to_do: Vec<String>, view: View) -> Self {
        let mut not_seen = Vec::new();
        let functions = seen.functions.into_iter().map(|(name, trouble)| {
            let trouble = looked(trouble, "function", &mut not_seen).flatten();
            FunctionStatus { name, trouble }
        });
        let functions = functions.collect();
        let mut queues = Vec::new();
        for queue in seen.queues {
            if let Some(depth) = looked(queue.depth, queue.name, &mut not_seen) {
                queues.push(QueueStatus {
                    name: queue.name,
                    waiting: depth.waiting,
                    in_flight: depth.in_flight,
                    delayed: depth.delayed,
                    is_dead_letters: queue.is_dead_letters,
                });
            }
        }
        let alarms = looked(seen.alarms, "alarms", &mut not_seen).unwrap_or_default();
        let subscriptions = looked(seen.subscriptions, "subscriptions", &mut not_seen);
        let trail = looked(seen.trail, "trails", &mut not_seen);
        let drift = looked(seen.drift, "drift", &mut not_seen);
        let events = looked(seen.events, "events", &mut not_seen).unwrap_or_default();
        let writes = looked(seen.writes, "last writes", &mut not_seen);
        let are_writes_partly_seen = writes.as_ref().is_some_and(|writes| !writes.is_whole);
        let writes = writes.unwrap_or_default().writes;
        Self {
            stack: stack.to_owned(),
            region: seen.region.to_string(),
            account: seen.account.to_string(),
            state: seen.stack.status.to_string(),
            is_protected: seen.stack.protected,
            functions,
            queues,
            alarms: (alarms.into_iter())
                .map(|alarm| AlarmStatus { name: alarm.name, state: alarm.state })
                .collect(),
            subscriptions: subscriptions.map(|all| {
                let told = |one: Subscription| SubscriptionStatus {
                    protocol: one.protocol,
                    endpoint: one.endpoint,
                    is_pending: one.is_pending,
                };
                all.into_iter().map(told).collect()
            }),
            knows_trails: trail.is_some(),
            trail: trail.and_then(|trail| match trail {
                Trail::Records(name) => Some(name),
                Trail::None(_) => None,
            }),
            drift: drift.map(|drift| DriftStatus {
                status: drift.status,
                checked: drift.checked.map(moment),
            }),
            last_events: events
                .iter()
                .map(|event| {
                    format!("{} {} {}", moment(event.time), event.status, event.logical_id)
                })
                .collect(),
            last_writes: (writes.into_iter())
                .map(|(id, has_failed)| WriteStatus {
                    id: id.to_string(),
                    bucket: id.bucket.to_string(),
                    setting: id.kind.name(),
                    time: moment(id.time),
                    has_failed,
                })
                .collect(),
            are_writes_partly_seen,
            not_seen,
            to_do,
            view,
        }
    }

    /// Each part with its title and its lines, painted; one without lines is not shown.
    fn sections(&self) -> Vec<(String, Vec<String>)> {
        let View { paint, .. } = self.view;
        let room = self.width() - 2;
        let queues = paint.hint("Queues") + "                   waiting  in flight  delayed";
        let mut sections = vec![
            (
                paint.hint("Functions"),
                self.functions.iter().map(|one| self.function(one)).collect(),
            ),
            (queues, self.queues.iter().map(|one| one.shown(paint)).collect()),
            (paint.hint("Alarms"), self.alarm_lines()),
        ];
        if let Some(subscriptions) = &self.subscriptions {
            let mut lines: Vec<String> =
                subscriptions.iter().map(|one| one.shown(room - 18, paint)).collect();
            if lines.is_empty() {
                lines.push("nobody".to_owned());
            }
            sections.push((paint.hint("Who hears of it"), lines));
        }
        if self.knows_trails {
            let trail = match &self.trail {
                Some(trail) => format!("trail {}", shown(trail, 200)),
                None => paint.bad("no trail that records the changes of buckets"),
            };
            sections.push((paint.hint("What it learns from"), vec![trail]));
        }
        if let Some(DriftStatus { status, checked }) = &self.drift {
            let checked = checked.as_ref().map(|at| format!(", {at}")).unwrap_or_default();
            let line = format!("{status}{checked}");
            sections.push((paint.hint("Drift, when last looked at"), vec![line]));
        }
        let events = self.last_events.iter().map(|event| lines::cut(event, room)).collect();
        sections.push((paint.hint("Last events of the stack"), events));
        sections.push((paint.hint("Last writes of the guard"), self.write_lines()));
        for (title, texts) in [("Not seen", &self.not_seen), ("To do", &self.to_do)] {
            let lines = texts.iter().map(|text| self.wrapped(text)).collect();
            sections.push((paint.notable(title), lines));
        }
        sections
    }

    fn width(&self) -> usize {
        self.view.width.max(WIDTH_MIN)
    }

    fn function(&self, function: &FunctionStatus) -> String {
        let FunctionStatus { name, trouble } = function;
        let cut = |line: &str| lines::cut(line, self.width() - 2);
        match trouble {
            None => cut(name),
            Some(trouble) => self.view.paint.bad(cut(&format!("{name}: {}", shown(trouble, 300)))),
        }
    }

    fn alarm_lines(&self) -> Vec<String> {
        let off = self.alarms.iter().filter(|one| one.state == "ALARM").map(|alarm| {
            let line = format!("{} has gone off", shown(&alarm.name, 256));
            self.view.paint.bad(lines::cut(&line, self.width() - 2))
        });
        let mut lines: Vec<String> = off.collect();
        let (all, quiet) = (self.alarms.len(), self.alarms.len() - lines.len());
        lines.extend((all > 0).then(|| format!("{quiet} of {all} quiet")));
        lines
    }

    fn write_lines(&self) -> Vec<String> {
        let room = self.width() - 2;
        let writes = self.last_writes.iter().map(|write| {
            let WriteStatus { bucket, setting, time, has_failed, .. } = write;
            let line = format!("{time} {setting} of {}", shown(bucket, 63));
            if *has_failed {
                self.view.paint.bad(lines::cut(&(line + " failed"), room))
            } else {
                lines::cut(&line, room)
            }
        });
        let mut lines: Vec<String> = writes.collect();
        if self.are_writes_partly_seen && !lines.is_empty() {
            let part =
                "the ledger is too large to be looked through here: newer ones may be missing";
            lines.push(self.wrapped(part));
        }
        lines
    }

    /// A text in lines of which the second and later ones are indented further.
    fn wrapped(&self, text: &str) -> String {
        lines::wrapped(lines::words(text), self.width() - 4).join("\n    ")
    }
}

impl QueueStatus {
    fn shown(&self, paint: Paint) -> String {
        let Self { name, waiting, in_flight, delayed, is_dead_letters } = self;
        let line = format!("{name:22} {waiting:>7}  {in_flight:>9}  {delayed:>7}");
        if *is_dead_letters && *waiting > 0 { paint.bad(line) } else { line }
    }
}

impl SubscriptionStatus {
    fn shown(&self, width: usize, paint: Paint) -> String {
        let line = format!("{:8} {}", self.protocol, shown(&self.endpoint, 256));
        let line = lines::cut(&line, width);
        if self.is_pending { line + &paint.notable("  (not confirmed)") } else { line }
    }
}

/// What was seen; else why not is put down.
fn looked<T>(look: Look<T>, what: &str, not_seen: &mut Vec<String>) -> Option<T> {
    look.map_err(|why| not_seen.push(format!("{what}: {}", shown(&why, 300)))).ok()
}

/// A moment as everybody reads it.
fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stack, region, account, state, .. } = self;
        let protected = if self.is_protected { ", protected" } else { "" };
        writeln!(f, "Stack {stack} ({region}, account {account}): {state}{protected}")?;
        for (title, lines) in self.sections().iter().filter(|(_, lines)| !lines.is_empty()) {
            writeln!(f, "\n{title}")?;
            lines.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
