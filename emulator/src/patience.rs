//! Waiting for what happens by itself in the account, with an end.

use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

/// Only against waiting forever: a busy machine may take many times as long as an idle one, and no test depends on how long.
const PATIENCE: Duration = Duration::from_mins(10);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What was waited for did not come.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what} did not come in {} seconds", PATIENCE.as_secs())]
pub struct Late {
    what: String,
}

/// Looks again and again until there is something to see.
pub fn until<T, E: From<Late>>(
    what: &str,
    mut look: impl FnMut() -> Result<Option<T>, E>,
) -> Result<T, E> {
    let started = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if started.elapsed() > PATIENCE {
            return Err(Late { what: what.to_owned() }.into());
        }
        thread::sleep(LOOK_EVERY);
    }
}
