//! What comes through the object queue: events of objects, alarms of the stack, and what the function sends to itself.

use serde::{Deserialize, Serialize};

use crate::digest::window::{Close, Window};
use crate::events::alarm::{self, AlarmEvent};
use crate::events::object_event::ObjectEvent;
use crate::events::{NotAnEvent, object_event};

/// What a message of the object queue asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Something happened to an object.
    Event(Box<ObjectEvent>),
    /// Windows are to be closed and told.
    Close(Close),
    /// An alarm of the stack has changed its state.
    Alarm(Box<AlarmEvent>),
}

/// What is sent by s3guard itself: by the schedule, by the function, by the command.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Own {
    /// Close all windows that have ended.
    #[serde(rename = "close-windows")]
    Ended,
    /// Close all windows.
    #[serde(rename = "close-all-windows")]
    All,
    /// Close this one.
    #[serde(rename = "close-window")]
    One(String),
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    s3guard: Own,
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// If it is neither an event of S3 about an object, nor an alarm, nor one of our own messages.
    pub fn read(body: &str) -> Result<Self, NotAnEvent> {
        let Ok(Envelope { s3guard }) = serde_json::from_str(body) else {
            if let Some(alarm) = alarm::read(body) {
                return Ok(Self::Alarm(Box::new(alarm)));
            }
            return Ok(Self::Event(Box::new(object_event::read(body)?)));
        };
        Ok(Self::Close(match s3guard {
            Own::Ended => Close::Ended,
            Own::All => Close::All,
            Own::One(window) => Close::One(
                window
                    .parse()
                    .map_err(|error| NotAnEvent::field("s3guard.close-window", &error))?,
            ),
        }))
    }
}

/// The message that has windows closed.
pub fn close(which: Close) -> String {
    let s3guard = match which {
        Close::Ended => Own::Ended,
        Close::All => Own::All,
        Close::One(window) => Own::One(window.to_string()),
    };
    serde_json::to_string(&Envelope { s3guard }).expect("texts are always JSON")
}

/// After how many seconds a window is to be closed, if SQS can wait so long; else the schedule closes it.
pub fn close_after_seconds(window: Window, now: time::OffsetDateTime) -> Option<u16> {
    // A second more: SQS counts in whole ones.
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

    #[test]
    fn what_it_sends_to_itself_it_understands() {
        let window = Window::at(datetime!(2026-11-25 02:16 UTC), 300);
        for (which, body) in [
            (Close::Ended, r#"{"s3guard":"close-windows"}"#),
            (Close::All, r#"{"s3guard":"close-all-windows"}"#),
            (Close::One(window), r#"{"s3guard":{"close-window":"20261125T021500Z-300s-0"}}"#),
        ] {
            assert_eq!(close(which), body);
            assert_eq!(Message::read(body).unwrap(), Message::Close(which));
        }
        assert_eq!(close(Close::Ended), crate::digest::objects::CLOSE_WINDOWS);
        let error = Message::read(r#"{"s3guard":{"close-window":"tomorrow"}}"#).unwrap_err();
        assert!(
            error.to_string().starts_with("`s3guard.close-window` is missing or wrong: "),
            "{error}"
        );
        assert!(Message::read(r#"{"s3guard":"open-windows"}"#).is_err());
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
