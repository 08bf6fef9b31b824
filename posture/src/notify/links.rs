//! Pages of the AWS console.

use crate::{BucketName, Region};

/// The page of a bucket with its permissions, or of the account's public access block.
pub fn console_link(region: &Region, bucket: &BucketName) -> String {
    if bucket.is_account() {
        return format!("{}/s3/settings?region={region}", console(region));
    }
    format!("{}/s3/buckets/{bucket}?region={region}&tab=permissions", console(region))
}

/// The page with all buckets of a Region.
pub(crate) fn buckets_link(region: &Region) -> String {
    format!("{}/s3/buckets?region={region}", console(region))
}

pub(crate) fn objects_link(region: &Region, bucket: &BucketName) -> String {
    format!("{}/s3/buckets/{bucket}?region={region}&tab=objects", console(region))
}

/// The console in the Region's own partition.
pub(crate) fn console(region: &Region) -> String {
    let host = match region.as_str() {
        china if china.starts_with("cn-") => "console.amazonaws.cn",
        gov if gov.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    format!("https://{region}.{host}")
}
