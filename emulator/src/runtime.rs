//! Lambda's Runtime API on loopback: runs one `bootstrap` as Lambda does, and measures it.
//!
//! One environment, one invocation at a time, as in Lambda. There is no init limit of ten seconds and
//! no CPU share by memory: the figures compare functions with one another, not with AWS.

use std::io::{self, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{fs, thread};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::http::{self, Request};

const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:function";
const FUNCTION_TIMEOUT: Duration = Duration::from_mins(1);
const CHECK_INTERVAL: Duration = Duration::from_millis(20);
const BUSY_TIMEOUT: Duration = Duration::from_mins(1);

/// A running function.
#[derive(Debug)]
pub struct Function {
    process: Child,
    started: Instant,
    received: Receiver<Received>,
    /// The request with which the function waits for its next event.
    waiting: Option<Received>,
    sent: u64,
}

/// The function's result for an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A response.
    Response(Value),
    /// An error.
    Error {
        /// `errorType`.
        kind: String,
        /// `errorMessage`.
        message: String,
    },
}

/// An answer and its duration.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The function's result.
    pub answer: Answer,
    /// The time from the delivery of the event to the answer.
    pub took: Duration,
}

/// A request to the Runtime API, its connection and its time.
#[derive(Debug)]
struct Received {
    request: Request,
    connection: TcpStream,
    at: Instant,
}

impl Function {
    /// Starts the program with this handler. The rest of its environment is the command's.
    pub fn start(mut command: Command, handler: &str) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        command
            .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string())
            .env("_HANDLER", handler)
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
            .stdin(Stdio::null());
        let (sender, received) = mpsc::channel();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let sender = sender.clone();
                // A connection breaks when the process ends, which `receive` reports.
                thread::spawn(move || drop(read(&connection, &sender)));
            }
        });
        let started = Instant::now();
        let process = spawn(&mut command).context("the function could not be started")?;
        Ok(Self { process, started, received, waiting: None, sent: 0 })
    }

    /// Waits until the function asks for its next event. Returns the time since its start.
    pub fn wait_until_ready(&mut self, timeout: Duration) -> Result<Duration> {
        let mut next = match self.waiting.take() {
            Some(waiting) => waiting,
            None => self.receive("ask for an event", timeout)?,
        };
        if next.request.target().ends_with("/init/error") {
            accept(&mut next.connection)?;
            let error = String::from_utf8_lossy(&next.request.body);
            bail!("the function failed in its init phase: {error}");
        }
        let took = next.at.duration_since(self.started);
        self.waiting = Some(next);
        Ok(took)
    }

    /// Sends the function an event and waits for its answer.
    pub fn invoke(&mut self, event: &Value, timeout: Duration) -> Result<Invocation> {
        self.wait_until_ready(timeout)?;
        let Some(mut waiting) = self.waiting.take() else { bail!("the function is not ready") };
        self.sent += 1;
        let delivered = Instant::now();
        waiting.connection.write_all(response(self.sent, &event.to_string()).as_bytes())?;
        let mut answered = self.receive("answer", timeout)?;
        accept(&mut answered.connection)?;
        let value: Value = serde_json::from_slice(&answered.request.body).unwrap_or_default();
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let answer = if answered.request.target().ends_with("/error") {
            Answer::Error { kind: text("errorType"), message: text("errorMessage") }
        } else {
            Answer::Response(value)
        };
        Ok(Invocation { answer, took: answered.at.duration_since(delivered) })
    }

    /// The most memory that the process has had so far.
    pub fn memory_bytes_peak(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(kib.context("the process's status has no VmHWM")? * 1024)
    }

    /// The next request of the function, which has to come in time.
    fn receive(&mut self, what: &str, timeout: Duration) -> Result<Received> {
        let started = Instant::now();
        loop {
            if let Ok(received) = self.received.recv_timeout(CHECK_INTERVAL) {
                return Ok(received);
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                bail!("the function ended with {status}");
            }
            if started.elapsed() > timeout {
                bail!("the function did not {what} in {} seconds", timeout.as_secs());
            }
        }
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts the program. A new one may still be open in a child that another thread is starting.
fn spawn(command: &mut Command) -> io::Result<Child> {
    let started = Instant::now();
    loop {
        match command.spawn() {
            Err(error)
                if error.kind() == io::ErrorKind::ExecutableFileBusy
                    && started.elapsed() < BUSY_TIMEOUT =>
            {
                thread::sleep(CHECK_INTERVAL);
            }
            spawned => return spawned,
        }
    }
}

fn read(connection: &TcpStream, sender: &Sender<Received>) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection.try_clone()?);
    while let Some(request) = http::read(&mut reader)? {
        let received =
            Received { request, connection: connection.try_clone()?, at: Instant::now() };
        sender.send(received).map_err(io::Error::other)?;
    }
    Ok(())
}

fn response(number: u64, event: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!(
        "HTTP/1.1 200 OK\r\n\
         content-type: application/json\r\n\
         lambda-runtime-aws-request-id: {number}\r\n\
         lambda-runtime-deadline-ms: {}\r\n\
         lambda-runtime-invoked-function-arn: {ARN}\r\n\
         lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n\
         content-length: {}\r\n\r\n{event}",
        (now + FUNCTION_TIMEOUT).as_millis(),
        event.len()
    )
}

fn accept(connection: &mut TcpStream) -> io::Result<()> {
    connection.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")
}
