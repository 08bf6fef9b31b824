//! The start of the command and its output of the template: time and memory, compared with other commands and with the
//! minimum of a process.
//!
//! `cargo bench --package s3guard --bench synth --profile lambda` measures the release build of the command, which takes
//! minutes to build; the targets apply to it. `--profile dev` measures the one that tests run: it needs
//! twice the memory, because more of its code is mapped. With `-- --check` a missed target is a failure; `-- --smoke` makes
//! one run, to show that the benchmark works.

#![expect(clippy::print_stdout, reason = "a benchmark shows its result")]

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

const RUNS: usize = 40;
/// The targets: times that a person does not notice, and memory that a small container has.
const WALL_MAX: Duration = Duration::from_millis(20);
const START_MAX: Duration = Duration::from_millis(10);
const PEAK_KIB_MAX: u64 = 10 * 1024;

struct Program {
    name: &'static str,
    command: Vec<&'static str>,
    walls: Vec<Duration>,
    peak_kib: u64,
}

fn main() -> anyhow::Result<ExitCode> {
    // `S3GUARD` names another command to measure, such as that of `cargo standalone`; `CDK` is the path of `cdk`.
    let named = |name: &str, or: &str| -> &'static str {
        env::var(name).unwrap_or_else(|_| or.to_owned()).leak()
    };
    let (ours, cdk) = (named("S3GUARD", env!("CARGO_BIN_EXE_s3guard")), named("CDK", "cdk"));
    let mut programs: Vec<Program> = [
        ("s3guard synth", vec![ours, "synth"]),
        ("true", vec!["/bin/true"]),
        ("s3guard --version", vec![ours, "--version"]),
        ("s3guard --help", vec![ours, "--help"]),
        ("git --version", vec!["git", "--version"]),
        ("cargo --version", vec![env!("CARGO"), "--version"]),
        ("python3 -c pass", vec!["/usr/bin/env", "python3", "-c", "pass"]),
        ("node -e 0", vec!["node", "-e", "0"]),
        ("cdk --version", vec![cdk, "--version"]),
    ]
    .into_iter()
    // A missing command is not compared.
    .filter(|(_, command)| {
        command[0] == ours || start(command).status().is_ok_and(|status| status.success())
    })
    .map(|(name, command)| Program { name, command, walls: Vec::new(), peak_kib: 0 })
    .collect();
    let has = |flag: &str| env::args().any(|argument| argument == flag);
    let runs = if has("--smoke") { 1 } else { RUNS };
    // In turn, so that other load of the machine affects all of them equally.
    for _ in 0..runs {
        for program in &mut programs {
            program.walls.push(wall(&program.command)?);
        }
    }
    for _ in 0..runs {
        for program in &mut programs {
            program.peak_kib = program.peak_kib.max(peak_kib(&program.command)?);
        }
    }
    println!("{runs} runs of each, in turn; wall is the median, memory the highest peak");
    println!("{:<18} {:>9} {:>8} {:>10}", "program", "wall ms", "ratio", "peak MiB");
    let least = median(&programs[1].walls).as_secs_f64();
    for program in &programs {
        let wall = median(&program.walls).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "kibibytes of a process are few")]
        let peak = program.peak_kib as f64 / 1024.0;
        println!("{:<18} {:>9.2} {:>8.1} {peak:>10.1}", program.name, wall * 1000.0, wall / least);
    }
    let starts = programs[2..4].iter().all(|program| median(&program.walls) < START_MAX);
    let synth = median(&programs[0].walls) < WALL_MAX && programs[0].peak_kib < PEAK_KIB_MAX;
    let (wall_max, peak_max) = (WALL_MAX.as_millis(), PEAK_KIB_MAX / 1024);
    let word = |is_met| if is_met { "met" } else { "missed" };
    println!("target of synth: under {wall_max} ms and {peak_max} MiB: {}", word(synth));
    println!("target of a start: under {} ms: {}", START_MAX.as_millis(), word(starts));
    let met = synth && starts;
    let is_failure = !met && has("--check");
    Ok(if is_failure { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn wall(command: &[&str]) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let status = start(command).status().with_context(|| command[0].to_owned())?;
    let wall = begun.elapsed();
    ensure!(status.success(), "`{}`: {status}", command.join(" "));
    Ok(wall)
}

/// Reads the kernel's high-water mark until the process ends; it never falls.
fn peak_kib(command: &[&str]) -> anyhow::Result<u64> {
    let mut child = start(command).spawn().with_context(|| command[0].to_owned())?;
    let file = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        peak = peak.max(high_water_mark(Path::new(&file)).unwrap_or(0));
    }
    Ok(peak)
}

fn high_water_mark(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn start(command: &[&str]) -> Command {
    let mut process = Command::new(command[0]);
    process.args(&command[1..]).stdin(Stdio::null()).stdout(Stdio::null());
    process
}

fn median(walls: &[Duration]) -> Duration {
    let mut walls = walls.to_vec();
    walls.sort();
    walls[walls.len() / 2]
}
