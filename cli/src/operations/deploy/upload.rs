//! Uploads the package and the template to the code bucket.

use std::path::Path;

use s3guard_aws::code_bucket::{self, CodeBucket, CodeBucketError};
use s3guard_posture::{BucketName, Region};
use sha2::{Digest as _, Sha256};

use crate::error::Advice as _;
use crate::operations::session::Account;
use crate::package::Package;
use crate::ui::output::Output;

/// The named bucket, or the standard one, which is created and hardened.
pub(crate) async fn bucket(
    named: Option<&BucketName>,
    account: &Account,
    output: &Output,
) -> anyhow::Result<CodeBucket> {
    let name = account.code_bucket(named)?;
    let region = account.connection.region();
    let bucket = CodeBucket::new(&account.connection, name.clone(), &account.caller);
    if named.is_some() {
        bucket.require().await.or_else(|error| explain(error, region))?;
    } else {
        let ensured = bucket.ensure().await.or_else(|error| explain(error, region))?;
        if ensured.created {
            output.say(format_args!("bucket `{name}` created, private and encrypted"));
        } else if !ensured.repaired.is_empty() {
            let repaired: Vec<_> = ensured.repaired.iter().map(ToString::to_string).collect();
            output.say(format_args!("bucket `{name}` repaired: {}", repaired.join(", ")));
        }
    }
    Ok(bucket)
}

/// Uploads the package.
pub(crate) async fn package(
    bucket: &CodeBucket,
    package: &Package,
    output: &Output,
) -> anyhow::Result<()> {
    let key = package.key();
    if !put(bucket, &key, package.zip.clone(), &package.sha256, output).await? {
        output.say(format_args!("`{key}` is already uploaded"));
    }
    Ok(())
}

/// Uploads the template, which is too long for a call (51,200 bytes), and returns its URL.
pub(crate) async fn template(
    text: String,
    bucket: &CodeBucket,
    output: &Output,
) -> anyhow::Result<String> {
    let sha256 = Sha256::digest(&text).into();
    // Named by its content, so that the same template is uploaded once.
    let key = format!("s3guard/template-{}.json", hex::encode(sha256));
    put(bucket, &key, text.into_bytes(), &sha256, output).await?;
    Ok(bucket.url(&key).await?)
}

/// Uploads an object unless it exists; returns whether it was uploaded.
async fn put(
    bucket: &CodeBucket,
    key: &str,
    bytes: Vec<u8>,
    sha256: &[u8; 32],
    output: &Output,
) -> anyhow::Result<bool> {
    let checksum = code_bucket::checksum(sha256);
    if bucket.holds(key, &bytes, &checksum).await? {
        return Ok(false);
    }
    let is_zip = Path::new(key).extension().is_some_and(|extension| extension == "zip");
    let content_type = if is_zip { "application/zip" } else { "application/json" };
    let count = bytes.len();
    bucket.upload(key, bytes, (content_type, &checksum)).await?;
    output.say(format_args!("`{key}` uploaded, {count} bytes"));
    Ok(true)
}

fn explain<T>(error: CodeBucketError, region: &Region) -> anyhow::Result<T> {
    let hint = match &error {
        CodeBucketError::Aws(_) => return Err(error.into()),
        CodeBucketError::Foreign(_) => "choose a bucket of this account with `--code-bucket`".to_owned(),
        CodeBucketError::Denied(_) => {
            "the caller needs `s3:GetBucketVersioning` and the other reads of bucket settings, or choose \
             a bucket of this account with `--code-bucket`"
                .to_owned()
        }
        CodeBucketError::Missing(_) => {
            "create it first in the stack's Region, or omit `--code-bucket`".to_owned()
        }
        CodeBucketError::Elsewhere(_) => format!(
            "Lambda accepts code only from a bucket in its own Region: name one in `{region}` with \
             `--code-bucket`, or omit the flag"
        ),
        CodeBucketError::Policy(_) => "check and correct the policy in the S3 console".to_owned(),
    };
    Err(error).hint(hint)
}

#[cfg(test)]
mod tests {
    use s3guard_aws::{AwsError, Kind};

    use super::*;
    use crate::error;

    #[test]
    fn a_bucket_of_another_region_is_said_to_be_one() {
        let error = AwsError {
            call: "GetBucketVersioning",
            object: "bucket `b`".to_owned(),
            kind: Kind::Service("PermanentRedirect".to_owned()),
            message: String::new(),
            request_id: None,
        };
        let region = "eu-west-1".parse().unwrap();
        let elsewhere = explain::<()>(CodeBucketError::Elsewhere(error), &region).unwrap_err();
        let text = error::text(&elsewhere);
        assert!(text.starts_with("error: the bucket is in another Region: "), "{text}");
        assert!(text.contains("name one in `eu-west-1` with `--code-bucket`"), "{text}");
    }
}
