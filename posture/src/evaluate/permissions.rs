//! What the roles may do: exactly what the code can ask and do.

use std::collections::BTreeSet;

use crate::contract::ledger;
use crate::model::question::{On, Question};
use crate::model::setting::SettingKind;

/// The objects of the ledger that the guard reads.
pub const READ_BY_GUARD: [&str; 5] =
    [ledger::RECORDS, ledger::STATE, ledger::SWEEPS, ledger::SUPPRESSIONS, ledger::DIGESTS];

/// The IAM action with which the guard asks whether a subscription to the notifications is confirmed.
pub const SUBSCRIPTIONS: &str = "sns:ListSubscriptionsByTopic";

/// The IAM actions with which the guard reads this, sorted.
pub fn reads(what: On) -> Vec<&'static str> {
    // The sweep lists buckets.
    let besides = [("s3:ListAllMyBuckets", On::Account)];
    sorted(what, Question::ALL.into_iter().map(Question::permission).chain(besides))
}

/// The IAM actions with which the guard writes these settings, sorted.
pub fn writes(what: On, settings: &BTreeSet<SettingKind>) -> Vec<&'static str> {
    sorted(what, settings.iter().map(|kind| kind.permission()))
}

fn sorted(what: On, all: impl Iterator<Item = (&'static str, On)>) -> Vec<&'static str> {
    let all = all.filter(|(_, on)| *on == what).map(|(action, _)| action);
    all.collect::<BTreeSet<_>>().into_iter().collect()
}

/// On what notify acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotifyOn {
    /// The windows in the ledger, under [`ledger::WINDOWS`], which it reads.
    Gathered,
    /// The same, which it writes.
    Window,
    /// The ledger, of which it lists only that.
    Ledger,
    /// Any bucket of the account.
    Buckets,
    /// Any object of the account.
    Acls,
    /// The buckets whose objects may be created public by an ACL.
    OpenToAcls,
    /// The buckets whose overwritten objects are reported, if there are any.
    Overwrites,
}

impl NotifyOn {
    /// All of it.
    pub const ALL: [Self; 7] = [
        Self::Gathered,
        Self::Window,
        Self::Ledger,
        Self::Buckets,
        Self::Acls,
        Self::OpenToAcls,
        Self::Overwrites,
    ];
}

/// The IAM actions of notify on this, sorted.
pub const fn of_notify(on: NotifyOn) -> &'static [&'static str] {
    match on {
        NotifyOn::Gathered => &["s3:GetObject"],
        NotifyOn::Window => &["s3:PutObject"],
        NotifyOn::Ledger => &["s3:ListBucket"],
        // A bucket's tags name its grade and its owner.
        NotifyOn::Buckets => &["s3:GetBucketTagging"],
        // Whether an ACL that was changed, or came with a new object, makes the object public.
        NotifyOn::Acls => &["s3:GetObjectAcl", "s3:GetObjectVersionAcl"],
        // Whether ACLs count in a bucket.
        NotifyOn::OpenToAcls => &["s3:GetBucketOwnershipControls", "s3:GetBucketPublicAccessBlock"],
        // Whether there was an older version of a key.
        NotifyOn::Overwrites => &["s3:ListBucketVersions"],
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const ALL: [On; 6] =
        [On::Buckets, On::Account, On::Keys, On::BucketKeys, On::Stacks, On::Ledger];

    fn everything() -> BTreeSet<SettingKind> {
        SettingKind::ALL.into()
    }

    #[test]
    fn the_guard_may_read_this_and_nothing_else() {
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
                    ],
                ),
                (
                    Account,
                    [
                        "s3:GetAccountPublicAccessBlock",
                        "s3:ListAllMyBuckets",
                    ],
                ),
                (
                    Keys,
                    [
                        "kms:DescribeKey",
                    ],
                ),
                (
                    BucketKeys,
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
                        "s3:ListBucket",
                    ],
                ),
            ]
        "#]]
        .assert_debug_eq(&ALL.map(|what| (what, reads(what))));
    }

    #[test]
    fn the_guard_may_write_this_and_nothing_else() {
        expect![[r#"
            [
                (
                    Buckets,
                    [
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
                        "s3:PutAccountPublicAccessBlock",
                    ],
                ),
                (
                    Keys,
                    [],
                ),
                (
                    BucketKeys,
                    [],
                ),
                (
                    Stacks,
                    [],
                ),
                (
                    Ledger,
                    [],
                ),
            ]
        "#]]
        .assert_debug_eq(&ALL.map(|what| (what, writes(what, &everything()))));
    }

    #[test]
    fn what_is_never_written_is_not_allowed() {
        let block = BTreeSet::from([SettingKind::PublicAccessBlock]);
        assert_eq!(writes(On::Buckets, &block), ["s3:PutBucketPublicAccessBlock"]);
        assert_eq!(writes(On::Account, &block), [] as [&str; 0]);
    }

    #[test]
    fn the_guard_reads_nothing_of_the_ledger_that_notify_writes() {
        assert!(READ_BY_GUARD.iter().all(|prefix| !ledger::OF_NOTIFY.contains(prefix)));
    }

    #[test]
    fn notify_can_neither_delete_nor_touch_objects_but_what_it_gathers() {
        for on in NotifyOn::ALL {
            for action in of_notify(on) {
                assert!(!action.contains("Delete") && !action.contains('*'), "{action}");
                let is_of_windows = [NotifyOn::Gathered, NotifyOn::Window].contains(&on);
                assert_eq!(action.ends_with("Object"), is_of_windows, "{action}");
                assert_eq!(action.contains("Put"), on == NotifyOn::Window, "{action}");
            }
        }
    }

    #[test]
    fn the_guard_can_neither_delete_nor_touch_objects_of_buckets() {
        let all = |what| [reads(what), writes(what, &everything())].concat();
        for action in ALL.into_iter().flat_map(all) {
            assert!(!action.contains("Delete") && !action.contains('*'), "{action}");
        }
        for action in all(On::Buckets) {
            let is_object = action.ends_with("Object") || action.contains("Objects");
            assert!(!is_object, "{action}");
        }
    }
}
