//! Creates a bucket in the account regional namespace, and retries until every part of S3 knows it.

use std::iter::repeat_n;
use std::time::Duration;

use aws_sdk_s3::types::{BucketLocationConstraint, BucketNamespace, CreateBucketConfiguration};

use crate::AwsError;
use crate::bucket::Bucket;
use crate::error::Answer as _;

/// Creates the bucket.
pub(crate) async fn create(bucket: &Bucket) -> Result<(), AwsError> {
    let region = bucket.id.region.as_str();
    // A bucket without a constraint is in us-east-1, which rejects its own name as a constraint.
    let constraint = (region != "us-east-1").then(|| {
        CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(region))
            .build()
    });
    let call = bucket.client.create_bucket().bucket(bucket.id.name.as_str());
    let call = call.bucket_namespace(BucketNamespace::AccountRegional);
    let answer = call.set_create_bucket_configuration(constraint).send().await;
    answer.named("CreateBucket", bucket.object("")).map(drop)
}

/// The pauses before a write to a new bucket is retried: half a minute in all.
pub(crate) fn pauses() -> impl Iterator<Item = Duration> {
    repeat_n(Duration::from_millis(1500), 20)
}

/// Whether the bucket is too new for a part of S3, or another write to it is in progress.
pub(crate) fn is_unknown(error: &AwsError) -> bool {
    error.is_conflict() || error.code() == Some("NoSuchBucket")
}
