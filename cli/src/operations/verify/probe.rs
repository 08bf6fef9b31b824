//! Looks along the chain for what explains that something was not seen.

use s3guard_aws::queues::Depth;
use s3guard_aws::stacks::Stack;
use s3guard_aws::wait::Pace;
use s3guard_aws::{Connection, Queue, canary};
use s3guard_posture::StackName;
use s3guard_posture::contract::parameter;

use crate::operations::verify::links::{self, Clues, Link};
use crate::operations::verify::report::State;
use crate::operations::verify::run::Run;

/// How often a queue is looked at: others' buckets change, too, and what is still there is what nobody takes.
const LOOKS: u32 = 3;

/// What is known of the two chains.
pub(crate) struct Probe {
    pub(crate) guard: Ends,
    pub(crate) objects: Ends,
    connection: Connection,
    /// The stack's own trail, if it has one.
    trail: Option<String>,
}

/// A chain's queue and its dead letters, and what else is known of the chain.
pub(crate) struct Ends {
    pub(crate) clues: Clues,
    queue: Option<Queue>,
    dead_letters: Option<Queue>,
    /// How many dead letters there were before.
    dead: Option<u64>,
}

impl Probe {
    pub(crate) fn new(connection: &Connection, stack: &Stack, name: &StackName) -> Self {
        let queue = |output: String| Some(Queue::new(connection, stack.outputs.get(&output)?));
        let ends = |of: &str| Ends {
            clues: Clues::default(),
            queue: queue(format!("{of}QueueUrl")),
            dead_letters: queue(format!("{of}DeadLettersUrl")),
            dead: None,
        };
        let is_own =
            stack.parameters.get(parameter::TRAIL_MODE).is_none_or(|mode| mode == "create");
        Self {
            guard: ends("Guard"),
            objects: ends("Object"),
            trail: is_own.then(|| format!("{name}-{}", connection.region())),
            connection: connection.clone(),
        }
    }

    /// Counts the dead letters that are there already. Without the permission less is known afterwards.
    pub(crate) async fn begin(&mut self) {
        self.guard.dead = self.guard.count_dead().await;
        self.objects.dead = self.objects.count_dead().await;
    }

    /// The links that are probably broken, if something was not seen. Says so only of what was looked for.
    pub(crate) async fn judge(&mut self, run: &Run<'_>) -> anyhow::Result<Vec<&'static Link>> {
        // The first word of a step says which chain it proves.
        let missed: Vec<String> = (run.steps.borrow().iter())
            .filter(|step| matches!(step.state, State::Late | State::Failed))
            .filter_map(|step| Some(step.name.split_once(':')?.0.to_owned()))
            .collect();
        let is_missed = |words: &[&str]| missed.iter().any(|one| words.contains(&one.as_str()));
        let mut broken = Vec::new();
        if is_missed(&["protect", "mend"]) {
            if let Some(trail) = &self.trail {
                // Without the permission both are named.
                self.guard.clues.trail_logs =
                    canary::is_logging(&self.connection, trail).await.ok();
            }
            self.guard.look(run).await?;
            broken.extend(links::broken(links::GUARD, &self.guard.clues));
        }
        if is_missed(&["gather", "tell"]) {
            self.objects.look(run).await?;
            broken.extend(links::broken(links::OBJECTS, &self.objects.clues));
        }
        if is_missed(&["notice"]) {
            broken.extend(links::broken(links::TOPIC, &Clues::default()));
        }
        Ok(broken)
    }
}

impl Ends {
    async fn count_dead(&self) -> Option<u64> {
        Some(self.dead_letters.as_ref()?.depth().await.ok()?.waiting)
    }

    /// Looks at both queues: at dead letters once, at the queue several times.
    async fn look(&mut self, run: &Run<'_>) -> anyhow::Result<()> {
        let dead = self.count_dead().await.zip(self.dead);
        self.clues.dead_letters = dead.is_some_and(|(now, before)| now > before);
        let Some(queue) = &self.queue else { return Ok(()) };
        let mut pace = Pace::default();
        let mut least: Option<Depth> = None;
        for _ in 0..LOOKS {
            if let Ok(now) = queue.depth().await {
                least = Some(least.map_or(now, |least| Depth {
                    waiting: least.waiting.min(now.waiting),
                    in_flight: least.in_flight.min(now.in_flight),
                    delayed: least.delayed.min(now.delayed),
                }));
            }
            run.pause(&mut pace).await?;
        }
        self.clues.queue = least.unwrap_or_default();
        Ok(())
    }
}
