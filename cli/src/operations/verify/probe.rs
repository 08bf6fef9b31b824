//! Looks along the chain for what explains that something was not seen.

use s3guard_aws::queues::Depth;
use s3guard_aws::stacks::Stack;
use s3guard_aws::wait::Pace;
use s3guard_aws::{Connection, Queue, canary};
use s3guard_posture::StackName;

use crate::operations::verify::links;
use crate::operations::verify::links::{Clues, Link, ObjectClues};
use crate::operations::verify::notices;
use crate::operations::verify::plan::{Deed, TOLD};
use crate::operations::verify::report::{State, Step};
use crate::operations::verify::stage::Stage;

/// How often a queue is looked at: others' buckets change, too, and what is still there is what nobody takes.
const LOOKS: u32 = 3;

/// What is known of the chain.
pub(crate) struct Probe {
    pub(crate) clues: Clues,
    pub(crate) object_clues: ObjectClues,
    connection: Connection,
    guard: Ends,
    objects: Ends,
    /// The stack's own trail, if it has one.
    trail: Option<String>,
}

/// A queue and its dead letters.
struct Ends {
    queue: Option<Queue>,
    dead_letters: Option<Queue>,
    /// How many dead letters there were before.
    dead: Option<u64>,
}

impl Probe {
    pub(crate) fn new(connection: &Connection, stack: &Stack, name: &StackName) -> Self {
        let queue = |output: &str| {
            let url = stack.outputs.get(output)?;
            Some(Queue::new(connection, url))
        };
        let ends = |of: &str| Ends {
            queue: queue(&format!("{of}QueueUrl")),
            dead_letters: queue(&format!("{of}DeadLettersUrl")),
            dead: None,
        };
        let is_own = stack.parameters.get("TrailMode").is_none_or(|mode| mode == "create");
        Self {
            clues: Clues::default(),
            object_clues: ObjectClues::default(),
            guard: ends("Guard"),
            objects: ends("Object"),
            trail: is_own.then(|| format!("{name}-{}", connection.region())),
            connection: connection.clone(),
        }
    }

    /// Counts the dead letters that are there already. Whoever may not, is told less afterwards.
    pub(crate) async fn begin(&mut self) {
        self.guard.dead = self.guard.count_dead().await;
        self.objects.dead = self.objects.count_dead().await;
    }

    /// The links that are probably broken, if something was not seen. Says so only of what was looked for.
    pub(crate) async fn judge(
        &mut self,
        stage: &Stage<'_>,
        steps: &[Step],
    ) -> anyhow::Result<Vec<Link>> {
        let is_missed = |step: &&Step| matches!(step.state, State::Late | State::Failed);
        let missed: Vec<&str> = steps.iter().filter(is_missed).map(|step| &*step.name).collect();
        let is_of_objects =
            |step: &str| step == TOLD || Deed::ALL.iter().any(|deed| deed.name() == step);
        let is_notice = |step: &str| step == notices::BUCKET.0 || step == notices::OBJECTS.0;
        let mut broken = Vec::new();
        if missed.iter().any(|step| !is_of_objects(step) && !is_notice(step)) {
            self.clues.queue = self.guard.still(stage).await?;
            self.clues.dead_letters = self.guard.has_more_dead().await;
            if let Some(trail) = &self.trail {
                // Whoever may not ask it is told of both.
                self.clues.trail_logs = canary::is_logging(&self.connection, trail).await.ok();
            }
            broken.push(links::broken(&self.clues));
        }
        if missed.iter().any(|step| is_of_objects(step)) {
            self.object_clues.queue = self.objects.still(stage).await?;
            self.object_clues.dead_letters = self.objects.has_more_dead().await;
            broken.push(links::broken_for_objects(&self.object_clues));
        }
        if missed.iter().any(|step| is_notice(step)) {
            broken.push(Link::Topic);
        }
        Ok(broken)
    }
}

impl Ends {
    async fn count_dead(&self) -> Option<u64> {
        Some(self.dead_letters.as_ref()?.depth().await.ok()?.waiting)
    }

    async fn has_more_dead(&self) -> bool {
        let now = self.count_dead().await;
        now.zip(self.dead).is_some_and(|(now, before)| now > before)
    }

    /// What is in the queue at each of several looks.
    async fn still(&self, stage: &Stage<'_>) -> anyhow::Result<Depth> {
        let Some(queue) = &self.queue else { return Ok(Depth::default()) };
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
            stage.pause(&mut pace).await?;
        }
        Ok(least.unwrap_or_default())
    }
}
