//! The state of a bucket's KMS key.

use s3guard_posture::{KeyState, Reading};

use super::{Found, plain};
use crate::facts::BucketFacts;
use crate::rule::Rule;

pub(super) fn judge(facts: &BucketFacts, found: &mut Found) {
    match &facts.key {
        Reading::Known(KeyState::Unusable(cause)) => {
            found.add(Rule::KeyUnusable, format!("of its KMS key, {cause}"), plain);
        }
        Reading::Absent => {
            found.add(Rule::KeyUnusable, "its KMS key does not exist", plain);
        }
        Reading::Known(KeyState::Usable) | Reading::Unread | Reading::Denied => {}
    }
}
