//! The server process: started once for a test process, and gone with it, however it ends.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use std::{process, thread};

use crate::account::{Account, s3_control_endpoint};
use crate::{EmulatorError, http, python};

/// The region of an account, if nothing else is said: not `us-east-1`, where S3 answers in its own way.
pub const REGION: &str = "eu-west-1";

/// The wrapper's sources; they lie beside this crate, which is only ever built from its workspace.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python");
const START_PATIENCE: Duration = Duration::from_mins(5);
const END_PATIENCE: Duration = Duration::from_secs(5);
const LOG_KEPT: Duration = Duration::from_hours(24);
const PORT_TRIES: u32 = 3;
const TAIL_LINES: usize = 20;
/// Accounts are numbered from here; any twelve digits are an account.
const FIRST_ACCOUNT: u64 = 111_122_220_000;

static STARTED: AtomicU64 = AtomicU64::new(0);

/// A running server with any number of accounts.
#[derive(Debug)]
pub struct Server {
    process: Child,
    address: SocketAddr,
    log: PathBuf,
    accounts: AtomicU64,
}

impl Server {
    /// Starts a server, and makes its virtualenv if this is the first time.
    pub fn start() -> Result<Self, EmulatorError> {
        let python = python::with_emulator()?;
        let mut tries = 0;
        loop {
            tries += 1;
            match Self::try_start(&python) {
                // Somebody else took the port between our look and the server's.
                Err(EmulatorError::NotStarted { tail, .. })
                    if tail.contains("already in use") && tries < PORT_TRIES => {}
                started => return started,
            }
        }
    }

    fn try_start(python: &Path) -> Result<Self, EmulatorError> {
        let (folder, log) = folders()?;
        let address = free_address().map_err(|source| EmulatorError::NoAnswer {
            request: "a free port on 127.0.0.1".to_owned(),
            source,
        })?;
        let file = File::create(&log).map_err(|source| in_file(&log, source))?;
        let errors = file.try_clone().map_err(|source| in_file(&log, source))?;
        let process = Command::new(python)
            .args(["-m", "account", &address.port().to_string()])
            .arg(&folder)
            .current_dir(SOURCES)
            // Functions run with the server's environment, so it is a clean one.
            .env_clear()
            .envs(environment(address, &folder))
            .stdin(Stdio::piped())
            .stdout(file)
            .stderr(errors)
            .spawn()
            .map_err(|source| in_file(python, source))?;
        let accounts = AtomicU64::new(FIRST_ACCOUNT);
        let mut server = Self { process, address, log, accounts };
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&mut self) -> Result<(), EmulatorError> {
        let started = Instant::now();
        while started.elapsed() < START_PATIENCE {
            if let Ok(answer) = http::ask(self.address, "GET", "/_s3guard/ready", &[], b"")
                && answer.status().is_ok_and(|status| status == 200)
            {
                return Ok(());
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(self.not_started(format!("it ended with {status}")));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(self.not_started(format!("no answer in {} seconds", START_PATIENCE.as_secs())))
    }

    fn not_started(&self, cause: String) -> EmulatorError {
        EmulatorError::NotStarted { cause, log: self.log.clone(), tail: self.log_tail() }
    }

    /// An account that nobody has used yet.
    pub fn new_account(&self) -> Account {
        let number = self.accounts.fetch_add(1, Ordering::Relaxed);
        self.account(&number.to_string())
    }

    /// The account with this number of twelve digits.
    ///
    /// # Panics
    /// If it has not twelve digits: the emulator would take it for another account.
    pub fn account(&self, number: &str) -> Account {
        let digits = number.len() == 12 && number.bytes().all(|byte| byte.is_ascii_digit());
        assert!(digits, "`{number}` is not an account of twelve digits");
        Account::new(self.address, number.to_owned(), REGION.to_owned())
    }

    /// The address that every service answers on.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The server's log, kept for a day.
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// The last lines of the log.
    pub fn log_tail(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server ends with its stdin, and takes the functions' processes with it.
        drop(self.process.stdin.take());
        let started = Instant::now();
        while started.elapsed() < END_PATIENCE {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn environment(address: SocketAddr, folder: &Path) -> Vec<(&'static str, String)> {
    let port = address.port().to_string();
    vec![
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("HOME", folder.display().to_string()),
        ("LANG", "C.UTF-8".to_owned()),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
        ("AUTH", "true".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_ENDPOINT_URL", format!("http://{address}")),
        ("AWS_ENDPOINT_URL_S3_CONTROL", s3_control_endpoint(address)),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("MINISTACK_REGION", REGION.to_owned()),
        ("MINISTACK_HOST", "127.0.0.1".to_owned()),
        ("BIND_HOST", "127.0.0.1".to_owned()),
        ("GATEWAY_PORT", port),
        // AWS waits a minute before it retries a failed asynchronous run.
        ("LAMBDA_ASYNC_RETRY_BASE_SECONDS", "0.2".to_owned()),
        ("IOT_MTLS_ENABLED", "0".to_owned()),
        ("SFTP_ENABLED", "0".to_owned()),
    ]
}

/// A folder of the server's own, which it removes when it ends, and its log, which it does not.
fn folders() -> Result<(PathBuf, PathBuf), EmulatorError> {
    let root = python::cache().join("emulator");
    let name = format!("{}-{}", process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
    let folder = root.join(&name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|source| in_file(&folder, source))?;
    forget_old_logs(&root);
    Ok((folder, root.join(format!("{name}.log"))))
}

fn forget_old_logs(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else { return };
    for entry in entries.flatten() {
        let is_log = entry.path().extension().is_some_and(|extension| extension == "log");
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        let age = written.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        if is_log && age.is_some_and(|age| age > LOG_KEPT) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn free_address() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.local_addr().map_err(|error| io::Error::new(ErrorKind::AddrNotAvailable, error))
}

fn in_file(path: &Path, source: io::Error) -> EmulatorError {
    EmulatorError::File { path: path.to_path_buf(), source }
}
