//! What the roles may do: exactly what the code can ask and do.

use std::collections::BTreeSet;

use crate::model::question::{On, Question};
use crate::model::setting::SettingKind;

/// What the code does besides reading and writing settings, and on what.
const BESIDES: [(&str, On); 3] = [
    // The sweep lists buckets.
    ("s3:ListAllMyBuckets", On::Account),
    // Records, states, the ends of sweeps and what they announced; and suppressions, which it only reads.
    ("s3:GetObject", On::Ledger),
    ("s3:PutObject", On::Ledger),
];

/// The IAM actions on this, sorted.
pub fn on(what: On) -> Vec<&'static str> {
    let asked = Question::ALL.into_iter().map(Question::permission);
    let done = SettingKind::ALL.into_iter().map(SettingKind::permission);
    let all = asked.chain(done).chain(BESIDES).filter(|(_, on)| *on == what);
    all.map(|(action, _)| action).collect::<BTreeSet<_>>().into_iter().collect()
}

/// On what notify acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotifyOn {
    /// The windows in the ledger, under [`WINDOWS_PREFIX`](crate::digest::objects::WINDOWS_PREFIX).
    Gathered,
    /// The ledger, of which it lists only that.
    Ledger,
    /// Any bucket of the account.
    Buckets,
    /// Any object of the account.
    Acls,
    /// The buckets whose overwritten objects are reported, if there are any.
    Overwrites,
}

impl NotifyOn {
    /// All of it.
    pub const ALL: [Self; 5] =
        [Self::Gathered, Self::Ledger, Self::Buckets, Self::Acls, Self::Overwrites];
}

/// The IAM actions of notify on this, sorted.
pub const fn of_notify(on: NotifyOn) -> &'static [&'static str] {
    match on {
        NotifyOn::Gathered => &["s3:GetObject", "s3:PutObject"],
        NotifyOn::Ledger => &["s3:ListBucket"],
        // A bucket's tags name its grade and its owner.
        NotifyOn::Buckets => &["s3:GetBucketTagging"],
        // Whether an ACL that was changed makes the object public.
        NotifyOn::Acls => &["s3:GetObjectAcl", "s3:GetObjectVersionAcl"],
        // Whether there was an older version of a key.
        NotifyOn::Overwrites => &["s3:ListBucketVersions"],
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const ALL: [On; 5] = [On::Buckets, On::Account, On::Keys, On::Stacks, On::Ledger];

    #[test]
    fn the_guard_may_do_this_and_nothing_else() {
        expect![[r#"
            [
                (
                    Buckets,
                    [
                        "s3:GetBucketAcl",
                        "s3:GetBucketLogging",
                        "s3:GetBucketNotification",
                        "s3:GetBucketObjectLockConfiguration",
                        "s3:GetBucketOwnershipControls",
                        "s3:GetBucketPolicy",
                        "s3:GetBucketPolicyStatus",
                        "s3:GetBucketPublicAccessBlock",
                        "s3:GetBucketTagging",
                        "s3:GetBucketVersioning",
                        "s3:GetBucketWebsite",
                        "s3:GetEncryptionConfiguration",
                        "s3:GetLifecycleConfiguration",
                        "s3:GetReplicationConfiguration",
                        "s3:PutBucketLogging",
                        "s3:PutBucketNotification",
                        "s3:PutBucketOwnershipControls",
                        "s3:PutBucketPolicy",
                        "s3:PutBucketPublicAccessBlock",
                        "s3:PutBucketVersioning",
                        "s3:PutEncryptionConfiguration",
                    ],
                ),
                (
                    Account,
                    [
                        "s3:GetAccountPublicAccessBlock",
                        "s3:ListAllMyBuckets",
                        "s3:PutAccountPublicAccessBlock",
                    ],
                ),
                (
                    Keys,
                    [
                        "kms:DescribeKey",
                    ],
                ),
                (
                    Stacks,
                    [
                        "cloudformation:DescribeStacks",
                    ],
                ),
                (
                    Ledger,
                    [
                        "s3:GetObject",
                        "s3:ListBucket",
                        "s3:PutObject",
                    ],
                ),
            ]
        "#]]
        .assert_debug_eq(&ALL.map(|what| (what, on(what))));
    }

    #[test]
    fn notify_can_neither_delete_nor_touch_objects_but_what_it_gathers() {
        for on in NotifyOn::ALL {
            for action in of_notify(on) {
                assert!(!action.contains("Delete") && !action.contains('*'), "{action}");
                assert_eq!(action.ends_with("Object"), on == NotifyOn::Gathered, "{action}");
                let is_write = action.contains("Put");
                assert!(!is_write || on == NotifyOn::Gathered, "{action}");
            }
        }
    }

    #[test]
    fn the_guard_can_neither_delete_nor_touch_objects_of_buckets() {
        for action in ALL.into_iter().flat_map(on) {
            assert!(!action.contains("Delete") && !action.contains('*'), "{action}");
        }
        for action in on(On::Buckets) {
            let is_object = action.ends_with("Object") || action.contains("Objects");
            assert!(!is_object, "{action}");
        }
    }
}
