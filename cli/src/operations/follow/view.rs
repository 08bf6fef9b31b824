//! How the events of an operation are shown: as a live list, as lines, and as JSON.

use s3guard_aws::stacks::Event;
use serde::Serialize;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::operations::follow::list;
use crate::operations::follow::list::List;
use crate::operations::follow::{line, name_and_region};
use crate::ui::lines::utc_time;
use crate::ui::output::{Output, Part, Size};

/// The view of an operation.
pub(crate) struct View {
    output: Output,
    stack: String,
    region: String,
    live: Option<Live>,
}

/// The live list, and the clock of AWS as the events show it: this machine's may be wrong.
struct Live {
    part: Part,
    list: List,
    clock: Option<(OffsetDateTime, Instant)>,
}

impl View {
    pub(crate) fn new(output: &Output, stack_id: &str, total: Option<usize>) -> Self {
        let (stack, region) = name_and_region(stack_id);
        let list = List::new(output.label().unwrap_or(&stack), total);
        let live = output.part().map(|part| Live { part, list, clock: None });
        Self { output: output.clone(), stack, region, live }
    }

    /// Whether it has a live list.
    pub(crate) fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Shows new events.
    pub(crate) fn take(&mut self, events: &[Event]) -> anyhow::Result<()> {
        for event in events {
            self.take_one(event)?;
        }
        self.draw();
        Ok(())
    }

    fn take_one(&mut self, event: &Event) -> anyhow::Result<()> {
        self.output.event("event", &ShownEvent::new(event, &self.stack, &self.region))?;
        let Some(live) = &mut self.live else {
            self.output.say(line(event));
            return Ok(());
        };
        let took = live.list.take(event);
        live.set_clock(event.time);
        let is_shown = event.is_about_the_stack() && event.is_failure()
            || event.hook.as_ref().is_some_and(|hook| hook.refused)
            || !event.is_about_the_stack() && event.is_end();
        if is_shown {
            let label = self.output.label().map_or(0, |label| label.len() + 2);
            let columns = Size::now().columns.saturating_sub(label);
            for line in list::ended(event, took, columns) {
                self.output.say(line);
            }
        }
        Ok(())
    }

    /// Shows the status of the stack.
    pub(crate) fn take_status(&mut self, status: &str) {
        if let Some(live) = &mut self.live {
            live.list.take_status(status);
            self.draw();
        }
    }

    /// Redraws the list.
    pub(crate) fn draw(&self) {
        if let Some(live) = &self.live {
            let lines = live.list.lines(live.now(), Size::now().columns);
            live.part.show(&lines, self.output.paint());
        }
    }
}

impl Live {
    fn set_clock(&mut self, event: OffsetDateTime) {
        // Events come late, so the latest estimate of the clock is the best.
        if self.clock.is_none() || event > self.now() {
            self.clock = Some((event, Instant::now()));
        }
    }

    fn now(&self) -> OffsetDateTime {
        self.clock.map_or(OffsetDateTime::UNIX_EPOCH, |(time, at)| time + at.elapsed())
    }
}

/// An event as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ShownEvent {
    stack: String,
    region: String,
    time: String,
    is_cancelled: bool,
    #[serde(flatten)]
    event: Event,
}

impl ShownEvent {
    pub(crate) fn new(event: &Event, stack: &str, region: &str) -> Self {
        Self {
            stack: stack.to_owned(),
            region: region.to_owned(),
            time: utc_time(event.time),
            is_cancelled: event.is_cancelled(),
            event: event.clone(),
        }
    }
}
