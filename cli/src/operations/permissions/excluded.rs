//! Actions of the resource schemas that a deployment of the guard does not need.

use s3guard_posture::model::glob::Glob;

/// Reasons, and the actions that are not granted; `*` matches any text.
pub(crate) const EXCLUDED: [(&str, &str); 22] = [
    // Of parts that the template does not have.
    ("the functions are in no network", "ec2:*"),
    ("the functions mount nothing", "elasticfilesystem:* s3files:*"),
    ("no log goes to Firehose", "firehose:*"),
    ("the trail is the account's own", "organizations:* iam:CreateServiceLinkedRole"),
    (
        "the policies are for roles",
        "iam:AttachGroupPolicy iam:AttachUserPolicy iam:DetachGroupPolicy iam:DetachUserPolicy",
    ),
    (
        "the roles have no boundary",
        "iam:PutRolePermissionsBoundary iam:DeleteRolePermissionsBoundary",
    ),
    ("the functions have no layer", "lambda:GetLayerVersion"),
    (
        "the code is not signed",
        "lambda:GetCodeSigningConfig lambda:PutFunctionCodeSigningConfig \
         lambda:DeleteFunctionCodeSigningConfig",
    ),
    ("the functions run on no machines of the account", "lambda:PassCapacityProvider"),
    ("the functions have no versions", "lambda:PublishVersion"),
    ("no log is delivered elsewhere", "logs:CreateLogDelivery"),
    ("the logs are written by Lambda alone", "logs:PutBearerTokenAuthentication"),
    (
        "it is the account's, and the template has none",
        "logs:PutResourcePolicy logs:DeleteResourcePolicy",
    ),
    ("the logs have no index", "logs:PutIndexPolicy logs:DeleteIndexPolicy"),
    (
        "the buckets have no tables of metadata",
        "s3tables:* s3:*MetadataTable* s3:UpdateBucketMetadata*",
    ),
    ("the buckets have no ACL", "s3:PutBucketAcl s3:PutObjectAcl"),
    ("the buckets are no websites", "s3:PutBucketWebsite s3:DeleteBucketWebsite"),
    ("the buckets are not replicated", "s3:PutReplicationConfiguration"),
    ("no browser reads the buckets", "s3:PutBucketCORS"),
    ("the buckets are not accelerated", "s3:PutAccelerateConfiguration"),
    // Source: Service Authorization Reference, "Amazon S3": what deletes a configuration is allowed by the action that
    // puts it.
    (
        "IAM has no such action",
        "s3:DeleteBucketAnalyticsConfiguration s3:DeleteBucketCors s3:DeleteBucketEncryption \
         s3:DeleteBucketLifecycle s3:DeleteBucketMetricsConfiguration s3:DeleteBucketReplication \
         s3:DeleteBucketTagging s3:PutBucketReplication s3:PutObjectLockConfiguration",
    ),
    ("it is the name of a line in access logs", "s3:REST.PUT.OBJECT"),
];

/// Whether the action is left out.
pub(crate) fn is(action: &str) -> bool {
    let mut patterns = EXCLUDED.iter().flat_map(|(_, patterns)| patterns.split_whitespace());
    patterns.any(|pattern| Glob::new(pattern).matches(action))
}
