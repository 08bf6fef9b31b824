//! The IAM permissions that an audit needs: those of the calls that the code makes.

use s3guard_audit::facts::{ACCOUNT_ACTIONS, ASKED};

use crate::operations::permissions::Policy;

/// The policy of an audit.
pub(crate) fn policy() -> Policy {
    let asked = ASKED.iter().map(|question| question.permission().0);
    Policy::reading("Audit", asked.chain(ACCOUNT_ACTIONS))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn an_audit_needs_these_permissions_which_only_read() {
        let policy = serde_json::to_value(policy()).unwrap();
        let actions: Vec<&str> = policy["Statement"][0]["Action"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap())
            .collect();
        for action in &actions {
            let (_, name) = action.split_once(':').unwrap();
            let reads = ["Get", "List", "Describe"].iter().any(|verb| name.starts_with(verb));
            // No object is read.
            assert!(reads && !name.ends_with("Object") && !name.contains('*'), "{action}");
        }
        expect![[r#"
            kms:DescribeKey
            s3:GetAccessPoint
            s3:GetAccessPointPolicyStatus
            s3:GetAccountPublicAccessBlock
            s3:GetBucketAcl
            s3:GetBucketLogging
            s3:GetBucketNotification
            s3:GetBucketObjectLockConfiguration
            s3:GetBucketOwnershipControls
            s3:GetBucketPolicy
            s3:GetBucketPolicyStatus
            s3:GetBucketPublicAccessBlock
            s3:GetBucketTagging
            s3:GetBucketVersioning
            s3:GetBucketWebsite
            s3:GetEncryptionConfiguration
            s3:GetLifecycleConfiguration
            s3:GetMultiRegionAccessPointPolicyStatus
            s3:GetReplicationConfiguration
            s3:ListAccessPoints
            s3:ListAllMyBuckets
            s3:ListMultiRegionAccessPoints"#]]
        .assert_eq(&actions.join("\n"));
    }
}
