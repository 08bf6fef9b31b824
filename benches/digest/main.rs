//! The cost of one digest of 10,000 events, compared with a short Python script and with an email for each event.
//!
//!     cargo bench -p s3guard-posture --bench digest -- [--runs N] [--smoke]
//!
//! Both read the same bodies of the queue. CPU time is that of additional digests in one process, so that its start does
//! not count; memory is the peak of a process that makes one.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs};

use crate::bodies::EVENTS;
use crate::figures::{mebibytes, median, number};
use crate::meter::Sample;

mod bodies;
#[expect(dead_code, reason = "the other benchmarks need more of it")]
#[path = "../stage/figures.rs"]
mod figures;
mod meter;
mod ours;

const RUNS: usize = 15;
/// How many digests a process makes to measure their CPU time: the kernel counts in hundredths of a second.
const ROUNDS: usize = 21;

/// A program, and the measurements of one digest and of many.
struct Program {
    name: &'static str,
    command: Vec<String>,
    one: Vec<Sample>,
    many: Vec<Sample>,
}

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
    let arguments: Vec<String> = env::args().skip(1).filter(|one| one != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => compare(RUNS),
        // A smoke test: without the script.
        ["--smoke"] => {
            let bodies = bodies::all();
            let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
            match ours::digest(&bodies)?.events {
                EVENTS => Ok(()),
                events => Err(format!("{events} events were reported")),
            }
        }
        ["--runs", runs] => compare(runs.parse().map_err(|_| format!("`{runs}` is not a number"))?),
        ["--digest", file, rounds] => {
            work(file, rounds.parse().map_err(|_| format!("`{rounds}` is not a number"))?)
        }
        _ => Err("usage: [--runs N] [--smoke]".to_owned()),
    }
}

/// The measured process.
fn work(file: &str, rounds: usize) -> Result<(), String> {
    let bodies = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let bodies: Vec<&str> = bodies.lines().collect();
    let mut reported = ours::Reported::default();
    for _ in 0..rounds {
        reported = ours::digest(&bodies)?;
    }
    let words = |error: io::Error| error.to_string();
    let mut out = io::stdout();
    writeln!(out, "{} {} {}", reported.events, reported.notifications, reported.bytes)
        .map_err(words)?;
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop).map_err(words)
}

fn compare(runs: usize) -> Result<(), String> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("digest-bodies.jsonl");
    fs::write(&file, bodies::all().join("\n")).map_err(|error| error.to_string())?;
    let file = file.to_string_lossy().into_owned();
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let twin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/twin/digest.py");
    let [own, twin] = [own, twin].map(|path| path.to_string_lossy().into_owned());
    let mut programs = [
        ("s3guard", vec![own, "--digest".to_owned(), file.clone()]),
        ("Python", vec!["python3".to_owned(), twin, file]),
    ]
    .map(|(name, command)| Program { name, command, one: Vec::new(), many: Vec::new() });
    // In turn, so that other load of the machine affects both equally; the first pair only fills the page cache.
    for run in 0..=runs.max(1) {
        for program in &mut programs {
            let (one, many) = (program.sample(1)?, program.sample(ROUNDS)?);
            if one.reported[0] != EVENTS {
                return Err(format!("{} reported {} events", program.name, one.reported[0]));
            }
            if run > 0 {
                program.one.push(one);
                program.many.push(many);
            }
        }
    }
    show(&programs, &mut io::stdout()).map_err(|error| error.to_string())
}

impl Program {
    fn sample(&self, rounds: usize) -> Result<Sample, String> {
        let mut command = Command::new(&self.command[0]);
        meter::sample(command.args(&self.command[1..]).arg(rounds.to_string()))
    }

    /// The CPU time of one digest in milliseconds.
    fn cpu(&self) -> f64 {
        let of = |samples: &[Sample]| median(samples, |sample| sample.cpu_milliseconds);
        (of(&self.many) - of(&self.one)) / number(ROUNDS - 1)
    }

    /// The CPU time of a process that makes one, from its start, in milliseconds.
    fn cpu_with_start(&self) -> f64 {
        median(&self.one, |sample| sample.cpu_milliseconds)
    }

    fn peak(&self) -> f64 {
        median(&self.one, |sample| mebibytes(sample.peak_bytes))
    }
}

fn show(programs: &[Program; 2], out: &mut impl io::Write) -> io::Result<()> {
    let [ours, twin] = programs;
    writeln!(out, "one digest of {EVENTS} events, medians of {} runs\n", ours.one.len())?;
    writeln!(
        out,
        "{:<24}{:>10}{:>12}{:>10}{:>10}",
        "", "CPU ms", "with start", "peak MiB", "emails"
    )?;
    for program in programs {
        let notifications = program.one.first().map_or(0, |sample| sample.reported[1]);
        let (cpu, start, peak) = (program.cpu(), program.cpu_with_start(), program.peak());
        writeln!(
            out,
            "{:<24}{cpu:>10.1}{start:>12.0}{peak:>10.1}{notifications:>10}",
            program.name
        )?;
    }
    writeln!(
        out,
        "{:<24}{:>10}{:>12}{:>10}{EVENTS:>10}",
        "an email for each event", "-", "-", "-"
    )?;
    let notifications = ours.one.first().map_or(1, |sample| sample.reported[1]);
    writeln!(
        out,
        "\nPython / s3guard: CPU {:.1}, with start {:.1}, memory {:.1}\nemails, one for each event / s3guard: {:.0}",
        twin.cpu() / ours.cpu(),
        twin.cpu_with_start() / ours.cpu_with_start(),
        twin.peak() / ours.peak(),
        number(EVENTS) / number(notifications),
    )
}
