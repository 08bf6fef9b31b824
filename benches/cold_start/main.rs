//! How fast the packaged guard is up and has done its first bucket, beside a Python twin of the handler of 2022.
//!
//!     cargo bench --profile dev -p s3guard-emulator --bench cold_start -- [--runs N] [--zip FILE] [--check]
//!
//! Both run under the same Runtime API against the same S3 on loopback, in turn, so that what else this machine does
//! hits both. The figures compare the two with one another; on Lambda both are slower.

use std::env;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::candidates::{Candidate, Guard, Twin};
use crate::fake_aws::FakeAws;
use crate::report::{Report, Sample};

mod candidates;
mod fake_aws;
mod report;

const RUNS: usize = 10;

struct Wanted {
    runs: usize,
    zip: Option<PathBuf>,
    check: bool,
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, String> {
    let wanted = arguments(env::args().skip(1))?;
    let aws = FakeAws::start().map_err(|error| format!("the fake S3 did not start: {error}"))?;
    let guard = Guard::unpacked(wanted.zip.as_deref())?;
    let twin = Twin::installed()?;
    let mut report = Report { guard: Vec::new(), twin: Vec::new() };
    // The first pair only fills the page cache.
    for run in 0..=wanted.runs {
        let samples = (measure(&guard, &aws)?, measure(&twin, &aws)?);
        if run > 0 {
            report.guard.push(samples.0);
            report.twin.push(samples.1);
        }
    }
    write!(io::stdout(), "{report}").map_err(|error| error.to_string())?;
    let missed = wanted.check && !report.is_good();
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn measure(candidate: &impl Candidate, aws: &FakeAws) -> Result<Sample, String> {
    aws.forget();
    let sample = candidate.measure(aws)?;
    // A function that is fast because it does nothing would win otherwise.
    if aws.encrypted() {
        Ok(sample)
    } else {
        Err(format!("{} did not encrypt the bucket", candidate.name()))
    }
}

fn arguments(given: impl Iterator<Item = String>) -> Result<Wanted, String> {
    let mut wanted = Wanted { runs: RUNS, zip: None, check: false };
    let mut given = given;
    while let Some(flag) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("`{flag}` needs a value"));
        match flag.as_str() {
            // Cargo says this to every benchmark.
            "--bench" => {}
            "--check" => wanted.check = true,
            "--zip" => wanted.zip = Some(value()?.into()),
            "--runs" => {
                let runs = value()?;
                let number = runs.parse().ok().filter(|number| *number > 0);
                wanted.runs = number.ok_or_else(|| format!("`{runs}` is not a number of runs"))?;
            }
            _ => {
                return Err(format!(
                    "`{flag}` is unknown: there are --runs N, --zip FILE, --check"
                ));
            }
        }
    }
    Ok(wanted)
}
