//! What Ctrl-C and `SIGTERM` do: they end a command. While an operation on a stack is followed, which continues without the
//! command, the first one explains that; a command that has to clean up counts them and decides itself.

use std::cell::{Cell, RefCell};
use std::io::{self, IsTerminal as _};
use std::rc::Rc;

use anyhow::anyhow;
use time::OffsetDateTime;
use tokio::sync::{Notify, mpsc, watch};

use crate::error::Advice as _;
use crate::exit::Exit;
use crate::ui::output::Output;

/// A run of a command that changes stacks.
pub(crate) struct Run {
    /// Its name in AWS: of its change set, and of what it asks for.
    pub(crate) token: String,
    pub(crate) now: OffsetDateTime,
    pub(crate) interrupts: Interrupts,
}

impl Run {
    pub(crate) fn new(now: OffsetDateTime, profile: Option<&str>, hint: impl Into<String>) -> Self {
        Self { token: token(now), now, interrupts: Interrupts::new(profile, hint) }
    }
}

/// The name that a run has in AWS.
pub(crate) fn token(now: OffsetDateTime) -> String {
    format!("s3guard-{}-{}", now.unix_timestamp_nanos() / 1_000_000, std::process::id())
}

/// What is followed, and the interrupts so far.
#[derive(Debug)]
pub(crate) struct Interrupts {
    /// Whether a person can answer.
    can_ask: bool,
    /// Whether the command ends itself, after it has cleaned up.
    cleans_up: bool,
    /// What to do after an interrupt where nothing is followed.
    hint: RefCell<String>,
    /// The profile, for commands that are proposed.
    profile: Option<String>,
    count: watch::Sender<u32>,
    is_explained: Cell<bool>,
    followed: RefCell<Vec<Rc<Entry>>>,
}

/// An operation that is followed.
#[derive(Debug)]
struct Entry {
    stack: String,
    command: String,
    output: Output,
    can_cancel: Cell<bool>,
    cancel: Notify,
}

/// An operation is followed as long as this lives.
#[derive(Debug)]
pub(crate) struct Followed<'a> {
    entry: Rc<Entry>,
    interrupts: &'a Interrupts,
}

impl Interrupts {
    /// For a command that an interrupt ends, with this hint.
    pub(crate) fn new(profile: Option<&str>, hint: impl Into<String>) -> Self {
        Self {
            can_ask: io::stdin().is_terminal() && io::stderr().is_terminal(),
            cleans_up: false,
            hint: RefCell::new(hint.into()),
            profile: profile.map(str::to_owned),
            count: watch::Sender::new(0),
            is_explained: Cell::new(false),
            followed: RefCell::default(),
        }
    }

    /// For a command that cleans up and ends itself.
    pub(crate) fn cleaning_up() -> Self {
        Self { cleans_up: true, ..Self::new(None, "") }
    }

    /// What to do after an interrupt from now on, where nothing is followed.
    pub(crate) fn set_hint(&self, hint: impl Into<String>) {
        *self.hint.borrow_mut() = hint.into();
    }

    /// How many there were so far.
    pub(crate) fn count(&self) -> u32 {
        *self.count.borrow()
    }

    /// Waits until there were so many.
    pub(crate) async fn pressed(&self, times: u32) {
        let mut count = self.count.subscribe();
        let _ = count.wait_for(|count| *count >= times).await;
    }

    /// Handles an interrupt. Returns the error with which the command ends, if it does; where the keys are explained
    /// instead, lines are read for [`Self::typed`].
    pub(crate) fn press(&self, lines: &mpsc::UnboundedSender<String>) -> Option<anyhow::Error> {
        self.count.send_modify(|count| *count += 1);
        if self.cleans_up {
            return None;
        }
        let followed = self.followed.borrow();
        let Some(first) = followed.first() else {
            return Some(interrupted("interrupted", &self.hint.borrow()));
        };
        if !self.can_ask || self.is_explained.replace(true) {
            let mut stacks: Vec<&str> = followed.iter().map(|entry| &*entry.stack).collect();
            stacks.dedup();
            let stacks = stacks.join("`, `");
            let words = match followed.len() {
                1 => format!("interrupted: stack `{stacks}` goes on without the command"),
                _ => format!("interrupted: the stacks `{stacks}` go on without the command"),
            };
            let commands: Vec<&str> = followed.iter().map(|entry| &*entry.command).collect();
            let commands = commands.join(" and ");
            return Some(interrupted(&words, &format!("follow it again with {commands}")));
        }
        // The terminal shows `^C` in the line where the cursor is.
        first.output.say("");
        first.output.say("CloudFormation goes on without this command; wait, or press");
        if followed.iter().any(|entry| entry.can_cancel.get()) {
            first.output.say("  c and Enter  to cancel the update, which is rolled back then");
        }
        first.output.say("  Ctrl-C       to leave");
        let lines = lines.clone();
        std::thread::spawn(move || {
            io::stdin().lines().map_while(Result::ok).try_for_each(|line| lines.send(line))
        });
        None
    }

    /// Handles a line that was typed after the keys were explained.
    pub(crate) fn typed(&self, line: &str) {
        for entry in self.followed.borrow().iter() {
            entry.output.typed();
            if line.trim().eq_ignore_ascii_case("c") {
                entry.cancel.notify_one();
            }
        }
    }

    pub(crate) fn follow(&self, stack: &str, region: &str, output: &Output) -> Followed<'_> {
        let mut command = format!("s3guard events --follow --stack {stack}");
        if !region.is_empty() {
            command.extend([" --region ", region]);
        }
        if let Some(profile) = &self.profile {
            command.extend([" --profile ", profile]);
        }
        let entry = Rc::new(Entry {
            stack: stack.to_owned(),
            command: format!("`{command}`"),
            output: output.unlabelled(),
            can_cancel: Cell::new(false),
            cancel: Notify::new(),
        });
        self.followed.borrow_mut().push(Rc::clone(&entry));
        Followed { entry, interrupts: self }
    }
}

impl Followed<'_> {
    pub(crate) fn command(&self) -> &str {
        &self.entry.command
    }

    /// Sets whether the operation can be cancelled.
    pub(crate) fn set_can_cancel(&self, can_cancel: bool) {
        self.entry.can_cancel.set(can_cancel);
    }

    /// Waits until it is to be cancelled.
    pub(crate) async fn cancelled(&self) {
        self.entry.cancel.notified().await;
    }
}

impl Drop for Followed<'_> {
    fn drop(&mut self) {
        self.interrupts.followed.borrow_mut().retain(|entry| !Rc::ptr_eq(entry, &self.entry));
    }
}

/// The signals that interrupt a command; none is lost between two calls.
#[cfg(unix)]
pub(crate) fn signals() -> io::Result<impl AsyncFnMut()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(windows)]
pub(crate) fn signals() -> io::Result<impl AsyncFnMut()> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move || {
        interrupt.recv().await;
    })
}

/// The error of a command that was interrupted.
pub(crate) fn interrupted(words: &str, hint: &str) -> anyhow::Error {
    let error = Err::<(), _>(anyhow!("{words}")).hint(hint).exit(Exit::Interrupted);
    error.expect_err("it was made of an error")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error;

    /// How an interrupt ends the command, if it does.
    fn pressed(interrupts: &Interrupts) -> Option<String> {
        let (lines, _) = mpsc::unbounded_channel();
        interrupts.press(&lines).map(|error| error::text(&error))
    }

    fn interrupts(can_ask: bool) -> Interrupts {
        Interrupts { can_ask, ..Interrupts::new(Some("prod"), "again") }
    }

    #[test]
    fn keys_are_explained_once_to_a_person_while_an_operation_is_followed() {
        for can_ask in [true, false] {
            let interrupts = interrupts(can_ask);
            assert!(pressed(&interrupts).unwrap().contains("hint: again"));
            let followed = interrupts.follow("s", "eu-west-1", &Output::default());
            assert_eq!(pressed(&interrupts).is_none(), can_ask);
            let second = pressed(&interrupts).unwrap();
            assert!(second.starts_with("error: interrupted: stack `s` goes on"), "{second}");
            let command = "`s3guard events --follow --stack s --region eu-west-1 --profile prod`";
            assert!(second.contains(command), "{second}");
            assert!(!second.contains("hint: again"), "{second}");
            drop(followed);
            assert!(pressed(&interrupts).unwrap().contains("hint: again"));
        }
    }

    #[tokio::test]
    async fn a_command_that_cleans_up_counts_interrupts() {
        let interrupts = Interrupts::cleaning_up();
        assert_eq!(interrupts.count(), 0);
        for times in 1..=2 {
            assert_eq!(pressed(&interrupts), None);
            interrupts.pressed(times).await;
            assert_eq!(interrupts.count(), times);
        }
    }

    #[tokio::test]
    async fn only_the_letter_c_cancels_the_update() {
        let interrupts = interrupts(true);
        let followed = interrupts.follow("s", "", &Output::default());
        interrupts.typed("what?\n");
        let is_cancelled = async || {
            tokio::select! {
                biased;
                () = followed.cancelled() => true,
                () = tokio::task::yield_now() => false,
            }
        };
        assert!(!is_cancelled().await);
        interrupts.typed("C\n");
        assert!(is_cancelled().await);
    }

    #[test]
    fn several_stacks_are_named_together() {
        for (second, words) in [("s", "the stacks `s` go on"), ("t", "the stacks `s`, `t` go on")] {
            let interrupts = interrupts(false);
            let _followed =
                ["s", second].map(|stack| interrupts.follow(stack, "", &Output::default()));
            let text = pressed(&interrupts).unwrap();
            assert!(text.contains(words), "{text}");
        }
    }
}
