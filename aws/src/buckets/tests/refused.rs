//! What AWS refuses for good, in its recorded codes and words.

use s3guard_posture::model::refusal::{Cause, Refusal};
use s3guard_posture::model::setting::{AccessLogs, Ownership, Versioning};

use super::*;

const DENIED: &str = "User: arn:aws:sts::111122223333:assumed-role/guard/s3guard is not authorized to perform: s3:x on \
                      resource: \"arn:aws:s3:::reports\"";

fn answer(status: u16, code: &str, words: &str) -> (u16, String) {
    let error = format!("<Error><Code>{code}</Code><Message>{words}</Message></Error>");
    (status, error)
}

fn logs() -> Setting {
    let (target_bucket, target_prefix) = ("logs".to_owned(), String::new());
    Setting::AccessLogs(Some(AccessLogs { target_bucket, target_prefix }))
}

#[tokio::test]
async fn a_write_that_aws_refuses_for_good_has_its_code_and_words() {
    let policy = || Setting::Policy(Some("{}".to_owned()));
    let ownership = || Setting::Ownership(Some(Ownership::BucketOwnerEnforced));
    let versioning = Setting::Versioning(Some(Versioning { enabled: true, mfa_delete: false }));
    let encryption = Setting::Encryption(None);
    let by = |policy: &str| format!("{DENIED} with an explicit deny in a {policy}");
    let (bucket, scp) = (by("resource-based policy"), by("service control policy: arn:aws:x"));
    for (setting, (status, code, words), cause) in [
        (
            policy(),
            (400, "MalformedPolicy", "Invalid principal in policy"),
            Cause::InvalidPrincipal,
        ),
        (policy(), (400, "MalformedPolicy", "Missing required field Statement"), Cause::Other),
        (
            policy(),
            (400, "PolicyTooLarge", "Policy exceeds the maximum allowed size"),
            Cause::Other,
        ),
        (policy(), (403, "AccessDenied", bucket.as_str()), Cause::BucketPolicy),
        (policy(), (403, "AccessDenied", scp.as_str()), Cause::ServiceControlPolicy),
        (policy(), (403, "AccessDenied", "Access Denied"), Cause::Denied),
        (
            ownership(),
            (
                400,
                "InvalidBucketAclWithObjectOwnership",
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
            ),
            Cause::StoredAcl,
        ),
        (
            logs(),
            (403, "CrossLocationLoggingProhibitted", "Cross S3 location logging not allowed."),
            Cause::Other,
        ),
        (
            logs(),
            (400, "InvalidTargetBucketForLogging", "The target bucket for logging does not exist"),
            Cause::Other,
        ),
        (
            versioning,
            (
                409,
                "InvalidBucketState",
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
            ),
            Cause::Other,
        ),
        (encryption, (400, "KMS.DisabledException", "arn:aws:kms:x is disabled."), Cause::Other),
        (
            ownership(),
            (405, "MethodNotAllowed", "The specified method is not allowed"),
            Cause::Other,
        ),
        (ownership(), (418, "CodeOfTomorrow", "No."), Cause::Other),
    ] {
        let fake = Fake::answering([answer(status, code, words)]);
        let error = buckets(&fake, None).apply(&reports(), &setting).await.unwrap_err();
        let (call, code) = (error.call.to_owned(), code.to_owned());
        let expected = Refusal { call, code, words: words.to_owned(), cause };
        assert_eq!(error.refusal(), Some(expected), "{error}");
        assert!(!error.is_transient() && !error.is_conflict(), "{error}");
        assert_eq!(fake.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_write_that_may_succeed_is_no_refusal() {
    for (status, code) in [
        (409, "OperationAborted"),
        (409, "CodeOfTomorrow"),
        (403, "RequestTimeTooSkewed"),
        (400, "ExpiredToken"),
        (403, "InvalidAccessKeyId"),
    ] {
        let fake = Fake::new(move |_| answer(status, code, "No."));
        let error = buckets(&fake, None).apply(&reports(), &logs()).await.unwrap_err();
        assert_eq!(error.refusal(), None, "{error}");
    }
}

#[tokio::test]
async fn the_organization_that_decides_the_accounts_block_is_recognised() {
    let words = "This account does not allow changes to its account level S3 Block Public Access settings due to an \
                 organizational S3 Block Public Access policy in effect.";
    let (status, error) = answer(403, "AccessDenied", words);
    let fake = Fake::answering([(status, format!("<ErrorResponse>{error}</ErrorResponse>"))]);
    let all = Setting::AccountPublicAccessBlock(Some(PublicAccessBlock::ALL));
    let id = BucketId { name: BucketName::account(), ..reports() };
    let error = buckets(&fake, None).apply(&id, &all).await.unwrap_err();
    assert_eq!(error.refusal().map(|refusal| refusal.cause), Some(Cause::Organization), "{error}");
}

#[tokio::test]
async fn a_read_that_aws_refuses_for_good_is_denied_with_the_cause() {
    let by_policy = format!("{DENIED} with an explicit deny in a resource-based policy");
    for (status, code, words, cause) in [
        (403, "AccessDenied", by_policy.as_str(), Cause::BucketPolicy),
        (403, "AccessDenied", "Access Denied", Cause::Denied),
        (405, "MethodNotAllowed", "The specified method is not allowed", Cause::Other),
        (301, "PermanentRedirect", "The bucket must be addressed elsewhere", Cause::Other),
    ] {
        let fake = Fake::answering([answer(status, code, words)]);
        let mut observed = seen(&fake, Question::Versioning).await.unwrap().unwrap();
        assert_eq!(observed.versioning, Reading::Denied, "{code}");
        let refusal = observed.refused.get(&Question::Versioning).unwrap();
        assert_eq!((refusal.code.as_str(), refusal.cause), (code, cause));
        observed.forget(Question::Versioning);
        assert!(observed.refused.is_empty());
    }
}
