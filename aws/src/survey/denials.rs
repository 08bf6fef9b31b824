//! Which questions are refused for every bucket, so that asking on is of no use.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use s3guard_posture::Question;

/// After so many refusals in a row a question is not asked any more.
const IN_A_ROW: usize = 50;

/// The refusals of each question.
#[derive(Debug, Default)]
pub(super) struct Denials(Mutex<BTreeMap<Question, Denied>>);

#[derive(Clone, Copy, Debug, Default)]
struct Denied {
    in_a_row: usize,
    /// Of how many buckets it was not asked.
    skipped: usize,
}

impl Denials {
    pub(super) fn answered(&self, question: Question, is_denied: bool) {
        let mut all = self.lock();
        let one = all.entry(question).or_default();
        // Answers to what was asked before may come later.
        if one.in_a_row < IN_A_ROW {
            one.in_a_row = if is_denied { one.in_a_row + 1 } else { 0 };
        }
    }

    pub(super) fn is_stopped(&self, question: Question) -> bool {
        self.lock().get(&question).is_some_and(|one| one.in_a_row >= IN_A_ROW)
    }

    pub(super) fn skipped(&self, question: Question) {
        self.lock().entry(question).or_default().skipped += 1;
    }

    /// The IAM actions of what is not asked any more, and how many buckets are concerned.
    pub(super) fn stopped(&self) -> Vec<(&'static str, usize)> {
        let all = self.lock();
        let stopped = all.iter().filter(|(_, one)| one.in_a_row >= IN_A_ROW);
        stopped
            .map(|(question, one)| (question.permission().0, one.in_a_row + one.skipped))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Question, Denied>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_refusals_in_a_row_stop_a_question() {
        let denials = Denials::default();
        for number in 0..200 {
            denials.answered(Question::Acl, number % 49 != 0);
            denials.answered(Question::Policy, true);
        }
        assert!(!denials.is_stopped(Question::Acl));
        assert!(denials.is_stopped(Question::Policy));
        denials.skipped(Question::Policy);
        assert_eq!(denials.stopped(), [("s3:GetBucketPolicy", 51)]);
    }
}
