//! Waiting for what happens by itself in the account, with an end.

use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;

const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Looks until there is something; fails, saying what did not come.
pub(crate) fn until<T>(
    what: &str,
    mut look: impl FnMut() -> Result<Option<T>, Failure>,
) -> Result<T, Failure> {
    let started = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if started.elapsed() > PATIENCE {
            return Err(Failure::new(format!(
                "{what} did not come in {} seconds",
                PATIENCE.as_secs()
            )));
        }
        thread::sleep(LOOK_EVERY);
    }
}
