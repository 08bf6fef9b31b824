//! An alarm of the guard's own stack.

use super::{labelled, section};
use crate::Notification;
use crate::events::alarm::{AlarmEvent, AlarmState};
use crate::model::severity::Severity;
use crate::notify::links::console;
use crate::notify::notification::document::{self, Body};
use crate::notify::notification::{Draft, Origin, sms};
use crate::text::{shown, shown_time, unlinked, wrapped};

const WORDS_MAX: usize = 1024;

/// The notification that an alarm has changed its state.
pub fn alarm(alarm: &AlarmEvent, origin: &Origin<'_>) -> Notification {
    let Origin { account, region, .. } = *origin;
    let name = unlinked(&alarm.name, 255);
    let (severity, action, verb) = match &alarm.state {
        AlarmState::Alarm => (Severity::High, "alarm", "is in state ALARM"),
        AlarmState::Ok => (Severity::Info, "alarm-ok", "is in state OK"),
        AlarmState::InsufficientData | AlarmState::Unknown(_) => {
            (Severity::Warning, "alarm-unknown", "has insufficient data")
        }
    };
    let since = document::time(alarm.since);
    let id = match &alarm.id {
        Some(id) => format!("alarm:{}", shown(id, 100)),
        None => format!("alarm:{account}:{region}:{name}:{since}"),
    };
    let body = document::Alarm {
        name: alarm.name.clone(),
        description: alarm.description.as_ref().map(|words| shown(words, WORDS_MAX)),
        state: alarm.state.name().to_owned(),
        previous: alarm.previous.as_ref().map(|state| state.name().to_owned()),
        reason: alarm.reason.as_ref().map(|words| shown(words, WORDS_MAX)),
        since,
    };
    let before = format!("s3guard: an alarm {verb}: ");
    let rest = body
        .description
        .as_ref()
        .map_or_else(String::new, |words| format!(" ({})", unlinked(words, WORDS_MAX)));
    let draft = Draft {
        origin: *origin,
        id,
        severity,
        actions: vec![action],
        buckets: Vec::new(),
        title: format!("{before}{name}"),
        text: text(alarm, origin),
        sms: sms(&before, &name, &format!("{rest}. {account} {region}")),
        body: Body::Alarm(body),
    };
    draft.into()
}

fn text(alarm: &AlarmEvent, origin: &Origin<'_>) -> String {
    let Origin { account, region, stack, .. } = *origin;
    let mut text = format!("Account {account}, {region}\n");
    let mut line = |label: &str, words: &str| {
        text += &labelled(label, words);
        text.push('\n');
    };
    line("Alarm", &unlinked(&alarm.name, 255));
    let was = alarm
        .previous
        .as_ref()
        .map_or_else(String::new, |previous| format!(" (was: {})", unlinked(previous.name(), 40)));
    line("State", &format!("{}{was}", unlinked(alarm.state.name(), 40)));
    line("Since", &shown_time(alarm.since));
    for words in alarm.description.iter().chain(&alarm.reason) {
        text.push('\n');
        text += &wrapped(&unlinked(words, WORDS_MAX), "", "");
        text.push('\n');
    }
    if alarm.state != AlarmState::Ok {
        let advice = format!(
            "Check the metric of the alarm on the dashboard of the stack {}, and the logs of the functions.",
            unlinked(stack, 128)
        );
        text += &section("What to do", [advice]);
    }
    text + &format!("\n{}/cloudwatch/home?region={region}#alarmsV2:\n", console(region))
}
