//! What the guard's role may do: exactly what the code can ask and do.

use std::collections::BTreeSet;

use crate::Question;
use crate::action::ActionKind;

/// The IAM actions on buckets, sorted.
pub fn on_buckets() -> Vec<&'static str> {
    let asked = Question::ALL.into_iter().map(Question::iam_action);
    let done = ActionKind::ALL.into_iter().map(ActionKind::iam_action);
    asked.chain(done).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The IAM actions on the account, for which no resource can be named: the sweep lists buckets.
pub fn on_account() -> Vec<&'static str> {
    vec!["s3:ListAllMyBuckets"]
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_guard_may_do_this_and_nothing_else() {
        expect![[r#"
            [
                "s3:GetBucketAcl",
                "s3:GetBucketPolicy",
                "s3:GetBucketPolicyStatus",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetBucketWebsite",
                "s3:GetEncryptionConfiguration",
                "s3:PutBucketPublicAccessBlock",
                "s3:PutEncryptionConfiguration",
            ]
        "#]]
        .assert_debug_eq(&on_buckets());
        assert_eq!(on_account(), ["s3:ListAllMyBuckets"]);
    }

    #[test]
    fn the_guard_can_neither_delete_nor_touch_objects() {
        for action in on_buckets().into_iter().chain(on_account()) {
            assert!(!action.contains("Delete") && !action.contains("Object"), "{action}");
            assert!(!action.contains('*'), "{action}");
        }
    }
}
