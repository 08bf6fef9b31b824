//! Which questions are refused for every bucket: that is one finding of the account, and none of each bucket.
//!
//! Each bucket is asked all the same. If asking ended after many refusals in a row, whoever may create buckets could hide all
//! others behind some whose policies refuse the reader.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use s3guard_posture::Question;

/// So many refusals, and no answer, are those of the account.
const LEAST: usize = 50;

/// How often each question was answered and refused.
#[derive(Debug, Default)]
pub(super) struct Denials(Mutex<BTreeMap<Question, Counts>>);

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    answered: usize,
    denied: usize,
}

impl Denials {
    pub(super) fn answered(&self, question: Question, is_denied: bool) {
        let mut all = self.lock();
        let one = all.entry(question).or_default();
        *(if is_denied { &mut one.denied } else { &mut one.answered }) += 1;
    }

    /// The IAM actions that were refused for every bucket.
    pub(super) fn everywhere(&self) -> Vec<&'static str> {
        let all = self.lock();
        let refused = all.iter().filter(|(_, one)| one.answered == 0 && one.denied >= LEAST);
        refused.map(|(question, _)| question.permission().0).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Question, Counts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_answer_shows_that_the_account_allows_it() {
        let denials = Denials::default();
        for _ in 0..200 {
            denials.answered(Question::Acl, true);
            denials.answered(Question::Policy, true);
        }
        denials.answered(Question::Acl, false);
        for _ in 0..49 {
            denials.answered(Question::AccessLogs, true);
        }
        assert_eq!(denials.everywhere(), ["s3:GetBucketPolicy"]);
    }
}
