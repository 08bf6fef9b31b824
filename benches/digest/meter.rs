//! Runs a program that does its work, prints what it reported, and waits; then reads the kernel's measurements.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

/// The kernel's unit of CPU time here, on every architecture that we build for: a hundredth of a second.
///
/// Source: Linux manual pages, `time(7)`, "The software clock, HZ, and jiffies".
const TICK_MILLISECONDS: f64 = 10.0;

/// The measurements of a program.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) cpu_milliseconds: f64,
    pub(crate) peak_bytes: u64,
    /// What it printed: the number of events and notifications, and their bytes.
    pub(crate) reported: [usize; 3],
}

/// Runs it.
pub(crate) fn sample(command: &mut Command) -> Result<Sample, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{name}: {error}"))?;
    let mut line = String::new();
    let stdout = child.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
    let process = format!("/proc/{}", child.id());
    let sample = read(&process, &line).ok_or(format!("{name}: its result is incomplete: `{line}`"));
    // The program has printed its result and waits for this.
    drop(child.stdin.take());
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { sample } else { Err(format!("{name}: {status}")) }
}

fn read(process: &str, line: &str) -> Option<Sample> {
    let stat = fs::read_to_string(format!("{process}/stat")).ok()?;
    // The name of the program, in parentheses, can have spaces; the fields behind it begin with the third.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3)?.parse::<u32>().ok();
    let status = fs::read_to_string(format!("{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let peak: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
    let reported: Vec<usize> =
        line.split_whitespace().map_while(|word| word.parse().ok()).collect();
    Some(Sample {
        cpu_milliseconds: f64::from(ticks(14)? + ticks(15)?) * TICK_MILLISECONDS,
        peak_bytes: peak * 1024,
        reported: reported.try_into().ok()?,
    })
}
