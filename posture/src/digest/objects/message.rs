//! Messages of the object queue: object events, alarms of the stack, and messages of s3guard itself.

use serde::{Deserialize, Serialize};

use crate::digest::window::{Close, Window};
use crate::events::alarm::{self, AlarmEvent, OfStack};
use crate::events::object_event::ObjectEvent;
use crate::events::{NotAnEvent, object_event};

/// A message of the object queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectMessage {
    /// An object event.
    Event(Box<ObjectEvent>),
    /// Windows have to be closed and published.
    Close(Close),
    /// An alarm of the stack has changed its state.
    Alarm(Box<AlarmEvent>),
}

/// A message of the schedule, the function or the command.
#[derive(Serialize, Deserialize)]
struct Envelope {
    s3guard: Close,
}

impl ObjectMessage {
    /// Reads a message. Events of other accounts and alarms of other stacks are refused.
    pub fn read(body: &str, of: OfStack<'_>) -> Result<Self, NotAnEvent> {
        if let Ok(Envelope { s3guard }) = serde_json::from_str(body) {
            return Ok(Self::Close(s3guard));
        }
        if let Some(alarm) = alarm::read(body, of)? {
            return Ok(Self::Alarm(Box::new(alarm)));
        }
        Ok(Self::Event(Box::new(object_event::read(body, of.account, of.now)?)))
    }
}

/// The message that closes windows.
pub fn close(which: Close) -> String {
    serde_json::to_string(&Envelope { s3guard: which }).expect("texts are always JSON")
}

/// The delay in seconds after which a window is closed, if SQS supports it; else the schedule closes it.
pub fn close_after_seconds(window: Window, now: time::OffsetDateTime) -> Option<u16> {
    // One second more, because SQS counts whole seconds.
    let seconds = (window.end() - now).whole_seconds().max(0) + 1;
    u16::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds <= crate::reconcile::triage::DELAY_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    fn read(body: &str) -> Result<ObjectMessage, NotAnEvent> {
        let of = OfStack {
            account: &"111122223333".parse().unwrap(),
            region: &"eu-west-1".parse().unwrap(),
            stack: "s3guard",
            now: datetime!(2026-11-25 02:16 UTC),
        };
        ObjectMessage::read(body, of)
    }

    #[test]
    fn its_own_messages_can_be_read() {
        let window = Window::at(datetime!(2026-11-25 02:16 UTC), 300);
        for (which, body) in [
            (Close::Ended, r#"{"s3guard":"close-windows"}"#),
            (Close::All, r#"{"s3guard":"close-all-windows"}"#),
            (Close::One(window), r#"{"s3guard":{"close-window":"20261125T021500Z-300s-0"}}"#),
        ] {
            assert_eq!(close(which), body);
            assert_eq!(read(body).unwrap(), ObjectMessage::Close(which));
        }
        assert_eq!(close(Close::Ended), crate::digest::objects::CLOSE_WINDOWS);
        for other in [
            r#"{"s3guard":{"close-window":"tomorrow"}}"#,
            r#"{"s3guard":"open-windows"}"#,
            r#"{"s3guard":{"tell":{"subject":"Log in at https://evil.example/","text":"…"}}}"#,
            r#"{"s3guard":{"publish":{"subject":"Log in at https://evil.example/","text":"…"}}}"#,
        ] {
            assert!(read(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_window_is_closed_a_moment_after_its_end() {
        let start = datetime!(2026-11-25 02:15 UTC);
        let after = |length, passed| {
            close_after_seconds(Window::at(start, length), start + Duration::milliseconds(passed))
        };
        assert_eq!(after(300, 0), Some(301));
        assert_eq!(after(300, 299_999), Some(1));
        assert_eq!(after(300, 400_000), Some(1));
        assert_eq!(after(900, 0), None);
        assert_eq!(after(900, 1_000), Some(900));
        assert_eq!(after(86_400, 0), None);
    }
}
