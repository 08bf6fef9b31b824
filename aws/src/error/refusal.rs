//! What AWS refuses for good, as the judgement of a bucket has it.

use s3guard_posture::model::refusal::{Cause, Refusal};

use super::{AwsError, denial};

/// Before an id that differs in each answer, in lower case.
const LABELS: [&str; 5] =
    ["extended request id", "request id", "requestid", "hostid", "x-amz-id-2"];

impl AwsError {
    /// The refusal, if AWS refuses the call for good.
    pub fn refusal(&self) -> Option<Refusal> {
        let code = self.code().filter(|_| self.is_permanent())?;
        Some(Refusal {
            call: self.call.to_owned(),
            code: code.to_owned(),
            words: stable(&self.message, self.request_id.as_deref()),
            cause: self.cause(code),
        })
    }

    /// Why; where AWS has no code for it, read from its message.
    ///
    /// Written for the samples of [`denial::explain`], and for:
    ///
    /// - `MalformedPolicy`, "Invalid principal in policy"
    /// - `AccessDenied`, "This account does not allow changes to its account level S3 Block Public Access settings due to an
    ///   organizational S3 Block Public Access policy in effect."
    fn cause(&self, code: &str) -> Cause {
        let has = |words| self.message.to_ascii_lowercase().contains(words);
        match code {
            "InvalidBucketAclWithObjectOwnership" => return Cause::StoredAcl,
            "MalformedPolicy" if has("invalid principal") => return Cause::InvalidPrincipal,
            _ if !self.is_denied() => return Cause::Other,
            _ => {}
        }
        if denial::is_by_block(&self.message) {
            return Cause::BlockPublicPolicy;
        }
        match denial::kind(&self.message) {
            Some(("resource-based policy", true)) => Cause::BucketPolicy,
            Some(("service control policy", _)) => Cause::ServiceControlPolicy,
            Some(("resource control policy", _)) => Cause::ResourceControlPolicy,
            Some(("identity-based policy", true)) => Cause::OwnRole,
            Some(("identity-based policy", false)) => Cause::NoPermission,
            None if self.object.starts_with("account") && has("organization") => {
                Cause::Organization
            }
            None => Cause::Denied,
            Some(_) => Cause::Other,
        }
    }
}

/// AWS's words without what differs in each answer, so that the same refusal has the same words.
fn stable(message: &str, request_id: Option<&str>) -> String {
    let mut words = message.to_owned();
    if let Some(id) = request_id.filter(|id| !id.is_empty()) {
        words = words.replace(id, "…");
    }
    for label in LABELS {
        let mut from = 0;
        // Only ASCII changes its case, so the places are the same.
        while let Some(at) = words.to_ascii_lowercase()[from..].find(label) {
            let end = from + at + label.len();
            let is_before = |c: char| matches!(c, ':' | '=' | ' ' | '"' | '\'');
            let start = end + words[end..].len() - words[end..].trim_start_matches(is_before).len();
            let is_after = |c: char| matches!(c, ',' | ';' | ')' | '"' | '\'') || c.is_whitespace();
            let length = words[start..].find(is_after).unwrap_or(words.len() - start);
            words.replace_range(start..start + length, "…");
            from = start;
        }
    }
    let is_kept = |word: &&str| !differs(word);
    words.split_whitespace().filter(is_kept).collect::<Vec<_>>().join(" ")
}

/// Whether a word is a time, or a UUID that stands alone.
fn differs(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric()).as_bytes();
    let is_like = |form: &[u8]| {
        word.len() >= form.len()
            && word.iter().zip(form).all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                b'x' => byte.is_ascii_hexdigit(),
                form => byte == form,
            })
    };
    let uuid = b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    is_like(b"0000-00-00T00:00:00") || (word.len() == uuid.len() && is_like(uuid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn error(call: &'static str, status: u16, code: &str, message: &str) -> AwsError {
        let is_of_account = call.contains("Account");
        AwsError {
            call,
            object: if is_of_account { "account `1`" } else { "bucket `b`" }.to_owned(),
            kind: Kind::Service(code.to_owned()),
            message: message.to_owned(),
            status: Some(status),
            request_id: Some("4442587FB7D0A2F9".to_owned()),
        }
    }

    #[test]
    fn the_cause_is_read_from_the_code_or_from_aws_words() {
        let denied = |context: &str| {
            let message = format!(
                "User: arn:aws:sts::111122223333:assumed-role/guard/s3guard is not authorized to perform: \
                 s3:PutBucketPolicy on resource: \"arn:aws:s3:::b\" {context}"
            );
            error("PutBucketPolicy", 403, "AccessDenied", &message)
        };
        for (error, cause) in [
            (denied("with an explicit deny in a resource-based policy"), Cause::BucketPolicy),
            (
                denied(
                    "with an explicit deny in a service control policy: \
                     arn:aws:organizations::444455556666:policy/o-1/service_control_policy/p-1",
                ),
                Cause::ServiceControlPolicy,
            ),
            (
                denied("because no service control policy allows the s3:PutBucketPolicy action"),
                Cause::ServiceControlPolicy,
            ),
            (
                denied("with an explicit deny in a resource control policy"),
                Cause::ResourceControlPolicy,
            ),
            (
                denied(
                    "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
                ),
                Cause::BlockPublicPolicy,
            ),
            (denied("with an explicit deny in an identity-based policy"), Cause::OwnRole),
            (
                denied("because no identity-based policy allows the s3:PutBucketPolicy action"),
                Cause::NoPermission,
            ),
            (error("PutBucketPolicy", 403, "AccessDenied", "Access Denied"), Cause::Denied),
            (
                error("PutBucketPolicy", 400, "MalformedPolicy", "Invalid principal in policy"),
                Cause::InvalidPrincipal,
            ),
            (
                error(
                    "PutBucketPolicy",
                    400,
                    "MalformedPolicy",
                    "Missing required field Statement",
                ),
                Cause::Other,
            ),
            (
                error(
                    "PutBucketOwnershipControls",
                    400,
                    "InvalidBucketAclWithObjectOwnership",
                    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
                ),
                Cause::StoredAcl,
            ),
            (
                error(
                    "PutAccountPublicAccessBlock",
                    403,
                    "AccessDenied",
                    "This account does not allow changes to its account level S3 Block Public Access settings due to an \
                     organizational S3 Block Public Access policy in effect.",
                ),
                Cause::Organization,
            ),
            (
                error(
                    "PutBucketLogging",
                    403,
                    "CrossLocationLoggingProhibitted",
                    "Cross S3 location logging not allowed. ",
                ),
                Cause::Other,
            ),
        ] {
            assert_eq!(error.refusal().unwrap().cause, cause, "{error}");
        }
    }

    #[test]
    fn what_may_pass_is_no_refusal() {
        for (status, code) in [
            (503, "SlowDown"),
            (409, "OperationAborted"),
            (400, "ExpiredToken"),
            (403, "RequestTimeTooSkewed"),
            (500, "Unknown"),
            (409, "SomethingNew"),
            (429, "SomethingNew"),
            (404, "NoSuchBucket"),
        ] {
            assert_eq!(error("PutBucketPolicy", status, code, "").refusal(), None, "{code}");
        }
    }

    #[test]
    fn the_same_refusal_has_the_same_words() {
        let words = |message: &str| stable(message, Some("4442587FB7D0A2F9"));
        for (message, expected) in [
            ("Access Denied", "Access Denied"),
            ("no (request 4442587FB7D0A2F9)", "no (request …)"),
            (
                "no (Service: S3, Status Code: 403, Request ID: ABC123, Extended Request ID: x/Y+z=)",
                "no (Service: S3, Status Code: 403, Request ID: …, Extended Request ID: …)",
            ),
            ("RequestId=\"ABC\" HostId=\"x\" no", "RequestId=\"…\" HostId=\"…\" no"),
            ("it failed at 2026-11-20T12:00:00.123Z", "it failed at"),
            ("no: 8a3c1f2e-0000-4000-8000-00000000000a", "no:"),
            // These say which one it is.
            (
                "arn:aws:kms:eu-west-1:1:key/8a3c1f2e-0000-4000-8000-00000000000a is disabled",
                "arn:aws:kms:eu-west-1:1:key/8a3c1f2e-0000-4000-8000-00000000000a is disabled",
            ),
            ("AROAEXAMPLEDELETED01 is no principal", "AROAEXAMPLEDELETED01 is no principal"),
            ("ends with request id", "ends with request id…"),
        ] {
            assert_eq!(words(message), expected, "{message}");
        }
    }
}
