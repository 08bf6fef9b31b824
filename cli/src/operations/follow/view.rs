//! How the events of an operation are shown: as a list that changes, as lines, and to programs as JSON.

use s3guard_aws::stacks::Event;
use serde::Serialize;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::operations::follow::list;
use crate::operations::follow::list::List;
use crate::operations::follow::{line, name_and_region};
use crate::ui::lines::moment;
use crate::ui::output::{Output, Part, Size};

/// What a person, or a program, sees of an operation.
pub(crate) struct View {
    output: Output,
    stack: String,
    region: String,
    live: Option<Live>,
}

/// A list that changes, and AWS's clock as far as events tell it: this machine's may be wrong.
struct Live {
    part: Part,
    list: List,
    clock: Option<(OffsetDateTime, Instant)>,
}

impl View {
    pub(crate) fn new(output: &Output, stack_id: &str) -> Self {
        let (stack, region) = name_and_region(stack_id);
        let list = List::new(output.label().unwrap_or(&stack));
        let live = output.part().map(|part| Live { part, list, clock: None });
        Self { output: output.clone(), stack, region, live }
    }

    /// Whether it changes by itself.
    pub(crate) fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Shows what has happened since the last look.
    pub(crate) fn take(&mut self, events: &[Event]) -> anyhow::Result<()> {
        for event in events {
            self.take_one(event)?;
        }
        self.draw();
        Ok(())
    }

    fn take_one(&mut self, event: &Event) -> anyhow::Result<()> {
        self.output.event("event", &Shown::new(event, &self.stack, &self.region))?;
        let Some(live) = &mut self.live else {
            self.output.say(line(event));
            return Ok(());
        };
        let took = live.list.take(event);
        live.set_clock(event.time);
        let says_more = event.is_about_the_stack() && event.is_failure()
            || event.hook.as_ref().is_some_and(|hook| hook.refused)
            || !event.is_about_the_stack() && event.is_end();
        if says_more {
            let label = self.output.label().map_or(0, |label| label.len() + 2);
            let columns = Size::now().columns.saturating_sub(label);
            for line in list::told(event, took, columns, self.output.paint()) {
                self.output.say(line);
            }
        }
        Ok(())
    }

    /// Shows where the stack itself stands.
    pub(crate) fn take_status(&mut self, status: &str) {
        if let Some(live) = &mut self.live {
            live.list.take_status(status);
            self.draw();
        }
    }

    /// Draws the list as it is now.
    pub(crate) fn draw(&self) {
        if let Some(live) = &self.live {
            live.part.show(&live.list.lines(live.now(), Size::now().columns, self.output.paint()));
        }
    }
}

impl Live {
    fn set_clock(&mut self, event: OffsetDateTime) {
        // An event is told after it has happened, so the latest that AWS's clock may be is the truth, or near to it.
        if self.clock.is_none() || event > self.now() {
            self.clock = Some((event, Instant::now()));
        }
    }

    fn now(&self) -> OffsetDateTime {
        self.clock.map_or(OffsetDateTime::UNIX_EPOCH, |(time, at)| time + at.elapsed())
    }
}

/// An event as programs read it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    stack: String,
    region: String,
    time: String,
    is_cancelled: bool,
    #[serde(flatten)]
    event: Event,
}

impl Shown {
    pub(crate) fn new(event: &Event, stack: &str, region: &str) -> Self {
        Self {
            stack: stack.to_owned(),
            region: region.to_owned(),
            time: moment(event.time),
            is_cancelled: event.is_cancelled(),
            event: event.clone(),
        }
    }
}
