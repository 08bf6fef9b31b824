//! The number of allocations: one assessment of a compliant bucket, a digest of 10,000 events, the template.
//!
//!     cargo bench --profile dev -p s3guard-synth --bench allocations -- [--counts] [--smoke]
//!
//! The counts are the same on every machine with the same version of the standard library. `--counts` compares with
//! `benches/baseline.json`: an assessment exactly, counts above a thousand within one percent. With `UPDATE_EXPECT=1` in
//! the environment it writes that file. Without it the numbers are shown.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use allocation_counter::measure;
use s3guard_posture::model::policy::Policy;
use s3guard_posture::model::setting::{AccessLogs, Algorithm, Encryption, Key, SseC, Versioning};
use s3guard_posture::{
    Baseline, BucketId, Finding, Grade, KeyArn, Mode, Observed, Question, Reading,
};
use s3guard_synth::stacks;
use serde_json::{Map, Value, json};

#[path = "../digest/bodies.rs"]
mod bodies;
#[path = "../digest/ours.rs"]
mod ours;

/// Counts of at least this many may differ by one percent, as with another version of the standard library.
const EXACT_BELOW: u64 = 1000;
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let has = |flag: &str| env::args().any(|argument| argument == flag);
    let found = count()?;
    if has("--counts") {
        return check(&found);
    }
    if has("--smoke") {
        return Ok(());
    }
    writeln!(io::stdout(), "{:#}", Value::from(found)).map_err(|error| error.to_string())
}

fn count() -> Result<Map<String, Value>, String> {
    let mut counts = Map::new();
    let mut put = |name: String, count: u64| drop(counts.insert(name, json!(count)));
    for grade in Grade::ALL {
        let (observed, baseline) = right(grade);
        let mut judged = None;
        let of_judgement = measure(|| judged = Some(judge(&observed, &baseline)));
        if judged != Some((Vec::new(), Vec::new())) {
            return Err(format!("{grade}: the bucket is not compliant: {judged:?}"));
        }
        put(format!("judgement of a right bucket ({grade})"), of_judgement.count_total);
    }
    let bodies = bodies::all();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let mut reported = Err("nothing was reported".to_owned());
    let of_digest = measure(|| reported = ours::digest(&bodies));
    let ours::Reported { events, notifications, bytes } = reported?;
    if events != bodies::EVENTS || notifications == 0 || bytes == 0 {
        return Err(format!(
            "{events} events were reported in {notifications} notifications of {bytes} bytes"
        ));
    }
    put(format!("digest of {events} events"), of_digest.count_total);
    let mut yaml = None;
    let of_template = measure(|| yaml = stacks::guard().to_yaml().ok());
    if yaml.is_none() {
        return Err("the template is not rendered".to_owned());
    }
    put("template".to_owned(), of_template.count_total);
    Ok(counts)
}

/// The guard's assessment of a bucket that it has read.
fn judge(observed: &Observed, baseline: &Baseline) -> (Vec<Question>, Vec<Finding>) {
    (s3guard_posture::questions(observed, baseline), s3guard_posture::assess(observed, baseline))
}

/// A bucket that complies with the grade, fully read, and the grade's baseline without report-only aspects.
fn right(grade: Grade) -> (Observed, Baseline) {
    let key: KeyArn = KEY.parse().expect("it is a key");
    let named = Key::Named(key.as_str().to_owned());
    let mut baseline = Baseline::new(grade, Some(key));
    for aspect in s3guard_posture::Aspect::ALL {
        if baseline.mode(aspect) == Mode::Report {
            baseline.set_mode(aspect, Mode::Off);
        }
    }
    let id = BucketId {
        name: "reports".parse().expect("it is a name"),
        account: "111122223333".parse().expect("it is an account"),
        region: "eu-west-1".parse().expect("it is a Region"),
    };
    let algorithm = match grade {
        Grade::Speed => Algorithm::SseS3,
        Grade::Hybrid => Algorithm::Kms(named),
        Grade::Security => Algorithm::Dsse(named),
    };
    let encryption =
        Encryption { algorithm, bucket_key: grade == Grade::Hybrid, sse_c: SseC::Blocked };
    let denied = |condition: Value| {
        json!({
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::reports", "arn:aws:s3:::reports/*"],
            "Condition": condition,
        })
    };
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            denied(json!({ "Bool": { "aws:SecureTransport": "false" } })),
            denied(json!({ "NumericLessThan": { "s3:TlsVersion": "1.2" } })),
        ],
    });
    let logs =
        AccessLogs { target_bucket: "our-logs".to_owned(), target_prefix: "access/".to_owned() };
    let mut observed = Observed {
        encryption: Reading::Known(encryption),
        policy: Reading::Known(Policy::new(policy.to_string())),
        versioning: Reading::Known(Versioning { enabled: true, mfa_delete: false }),
        access_logs: Reading::Known(logs),
        ..Observed::new_bucket(id)
    };
    if let Reading::Known(notifications) = &observed.notifications {
        let merged = notifications.with_event_bridge().expect("it is an empty configuration");
        observed.notifications = Reading::Known(merged);
    }
    (observed, baseline)
}

/// Compares the counts with the baseline, or updates the baseline; its other entries are kept.
fn check(found: &Map<String, Value>) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/baseline.json");
    let words = |error: &dyn std::fmt::Display| format!("`{}`: {error}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| words(&error))?;
    let mut baseline: Value = serde_json::from_str(&text).map_err(|error| words(&error))?;
    if env::var_os("UPDATE_EXPECT").is_some() {
        baseline["allocations"] = Value::from(found.clone());
        return fs::write(&path, format!("{baseline:#}\n")).map_err(|error| words(&error));
    }
    let known = &baseline["allocations"];
    let is_near = |(name, found): (&String, &Value)| {
        let (Some(found), Some(known)) = (found.as_u64(), known[name].as_u64()) else {
            return false;
        };
        let tolerance = if known < EXACT_BELOW { 0 } else { known / 100 };
        found.abs_diff(known) <= tolerance
    };
    let is_whole = known.as_object().is_some_and(|known| known.len() == found.len());
    if is_whole && found.iter().all(is_near) {
        return Ok(());
    }
    let found = Value::from(found.clone());
    Err(format!(
        "allocations are {found:#}\nand were {known:#}\n\
         if that is wanted, run it again with UPDATE_EXPECT=1, and say why in the commit"
    ))
}
