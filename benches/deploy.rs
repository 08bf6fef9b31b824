//! The duration of a deployment without changes, compared with the CDK's, against the same emulated account.
//!
//! Both commands run against a stack that they have created before. The CDK is given a ready cloud assembly: its time is that
//! of its command alone, without an app to synthesize. Its stack has thirty queues and no assets, because it accepts no template of
//! s3guard's size without the bucket and roles of `cdk bootstrap`, which is to its advantage. The account answers within
//! milliseconds, so the rest is the commands' own work and the number of their calls.
//!
//! `S3GUARD` names the command to measure, such as that of `cargo standalone`; the default is the one that was built for the
//! benchmark, with a package that it creates once, or that of `-- --zip FILE`. `CDK` is the path of `cdk`; without it the CDK
//! is left out. `-- --smoke` makes one run of ours alone, to show that the benchmark works.

#![expect(clippy::print_stdout, reason = "a benchmark shows its result")]

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use s3guard_emulator::{Account, Server};
use serde_json::json;

const RUNS: usize = 15;
/// The resources of the CDK's stack.
const QUEUES: usize = 30;

struct Program {
    name: &'static str,
    arguments: Vec<String>,
    walls: Vec<Duration>,
    calls: usize,
}

fn main() -> anyhow::Result<()> {
    let server = Server::start().context("the emulated account")?;
    let account = server.new_account();
    let folder = tempfile::tempdir()?;
    let words = |line: &[&str]| line.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    // Without the sweep, whose calls would be counted.
    let deploy = ["deploy", "--stack", "ours", "--no-config", "--no-sweep"];
    let ours = if let Ok(named) = env::var("S3GUARD") {
        words(&[&[named.as_str()][..], &deploy].concat())
    } else {
        let built = env!("CARGO_BIN_EXE_s3guard");
        let zip = if let Some(zip) = env::args().skip_while(|argument| argument != "--zip").nth(1) {
            zip
        } else {
            let zip = folder.path().join("bootstrap.zip");
            let zip = zip.to_str().context("the folder's name")?;
            let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
            run(&account, &words(&[built, "package", "--no-config", "--out", zip]), sources)?;
            zip.to_owned()
        };
        words(&[&[built][..], &deploy, &["--package", &zip]].concat())
    };
    let mut programs = vec![Program::new("s3guard deploy", ours)];
    run(&account, &programs[0].arguments, folder.path())?;
    let cdk = env::var("CDK").unwrap_or_else(|_| "cdk".to_owned());
    let is_smoke = env::args().any(|argument| argument == "--smoke");
    let runs = if is_smoke { 1 } else { RUNS };
    let is_there = Command::new(&cdk).arg("--version").stdout(Stdio::null()).status();
    if !is_smoke && is_there.is_ok_and(|status| status.success()) {
        assembly(folder.path())?;
        for (name, method) in
            [("cdk deploy", "change-set"), ("cdk deploy --method=direct", "direct")]
        {
            let method = format!("--method={method}");
            let app =
                ["-a", "out", "twin", "--require-approval", "never", "--no-version-reporting"];
            let arguments = [&[cdk.as_str(), "deploy"][..], &app, &[&method]].concat();
            programs.push(Program::new(name, words(&arguments)));
        }
        run(&account, &programs[1].arguments, folder.path())?;
    } else {
        println!("`{cdk}` is not there, and is left out");
    }
    // In turn, so that other load of the machine affects all of them equally.
    for _ in 0..runs {
        for program in &mut programs {
            account.forget_calls()?;
            program.walls.push(run(&account, &program.arguments, folder.path())?);
            program.calls = account.calls()?.len();
        }
    }
    println!("{runs} runs of each, in turn; the median");
    println!("{:<28} {:>9} {:>7} {:>6}", "without a change", "wall ms", "ratio", "calls");
    let ours = programs[0].median().as_secs_f64();
    for program in &programs {
        let wall = program.median().as_secs_f64();
        let Program { name, calls, .. } = program;
        println!("{name:<28} {:>9.0} {:>7.1} {calls:>6}", wall * 1000.0, wall / ours);
    }
    println!("target: under a second");
    Ok(())
}

impl Program {
    fn new(name: &'static str, arguments: Vec<String>) -> Self {
        Self { name, arguments, walls: Vec::new(), calls: 0 }
    }

    fn median(&self) -> Duration {
        let mut walls = self.walls.clone();
        walls.sort();
        walls[walls.len() / 2]
    }
}

/// A cloud assembly with one stack, as `cdk synth` writes it.
fn assembly(folder: &Path) -> anyhow::Result<()> {
    let out = folder.join("out");
    fs::create_dir(&out)?;
    let queue = |number: usize| (format!("Queue{number}"), json!({ "Type": "AWS::SQS::Queue" }));
    let resources: serde_json::Map<_, _> = (0..QUEUES).map(queue).collect();
    let template = json!({ "Resources": resources });
    fs::write(out.join("twin.json"), template.to_string())?;
    let stack = json!({
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": { "templateFile": "twin.json", "validateOnSynth": false },
    });
    let manifest = json!({ "version": "48.0.0", "artifacts": { "twin": stack } });
    fs::write(out.join("manifest.json"), manifest.to_string())?;
    Ok(())
}

fn run(account: &Account, arguments: &[String], folder: &Path) -> anyhow::Result<Duration> {
    let mut command = Command::new(&arguments[0]);
    command.args(&arguments[1..]).envs(account.env()).env("CI", "1");
    command.current_dir(folder);
    let begun = Instant::now();
    let output = command.stdin(Stdio::null()).output().with_context(|| arguments[0].clone())?;
    let wall = begun.elapsed();
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{}`: {words}", arguments.join(" "));
    Ok(wall)
}
