//! The template, put where CloudFormation can take it from: in the call if it is short, else in the bucket for code.

use anyhow::anyhow;
use s3guard_aws::code_bucket::{self, CodeBucket};
use s3guard_aws::stacks::Template;
use s3guard_synth::stacks::{TEMPLATE_BODY_BYTES_MAX, TEMPLATE_BYTES_MAX};
use sha2::{Digest as _, Sha256};

use crate::error::Advice as _;
use crate::ui::output::Output;

/// Gives a template as CloudFormation takes it; one that is too long for a call is uploaded, if it is not there.
pub(crate) async fn place(
    text: String,
    bucket: &CodeBucket,
    output: &Output,
) -> anyhow::Result<Template> {
    if !has_to_be_uploaded(&text)? {
        return Ok(Template::Body(text));
    }
    let sha256: [u8; 32] = Sha256::digest(&text).into();
    let (key, checksum) = (key(&sha256), code_bucket::checksum(&sha256));
    if !bucket.holds(&key, text.as_bytes(), &checksum).await? {
        let bytes = text.len();
        bucket.upload(&key, text.into_bytes(), ("application/json", &checksum)).await?;
        output.say(format_args!("`{key}` uploaded, {bytes} bytes"));
    }
    Ok(Template::Url(bucket.url(&key).await?))
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
fn key(sha256: &[u8; 32]) -> String {
    format!("s3guard/template-{}.json", hex::encode(sha256))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(key(&[0xab; 32]).starts_with("s3guard/template-abab"));
        assert_ne!(key(&[0; 32]), key(&[1; 32]));
    }
}
