//! The packaged `bootstrap` under Lambda's Runtime API alone, without an AWS to call.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use s3guard_emulator::{Answer, Function};
use serde_json::{Value, json};

use crate::chain::package;

const PATIENCE: Duration = Duration::from_mins(5);

/// The one file of the package.
fn bootstrap() -> &'static Path {
    static BOOTSTRAP: OnceLock<PathBuf> = OnceLock::new();
    BOOTSTRAP.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bootstrap");
        fs::create_dir_all(&folder).unwrap();
        let mut archive = zip::ZipArchive::new(File::open(package()).unwrap()).unwrap();
        assert_eq!(archive.len(), 1);
        archive.extract(&folder).unwrap();
        let bootstrap = folder.join("bootstrap");
        let mode = fs::metadata(&bootstrap).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755, "Lambda has to be able to start it");
        bootstrap
    })
}

/// The program with the settings of both functions, and an AWS endpoint without a server.
fn command() -> Command {
    let mut command = Command::new(bootstrap());
    command
        .env_clear()
        .envs([
            ("AWS_ACCESS_KEY_ID", "nobody"),
            ("AWS_SECRET_ACCESS_KEY", "nothing"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
            ("S3GUARD_ACCOUNT", "111122223333"),
            ("S3GUARD_GRADE", "speed"),
            ("S3GUARD_KEY", ""),
            ("S3GUARD_LEDGER", "ledger"),
            ("S3GUARD_LEDGER_KEY", "arn:aws:kms:eu-west-1:111122223333:key/stack"),
            ("S3GUARD_LOG_BUCKET", "logs"),
            ("S3GUARD_OWN_BUCKETS", "ledger,logs,trail,code"),
            ("S3GUARD_QUEUE", "http://127.0.0.1:9/111122223333/queue"),
            ("S3GUARD_SETTLE_SECONDS", "0"),
            ("S3GUARD_STACK", "guard"),
            ("S3GUARD_EMAIL_TOPIC", "arn:aws:sns:eu-west-1:111122223333:email"),
            ("S3GUARD_SMS_TOPIC", "arn:aws:sns:eu-west-1:111122223333:sms"),
            ("S3GUARD_DOCUMENT_TOPIC", "arn:aws:sns:eu-west-1:111122223333:document"),
            ("S3GUARD_CHAT_TOPIC", "arn:aws:sns:eu-west-1:111122223333:chat"),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// The function's response to a batch of messages from a queue with these bodies. Their ids are numbers.
fn answer_to(handler: &str, queue: &str, bodies: &[&str]) -> Answer {
    let record = |(number, body): (usize, &&str)| {
        json!({
            "messageId": number.to_string(), "body": body, "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:eu-west-1:111122223333:{queue}"),
        })
    };
    let records: Vec<Value> = bodies.iter().enumerate().map(record).collect();
    let mut function = Function::start(command(), handler).unwrap();
    function.wait_until_ready(PATIENCE).unwrap();
    function.invoke(&json!({ "Records": records }), PATIENCE).unwrap().answer
}

fn answer(handler: &str, bodies: &[&str]) -> Value {
    match answer_to(handler, "queue", bodies) {
        Answer::Response(response) => response,
        Answer::Error { kind, message } => panic!("{kind}: {message}"),
    }
}

fn failed(numbers: &[&str]) -> Value {
    let items: Vec<Value> =
        numbers.iter().map(|number| json!({ "itemIdentifier": number })).collect();
    json!({ "batchItemFailures": items })
}

#[test]
fn an_invalid_message_does_not_block_the_others() {
    let ignored = include_str!("../../posture/fixtures/put-bucket-cors.json");
    assert_eq!(answer("guard", &[ignored, "poison", ignored]), failed(&["1"]));
    assert_eq!(answer("guard", &[ignored]), failed(&[]));
}

#[test]
fn a_failed_reconciliation_is_retried() {
    let ignored = include_str!("../../posture/fixtures/put-bucket-cors.json");
    let changed = include_str!("../../posture/fixtures/put-bucket-encryption.json");
    assert_eq!(answer("guard", &[changed, ignored, changed]), failed(&["0", "2"]));
}

#[test]
fn events_that_cannot_be_reported_and_invalid_ones_are_retried() {
    let created = include_str!("../../posture/fixtures/object-created.json");
    let strange = include_str!("../../posture/fixtures/object-of-a-new-type.json");
    assert_eq!(answer("notify", &[strange, created]), failed(&["0", "1"]));
}

#[test]
fn an_invocation_with_another_queue_or_without_one_is_refused() {
    let changed = include_str!("../../posture/fixtures/put-bucket-encryption.json");
    for handler in ["guard", "notify"] {
        match answer_to(handler, "other", &[changed]) {
            Answer::Error { message, .. } => {
                assert_eq!(message, "the event is not from the function's queue");
            }
            Answer::Response(response) => panic!("{response}"),
        }
    }
}

#[test]
fn invalid_settings_end_the_function_at_once() {
    let mut command = command();
    command.env("S3GUARD_GRADE", "paranoid");
    let mut function = Function::start(command, "guard").unwrap();
    assert!(function.wait_until_ready(PATIENCE).is_err(), "it does not ask for events");
}
