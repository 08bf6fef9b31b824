//! Default encryption, of `ServerSideEncryptionConfiguration`.

use s3guard_posture::Observed;
use s3guard_posture::events::field::{at, items, text};
use s3guard_posture::model::observed::Reading;
use s3guard_posture::model::setting::{Algorithm, Encryption, Key, SseC};
use serde_json::Value as Json;

use crate::operations::replay::apply::{Assumed, is_true};

pub(crate) fn put(bucket: &mut Observed, parameters: &Json) -> Option<Assumed> {
    let configuration = at(parameters, &["ServerSideEncryptionConfiguration"])?;
    // `Rules` in the JSON of some SDKs' logs; CloudTrail has the XML's `Rule`.
    let rule = at(configuration, &["Rule"]).or_else(|| at(configuration, &["Rules"]))?;
    let default = ["ApplyServerSideEncryptionByDefault"];
    let algorithm = at(rule, &default).map_or(Algorithm::SseS3, algorithm);
    let bucket_key = text(rule, &["BucketKeyEnabled"]).is_some_and(|is| is_true(&is));
    let mut assumed = Vec::new();
    let sse_c = sse_c(rule).unwrap_or_else(|| {
        assumed.push("whether SSE-C is blocked is as it was, for the call does not say".to_owned());
        sse_c_of(bucket)
    });
    bucket.encryption = Reading::Known(Encryption { algorithm, bucket_key, sse_c });
    Some(assumed)
}

/// Back to S3's own keys.
pub(crate) fn delete(bucket: &mut Observed) -> Assumed {
    let sse_c = sse_c_of(bucket);
    let algorithm = Algorithm::SseS3;
    bucket.encryption = Reading::Known(Encryption { algorithm, bucket_key: false, sse_c });
    vec!["whether SSE-C is blocked is as it was".to_owned()]
}

fn algorithm(default: &Json) -> Algorithm {
    let key = || match text(default, &["KMSMasterKeyID"]) {
        None => Key::AwsManaged,
        Some(name) if name.is_empty() || name == "alias/aws/s3" => Key::AwsManaged,
        Some(name) if name.ends_with(":alias/aws/s3") => Key::AwsManaged,
        Some(name) => Key::Named(name),
    };
    match text(default, &["SSEAlgorithm"]).unwrap_or_default().as_str() {
        "AES256" => Algorithm::SseS3,
        "aws:kms" => Algorithm::Kms(key()),
        "aws:kms:dsse" => Algorithm::Dsse(key()),
        other => Algorithm::Other(other.to_owned()),
    }
}

/// What the rule says of SSE-C, if it does.
fn sse_c(rule: &Json) -> Option<SseC> {
    let types = at(rule, &["BlockedEncryptionTypes"])?.get("EncryptionType")?;
    let mut names = items(types).filter_map(Json::as_str).peekable();
    names.peek()?;
    Some(if names.any(|name| name == "SSE-C") { SseC::Blocked } else { SseC::Allowed })
}

fn sse_c_of(bucket: &Observed) -> SseC {
    bucket.encryption.known().map_or(SseC::NotSaid, |encryption| encryption.sse_c)
}
