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

/// The answers so far; what nobody has answered is the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answers {
    pub(crate) stack: String,
    pub(crate) regions: Vec<String>,
    pub(crate) grade: String,
    pub(crate) keys: Vec<String>,
    pub(crate) email: String,
    pub(crate) trail: String,
    pub(crate) protect: bool,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            stack: "s3guard".to_owned(),
            regions: Vec::new(),
            grade: Grade::default().to_string(),
            keys: Vec::new(),
            email: String::new(),
            trail: TrailChoice::default().name().to_owned(),
            protect: false,
        }
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

    /// The flag that answers it.
    pub(crate) fn flag(self) -> &'static str {
        match self {
            Self::Stack => "--stack",
            Self::Regions => "--region",
            Self::Grade => "--grade",
            Self::Keys => "--key",
            Self::Email => "--email",
            Self::Trail => "--trail",
            Self::Protect => "--protect",
        }
    }

    /// As it is asked.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Stack => "Name of the stack",
            Self::Regions => {
                "Regions to guard, with commas; none is the one of your AWS configuration"
            }
            Self::Grade => "How well buckets are protected: speed, hybrid or security",
            Self::Keys => "ARNs of KMS keys for the buckets, one for each Region, with commas",
            Self::Email => "Mail address that hears of everything; none to tell nobody yet",
            Self::Trail => "Trail that tells of changes: auto, create or existing",
            Self::Protect => "Protect the stack against deletion: yes or no",
        }
    }

    /// What a right answer looks like.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Stack => "choose a name as `s3guard` or `prod-guard-2`",
            Self::Regions => "write them as `eu-west-1,us-east-1`",
            Self::Grade => "choose `speed`, `hybrid` or `security`",
            Self::Keys => {
                "write the whole ARN, as `arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`"
            }
            Self::Email => "write it as `you@example.com`",
            Self::Trail => "choose `auto`, `create` or `existing`",
            Self::Protect => "answer `yes` or `no`",
        }
    }
}

impl Answers {
    /// Takes an answer, if the configuration that it makes is one; else nothing has changed.
    pub(crate) fn take(&mut self, question: Question, text: &str) -> Result<(), Refusal> {
        let text = text.trim();
        let list = || {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.map(str::to_owned).collect()
        };
        let mut next = self.clone();
        match question {
            Question::Stack => text.clone_into(&mut next.stack),
            Question::Regions => next.regions = list(),
            Question::Grade => text.clone_into(&mut next.grade),
            Question::Keys => next.keys = list(),
            Question::Email => text.clone_into(&mut next.email),
            Question::Trail => text.clone_into(&mut next.trail),
            Question::Protect => {
                next.protect = match text.to_ascii_lowercase().as_str() {
                    "yes" | "y" | "true" => true,
                    "no" | "n" | "false" => false,
                    _ => {
                        return Err(Refusal { problem: format!("`{text}` is neither yes nor no") });
                    }
                }
            }
        }
        next.check()?;
        *self = next;
        Ok(())
    }

    /// The default of a question, as one would write it.
    pub(crate) fn default_of(&self, question: Question) -> String {
        match question {
            Question::Stack => self.stack.clone(),
            Question::Regions => self.regions.join(","),
            Question::Grade => self.grade.clone(),
            Question::Keys => self.keys.join(","),
            Question::Email => self.email.clone(),
            Question::Trail => self.trail.clone(),
            Question::Protect => if self.protect { "yes" } else { "no" }.to_owned(),
        }
    }

    /// Whether a question matters after the answers so far.
    pub(crate) fn asks(&self, question: Question) -> bool {
        match question {
            Question::Keys => self.needs_key(),
            Question::Stack
            | Question::Regions
            | Question::Grade
            | Question::Email
            | Question::Trail
            | Question::Protect => true,
        }
    }

    /// What the grade needs and nobody has given.
    pub(crate) fn missing_key(&self) -> Option<String> {
        if !self.needs_key() {
            return None;
        }
        let has_key = |region: &str| self.key_regions().iter().any(|of| of == region);
        match self.regions.iter().find(|region| !has_key(region)) {
            Some(region) => Some(format!("grade `{}` needs a KMS key in `{region}`", self.grade)),
            None if self.keys.is_empty() => Some(format!("grade `{}` needs a KMS key", self.grade)),
            None => None,
        }
    }

    /// What somebody may not have thought of.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        let has_global = self.regions.iter().any(|region| region == "us-east-1");
        (!self.regions.is_empty() && !has_global).then_some(
            "buckets that are made through the global endpoint are seen only in us-east-1, which is not among the Regions",
        )
    }

    /// The keys, each with its Region.
    pub(crate) fn keyed(&self) -> Vec<(String, &str)> {
        self.key_regions().into_iter().zip(self.keys.iter().map(String::as_str)).collect()
    }

    fn needs_key(&self) -> bool {
        self.grade.parse::<Grade>().is_ok_and(Grade::needs_key)
    }

    fn key_regions(&self) -> Vec<String> {
        let region = |key: &String| key.parse().map(|key: KeyArn| key.region().to_string());
        self.keys.iter().map(|key| region(key).unwrap_or_default()).collect()
    }

    fn check(&self) -> Result<(), Refusal> {
        for key in &self.keys {
            if let Err(problem) = key.parse::<KeyArn>() {
                return Err(Refusal { problem: problem.to_string() });
            }
        }
        let keys: Map<String, Value> =
            self.keyed().into_iter().map(|(region, key)| (region, json!(key))).collect();
        if keys.len() < self.keys.len() {
            return Err(Refusal { problem: "there are two keys of one Region".to_owned() });
        }
        let mut written = json!({
            "grade": self.grade,
            "keys": keys,
            "deploy": { "stack": self.stack, "regions": self.regions, "trail": self.trail, "protect": self.protect },
        });
        if !self.email.is_empty() {
            written["subscription"] = json!([{ "name": "owner", "email": self.email }]);
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
        assert_eq!(default, Some(Answers::default().trail.as_str()));
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
            assert_eq!(answers.default_of(question), right);
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
