//! A guard as it stands, for people and for programs.

use std::fmt::{self, Write as _};

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

    fn head(&self, title: &str) -> String {
        self.view.paint.hint(title)
    }

    fn queues(&self, text: &mut String) {
        if self.queues.is_empty() {
            return;
        }
        let _ = writeln!(
            text,
            "\n{}                   waiting  in flight  delayed",
            self.head("Queues")
        );
        for QueueStatus { name, waiting, in_flight, delayed, is_dead_letters } in &self.queues {
            let line = format!("{name:22} {waiting:>7}  {in_flight:>9}  {delayed:>7}");
            let is_bad = *is_dead_letters && *waiting > 0;
            let line = if is_bad { self.view.paint.bad(line) } else { line };
            let _ = writeln!(text, "  {line}");
        }
    }

    fn hearers(&self, subscriptions: &[SubscriptionStatus], width: usize, text: &mut String) {
        let _ = writeln!(text, "\n{}", self.head("Who hears of it"));
        for SubscriptionStatus { protocol, endpoint, is_pending } in subscriptions {
            let line = lines::cut(&format!("{protocol:8} {}", shown(endpoint, 256)), width - 20);
            let state = if *is_pending {
                self.view.paint.notable("  (not confirmed)")
            } else {
                String::new()
            };
            let _ = writeln!(text, "  {line}{state}");
        }
        if subscriptions.is_empty() {
            let _ = writeln!(text, "  nobody");
        }
    }

    fn writes(&self, text: &mut String, width: usize) {
        if self.last_writes.is_empty() {
            return;
        }
        let _ = writeln!(text, "\n{}", self.head("Last writes of the guard"));
        for WriteStatus { bucket, setting, time, has_failed, .. } in &self.last_writes {
            let line = format!("{time} {setting} of {}", shown(bucket, 63));
            let line = if *has_failed {
                self.view.paint.bad(lines::cut(&(line + " failed"), width - 2))
            } else {
                lines::cut(&line, width - 2)
            };
            let _ = writeln!(text, "  {line}");
        }
        if self.are_writes_partly_seen {
            let part =
                "the ledger is too large to be looked through here: newer ones may be missing";
            let _ = writeln!(text, "{}", indented(part, width));
        }
    }

    fn alarms(&self, text: &mut String) {
        let off: Vec<&AlarmStatus> =
            self.alarms.iter().filter(|one| one.state == "ALARM").collect();
        if self.alarms.is_empty() {
            return;
        }
        let _ = writeln!(text, "\n{}", self.head("Alarms"));
        for alarm in &off {
            let line = lines::cut(
                &format!("{} has gone off", shown(&alarm.name, 256)),
                self.view.width - 2,
            );
            let _ = writeln!(text, "  {}", self.view.paint.bad(line));
        }
        let quiet = self.alarms.len() - off.len();
        let _ = writeln!(text, "  {quiet} of {} quiet", self.alarms.len());
    }
}

/// What was seen; else why not is put down.
fn looked<T>(look: Look<T>, what: &str, not_seen: &mut Vec<String>) -> Option<T> {
    look.map_err(|why| not_seen.push(format!("{what}: {}", shown(&why, 300)))).ok()
}

/// A text in lines of a width, the second and later ones indented further.
fn indented(text: &str, width: usize) -> String {
    let lines = lines::wrapped(lines::words(text), width - 4);
    format!("  {}", lines.join("\n    "))
}

/// A moment as everybody reads it.
fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stack, region, account, state, .. } = self;
        let View { width, paint } = View { width: self.view.width.max(WIDTH_MIN), ..self.view };
        let mut text = String::new();
        let protected = if self.is_protected { ", protected" } else { "" };
        let _ = writeln!(text, "Stack {stack} ({region}, account {account}): {state}{protected}");
        if !self.functions.is_empty() {
            let _ = writeln!(text, "\n{}", self.head("Functions"));
        }
        for FunctionStatus { name, trouble } in &self.functions {
            let line = match trouble {
                None => lines::cut(name, width - 2),
                Some(trouble) => {
                    paint.bad(lines::cut(&format!("{name}: {}", shown(trouble, 300)), width - 2))
                }
            };
            let _ = writeln!(text, "  {line}");
        }
        self.queues(&mut text);
        self.alarms(&mut text);
        if let Some(subscriptions) = &self.subscriptions {
            self.hearers(subscriptions, width, &mut text);
        }
        if self.knows_trails {
            let trail = match &self.trail {
                Some(trail) => format!("trail {}", shown(trail, 200)),
                None => paint.bad("no trail that records the changes of buckets"),
            };
            let _ = writeln!(text, "\n{}\n  {trail}", self.head("What it learns from"));
        }
        if let Some(DriftStatus { status, checked }) = &self.drift {
            let checked = checked.as_ref().map(|at| format!(", {at}")).unwrap_or_default();
            let _ = writeln!(
                text,
                "\n{}\n  {status}{checked}",
                self.head("Drift, when last looked at")
            );
        }
        if !self.last_events.is_empty() {
            let _ = writeln!(text, "\n{}", self.head("Last events of the stack"));
            for event in &self.last_events {
                let _ = writeln!(text, "  {}", lines::cut(event, width - 2));
            }
        }
        self.writes(&mut text, width);
        for (title, lines) in [("Not seen", &self.not_seen), ("To do", &self.to_do)] {
            if !lines.is_empty() {
                let _ = writeln!(text, "\n{}", paint.notable(title));
                for line in lines {
                    let _ = writeln!(text, "{}", indented(line, width));
                }
            }
        }
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests;
