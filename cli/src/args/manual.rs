//! The commands in groups, with the examples and exit codes of their help.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Command;

use crate::exit::Exit::{self, Approval, Done, Failed, Findings, Interrupted, Usage};
use crate::exit::codes;

/// The exit codes of a command besides 0, 1 and 2, and its examples: what follows `s3guard NAME`.
struct Manual {
    name: &'static str,
    exits: &'static [Exit],
    examples: [&'static str; 2],
}

/// Each command is in one group; `s3guard --help` lists them in this order.
const GROUPS: [(&str, &[Manual]); 4] =
    [("Start", START), ("Every day", EVERY_DAY), ("Operate", OPERATE), ("Author", AUTHOR)];

const START: &[Manual] = &[
    manual("init", &[], ["--email you@example.com", "--region eu-west-1,us-east-1 --trail auto"]),
    manual("doctor", FINDS, ["--region eu-west-1,us-east-1", "--print-policy > deployer.json"]),
    manual("deploy", ASKS, ["--email you@example.com", "--grade hybrid --key ARN --approve any"]),
    manual("verify", ASKS, ["", "--notifications --timeout 30m"]),
];
const EVERY_DAY: &[Manual] = &[
    manual(
        "audit",
        FINDS,
        ["", "'prod-*' --baseline baseline.json --fail-on medium --out report.md"],
    ),
    manual("explain", &[], ["", "http-allowed"]),
    manual(
        "name",
        FINDS,
        ["acme-backup --keyword acme", "acme-data --account 111122223333 --region eu-west-1"],
    ),
    manual("status", FINDS, ["--region eu-west-1,us-east-1", "--drift"]),
    manual("logs", READS, ["--follow", "guard --errors --since 2d"]),
    manual("events", READS, ["--follow", "--failed --output json"]),
    manual("history", READS, ["reports", "reports --limit 100 --output json"]),
    manual("undo", ASKS, ["ID --until 2027-01-31 --reason 'ticket 4711'", "--since 2h"]),
    manual("replay", &[], ["event.json", "*.json.gz --grade hybrid --key ARN"]),
];
const OPERATE: &[Manual] = &[
    manual("subscribe", READS, ["--confirm 'https://sns…'", "--email you@example.com"]),
    manual("notify-test", READS, ["", "--dry-run"]),
    manual("sweep", READS, ["", "--no-wait"]),
    manual("pause", ASKS, ["--until 2h", "--end --region eu-west-1,us-east-1"]),
    manual("redrive", READS, ["", "--queue objects --limit 100"]),
    manual("rollback", ASKS, ["--skip GuardFunction", "--cancel --yes"]),
    manual("destroy", ASKS, ["--stack s3guard", "--empty-buckets --all"]),
];
const AUTHOR: &[Manual] = &[
    manual("config", &[], ["show --origin", "check"]),
    manual("synth", &[], ["> guard.yaml", "--output json --out guard.json"]),
    manual(
        "package",
        &[],
        ["--arch arm64 --out guard.zip --sbom guard.cdx.json", "--verify HASH --no-config"],
    ),
    manual("diff", FINDS, ["--region eu-west-1,us-east-1", "--set SettleSeconds=60 --fail"]),
    manual(
        "guardrails",
        &[],
        [
            "--deployer 'arn:aws:iam::*:role/ci/deployer' --out policies",
            "--stack guard --deployer ARN --output json",
        ],
    ),
    manual("completions", &[], ["bash > s3guard.bash", "zsh > ~/.zfunc/_s3guard"]),
    manual("man", &[], ["| man -l -", "--out ~/.local/share/man/man1"]),
];

const READS: &[Exit] = &[Interrupted];
const FINDS: &[Exit] = &[Findings, Interrupted];
const ASKS: &[Exit] = &[Approval, Interrupted];

const fn manual(name: &'static str, exits: &'static [Exit], examples: [&'static str; 2]) -> Manual {
    Manual { name, exits, examples }
}

/// The name of a command, if this is one.
pub(crate) fn name(text: &str) -> Option<&'static str> {
    all().map(|manual| manual.name).find(|name| *name == text)
}

/// Whether the command shows what it changes, and asks first.
pub(crate) fn asks(name: &str) -> bool {
    all().any(|manual| manual.name == name && manual.exits.contains(&Approval))
}

fn all() -> impl Iterator<Item = &'static Manual> {
    GROUPS.iter().flat_map(|group| group.1)
}

/// The command line with its commands in groups, and with the examples and exit codes of each.
pub(crate) fn documented(mut command: Command) -> Command {
    for Manual { name, exits, examples } in GROUPS.iter().flat_map(|group| group.1) {
        let [first, second] = examples.map(|example| format!("  s3guard {name} {example}"));
        let examples = format!("Examples:\n{}\n{second}", first.trim_end());
        let codes = codes([Done, Failed, Usage].iter().chain(*exits));
        command = command.mut_subcommand(name, |command| {
            command.after_long_help(format!("{examples}\n\n{codes}")).after_help(examples)
        });
    }
    let template = template(&command);
    command.help_template(template).after_long_help(codes(&Exit::ALL))
}

fn template(command: &Command) -> String {
    let styles = command.get_styles();
    let (heading, literal) = (styles.get_header(), styles.get_literal());
    let abouts: BTreeMap<&str, String> = command
        .get_subcommands()
        .map(|one| (one.get_name(), one.get_about().map(ToString::to_string).unwrap_or_default()))
        .collect();
    let mut template = "{about-with-newline}\n{usage-heading} {usage}\n\n".to_owned();
    for (title, manuals) in GROUPS {
        let _ = writeln!(template, "{heading}{title}:{heading:#}");
        for Manual { name, .. } in manuals {
            let about = abouts.get(name).map_or("", String::as_str);
            let _ = writeln!(template, "  {literal}{name:11}{literal:#}  {about}");
        }
        template.push('\n');
    }
    template + &format!("{heading}Options:{heading:#}\n{{options}}{{after-help}}")
}

/// The names of all that are in a group.
#[cfg(test)]
pub(crate) fn listed() -> Vec<&'static str> {
    GROUPS.iter().flat_map(|group| group.1).map(|manual| manual.name).collect()
}
