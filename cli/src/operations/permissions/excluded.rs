//! Actions of the resource schemas that a deployment of the guard does not need.

use s3guard_posture::model::glob::Glob;

/// Reasons, and the actions that are not granted; `*` matches any text.
pub(crate) const EXCLUDED: [(&str, &str); 22] = [
    // For features that the template does not use.
    ("the functions are not in a VPC", "ec2:*"),
    ("the functions mount no file system", "elasticfilesystem:* s3files:*"),
    ("logs are not sent to Firehose", "firehose:*"),
    ("the trail is not an organization trail", "organizations:* iam:CreateServiceLinkedRole"),
    (
        "the policies are attached to roles only",
        "iam:AttachGroupPolicy iam:AttachUserPolicy iam:DetachGroupPolicy iam:DetachUserPolicy",
    ),
    ("the roles keep their permissions boundary", "iam:DeleteRolePermissionsBoundary"),
    ("the functions have no layer", "lambda:GetLayerVersion"),
    (
        "the code is not signed",
        "lambda:GetCodeSigningConfig lambda:PutFunctionCodeSigningConfig \
         lambda:DeleteFunctionCodeSigningConfig",
    ),
    ("the functions have no capacity provider", "lambda:PassCapacityProvider"),
    ("no versions are published", "lambda:PublishVersion"),
    ("logs are not delivered elsewhere", "logs:CreateLogDelivery"),
    ("only Lambda writes the logs", "logs:PutBearerTokenAuthentication"),
    (
        "the template has no resource policy for logs",
        "logs:PutResourcePolicy logs:DeleteResourcePolicy",
    ),
    ("the logs have no index policy", "logs:PutIndexPolicy logs:DeleteIndexPolicy"),
    ("metadata tables are not used", "s3tables:* s3:*MetadataTable* s3:UpdateBucketMetadata*"),
    ("the buckets have no ACL", "s3:PutBucketAcl s3:PutObjectAcl"),
    ("the buckets do not host websites", "s3:PutBucketWebsite s3:DeleteBucketWebsite"),
    ("the buckets are not replicated", "s3:PutReplicationConfiguration"),
    ("the buckets have no CORS configuration", "s3:PutBucketCORS"),
    ("the buckets are not accelerated", "s3:PutAccelerateConfiguration"),
    // Source: Service Authorization Reference, "Amazon S3": the action that puts a configuration also deletes it.
    (
        "IAM has no such action",
        "s3:DeleteBucketAnalyticsConfiguration s3:DeleteBucketCors s3:DeleteBucketEncryption \
         s3:DeleteBucketLifecycle s3:DeleteBucketMetricsConfiguration s3:DeleteBucketReplication \
         s3:DeleteBucketTagging s3:PutBucketReplication s3:PutObjectLockConfiguration",
    ),
    ("it is an operation in access logs, not an action", "s3:REST.PUT.OBJECT"),
];

/// Whether the action is excluded.
pub(crate) fn is(action: &str) -> bool {
    let mut patterns = EXCLUDED.iter().flat_map(|(_, patterns)| patterns.split_whitespace());
    patterns.any(|pattern| Glob::new(pattern).matches(action))
}
