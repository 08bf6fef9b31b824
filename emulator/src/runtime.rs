//! Lambda's Runtime API on loopback: runs one `bootstrap` as Lambda would, without any emulator, and measures it.
//!
//! One environment, one invocation at a time, as Lambda does it. There is no init limit of ten seconds and no CPU share by
//! memory: the figures are for comparing functions with one another, not with AWS.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::Value;

mod api;

const CHECK_EVERY: Duration = Duration::from_millis(20);
const BUSY_PATIENCE: Duration = Duration::from_mins(1);

/// A running function.
#[derive(Debug)]
pub struct Function {
    process: Child,
    started: Instant,
    shared: Arc<Shared>,
}

/// What the function made of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It answered.
    Response(Value),
    /// It reported an error.
    Error {
        /// `errorType`.
        kind: String,
        /// `errorMessage`.
        message: String,
    },
}

/// An answer and the time it took, from the event's delivery on.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// What came back.
    pub answer: Answer,
    /// How long it took.
    pub took: Duration,
}

/// What the process has used so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The most memory that it had at any time.
    pub memory_bytes_peak: u64,
}

/// Why a function could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The program could not be started, or the API could not be served.
    #[error("the function could not be started")]
    NotStarted(#[source] io::Error),
    /// It reported an error while it initialised.
    #[error("the function failed in its init phase: {0}")]
    Init(String),
    /// It ended by itself.
    #[error("the function ended with {0}")]
    Ended(String),
    /// It took too long.
    #[error("the function did not {what} in {} seconds", patience.as_secs())]
    Late {
        /// What it should have done.
        what: &'static str,
        /// How long we waited.
        patience: Duration,
    },
    /// The process's memory could not be read.
    #[error("the function's memory could not be read")]
    Usage(#[source] io::Error),
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// When the function first asked for work.
    ready: Option<Instant>,
    init_error: Option<String>,
    /// Number and text of the events that it has not fetched yet.
    waiting: VecDeque<(u64, String)>,
    delivered: Option<Instant>,
    answer: Option<(u64, Answer, Instant)>,
    sent: u64,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked elsewhere must not hide behind this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Function {
    /// Starts the program with this handler. Everything else of its environment is the command's.
    pub fn start(mut command: Command, handler: &str) -> Result<Self, RuntimeError> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(RuntimeError::NotStarted)?;
        let address = listener.local_addr().map_err(RuntimeError::NotStarted)?;
        let shared = Arc::new(Shared::default());
        let served = Arc::clone(&shared);
        thread::spawn(move || api::serve(&listener, &served));
        command
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("_HANDLER", handler)
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
            .stdin(Stdio::null());
        let started = Instant::now();
        let process = spawn(&mut command).map_err(RuntimeError::NotStarted)?;
        Ok(Self { process, started, shared })
    }

    /// Waits until the function asks for its first event. Gives the time since its start.
    pub fn wait_until_ready(&mut self, patience: Duration) -> Result<Duration, RuntimeError> {
        let ready = self.wait("ask for an event", patience, |state| state.ready)?;
        Ok(ready.duration_since(self.started))
    }

    /// Gives the function an event and waits for what it makes of it.
    pub fn invoke(
        &mut self,
        event: &Value,
        patience: Duration,
    ) -> Result<Invocation, RuntimeError> {
        let number = {
            let mut state = self.shared.state();
            state.sent += 1;
            let number = state.sent;
            state.waiting.push_back((number, event.to_string()));
            state.delivered = None;
            number
        };
        self.shared.changed.notify_all();
        self.wait("answer", patience, |state| {
            let delivered = state.delivered?;
            let (answered, answer, at) = state.answer.as_ref()?;
            let took = at.duration_since(delivered);
            (*answered == number).then(|| Invocation { answer: answer.clone(), took })
        })
    }

    /// What the process has used so far.
    pub fn usage(&self) -> Result<Usage, RuntimeError> {
        let path = format!("/proc/{}/status", self.process.id());
        let status = fs::read_to_string(path).map_err(RuntimeError::Usage)?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        let kib =
            kib.ok_or_else(|| RuntimeError::Usage(io::Error::other("no VmHWM in the status")))?;
        Ok(Usage { memory_bytes_peak: kib * 1024 })
    }

    /// Kills the process, as a crash would.
    pub fn kill(&mut self) -> Result<(), RuntimeError> {
        self.process
            .kill()
            .and_then(|()| self.process.wait())
            .map(drop)
            .map_err(RuntimeError::NotStarted)
    }

    fn wait<T>(
        &mut self,
        what: &'static str,
        patience: Duration,
        done: impl Fn(&State) -> Option<T>,
    ) -> Result<T, RuntimeError> {
        let started = Instant::now();
        let shared = Arc::clone(&self.shared);
        let mut state = shared.state();
        loop {
            if let Some(error) = &state.init_error {
                return Err(RuntimeError::Init(error.clone()));
            }
            if let Some(value) = done(&state) {
                return Ok(value);
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(RuntimeError::Ended(status.to_string()));
            }
            if started.elapsed() > patience {
                return Err(RuntimeError::Late { what, patience });
            }
            let waited = shared.changed.wait_timeout(state, CHECK_EVERY);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Starts the program. One that was just written may still be held open by a child that another thread was starting meanwhile,
/// and which lets go of it in a moment.
fn spawn(command: &mut Command) -> io::Result<Child> {
    let started = Instant::now();
    loop {
        match command.spawn() {
            Err(error)
                if error.kind() == io::ErrorKind::ExecutableFileBusy
                    && started.elapsed() < BUSY_PATIENCE =>
            {
                thread::sleep(CHECK_EVERY);
            }
            spawned => return spawned,
        }
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        // Lets the threads that hold a request for the next event end.
        self.shared.changed.notify_all();
    }
}
