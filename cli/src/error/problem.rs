//! A failure as JSON.

use serde::Serialize;

use crate::error::mistakes::Mistake;
use crate::exit::Exit;

/// What stdout has instead of a result.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Failure {
    pub(crate) error: Problem,
}

/// An error with its causes and hints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Problem {
    pub(super) message: String,
    /// The outermost first.
    pub(super) causes: Vec<String>,
    pub(super) hints: Vec<String>,
    pub(super) exit_code: u8,
    /// The mistakes of the configuration, if it is about them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) mistakes: Vec<Mistake>,
}

impl Problem {
    /// A mistake on the command line, from the text of `clap`.
    pub(super) fn of_clap(text: &str) -> Self {
        let Some(problem) = text.strip_prefix("error: ") else {
            let hint = "`s3guard --help` lists the commands".to_owned();
            return Self::usage("no command was given".to_owned(), vec![hint]);
        };
        let message = problem.split("\n\n").next().unwrap_or_default();
        let message: Vec<&str> = message.lines().map(str::trim).collect();
        let hints = problem.lines().filter_map(|line| line.strip_prefix("  tip: "));
        Self::usage(message.join(" "), hints.map(str::to_owned).collect())
    }

    pub(super) fn usage(message: String, hints: Vec<String>) -> Self {
        let (causes, mistakes) = (Vec::new(), Vec::new());
        Self { message, causes, hints, exit_code: Exit::Usage as u8, mistakes }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;
    use crate::error::{Advice as _, Mistakes, Placed};

    fn json(problem: &Problem) -> String {
        serde_json::to_string(problem).unwrap()
    }

    #[test]
    fn an_error_has_its_causes_hints_and_exit_code() {
        let error = Err::<(), _>(anyhow!("no such file"))
            .context("`out.yaml` could not be written")
            .hint("give another file")
            .exit(Exit::Approval)
            .unwrap_err();
        expect_test::expect![[
            r#"{"message":"`out.yaml` could not be written","causes":["no such file"],"hints":["give another file"],"exitCode":4}"#
        ]]
        .assert_eq(&json(&Problem::of(&error)));
    }

    #[test]
    fn a_mistake_has_its_place() {
        let placed = Placed {
            span: "a = 1\nü, ".len().."a = 1\nü, x".len(),
            problem: "there is no setting `x`".to_owned(),
            proposal: Some("did you mean `y`?".to_owned()),
        };
        let mistakes = Mistakes::new("s3guard.toml", "a = 1\nü, x".to_owned(), vec![placed]);
        expect_test::expect![[
            r#"{"message":"`s3guard.toml` has a mistake","causes":[],"hints":[],"exitCode":2,"mistakes":[{"message":"there is no setting `x`","file":"s3guard.toml","line":2,"column":4,"help":"did you mean `y`?"}]}"#
        ]]
        .assert_eq(&json(&Problem::of(&mistakes.into())));
    }

    #[test]
    fn a_mistake_on_the_command_line_is_one_line() {
        let text = "error: the following required arguments were not provided:\n  <ID>\n\n  tip: look\n\nUsage: s";
        let problem = Problem::of_clap(text);
        assert_eq!(problem.message, "the following required arguments were not provided: <ID>");
        assert_eq!((problem.hints, problem.exit_code), (vec!["look".to_owned()], 2));
        assert_eq!(Problem::of_clap("Usage: s3guard").message, "no command was given");
    }
}
