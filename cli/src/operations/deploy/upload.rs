//! Uploads the package and the template to the code bucket.

use std::collections::BTreeSet;
use std::path::Path;

use s3guard_aws::code_bucket::{self, CodeBucket, CodeBucketError};
use s3guard_posture::text::shown;
use s3guard_posture::{BucketName, Region};
use sha2::{Digest as _, Sha256};

use crate::error::Advice as _;
use crate::operations::destroy::report::size;
use crate::operations::session::Account;
use crate::package::Package;
use crate::ui::output::Output;

/// The named bucket, or the standard one, which is created and hardened: only the deployers may write to it.
pub(crate) async fn bucket(
    named: Option<&BucketName>,
    deployers: &BTreeSet<String>,
    account: &Account,
    output: &Output,
) -> anyhow::Result<CodeBucket> {
    let name = account.code_bucket(named)?;
    let region = account.connection.region();
    let bucket = CodeBucket::new(&account.connection, name.clone(), &account.caller);
    if named.is_some() {
        bucket.require().await.or_else(|error| explain(error, region))?;
    } else {
        let ensured = bucket.ensure(deployers).await.or_else(|error| explain(error, region))?;
        if ensured.created {
            output.say(format_args!("bucket `{name}` created, private, encrypted and versioned"));
        } else if !ensured.repaired.is_empty() {
            let repaired: Vec<_> = ensured.repaired.iter().map(ToString::to_string).collect();
            output.say(format_args!("bucket `{name}` repaired: {}", repaired.join(", ")));
        }
        if !ensured.others.is_empty() {
            let others: Vec<_> = ensured.others.iter().map(|one| shown(one, 200)).collect();
            output
                .say(format_args!("bucket `{name}` has further deployers: {}", others.join(", ")));
        }
    }
    Ok(bucket)
}

/// Uploads the package unless the bucket has this version of it, and returns the version.
pub(crate) async fn package(
    bucket: &CodeBucket,
    package: &Package,
    pinned: Option<&str>,
    output: &Output,
) -> anyhow::Result<String> {
    let (key, checksum) = (package.key(), code_bucket::checksum(&package.sha256));
    if let Some(version) = bucket.holds(&key, pinned, &checksum).await? {
        output.say(format_args!("`{key}` is already uploaded"));
        return Ok(version);
    }
    put(bucket, &key, package.zip.clone(), &checksum, output).await
}

/// Uploads the template, which is too long for a call (51,200 bytes), and returns the URL of its version.
pub(crate) async fn template(
    text: String,
    bucket: &CodeBucket,
    output: &Output,
) -> anyhow::Result<String> {
    let sha256: [u8; 32] = Sha256::digest(&text).into();
    let checksum = code_bucket::checksum(&sha256);
    // Named by its content, so that the same template is uploaded once.
    let key = format!("s3guard/template-{}.json", hex::encode(sha256));
    let version = match bucket.holds(&key, None, &checksum).await? {
        Some(version) => version,
        None => put(bucket, &key, text.into_bytes(), &checksum, output).await?,
    };
    Ok(bucket.url(&key, &version).await?)
}

/// Uploads an object, and returns its version.
async fn put(
    bucket: &CodeBucket,
    key: &str,
    bytes: Vec<u8>,
    checksum: &str,
    output: &Output,
) -> anyhow::Result<String> {
    let is_zip = Path::new(key).extension().is_some_and(|extension| extension == "zip");
    let content_type = if is_zip { "application/zip" } else { "application/json" };
    let count = bytes.len();
    let uploaded = bucket.upload(key, bytes, (content_type, checksum)).await;
    let version = uploaded.or_else(unversioned)?;
    output.say(format_args!("`{key}` uploaded, {}", size(count as u64)));
    Ok(version)
}

/// Only the error of a bucket without versioning has a hint of its own.
fn unversioned<T>(error: CodeBucketError) -> anyhow::Result<T> {
    let CodeBucketError::Unversioned(name) = &error else { return Err(error.into()) };
    let hint = enable_versioning(name);
    Err(error).hint(hint)
}

fn enable_versioning(name: &BucketName) -> String {
    format!(
        "the code of a deployment is pinned by its version: enable versioning with `aws s3api put-bucket-versioning --bucket \
         {name} --versioning-configuration Status=Enabled`"
    )
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
        CodeBucketError::Unversioned(name) => enable_versioning(name),
        CodeBucketError::Admits { bucket, .. } => format!(
            "only deployers may write to it: look in CloudTrail for `PutBucketPolicy`, and remove the statement; or delete the \
             policy with `aws s3api delete-bucket-policy --bucket {bucket}` and deploy again"
        ),
        CodeBucketError::Locked { .. } => {
            "a deployer that the policy names can add the caller with `s3guard deploy --deployer ARN`; the account's root user \
             can always change the policy"
                .to_owned()
        }
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
    fn a_bucket_that_is_no_place_for_code_is_refused_with_what_to_do() {
        let region: Region = "eu-west-1".parse().unwrap();
        let bucket: BucketName = "code".parse().unwrap();
        let text = |error| error::text(&explain::<()>(error, &region).unwrap_err());
        let versions = text(CodeBucketError::Unversioned(bucket.clone()));
        assert!(
            versions.contains("put-bucket-versioning --bucket code --versioning"),
            "{versions}"
        );
        let what =
            "writes to `arn:aws:iam::111122223333:user/dev`, which is no deployer".to_owned();
        let admits = text(CodeBucketError::Admits { bucket, what });
        assert!(admits.contains("user/dev") && admits.contains("hint: only deployers"), "{admits}");
    }

    #[test]
    fn a_bucket_of_another_region_is_said_to_be_one() {
        let error = AwsError {
            call: "GetBucketVersioning",
            object: "bucket `b`".to_owned(),
            kind: Kind::Service("PermanentRedirect".to_owned()),
            message: String::new(),
            status: None,
            request_id: None,
        };
        let region = "eu-west-1".parse().unwrap();
        let elsewhere = explain::<()>(CodeBucketError::Elsewhere(error), &region).unwrap_err();
        let text = error::text(&elsewhere);
        assert!(text.starts_with("error: the bucket is in another Region: "), "{text}");
        assert!(text.contains("name one in `eu-west-1` with `--code-bucket`"), "{text}");
    }
}
