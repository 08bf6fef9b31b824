//! What Ctrl-C and `SIGTERM` do: they end a command. While an operation on a stack is followed, which goes on without the
//! command, they explain first; a command that has to clean up counts them and decides itself.

use std::cell::{Cell, RefCell};
use std::future;
use std::io::{self, IsTerminal as _};
use std::rc::Rc;

use anyhow::anyhow;
use time::OffsetDateTime;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

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
    /// A run that begins now.
    pub(crate) fn new(now: OffsetDateTime, profile: Option<&str>, hint: impl Into<String>) -> Self {
        Self { token: token(now), now, interrupts: Interrupts::new(profile, hint) }
    }
}

/// The name that a run has in AWS.
pub(crate) fn token(now: OffsetDateTime) -> String {
    format!("s3guard-{}-{}", now.unix_timestamp_nanos() / 1_000_000, std::process::id())
}

/// What is followed, and how often somebody has asked to stop.
#[derive(Debug)]
pub(crate) struct Interrupts {
    /// Whether somebody is there who can answer.
    can_ask: bool,
    /// Whether the command ends itself, after it has cleaned up.
    cleans_up: bool,
    /// What to do after an interrupt where nothing is followed.
    hint: String,
    /// With which profile the account is reached, for commands that are proposed.
    profile: Option<String>,
    count: watch::Sender<u32>,
    is_explained: Cell<bool>,
    followed: RefCell<Vec<Rc<Entry>>>,
}

/// An operation that is followed.
#[derive(Debug)]
struct Entry {
    stack: String,
    region: String,
    output: Output,
    can_cancel: Cell<bool>,
    cancel: Notify,
}

/// That an operation is followed, as long as this lives.
#[derive(Debug)]
pub(crate) struct Followed<'a> {
    entry: Rc<Entry>,
    interrupts: &'a Interrupts,
}

/// What comes of a press.
#[derive(Debug)]
pub(crate) enum Press {
    /// The command has to clean up, and ends itself.
    Counted,
    /// It was explained what goes on, and what can be done.
    Explained,
    /// The command ends so.
    Leave(anyhow::Error),
}

impl Interrupts {
    /// For a command that ends at once, with this hint.
    pub(crate) fn new(profile: Option<&str>, hint: impl Into<String>) -> Self {
        Self {
            can_ask: io::stdin().is_terminal() && io::stderr().is_terminal(),
            cleans_up: false,
            hint: hint.into(),
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

    /// How often it was so far.
    pub(crate) fn count(&self) -> u32 {
        *self.count.borrow()
    }

    /// Waits until it was so often.
    pub(crate) async fn pressed(&self, times: u32) {
        let mut count = self.count.subscribe();
        // It cannot fail: the sender is here.
        let _ = count.wait_for(|count| *count >= times).await;
    }

    /// Somebody asks to stop.
    pub(crate) fn press(&self) -> Press {
        self.count.send_modify(|count| *count += 1);
        if self.cleans_up {
            return Press::Counted;
        }
        let followed = self.followed.borrow();
        let Some(first) = followed.first() else {
            return Press::Leave(interrupted(anyhow!("interrupted"), &self.hint));
        };
        if !self.can_ask || self.is_explained.replace(true) {
            let stacks: Vec<&str> = followed.iter().map(|entry| entry.stack.as_str()).collect();
            let error = anyhow!("interrupted: {} without the command", go_on(&stacks));
            let commands = followed.iter().map(|entry| entry.command(self.profile.as_deref()));
            let commands = commands.collect::<Vec<_>>().join(" and ");
            return Press::Leave(interrupted(error, &format!("follow it again with {commands}")));
        }
        first.output.say("CloudFormation goes on without this command; wait, or press");
        if followed.iter().any(|entry| entry.can_cancel.get()) {
            first.output.say("  c and Enter  to cancel the update, which is rolled back then");
        }
        first.output.say("  Ctrl-C       to leave");
        Press::Explained
    }

    /// Somebody has typed a line after it was explained what can be typed.
    pub(crate) fn typed(&self, line: &str) {
        for entry in self.followed.borrow().iter() {
            entry.output.typed();
            if line.trim().eq_ignore_ascii_case("c") {
                entry.cancel.notify_one();
            }
        }
    }

    /// Says that an operation on this stack is followed.
    pub(crate) fn follow(&self, stack: &str, region: &str, output: &Output) -> Followed<'_> {
        let entry = Rc::new(Entry {
            stack: stack.to_owned(),
            region: region.to_owned(),
            output: output.unlabelled(),
            can_cancel: Cell::new(false),
            cancel: Notify::new(),
        });
        self.followed.borrow_mut().push(Rc::clone(&entry));
        Followed { entry, interrupts: self }
    }
}

impl Entry {
    fn command(&self, profile: Option<&str>) -> String {
        let Self { stack, region, .. } = self;
        let region = if region.is_empty() { String::new() } else { format!(" --region {region}") };
        let profile = profile.map(|profile| format!(" --profile {profile}")).unwrap_or_default();
        format!("`s3guard events --follow --stack {stack}{region}{profile}`")
    }
}

impl Followed<'_> {
    /// The command that follows it again.
    pub(crate) fn command(&self) -> String {
        self.entry.command(self.interrupts.profile.as_deref())
    }

    /// Says whether what is going on can be cancelled.
    pub(crate) fn set_can_cancel(&self, can_cancel: bool) {
        self.entry.can_cancel.set(can_cancel);
    }

    /// Waits until somebody wants it cancelled.
    pub(crate) async fn cancelled(&self) {
        self.entry.cancel.notified().await;
    }
}

impl Drop for Followed<'_> {
    fn drop(&mut self) {
        self.interrupts.followed.borrow_mut().retain(|entry| !Rc::ptr_eq(entry, &self.entry));
    }
}

/// What is typed, once somebody listens.
#[derive(Debug, Default)]
pub(crate) struct Keyboard {
    reading: Option<JoinHandle<Option<String>>>,
}

impl Keyboard {
    pub(crate) fn listen(&mut self) {
        self.reading.get_or_insert_with(read_line);
    }

    /// The next line, if somebody listens and there is one. Nothing is lost if it is not waited for to the end.
    pub(crate) async fn next(&mut self) -> String {
        if let Some(reading) = &mut self.reading {
            let line = reading.await.ok().flatten();
            self.reading = line.is_some().then(read_line);
            if let Some(line) = line {
                return line;
            }
        }
        future::pending().await
    }
}

fn read_line() -> JoinHandle<Option<String>> {
    tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        let length = io::stdin().read_line(&mut line).ok()?;
        (length > 0).then_some(line)
    })
}

/// The signals that ask to stop, each as often as it comes.
#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    pub(crate) async fn next(&mut self) -> io::Result<()> {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        Ok(())
    }
}

/// Ctrl-C, as often as it comes.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    pub(crate) async fn next(&mut self) -> io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}

fn interrupted(error: anyhow::Error, hint: &str) -> anyhow::Error {
    let advised = Err::<(), _>(error).hint(hint).exit(Exit::Interrupted);
    advised.expect_err("it was made of an error")
}

/// Which stacks go on.
fn go_on(stacks: &[&str]) -> String {
    match stacks {
        [stack] => format!("stack `{stack}` goes on"),
        stacks if stacks.windows(2).all(|pair| pair[0] == pair[1]) => {
            format!("the stacks `{}` go on", stacks[0])
        }
        stacks => format!("the stacks `{}` go on", stacks.join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error;

    fn left(press: Press) -> String {
        match press {
            Press::Leave(error) => error::text(&error),
            Press::Explained => "explained".to_owned(),
            Press::Counted => "counted".to_owned(),
        }
    }

    fn interrupts(can_ask: bool) -> Interrupts {
        Interrupts { can_ask, ..Interrupts::new(Some("prod"), "again") }
    }

    #[test]
    fn only_what_is_followed_is_explained_and_only_once_and_only_to_somebody() {
        for (can_ask, first) in [(true, "explained"), (false, "error: interrupted: stack `s`")] {
            let interrupts = interrupts(can_ask);
            assert!(left(interrupts.press()).contains("hint: again"));
            let followed = interrupts.follow("s", "eu-west-1", &Output::default());
            assert!(left(interrupts.press()).starts_with(first));
            let second = left(interrupts.press());
            let command = "`s3guard events --follow --stack s --region eu-west-1 --profile prod`";
            assert!(second.contains(command), "{second}");
            assert!(!second.contains("hint: again"), "{second}");
            drop(followed);
            assert!(left(interrupts.press()).contains("hint: again"));
        }
    }

    #[tokio::test]
    async fn a_command_that_cleans_up_counts_and_is_not_ended() {
        let interrupts = Interrupts::cleaning_up();
        assert_eq!(interrupts.count(), 0);
        for times in 1..=2 {
            assert_eq!(left(interrupts.press()), "counted");
            interrupts.pressed(times).await;
            assert_eq!(interrupts.count(), times);
        }
    }

    #[tokio::test]
    async fn the_update_is_cancelled_by_its_letter_alone() {
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
    fn several_regions_go_on_together() {
        assert_eq!(go_on(&["s"]), "stack `s` goes on");
        assert_eq!(go_on(&["s", "s"]), "the stacks `s` go on");
        assert_eq!(go_on(&["a", "b"]), "the stacks `a`, `b` go on");
    }
}
