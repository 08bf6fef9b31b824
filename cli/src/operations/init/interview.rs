//! Asks one question after the other; a wrong answer is told, and asked for again.

use std::io;

use anyhow::{Context as _, anyhow};

use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::init::answers::{Answers, Question};

/// Asks until all is answered, or nobody answers any more.
pub(crate) fn ask(
    questions: impl Iterator<Item = Question>,
    answers: &mut Answers,
    mut read: impl FnMut() -> io::Result<Option<String>>,
    mut say: impl FnMut(&str),
) -> anyhow::Result<()> {
    for question in questions {
        if !answers.asks(question) {
            continue;
        }
        loop {
            say(&prompt(question, answers.text(question)));
            let line = read().context("the answer could not be read")?;
            let Some(line) = line else {
                say("\n");
                return Err(anyhow!("cancelled: nobody answers"))
                    .hint("nothing was written")
                    .exit(Exit::Approval);
            };
            let text = match line.trim() {
                "" => answers.text(question).to_owned(),
                text => text.to_owned(),
            };
            match answers.take(question, &text) {
                // An empty list is no key.
                Ok(()) if question == Question::Keys && answers.missing_key().is_some() => {
                    let problem = answers.missing_key().unwrap_or_default();
                    say(&format!("  {problem}; {}\n", question.advice()));
                }
                Ok(()) => break,
                Err(refusal) => say(&format!("  {}; {}\n", refusal.problem, question.advice())),
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

fn prompt(question: Question, default: &str) -> String {
    let words = question.words();
    if default.is_empty() { format!("{words}: ") } else { format!("{words} [{default}]: ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&str]) -> (anyhow::Result<Answers>, String) {
        let (mut answers, mut said) = (Answers::default(), String::new());
        let mut lines = lines.iter();
        let asked = ask(
            Question::ALL.into_iter(),
            &mut answers,
            || Ok(lines.next().map(|line| format!("{line}\n"))),
            |text| said.push_str(text),
        );
        (asked.map(|()| answers), said)
    }

    #[test]
    fn whoever_only_presses_return_gets_the_defaults_and_is_not_asked_for_keys() {
        let (answers, said) = told(&["", "", "", "", "", ""]);
        assert_eq!(answers.unwrap(), Answers::default());
        assert!(said.starts_with("Name of the stack [s3guard]: "), "{said}");
        assert!(!said.contains("KMS"), "{said}");
    }

    #[test]
    fn a_wrong_answer_is_told_and_asked_for_again() {
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let lines = ["1st", "guard", "", "hybrid", "", "x", key, "me@example.com", "", "YES"];
        let (answers, said) = told(&lines);
        let answers = answers.unwrap();
        assert_eq!((answers.text(Question::Stack), answers.protects()), ("guard", true));
        assert_eq!(answers.list(Question::Keys), [key]);
        assert!(said.contains("begins with `1`"), "{said}");
        assert!(said.contains("grade `hybrid` needs a KMS key; write the whole ARN"), "{said}");
    }

    #[test]
    fn an_end_in_the_middle_is_a_cancellation() {
        let (answers, _) = told(&["guard"]);
        assert_eq!(answers.unwrap_err().to_string(), "cancelled: nobody answers");
    }
}
