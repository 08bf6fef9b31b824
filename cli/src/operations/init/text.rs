//! The configuration as it is written: each setting with what it means.
//!
//! A line of words begins with `# `; a setting that is commented out with `#` alone, so that one character switches it on.

use std::fmt::Write as _;

use crate::operations::init::answers::{Answers, Question};

/// The file for these answers.
pub(crate) fn of(answers: &Answers) -> String {
    let mut keys = String::new();
    for (region, key) in answers.keyed() {
        let _ = writeln!(keys, "{region} = {}", quoted(key));
    }
    if keys.is_empty() {
        keys.push_str(
            "#eu-west-1 = \"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\"\n",
        );
    }
    let regions = answers.list(Question::Regions).into_iter().map(quoted).collect::<Vec<_>>();
    let regions = match regions.join(", ") {
        regions if regions.is_empty() => "#regions = [\"eu-west-1\", \"us-east-1\"]".to_owned(),
        regions => format!("regions = [{regions}]"),
    };
    let owner = match answers.text(Question::Email) {
        "" => "#[[subscription]]\n#name = \"owner\"\n#email = \"you@example.com\"".to_owned(),
        email => format!("[[subscription]]\nname = \"owner\"\nemail = {}", quoted(email)),
    };
    include_str!("template.toml")
        .replace("@grade@", &quoted(answers.text(Question::Grade)))
        .replace("@keys@\n", &keys)
        .replace("@owner@", &owner)
        .replace("@stack@", &quoted(answers.text(Question::Stack)))
        .replace("@regions@", &regions)
        .replace("@trail@", &quoted(answers.text(Question::Trail)))
        .replace("@protect@", &answers.protects().to_string())
}

/// A text as TOML has it: a basic string is escaped as in JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::config_file;

    fn answered(pairs: &[(Question, &str)]) -> Answers {
        let mut answers = Answers::default();
        for (question, text) in pairs {
            answers.take(*question, text).unwrap();
        }
        answers
    }

    fn full() -> Answers {
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        answered(&[
            (Question::Stack, "guard"),
            (Question::Regions, "eu-west-1"),
            (Question::Grade, "hybrid"),
            (Question::Keys, key),
            (Question::Email, "you@example.com"),
            (Question::Trail, "create"),
            (Question::Protect, "yes"),
        ])
    }

    #[test]
    fn what_was_answered_is_what_the_commands_read() {
        let config = config_file::check("s3guard.toml", &of(&full())).unwrap();
        let deploy = config.deploy();
        assert_eq!(deploy.stack.as_ref().unwrap().to_string(), "guard");
        assert_eq!(deploy.regions.len(), 1);
        assert_eq!(deploy.trail.unwrap().name(), "create");
        assert_eq!(deploy.protect, Some(true));
        assert_eq!(config.grade().unwrap().name(), "hybrid");
        assert_eq!(config.keys().count(), 1);
        let subscriptions = config.subscriptions();
        assert_eq!(subscriptions[0].endpoint().address(), "you@example.com");
        // Who is named so hears of everything.
        assert_eq!(subscriptions[0].filters(), []);
        let config = config_file::check("s3guard.toml", &of(&Answers::default())).unwrap();
        assert!(config.subscriptions().is_empty());
        assert_eq!(config.deploy().regions.len(), 0);
    }

    #[test]
    fn what_is_commented_out_is_right_as_soon_as_it_is_switched_on() {
        for answers in [Answers::default(), full()] {
            let text = of(&answers);
            assert!(!text.contains('@') || text.contains("@example.com"), "{text}");
            let on: Vec<&str> = text
                .lines()
                .map(|line| match line.strip_prefix('#') {
                    Some(setting) if !setting.is_empty() && !setting.starts_with([' ', ':']) => {
                        setting
                    }
                    Some(_) | None => line,
                })
                .collect();
            assert_ne!(on.join("\n"), text.trim_end());
            config_file::check("s3guard.toml", &on.join("\n")).unwrap();
        }
    }

    #[test]
    fn every_table_and_setting_of_the_top_is_explained() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let schema = fs::read_to_string(root.join("schemas/s3guard.schema.json")).unwrap();
        let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
        let text = of(&Answers::default());
        for name in schema["properties"].as_object().unwrap().keys() {
            let is_there = [format!("{name} = "), format!("[{name}]"), format!("[[{name}]]")]
                .iter()
                .any(|part| text.contains(part));
            assert!(is_there, "`{name}` is not explained");
        }
    }
}
