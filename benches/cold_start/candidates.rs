//! The two that are compared, and how each is started.

use std::env;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use s3guard_emulator::{Answer, Function, cache, virtualenv};
use serde_json::{Value, json};

use crate::fake_aws::FakeAws;
use crate::report::Sample;

const PATIENCE: Duration = Duration::from_mins(1);
const ACCOUNT: &str = "111122223333";
const BUCKET: &str = "made-carelessly";
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const TWIN_PACKAGES: &str = include_str!("../twin/requirements.txt");

pub(crate) trait Candidate {
    fn name(&self) -> &'static str;
    /// The program, without what is the same for both.
    fn command(&self) -> Command;
    fn handler(&self) -> &'static str;
    fn event(&self) -> Value;

    fn measure(&self, aws: &FakeAws) -> Result<Sample, String> {
        let mut command = self.command();
        command
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_ENDPOINT_URL", aws.endpoint())
            // Each finds the made CA among this machine's own, as it would find Amazon's.
            .env("SSL_CERT_FILE", aws.certificates())
            .env("AWS_CA_BUNDLE", aws.certificates())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let failed = |error| format!("{}: {error}", self.name());
        let mut function = Function::start(command, self.handler()).map_err(failed)?;
        let init = function.wait_until_ready(PATIENCE).map_err(failed)?;
        let first = function.invoke(&self.event(), PATIENCE).map_err(failed)?;
        match first.answer {
            Answer::Response(_) => {}
            Answer::Error { kind, message } => {
                return Err(format!("{} answered {kind}: {message}", self.name()));
            }
        }
        let memory_bytes = function.usage().map_err(failed)?.memory_bytes_peak;
        Ok(Sample { init, first: first.took, memory_bytes })
    }
}

/// The packaged Lambda.
pub(crate) struct Guard {
    bootstrap: PathBuf,
}

impl Guard {
    /// Unpacks the zip; without one, has the command make it.
    pub(crate) fn unpacked(zip: Option<&Path>) -> Result<Self, String> {
        let folder = cache().join("cold-start");
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
        Ok(Self { bootstrap })
    }
}

fn package(out: &Path) -> Result<(), String> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let made = Command::new(cargo)
        .current_dir(ROOT)
        .args([
            "run",
            "--quiet",
            "--package",
            "s3guard-synth",
            "--bin",
            "s3guard",
            "--",
            "package",
            "--out",
        ])
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

impl Candidate for Guard {
    fn name(&self) -> &'static str {
        "s3guard"
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.bootstrap);
        let arn =
            |service: &str, name: &str| format!("arn:aws:{service}:eu-west-1:{ACCOUNT}:{name}");
        command
            .env_clear()
            .env("S3GUARD_ACCOUNT", ACCOUNT)
            .env("S3GUARD_STACK", "bench")
            .env("S3GUARD_TOPIC", arn("sns", "notices"))
            .env("S3GUARD_QUEUE", format!("https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/guard"))
            .env("S3GUARD_GRADE", "speed")
            .env("S3GUARD_KEY", "")
            .env("S3GUARD_SETTLE_SECONDS", "0");
        command
    }

    fn handler(&self) -> &'static str {
        "guard"
    }

    fn event(&self) -> Value {
        json!({ "Records": [{
            "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": created().to_string(),
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1781516400000",
                "SenderId": ACCOUNT,
                "ApproximateFirstReceiveTimestamp": "1781516400001",
            },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:guard"),
            "awsRegion": "eu-west-1",
        }] })
    }
}

/// The Python twin.
pub(crate) struct Twin {
    python: PathBuf,
}

impl Twin {
    /// With boto3 and Lambda's runtime client, as pinned.
    pub(crate) fn installed() -> Result<Self, String> {
        let python = virtualenv("twin", TWIN_PACKAGES);
        Ok(Self { python: python.map_err(|error| error.to_string())? })
    }
}

impl Candidate for Twin {
    fn name(&self) -> &'static str {
        "the twin"
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.python);
        command
            .env_clear()
            .args(["-m", "awslambdaric", "handler.handler"])
            .current_dir(Path::new(ROOT).join("benches/twin"))
            .env("LAMBDA_TASK_ROOT", ".")
            // Its own file is small; the packages were compiled when they were installed.
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    fn handler(&self) -> &'static str {
        "handler.handler"
    }

    fn event(&self) -> Value {
        created()
    }
}

/// CloudTrail's event of a new bucket, as EventBridge delivers it.
fn created() -> Value {
    json!({
        "version": "0",
        "id": "2b1f3b9a-7c1a-4a4e-9d0b-8f1f1a3f0c11",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.s3",
        "account": ACCOUNT,
        "time": "2026-06-15T09:40:00Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser",
                "principalId": "AIDAIOSFODNN7EXAMPLE",
                "arn": format!("arn:aws:iam::{ACCOUNT}:user/careless"),
                "accountId": ACCOUNT,
                "accessKeyId": "AKIAI44QH8DHBEXAMPLE",
                "userName": "careless",
            },
            "eventTime": "2026-06-15T09:40:00Z",
            "eventSource": "s3.amazonaws.com",
            "eventName": "CreateBucket",
            "awsRegion": "eu-west-1",
            "sourceIPAddress": "192.0.2.1",
            "userAgent": "[aws-cli/2.31.0]",
            "requestParameters": {
                "bucketName": BUCKET,
                "Host": format!("{BUCKET}.s3.eu-west-1.amazonaws.com"),
                "CreateBucketConfiguration": {
                    "LocationConstraint": "eu-west-1",
                    "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
                },
            },
            "responseElements": null,
            "requestID": "5K2EXAMPLE",
            "eventID": "c1a8f1a0-3f0e-4c8e-9d1f-1a2b3c4d5e6f",
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
        },
    })
}
