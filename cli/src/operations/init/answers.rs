//! What is asked, and what was answered: checked as the configuration that it becomes.

use s3guard_posture::config::{Config, TrailChoice};
use s3guard_posture::{Grade, KeyArn};
use serde_json::{Map, Value, json};

/// What is asked, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    Stack,
    Regions,
    Grade,
    Keys,
    Email,
    Trail,
    Protect,
}

/// An answer that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) problem: String,
}

/// The answers so far, each as it is written; what was not answered is the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answers([String; Question::ALL.len()]);

impl Default for Answers {
    fn default() -> Self {
        Self(
            ["s3guard", "", Grade::default().name(), "", "", TrailChoice::default().name(), "no"]
                .map(str::to_owned),
        )
    }
}

impl Question {
    pub(crate) const ALL: [Self; 7] = [
        Self::Stack,
        Self::Regions,
        Self::Grade,
        Self::Keys,
        Self::Email,
        Self::Trail,
        Self::Protect,
    ];

    /// The flag that answers it, how it is asked, and what a right answer looks like.
    const fn texts(self) -> [&'static str; 3] {
        match self {
            Self::Stack => {
                ["--stack", "Name of the stack", "choose a name as `s3guard` or `prod-guard-2`"]
            }
            Self::Regions => [
                "--region",
                "Regions to guard, with commas; none is the one of your AWS configuration",
                "write them as `eu-west-1,us-east-1`",
            ],
            Self::Grade => [
                "--grade",
                "How well buckets are protected: speed, hybrid or security",
                "choose `speed`, `hybrid` or `security`",
            ],
            Self::Keys => [
                "--key",
                "ARNs of KMS keys for the buckets, one for each Region, with commas",
                "write the whole ARN, as `arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`",
            ],
            Self::Email => [
                "--email",
                "Mail address that hears of everything; none to tell nobody yet",
                "write it as `you@example.com`",
            ],
            Self::Trail => [
                "--trail",
                "Trail that tells of changes: auto, create or existing",
                "choose `auto`, `create` or `existing`",
            ],
            Self::Protect => [
                "--protect",
                "Protect the stack against deletion: yes or no",
                "answer `yes` or `no`",
            ],
        }
    }

    /// The flag that answers it.
    pub(crate) const fn flag(self) -> &'static str {
        self.texts()[0]
    }

    /// As it is asked.
    pub(crate) const fn words(self) -> &'static str {
        self.texts()[1]
    }

    /// What a right answer looks like.
    pub(crate) const fn advice(self) -> &'static str {
        self.texts()[2]
    }
}

impl Answers {
    /// An answer as it is written.
    pub(crate) fn text(&self, question: Question) -> &str {
        &self.0[question as usize]
    }

    /// The parts of an answer that is a list.
    pub(crate) fn list(&self, question: Question) -> Vec<&str> {
        self.text(question).split(',').filter(|part| !part.is_empty()).collect()
    }

    /// Whether the stack is protected.
    pub(crate) fn protects(&self) -> bool {
        self.text(Question::Protect) == "yes"
    }

    /// Takes an answer, if the configuration that it makes is one; else nothing has changed.
    pub(crate) fn take(&mut self, question: Question, text: &str) -> Result<(), Refusal> {
        let text = text.trim();
        let mut next = self.clone();
        next.0[question as usize] = match question {
            Question::Stack | Question::Grade | Question::Email | Question::Trail => {
                text.to_owned()
            }
            Question::Regions | Question::Keys => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                parts.collect::<Vec<_>>().join(",")
            }
            Question::Protect => match text.to_ascii_lowercase().as_str() {
                "yes" | "y" | "true" => "yes".to_owned(),
                "no" | "n" | "false" => "no".to_owned(),
                _ => return Err(Refusal { problem: format!("`{text}` is neither yes nor no") }),
            },
        };
        next.check()?;
        *self = next;
        Ok(())
    }

    /// Whether a question matters after the answers so far.
    pub(crate) fn asks(&self, question: Question) -> bool {
        question != Question::Keys || self.needs_key()
    }

    /// What the grade needs and nobody has given.
    pub(crate) fn missing_key(&self) -> Option<String> {
        if !self.needs_key() {
            return None;
        }
        let keyed = self.keyed();
        let has_key = |region: &str| keyed.iter().any(|(of, _)| of == region);
        let grade = self.text(Question::Grade);
        match self.list(Question::Regions).into_iter().find(|region| !has_key(region)) {
            Some(region) => Some(format!("grade `{grade}` needs a KMS key in `{region}`")),
            None if keyed.is_empty() => Some(format!("grade `{grade}` needs a KMS key")),
            None => None,
        }
    }

    /// What somebody may not have thought of.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        let regions = self.list(Question::Regions);
        (!regions.is_empty() && !regions.contains(&"us-east-1")).then_some(
            "buckets that are made through the global endpoint are seen only in us-east-1, which is not among the Regions",
        )
    }

    /// The keys, each with its Region.
    pub(crate) fn keyed(&self) -> Vec<(String, &str)> {
        let region = |key: &str| key.parse().map(|key: KeyArn| key.region().to_string());
        let keys = self.list(Question::Keys).into_iter();
        keys.map(|key| (region(key).unwrap_or_default(), key)).collect()
    }

    fn needs_key(&self) -> bool {
        self.text(Question::Grade).parse::<Grade>().is_ok_and(Grade::needs_key)
    }

    fn check(&self) -> Result<(), Refusal> {
        let keyed = self.keyed();
        for (_, key) in &keyed {
            key.parse::<KeyArn>().map_err(|problem| Refusal { problem: problem.to_string() })?;
        }
        let keys: Map<String, Value> =
            keyed.iter().map(|(region, key)| (region.clone(), json!(key))).collect();
        if keys.len() < keyed.len() {
            return Err(Refusal { problem: "there are two keys of one Region".to_owned() });
        }
        let mut written = json!({
            "grade": self.text(Question::Grade),
            "keys": keys,
            "deploy": {
                "stack": self.text(Question::Stack),
                "regions": self.list(Question::Regions),
                "trail": self.text(Question::Trail),
                "protect": self.protects(),
            },
        });
        let email = self.text(Question::Email);
        if !email.is_empty() {
            written["subscription"] = json!([{ "name": "owner", "email": email }]);
        }
        // A grade without its key is told when all is answered: the key is asked after the grade.
        Config::read(&written).map(|_| ()).map_err(|mistakes| {
            let problem =
                mistakes.first().map_or_else(String::new, |mistake| mistake.problem.clone());
            Refusal { problem }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn a_wrong_answer_is_refused_and_changes_nothing() {
        for (question, wrong) in [
            (Question::Stack, "1st"),
            (Question::Stack, ""),
            (Question::Regions, "Europe"),
            (Question::Regions, "eu-west-1,eu-west-1"),
            (Question::Grade, "fast"),
            (Question::Keys, "alias/aws/s3"),
            (Question::Email, "nobody"),
            (Question::Trail, "none"),
            (Question::Protect, "perhaps"),
        ] {
            let mut answers = Answers::default();
            let refusal = answers.take(question, wrong).unwrap_err();
            assert!(!refusal.problem.is_empty(), "{question:?}");
            assert_eq!(answers, Answers::default(), "{question:?}");
            assert!(!question.advice().is_empty() && question.flag().starts_with("--"));
        }
        let twice = format!("{KEY},{KEY}");
        assert!(Answers::default().take(Question::Keys, &twice).is_err());
    }

    #[test]
    fn the_trail_that_is_proposed_is_the_one_that_a_new_stack_gets_by_default() {
        let template = s3guard_synth::stacks::guard();
        let declared = template.parameters().find(|(id, _)| id.as_str() == "TrailMode");
        let default = declared.and_then(|(_, parameter)| parameter.default);
        assert_eq!(default, Some(Answers::default().text(Question::Trail)));
    }

    #[test]
    fn a_right_answer_is_the_next_default() {
        for (question, right) in [
            (Question::Stack, "guard-2"),
            (Question::Regions, "eu-west-1,us-east-1"),
            (Question::Grade, "hybrid"),
            (Question::Keys, KEY),
            (Question::Email, "you@example.com"),
            (Question::Trail, "existing"),
            (Question::Protect, "yes"),
        ] {
            let mut answers = Answers::default();
            answers.take(question, &format!(" {right}\n")).unwrap();
            assert_eq!(answers.text(question), right);
            assert_ne!(answers, Answers::default());
        }
    }

    #[test]
    fn keys_are_asked_where_the_grade_needs_them_and_missed_in_the_region_that_has_none() {
        let mut answers = Answers::default();
        assert!(!answers.asks(Question::Keys) && answers.missing_key().is_none());
        answers.take(Question::Grade, "security").unwrap();
        assert!(answers.asks(Question::Keys));
        assert_eq!(answers.missing_key().as_deref(), Some("grade `security` needs a KMS key"));
        answers.take(Question::Keys, KEY).unwrap();
        assert_eq!(answers.missing_key(), None);
        answers.take(Question::Regions, "eu-west-1,us-east-1").unwrap();
        let missing = answers.missing_key();
        assert_eq!(missing.as_deref(), Some("grade `security` needs a KMS key in `us-east-1`"));
    }

    #[test]
    fn who_leaves_the_global_endpoints_region_out_hears_of_it() {
        let advice = |regions: &str| {
            let mut answers = Answers::default();
            answers.take(Question::Regions, regions).unwrap();
            answers.advice().is_some()
        };
        assert!(advice("eu-west-1") && !advice("eu-west-1,us-east-1") && !advice(""));
    }
}
