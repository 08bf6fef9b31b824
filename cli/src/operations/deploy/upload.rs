//! The package, put where the stack can take it from.

use s3guard_aws::code_bucket::{CodeBucket, CodeBucketError};
use s3guard_posture::{BucketName, Region};

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
    let name = match named {
        Some(name) => name.clone(),
        None => account.standard_code_bucket()?,
    };
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
pub(crate) async fn upload(
    bucket: &CodeBucket,
    package: &Package,
    output: &Output,
) -> anyhow::Result<()> {
    let (key, checksum) = (package.key(), package.checksum());
    if bucket.holds(&key, &package.zip, &checksum).await? {
        output.say(format_args!("`{key}` is uploaded already"));
    } else {
        let said = ("application/zip", checksum.as_str());
        bucket.upload(&key, package.zip.clone(), said).await?;
        output.say(format_args!("`{key}` uploaded, {} bytes", package.zip.len()));
    }
    Ok(())
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
}
