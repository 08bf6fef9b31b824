//! Asks for the settings that `s3guard init` writes: an empty answer is the default, a wrong one is asked for again.

use std::io;

use anyhow::{Context as _, anyhow};
use s3guard_posture::contract::parameter;

use crate::args::account::stack_name;
use crate::args::guard::{declared, grade, key, trail};
use crate::args::init::InitArgs;
use crate::args::region::region;
use crate::error::{Advice as _, Invalid};
use crate::exit::Exit;
use crate::operations::init::text;

/// A question.
struct Question {
    words: &'static str,
    /// What the choices mean.
    choices: &'static [&'static str],
    /// Whether it matters after the answers so far.
    is_asked: fn(&InitArgs) -> bool,
    /// The answer so far, which is the default.
    answer: fn(&InitArgs) -> String,
    take: fn(&mut InitArgs, &str) -> Result<(), Invalid>,
}

const QUESTIONS: [Question; 7] = [
    Question {
        words: "Name of the CloudFormation stack",
        choices: &[],
        is_asked: |_| true,
        answer: |settings| settings.named.to_string(),
        take: |settings, text| stack_name(text).map(|name| settings.named = name),
    },
    Question {
        words: "Regions to guard, separated by commas; empty for the Region of the AWS configuration",
        choices: &[
            "buckets that are created through the global endpoint are detected in us-east-1 only",
        ],
        is_asked: |_| true,
        answer: |settings| listed(&settings.guarded),
        take: |settings, text| {
            settings.guarded = parts(text).map(region).collect::<Result<_, _>>()?;
            Ok(())
        },
    },
    Question {
        words: "Grade",
        choices: &[
            "speed:    SSE-S3; no public access, TLS only, object events",
            "hybrid:   SSE-KMS with your key; the same, and versioning",
            "security: DSSE-KMS with your key; the same, TLS 1.2, access logs, no ACLs",
        ],
        is_asked: |_| true,
        answer: |settings| settings.grade.to_string(),
        take: |settings, text| grade(text).map(|grade| settings.grade = grade),
    },
    Question {
        words: "ARNs of KMS keys, one for each Region, separated by commas",
        choices: &[],
        is_asked: |settings| settings.grade.needs_key(),
        answer: |settings| listed(&settings.keys),
        take: |settings, answer| {
            settings.keys = parts(answer).map(key).collect::<Result<_, _>>()?;
            let advice = "`aws kms create-key` creates a key";
            text(settings).map(drop).map_err(|problem| Invalid::new(problem, advice))
        },
    },
    Question {
        words: "Email address to notify; empty for none",
        choices: &[],
        is_asked: |_| true,
        answer: |settings| settings.email.clone(),
        take: |settings, text| {
            let email = declared(parameter::EMAIL)(text).map_err(|_| {
                let hint = "write one as `you@example.com`, or leave it empty";
                Invalid::new(format!("`{text}` is not an email address"), hint)
            })?;
            settings.email = email;
            Ok(())
        },
    },
    Question {
        words: "CloudTrail trail that records the changes of buckets",
        choices: &[
            "auto:     use an existing trail if it records what the guard needs, else create one",
            "create:   create a trail of the stack; a second trail costs money",
            "existing: use an existing trail",
        ],
        is_asked: |_| true,
        answer: |settings| settings.trail.name().to_owned(),
        take: |settings, text| trail(text).map(|trail| settings.trail = trail),
    },
    Question {
        words: "Protect the stack against deletion, yes or no",
        choices: &[],
        is_asked: |_| true,
        answer: |settings| if settings.protect { "yes" } else { "no" }.to_owned(),
        take: |settings, text| {
            settings.protect = match text.to_ascii_lowercase().as_str() {
                "yes" | "y" => true,
                "no" | "n" => false,
                _ => {
                    return Err(Invalid::new(format!("`{text}` is not an answer"), "yes or no"));
                }
            };
            Ok(())
        },
    },
];

/// Asks every question that matters.
pub(crate) fn ask(
    settings: &mut InitArgs,
    mut read: impl FnMut() -> io::Result<Option<String>>,
    mut say: impl FnMut(&str),
) -> anyhow::Result<()> {
    for Question { words, choices, is_asked, answer, take } in QUESTIONS {
        if !is_asked(settings) {
            continue;
        }
        let default = answer(settings);
        loop {
            say(&if default.is_empty() {
                format!("{words}:")
            } else {
                format!("{words} [{default}]:")
            });
            for choice in choices {
                say(&format!("  {choice}"));
            }
            let Some(line) = read().context("the answer could not be read")? else {
                return Err(anyhow!("cancelled")).hint("nothing was written").exit(Exit::Approval);
            };
            let text = if line.trim().is_empty() { &*default } else { line.trim() };
            match take(settings, text) {
                Ok(()) => break,
                Err(Invalid { problem, hint }) => say(&format!("{problem}: {hint}")),
            }
        }
    }
    Ok(())
}

/// A line from stdin, if there is one.
pub(crate) fn read_line() -> io::Result<Option<String>> {
    let mut line = String::new();
    Ok((io::stdin().read_line(&mut line)? > 0).then_some(line))
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn listed(all: &[impl ToString]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    #[derive(clap::Parser)]
    struct Init {
        #[command(flatten)]
        settings: InitArgs,
    }

    /// The configuration after these answers, and what was printed.
    fn answered(flags: &[&str], lines: &[&str]) -> (anyhow::Result<String>, String) {
        let flags = [&["init"], flags].concat();
        let (mut settings, mut said) =
            (Init::try_parse_from(flags).unwrap().settings, String::new());
        let mut lines = lines.iter();
        let asked = ask(
            &mut settings,
            || Ok(lines.next().map(|line| format!("{line}\n"))),
            |line| said.extend([line, "\n"]),
        );
        (asked.map(|()| text(&settings).unwrap()), said)
    }

    fn of(flags: &[&str]) -> String {
        text(&Init::try_parse_from([&["init"], flags].concat()).unwrap().settings).unwrap()
    }

    #[test]
    fn empty_answers_are_the_flags_and_the_defaults() {
        let (written, said) = answered(&[], &[""; 6]);
        assert_eq!(written.unwrap(), of(&[]));
        assert!(said.starts_with("Name of the CloudFormation stack [s3guard]:\n"), "{said}");
        assert!(said.contains("  speed:    SSE-S3") && !said.contains("KMS keys,"), "{said}");
        let flags = [
            "--stack",
            "g",
            "--grade",
            "hybrid",
            "--key",
            KEY,
            "--region",
            "eu-west-1",
            "--protect",
        ];
        assert_eq!(answered(&flags, &[""; 7]).0.unwrap(), of(&flags));
    }

    #[test]
    fn answers_are_written_and_wrong_ones_are_asked_for_again() {
        let lines = [
            "1st",
            "guard",
            "Europe",
            "eu-west-1",
            "fast",
            "hybrid",
            "",
            KEY,
            "me",
            "me@example.com",
            "none",
            "existing",
            "perhaps",
            "YES",
        ];
        let (written, said) = answered(&[], &lines);
        let flags = [
            "--stack",
            "guard",
            "--region",
            "eu-west-1",
            "--grade",
            "hybrid",
            "--key",
            KEY,
            "--email",
            "me@example.com",
            "--trail",
            "existing",
            "--protect",
        ];
        assert_eq!(written.unwrap(), of(&flags));
        assert!(said.contains("grade `hybrid` needs a KMS key in `eu-west-1`: `aws kms"), "{said}");
        let email =
            "`me` is not an email address: write one as `you@example.com`, or leave it empty";
        assert!(said.contains(email), "{said}");
        assert!(said.contains("`perhaps` is not an answer: yes or no"), "{said}");
    }

    #[test]
    fn an_end_in_the_middle_cancels() {
        let (written, _) = answered(&[], &["guard"]);
        assert_eq!(written.unwrap_err().to_string(), "cancelled");
    }
}
