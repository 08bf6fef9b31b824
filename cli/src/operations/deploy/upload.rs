//! The bucket for code: the package, put where the stack can take it from, and a template that is too long for a call.

use std::path::Path;

use anyhow::anyhow;
use s3guard_aws::code_bucket::{self, CodeBucket, CodeBucketError};
use s3guard_aws::stacks::Template;
use s3guard_posture::{BucketName, Region};
use s3guard_synth::stacks::{TEMPLATE_BODY_BYTES_MAX, TEMPLATE_BYTES_MAX};
use sha2::{Digest as _, Sha256};

use crate::error::Advice as _;
use crate::operations::session::Account;
use crate::package::Package;
use crate::ui::output::Output;

/// Gives the bucket that is named, or the standard one, fit to be uploaded to.
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
            output.say(format_args!("bucket `{name}` made, private and encrypted"));
        } else if !ensured.repaired.is_empty() {
            let repaired: Vec<_> = ensured.repaired.iter().map(ToString::to_string).collect();
            output.say(format_args!("bucket `{name}` repaired: {}", repaired.join(", ")));
        }
    }
    Ok(bucket)
}

/// Has the package in the bucket.
pub(crate) async fn package(
    bucket: &CodeBucket,
    package: &Package,
    output: &Output,
) -> anyhow::Result<()> {
    let key = package.key();
    if !put(bucket, &key, package.zip.clone(), &package.sha256, output).await? {
        output.say(format_args!("`{key}` is uploaded already"));
    }
    Ok(())
}

/// Gives a template as CloudFormation takes it: in the call if it is short, else in the bucket.
pub(crate) async fn template(
    text: String,
    bucket: &CodeBucket,
    output: &Output,
) -> anyhow::Result<Template> {
    if !has_to_be_uploaded(&text)? {
        return Ok(Template::Body(text));
    }
    let sha256 = Sha256::digest(&text).into();
    let key = template_key(&sha256);
    put(bucket, &key, text.into_bytes(), &sha256, output).await?;
    Ok(Template::Url(bucket.url(&key).await?))
}

/// Uploads what is not there yet; whether it was not.
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

fn has_to_be_uploaded(text: &str) -> anyhow::Result<bool> {
    let bytes = text.len();
    if bytes > TEMPLATE_BYTES_MAX {
        return Err(anyhow!(
            "the template has {bytes} bytes, and CloudFormation takes {TEMPLATE_BYTES_MAX} at most"
        ))
        .hint("that is a mistake in s3guard; no stack was changed");
    }
    Ok(bytes > TEMPLATE_BODY_BYTES_MAX)
}

/// Named after what is in it: the same template is uploaded once.
fn template_key(sha256: &[u8; 32]) -> String {
    format!("s3guard/template-{}.json", hex::encode(sha256))
}

fn explain<T>(error: CodeBucketError, region: &Region) -> anyhow::Result<T> {
    let hint = match &error {
        CodeBucketError::Aws(_) => return Err(error.into()),
        CodeBucketError::Foreign(_) => "choose another with `--code-bucket`, one of this account".to_owned(),
        CodeBucketError::Denied(_) => {
            "the caller needs `s3:GetBucketVersioning` and the other reads of bucket settings, or choose \
             a bucket of this account with `--code-bucket`"
                .to_owned()
        }
        CodeBucketError::Missing(_) => {
            "make it first in the stack's region, or leave `--code-bucket` out".to_owned()
        }
        CodeBucketError::Elsewhere(_) => format!(
            "Lambda takes code only from a bucket of its own Region: name one in `{region}` with \
             `--code-bucket`, or leave it out"
        ),
        CodeBucketError::Policy(_) => "look at the policy in the S3 console and mend it".to_owned(),
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

    #[test]
    fn only_what_is_too_long_for_a_call_goes_over_the_bucket() {
        for (bytes, expected) in [
            (1, Some(false)),
            (51_200, Some(false)),
            (51_201, Some(true)),
            (1_000_000, Some(true)),
            (1_000_001, None),
        ] {
            assert_eq!(has_to_be_uploaded(&" ".repeat(bytes)).ok(), expected, "{bytes}");
        }
        // CloudFormation counts bytes, not characters.
        assert!(has_to_be_uploaded(&"ä".repeat(25_601)).unwrap());
    }

    #[test]
    fn another_template_has_another_key() {
        assert!(template_key(&[0xab; 32]).starts_with("s3guard/template-abab"));
        assert_ne!(template_key(&[0; 32]), template_key(&[1; 32]));
    }
}
