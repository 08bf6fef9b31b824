//! The packaged guard's calls of AWS: for the event of a new bucket, for a sweep of many buckets, for their reconciliation.
//!
//!     cargo bench --profile dev -p s3guard-emulator --bench guard -- [--runs N] [--zip FILE] [--calls] [--counts] [--smoke] [--check]
//!
//! - **event**: one `CreateBucket` event of a new bucket, at each grade. Each answer of the fake AWS takes 50 ms more, as across
//!   a network, so that waiting counts and computing does not. A *round* is a set of calls that were in flight together:
//!   a call belongs to the round after that of the last response before it. It is compared, under the same Runtime
//!   API, with a handler that makes Cloud Custodian's calls, one after the other. `--calls` shows the calls of each round.
//! - **sweep**: 10,000 buckets in pages of a thousand, until no message requests another page. The responses have no
//!   delay. Each bucket has to be queued exactly once, and memory must not grow with the number of buckets.
//! - **compliant**: 1,000 compliant buckets, in batches of ten.
//!
//! Figures are medians of all runs. Seconds are this machine's, and the fake works on the same processors; the numbers of
//! calls and rounds are the same everywhere. With `--check` a missed target is a failure. `--counts` compares these numbers
//! with `benches/baseline.json`; with `UPDATE_EXPECT=1` in the environment it writes that file. `--smoke` only shows
//! that the benchmark works: one run, without the handler for comparison.

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::report::Report;
use crate::stage::arguments::Wanted;
use crate::stage::fake_aws::FakeAws;
use crate::stage::programs::{Package, Python};

mod compliant;
mod counts;
mod event;
mod report;
mod rounds;
#[path = "../stage/stage.rs"]
mod stage;
mod sweep;

const RUNS: usize = 5;

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
    let wanted = Wanted::read(env::args().skip(1), RUNS, &["--calls", "--check", "--counts"])?;
    let aws = FakeAws::start()?;
    let package = Package::unpacked(wanted.zip.as_deref())?;
    let python = Python::wanted(wanted.is_smoke)?;
    let candidates = event::candidates(&package, python.as_ref());
    let mut report = Report::new(&candidates);
    let measure = || -> Result<_, String> {
        let events = candidates.iter().map(|candidate| event::measure(candidate, &aws));
        let events = events.collect::<Result<Vec<_>, _>>()?;
        Ok((events, sweep::measure(&package, &aws)?, compliant::measure(&package, &aws)?))
    };
    for run in wanted.numbers() {
        let (events, sweep, compliant) = measure()?;
        if run > 0 {
            report.add(events, sweep, compliant);
        }
    }
    if wanted.has("--counts") {
        let check = |report: &Report| counts::check(&report.counts(), package.zip_bytes);
        // On a busy machine calls that are sent together may be received one after the other, as another round.
        for _ in 1..RUNS {
            if check(&report).is_ok() {
                break;
            }
            let (events, sweep, compliant) = measure()?;
            report.add(events, sweep, compliant);
        }
        check(&report)?;
    }
    if wanted.is_smoke {
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = io::stdout();
    let shown = if wanted.has("--calls") { report.show_calls(&mut out) } else { Ok(()) };
    shown.and_then(|()| write!(out, "{report}")).map_err(|error| error.to_string())?;
    let missed = wanted.has("--check") && !report.is_good();
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
