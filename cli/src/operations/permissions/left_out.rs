//! What the resource schemas name and whoever deploys the guard does not need.

use s3guard_posture::model::glob::Glob;

/// Actions, and why they are not granted. In a name `*` is anything.
pub(crate) const LEFT_OUT: [(&str, &str); 44] = [
    // Of parts that the template does not have.
    ("ec2:*", "the functions are in no network"),
    ("elasticfilesystem:*", "the functions mount nothing"),
    ("s3files:*", "the functions mount nothing"),
    ("firehose:*", "no log goes to Firehose"),
    ("organizations:*", "the trail is the account's own"),
    ("iam:CreateServiceLinkedRole", "the trail is the account's own"),
    ("iam:AttachGroupPolicy", "the policies are for roles"),
    ("iam:AttachUserPolicy", "the policies are for roles"),
    ("iam:DetachGroupPolicy", "the policies are for roles"),
    ("iam:DetachUserPolicy", "the policies are for roles"),
    ("iam:PutRolePermissionsBoundary", "the roles have no boundary"),
    ("iam:DeleteRolePermissionsBoundary", "the roles have no boundary"),
    ("lambda:GetLayerVersion", "the functions have no layer"),
    ("lambda:GetCodeSigningConfig", "the code is not signed"),
    ("lambda:PutFunctionCodeSigningConfig", "the code is not signed"),
    ("lambda:DeleteFunctionCodeSigningConfig", "the code is not signed"),
    ("lambda:PassCapacityProvider", "the functions run on nobody's machines"),
    ("lambda:PublishVersion", "the functions have no versions"),
    ("logs:CreateLogDelivery", "no log is delivered elsewhere"),
    ("logs:PutBearerTokenAuthentication", "nobody writes the logs from outside"),
    ("logs:PutResourcePolicy", "it is the account's, and the template has none"),
    ("logs:DeleteResourcePolicy", "it is the account's, and the template has none"),
    ("logs:PutIndexPolicy", "the logs have no index"),
    ("logs:DeleteIndexPolicy", "the logs have no index"),
    ("s3tables:*", "the buckets have no tables of metadata"),
    ("s3:*MetadataTable*", "the buckets have no tables of metadata"),
    ("s3:UpdateBucketMetadata*", "the buckets have no tables of metadata"),
    ("s3:PutBucketAcl", "the buckets have no ACL"),
    ("s3:PutObjectAcl", "the buckets have no ACL"),
    ("s3:PutBucketWebsite", "the buckets are no websites"),
    ("s3:DeleteBucketWebsite", "the buckets are no websites"),
    ("s3:PutReplicationConfiguration", "the buckets are not copied"),
    ("s3:PutBucketCORS", "no browser reads the buckets"),
    ("s3:PutAccelerateConfiguration", "nobody is far from the buckets"),
    // No actions of IAM, though the schemas name them. Source: Service Authorization Reference, "Amazon S3": what deletes
    // a configuration is allowed by the action that puts it.
    ("s3:REST.PUT.OBJECT", "it is the name of a line in access logs"),
    ("s3:DeleteBucketAnalyticsConfiguration", "IAM has no such action"),
    ("s3:DeleteBucketCors", "IAM has no such action"),
    ("s3:DeleteBucketEncryption", "IAM has no such action"),
    ("s3:DeleteBucketLifecycle", "IAM has no such action"),
    ("s3:DeleteBucketMetricsConfiguration", "IAM has no such action"),
    ("s3:DeleteBucketReplication", "IAM has no such action"),
    ("s3:DeleteBucketTagging", "IAM has no such action"),
    ("s3:PutBucketReplication", "IAM has no such action"),
    ("s3:PutObjectLockConfiguration", "IAM has no such action"),
];

/// Whether the action is left out.
pub(crate) fn is(action: &str) -> bool {
    LEFT_OUT.iter().any(|(actions, _)| Glob::new(*actions).matches(action))
}
