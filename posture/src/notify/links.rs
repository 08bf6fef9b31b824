//! Pages of AWS's console, in the Region's own partition.

use crate::{BucketName, Region};

/// The page of a bucket, or of the account's public access block, in AWS's console, in the Region's own partition.
pub fn console_link(region: &Region, bucket: &BucketName) -> String {
    let host = console(region);
    if bucket.is_account() {
        return format!("{host}/s3/settings?region={region}");
    }
    format!("{host}/s3/buckets/{bucket}?region={region}&tab=permissions")
}

/// AWS's console in the Region's own partition.
pub(crate) fn console(region: &Region) -> String {
    let host = match region.as_str() {
        china if china.starts_with("cn-") => "console.amazonaws.cn",
        gov if gov.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    format!("https://{region}.{host}")
}

/// The page of a bucket's objects in AWS's console.
pub(crate) fn objects_link(region: &Region, bucket: &BucketName) -> String {
    format!("{}/s3/buckets/{bucket}?region={region}&tab=objects", console(region))
}
