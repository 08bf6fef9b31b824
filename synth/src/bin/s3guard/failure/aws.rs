//! What to try when AWS, or the way to it, said no.

use s3guard_aws::{AwsError, Kind};

/// The hint for an error of AWS that nobody gave another hint for.
pub(super) fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| cause.downcast_ref::<AwsError>()).and_then(advice)
}

fn advice(error: &AwsError) -> Option<String> {
    match &error.kind {
        Kind::Credentials => Some(
            "log in with `aws sso login` or `aws configure`, choose a profile with `--profile`, or set \
             `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`"
                .to_owned(),
        ),
        Kind::Unreachable | Kind::Timeout => {
            Some("check the network, the proxy and `AWS_ENDPOINT_URL`, then try again".to_owned())
        }
        Kind::Service(code) => by_code(code, error),
        Kind::Other => None,
    }
}

/// Codes of the common errors of all services.
///
/// Source: AWS STS API Reference, "Common error types"; Amazon S3 API Reference, "Error responses".
fn by_code(code: &str, error: &AwsError) -> Option<String> {
    let hint = match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            "the credentials have expired: log in again, as with `aws sso login`".to_owned()
        }
        "InvalidClientTokenId" | "UnrecognizedClientException" | "InvalidAccessKeyId"
        | "AuthFailure" => "AWS does not know these credentials in this region: check \
                            `aws sts get-caller-identity`, and that the region is enabled for the account"
            .to_owned(),
        "SignatureDoesNotMatch" => {
            "the secret key does not belong to the key id, or this machine's clock is wrong".to_owned()
        }
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => {
            format!("the caller needs permission for `{}` on {}", error.call, error.object)
        }
        "Throttling" | "ThrottlingException" | "RequestLimitExceeded" | "SlowDown" => {
            "AWS has too many requests from this account: try again in a minute".to_owned()
        }
        "InsufficientCapabilitiesException" => {
            "the template asks for more than unnamed roles, which is a mistake in s3guard".to_owned()
        }
        "LimitExceededException" => "raise the quota in Service Quotas, or delete what is not used".to_owned(),
        _ => return None,
    };
    Some(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Kind, part: &str) {
        let error = AwsError {
            call: "CreateBucket",
            object: "bucket `b`".to_owned(),
            kind,
            message: String::new(),
            request_id: None,
        };
        let error = anyhow::Error::new(error).context("outer");
        assert!(hint(&error).unwrap_or_default().contains(part), "{:?}", hint(&error));
    }

    #[test]
    fn what_aws_refuses_comes_with_what_to_try() {
        check(Kind::Credentials, "aws sso login");
        check(Kind::Unreachable, "AWS_ENDPOINT_URL");
        check(Kind::Service("ExpiredToken".to_owned()), "log in again");
        check(Kind::Service("InvalidClientTokenId".to_owned()), "get-caller-identity");
        check(Kind::Service("AccessDenied".to_owned()), "`CreateBucket` on bucket `b`");
        check(Kind::Service("Throttling".to_owned()), "in a minute");
    }

    #[test]
    fn what_nobody_knows_gets_no_invented_advice() {
        assert_eq!(hint(&anyhow::anyhow!("something else")), None);
    }
}
