//! The cold start and the first bucket of the packaged guard, compared with a Python twin of the handler of 2022.
//!
//!     cargo bench --profile dev -p s3guard-emulator --bench cold_start -- [--runs N] [--zip FILE] [--smoke] [--check]
//!
//! Both run under the same Runtime API against the same AWS on loopback, in turn, so that other load of the machine
//! affects both. The figures compare the two with one another; on Lambda both are slower.

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::candidates::Candidate as _;
use crate::report::Report;
use crate::stage::arguments::Wanted;
use crate::stage::fake_aws::FakeAws;
use crate::stage::programs::{Package, Python};

mod candidates;
mod report;
#[expect(dead_code, reason = "the other benchmark needs more of it")]
#[path = "../stage/stage.rs"]
mod stage;

const RUNS: usize = 10;

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
    let wanted = Wanted::read(env::args().skip(1), RUNS, &["--check"])?;
    let aws = FakeAws::start()?;
    let guard = Package::unpacked(wanted.zip.as_deref())?;
    let twin = Python::wanted(wanted.is_smoke)?;
    let mut report = Report { guard: Vec::new(), twin: Vec::new() };
    for run in wanted.numbers() {
        let ours = guard.measure(&aws)?;
        let theirs = twin.as_ref().map(|twin| twin.measure(&aws)).transpose()?;
        if run > 0 {
            report.guard.push(ours);
            report.twin.extend(theirs);
        }
    }
    if wanted.is_smoke {
        return Ok(ExitCode::SUCCESS);
    }
    write!(io::stdout(), "{report}").map_err(|error| error.to_string())?;
    let missed = wanted.has("--check") && !report.is_good();
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
