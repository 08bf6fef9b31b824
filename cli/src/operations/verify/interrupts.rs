//! Ctrl-C and SIGTERM, counted: the first asks to clean up, the second to leave.

use std::future;
use std::io;

use tokio::sync::watch;

use crate::operations::interrupt::Signals;

/// How often the command was asked to stop.
pub(crate) struct Interrupts {
    count: watch::Receiver<u32>,
}

impl Interrupts {
    /// Begins to listen: from now on a signal does not end the process.
    pub(crate) fn listen() -> io::Result<Self> {
        let (sender, count) = watch::channel(0);
        let mut signals = Signals::new()?;
        tokio::spawn(async move {
            while signals.next().await.is_ok() && !sender.is_closed() {
                sender.send_modify(|count| *count += 1);
            }
        });
        Ok(Self { count })
    }

    /// How often it was so far.
    pub(crate) fn count(&self) -> u32 {
        *self.count.borrow()
    }

    /// Waits until it was so often.
    pub(crate) async fn pressed(&self, times: u32) {
        let mut count = self.count.clone();
        if count.wait_for(|count| *count >= times).await.is_err() {
            // Without a listener there are no interrupts.
            future::pending::<()>().await;
        }
    }
}
