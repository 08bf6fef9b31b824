//! The measured programs: the packaged Lambda, and handlers in Python.

use std::env;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use s3guard_emulator::{Answer, Function, cache, virtualenv};
use serde_json::Value;

use super::fake_aws::FakeAws;
use super::{ACCOUNT, KEY, LEDGER, LOG_BUCKET, REGION};

/// The timeout of a function.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const TWIN_PACKAGES: &str = include_str!("../twin/requirements.txt");

/// The packaged Lambda.
pub(crate) struct Package {
    bootstrap: PathBuf,
    /// The size of its zip.
    pub(crate) zip_bytes: u64,
}

impl Package {
    /// Unpacks the zip; without one, the command creates it.
    pub(crate) fn unpacked(zip: Option<&Path>) -> Result<Self, String> {
        let folder = cache().join("benches");
        fs::create_dir_all(&folder).map_err(|error| format!("`{}`: {error}", folder.display()))?;
        let made = folder.join("bootstrap.zip");
        let zip = if let Some(zip) = zip {
            zip
        } else {
            package(&made)?;
            &made
        };
        let bootstrap = folder.join("bootstrap");
        unpack(zip, &bootstrap).map_err(|error| format!("`{}`: {error}", zip.display()))?;
        let zip_bytes = fs::metadata(zip).map_err(|error| error.to_string())?.len();
        Ok(Self { bootstrap, zip_bytes })
    }

    /// The function `guard`, as the stack configures it.
    pub(crate) fn guard(&self, grade: &str) -> Command {
        let mut command = Command::new(&self.bootstrap);
        let key = if grade == "speed" { "" } else { KEY };
        let queue = format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/guard");
        command
            .env_clear()
            .env("S3GUARD_ACCOUNT", ACCOUNT)
            .env("S3GUARD_STACK", "bench")
            .envs(["EMAIL", "SMS", "DOCUMENT", "CHAT"].map(|channel| {
                let name = format!("S3GUARD_{channel}_TOPIC");
                (name, format!("arn:aws:sns:{REGION}:{ACCOUNT}:{channel}"))
            }))
            .env("S3GUARD_QUEUE", queue)
            .env("S3GUARD_LEDGER", LEDGER)
            .env("S3GUARD_LEDGER_KEY", KEY)
            .env("S3GUARD_LOG_BUCKET", LOG_BUCKET)
            .env("S3GUARD_OWN_BUCKETS", format!("{LEDGER},{LOG_BUCKET}"))
            .env("S3GUARD_GRADE", grade)
            .env("S3GUARD_KEY", key)
            .env("S3GUARD_SETTLE_SECONDS", "0");
        command
    }
}

/// A Python with boto3 and Lambda's runtime client, pinned.
pub(crate) struct Python {
    program: PathBuf,
}

impl Python {
    /// Creates its virtualenv on first use.
    fn installed() -> Result<Self, String> {
        let program = virtualenv("twin", TWIN_PACKAGES);
        Ok(Self { program: program.map_err(|error| error.to_string())? })
    }

    /// The same, or `None` in a smoke test.
    pub(crate) fn wanted(is_smoke: bool) -> Result<Option<Self>, String> {
        if is_smoke { Ok(None) } else { Self::installed().map(Some) }
    }

    /// A handler from the folder `twin`, as `module.function`.
    pub(crate) fn function(&self, handler: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .args(["-m", "awslambdaric", handler])
            .current_dir(Path::new(ROOT).join("benches/twin"))
            .env("LAMBDA_TASK_ROOT", ".")
            // The handler is small; the packages were compiled when they were installed.
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

/// Starts a function against the fake AWS. It may still be initialising.
pub(crate) fn start(
    mut command: Command,
    handler: &str,
    aws: &FakeAws,
) -> Result<Function, String> {
    command
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        .env("AWS_REGION", REGION)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_ENDPOINT_URL", aws.endpoint())
        // Each finds our CA among this machine's roots, as it would find Amazon's.
        .env("SSL_CERT_FILE", aws.certificates())
        .env("AWS_CA_BUNDLE", aws.certificates())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Function::start(command, handler).map_err(|error| error.to_string())
}

/// Sends a function an event, which it must handle without a failure. Returns the duration.
pub(crate) fn invoke(function: &mut Function, event: &Value) -> Result<Duration, String> {
    let invocation = function.invoke(event, PATIENCE).map_err(|error| error.to_string())?;
    match invocation.answer {
        Answer::Response(answer) => {
            let failures = answer["batchItemFailures"].as_array();
            if failures.is_none_or(Vec::is_empty) {
                Ok(invocation.took)
            } else {
                Err(format!("not all messages were handled: {answer}"))
            }
        }
        Answer::Error { kind, message } => Err(format!("the answer is {kind}: {message}")),
    }
}

fn package(out: &Path) -> Result<(), String> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let command = ["run", "--quiet", "--package", "s3guard", "--bin", "s3guard", "--"];
    let made = Command::new(cargo)
        .current_dir(ROOT)
        .args(command)
        .args(["package", "--out"])
        .arg(out)
        .stdout(Stdio::null())
        .status();
    match made {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`s3guard package` ended with {status}")),
        Err(error) => Err(format!("cargo could not be run: {error}")),
    }
}

fn unpack(zip: &Path, bootstrap: &Path) -> io::Result<()> {
    let mut archive = zip::ZipArchive::new(File::open(zip)?)?;
    let mut packed = archive.by_name("bootstrap")?;
    io::copy(&mut packed, &mut File::create(bootstrap)?)?;
    fs::set_permissions(bootstrap, fs::Permissions::from_mode(0o755))
}
