//! The IAM action that a call needs: it often has another name than the call.

/// The service of a call; the others are calls of S3.
const SERVICES: [(&str, &str); 11] = [
    (
        "cloudformation",
        "CancelUpdateStack ContinueUpdateRollback CreateChangeSet DeleteChangeSet DeleteStack DescribeChangeSet \
         DescribeEvents DescribeStackDriftDetectionStatus DescribeStackEvents DescribeStackResourceDrifts DescribeStacks \
         DetectStackDrift ExecuteChangeSet GetTemplate ListChangeSets ListStackResources RollbackStack \
         UpdateTerminationProtection",
    ),
    ("cloudtrail", "DescribeTrails GetEventSelectors GetTrailStatus"),
    ("cloudwatch", "DescribeAlarms"),
    ("events", "DescribeRule"),
    ("iam", "GetRole SimulatePrincipalPolicy"),
    ("kms", "DescribeKey"),
    ("lambda", "GetAccountSettings GetFunctionConfiguration ListEventSourceMappings"),
    ("logs", "FilterLogEvents"),
    (
        "sns",
        "ConfirmSubscription GetSMSAttributes GetSMSSandboxAccountStatus ListSubscriptionsByTopic Publish Subscribe \
         Unsubscribe",
    ),
    (
        "sqs",
        "CreateQueue DeleteMessageBatch DeleteQueue GetQueueAttributes ListQueueTags ListQueues \
         ReceiveMessage SendMessage SendMessageBatch SetQueueAttributes",
    ),
    ("sts", "AssumeRole"),
];

/// Calls whose action has another name.
///
/// Source: Service Authorization Reference, "Amazon S3" and "Amazon SQS"; Amazon S3 User Guide, "Required permissions for
/// Amazon S3 API operations".
const RENAMED: [(&str, &str); 20] = [
    ("DeleteBucketEncryption", "PutEncryptionConfiguration"),
    ("DeleteBucketOwnershipControls", "PutBucketOwnershipControls"),
    ("DeleteMessageBatch", "DeleteMessage"),
    ("DeleteObjects", "DeleteObject"),
    ("DeletePublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("GetBucketEncryption", "GetEncryptionConfiguration"),
    ("GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"),
    ("GetBucketNotificationConfiguration", "GetBucketNotification"),
    ("GetBucketReplication", "GetReplicationConfiguration"),
    ("GetObjectLockConfiguration", "GetBucketObjectLockConfiguration"),
    ("GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
    ("HeadObject", "GetObject"),
    ("ListBuckets", "ListAllMyBuckets"),
    ("ListMultipartUploads", "ListBucketMultipartUploads"),
    ("ListObjectVersions", "ListBucketVersions"),
    ("ListObjectsV2", "ListBucket"),
    ("PutBucketEncryption", "PutEncryptionConfiguration"),
    ("PutBucketNotificationConfiguration", "PutBucketNotification"),
    ("PutPublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("SendMessageBatch", "SendMessage"),
];

/// The action of a call on an object, with its service.
pub(super) fn action(call: &str, object: &str) -> String {
    let is_of = |calls: &str| calls.split(' ').any(|one| one == call);
    let service = SERVICES.iter().find(|(_, calls)| is_of(calls)).map_or("s3", |(name, _)| name);
    let name = match RENAMED.iter().find(|(of, _)| *of == call) {
        Some((_, name)) => name,
        None => call,
    };
    // S3 Control has a call of the same name.
    let name = if object.starts_with("account") {
        name.replace("BucketPublicAccessBlock", "AccountPublicAccessBlock")
    } else {
        name.to_owned()
    };
    format!("{service}:{name}")
}

#[cfg(test)]
mod tests {
    use s3guard_posture::SettingKind;

    use super::*;

    #[test]
    fn an_action_has_its_service_and_the_name_that_iam_gives_it() {
        for (call, object, expected) in [
            ("ListObjectsV2", "bucket `b`", "s3:ListBucket"),
            ("CreateBucket", "bucket `b`", "s3:CreateBucket"),
            ("GetPublicAccessBlock", "bucket `b`", "s3:GetBucketPublicAccessBlock"),
            ("PutPublicAccessBlock", "bucket `b`", "s3:PutBucketPublicAccessBlock"),
            ("GetPublicAccessBlock", "account `1`", "s3:GetAccountPublicAccessBlock"),
            ("DetectStackDrift", "stack `s`", "cloudformation:DetectStackDrift"),
            ("SendMessageBatch", "queue `q`", "sqs:SendMessage"),
            ("ListSubscriptionsByTopic", "topic `t`", "sns:ListSubscriptionsByTopic"),
        ] {
            assert_eq!(action(call, object), expected);
        }
    }

    #[test]
    fn what_the_guard_writes_has_the_action_that_its_role_allows() {
        for kind in SettingKind::ALL {
            let is_account = kind == SettingKind::AccountPublicAccessBlock;
            let object = if is_account { "account `1`" } else { "bucket `b`" };
            assert_eq!(action(kind.call(), object), kind.permission().0);
        }
    }
}
