//! The server process: one for each test process, which ends with it.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{process, thread};

use anyhow::{Context as _, Result, bail};

use crate::account::{Account, s3_control_endpoint};
use crate::{http, python};

/// The region of an account: not `us-east-1`, where S3 answers differently.
pub const REGION: &str = "eu-west-1";

/// The wrapper's sources, which are beside this crate: it is only built in its workspace.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python");
const START_TIMEOUT: Duration = Duration::from_mins(5);
const END_TIMEOUT: Duration = Duration::from_secs(5);
const INTERVAL: Duration = Duration::from_millis(50);
const LOG_RETENTION: Duration = Duration::from_hours(24);
const PORT_TRIES: u32 = 3;
const TAIL_LINES: usize = 20;
/// The number of the first account; any twelve digits are an account.
const FIRST_ACCOUNT: u64 = 111_122_220_000;

static STARTED: AtomicU64 = AtomicU64::new(0);

/// A running server with any number of accounts.
#[derive(Debug)]
pub struct Server {
    process: Child,
    endpoint: String,
    log: PathBuf,
    accounts: AtomicU64,
}

impl Server {
    /// Starts a server. The first call on a machine also creates the virtualenv.
    pub fn start() -> Result<Self> {
        let python = python::with_emulator()?;
        let mut tries = 1;
        loop {
            match Self::try_start(&python) {
                // Another process has bound the port since it was found free.
                Err(error)
                    if error.to_string().contains("already in use") && tries < PORT_TRIES =>
                {
                    tries += 1;
                }
                started => return started,
            }
        }
    }

    fn try_start(python: &Path) -> Result<Self> {
        let (folder, log) = folders()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let endpoint = format!("http://127.0.0.1:{port}");
        let file = File::create(&log).with_context(|| log.display().to_string())?;
        let process = Command::new(python)
            .args(["-m", "account", &port.to_string()])
            .arg(&folder)
            .current_dir(SOURCES)
            // Functions inherit the server's environment.
            .env_clear()
            .envs(environment(&endpoint, port, &folder))
            .stdin(Stdio::piped())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| python.display().to_string())?;
        let accounts = AtomicU64::new(FIRST_ACCOUNT);
        let mut server = Self { process, endpoint, log, accounts };
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let started = Instant::now();
        let url = format!("{}/_s3guard/ready", self.endpoint);
        let cause = loop {
            if let Ok((200, _)) = http::send("GET", &url, &[], b"") {
                return Ok(());
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                break format!("it ended with {status}");
            }
            if started.elapsed() > START_TIMEOUT {
                break format!("no answer in {} seconds", START_TIMEOUT.as_secs());
            }
            thread::sleep(INTERVAL);
        };
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
        bail!(
            "the emulated account did not start: {cause}; if the log names a missing module, \
             remove the `venv-emulator-*` folder; the end of `{}`:\n{tail}",
            self.log.display()
        )
    }

    /// An account that has not been used yet.
    pub fn new_account(&self) -> Account {
        let number = self.accounts.fetch_add(1, Ordering::Relaxed).to_string();
        Account::new(self.endpoint.clone(), number, REGION.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server ends with its stdin, and stops the functions' processes.
        drop(self.process.stdin.take());
        let started = Instant::now();
        while started.elapsed() < END_TIMEOUT {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(INTERVAL);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn environment(endpoint: &str, port: u16, folder: &Path) -> [(&'static str, String); 17] {
    [
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("HOME", folder.display().to_string()),
        ("LANG", "C.UTF-8".to_owned()),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
        ("AUTH", "true".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_ENDPOINT_URL_S3_CONTROL", s3_control_endpoint(endpoint)),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("MINISTACK_REGION", REGION.to_owned()),
        ("MINISTACK_HOST", "127.0.0.1".to_owned()),
        ("BIND_HOST", "127.0.0.1".to_owned()),
        ("GATEWAY_PORT", port.to_string()),
        // AWS waits a minute before it retries a failed asynchronous run.
        ("LAMBDA_ASYNC_RETRY_BASE_SECONDS", "0.2".to_owned()),
        ("IOT_MTLS_ENABLED", "0".to_owned()),
        ("SFTP_ENABLED", "0".to_owned()),
    ]
}

/// The server's folder, which it removes when it ends, and its log, which is kept for a day.
fn folders() -> Result<(PathBuf, PathBuf)> {
    let root = python::cache().join("emulator");
    let name = format!("{}-{}", process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
    let folder = root.join(&name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for entry in fs::read_dir(&root)?.flatten() {
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        if written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > LOG_RETENTION)) {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok((folder, root.join(format!("{name}.log"))))
}
