//! Waiting for what happens asynchronously in the account.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

/// Ends a wait that would never end. It is generous, for busy machines.
const TIMEOUT: Duration = Duration::from_mins(10);
const INTERVAL: Duration = Duration::from_millis(50);

/// Polls until there is a value. `what` names it in the error.
pub fn until<T>(
    what: &str,
    mut poll: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = poll()? {
            return Ok(found);
        }
        if started.elapsed() > TIMEOUT {
            bail!("timed out after {} seconds waiting for {what}", TIMEOUT.as_secs());
        }
        thread::sleep(INTERVAL);
    }
}
