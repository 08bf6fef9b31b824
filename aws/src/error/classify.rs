//! What an error of AWS means for the caller: retry, log in again, get a permission, wait for another operation, or leave it.
//!
//! This is the only place that knows these codes. A code of a single call, such as `NoSuchKey`, is matched at that call. A
//! code that is not known means what its HTTP status says.

use s3guard_posture::model::refusal::Refusal;
use s3guard_posture::reconcile::account::CallError;

use super::{AwsError, Kind};

/// The class of a code. Each code has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// There were too many calls.
    Throttled,
    /// The service failed, or did not receive the request in time.
    Unavailable,
    /// Another write to the same bucket is in progress.
    Conflict,
    /// The credentials have expired.
    Expired,
    /// The credentials are rejected for another reason.
    Rejected,
    /// The caller lacks a permission.
    Denied,
    /// Another operation on the stack is in progress, or has replaced the change set.
    BusyStack,
    /// The request is refused for good, although its HTTP status is that of a conflict or of a failed service.
    Refused,
    /// The bucket does not exist.
    Gone,
}

/// Sources: the lists of the SDK (`aws_runtime::retries::classifiers`); AWS STS API Reference, "Common error types"; Amazon
/// S3 API Reference, "Error responses"; AWS CloudFormation API Reference, errors of `ExecuteChangeSet` and
/// `DescribeChangeSet`; and the errors of the calls that this crate makes of the other services.
///
/// The SDK also counts `LimitExceededException` as throttling, for services that this crate does not call. In CloudFormation,
/// CloudWatch Logs and KMS it is an exhausted quota, which is not transient.
fn class(code: &str) -> Option<Class> {
    // S3 passes on what KMS answers.
    Some(match code.strip_prefix("KMS.").unwrap_or(code) {
        // S3 gives `ServiceUnavailable`, "Service is unable to handle request", with the same status 503 as `SlowDown`.
        "BandwidthLimitExceeded"
        | "EC2ThrottledException"
        | "PriorRequestNotComplete"
        | "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "ServiceUnavailable"
        | "SlowDown"
        | "TooManyRequestsException"
        | "TransactionInProgressException" => Class::Throttled,
        // `Throttling`, `ThrottlingException`, `ThrottledException`.
        code if code.starts_with("Throttl") => Class::Throttled,
        // All services, S3 and SNS, CloudWatch, KMS, Lambda, IAM, CloudWatch Logs.
        "InternalFailure"
        | "InternalError"
        | "InternalServiceFault"
        | "KMSInternalException"
        | "DependencyTimeoutException"
        | "ServiceException"
        | "ServiceFailure"
        | "ServiceUnavailableException"
        | "RequestTimeout"
        | "RequestTimeoutException" => Class::Unavailable,
        "OperationAborted" | "ConditionalRequestConflict" => Class::Conflict,
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
            Class::Expired
        }
        // A revoked session has one of these, too.
        "AuthFailure"
        | "IncompleteSignature"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "InvalidToken"
        | "RequestInTheFuture"
        | "RequestTimeTooSkewed"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException" => Class::Rejected,
        // The last two are of SNS and EC2.
        "AccessDenied"
        | "AccessDeniedException"
        | "AllAccessDisabled"
        | "AuthorizationError"
        | "UnauthorizedOperation" => Class::Denied,
        // Executing one change set of a stack deletes its others.
        "OperationInProgressException"
        | "InvalidChangeSetStatus"
        | "InvalidChangeSetStatusException"
        | "ChangeSetNotFound"
        | "ChangeSetNotFoundException" => Class::BusyStack,
        // Status 409, such as for the versions of a bucket with Object Lock, and status 501.
        "InvalidBucketState" | "NotImplemented" => Class::Refused,
        "NoSuchBucket" => Class::Gone,
        _ => return None,
    })
}

/// Whether the same request may succeed soon; also for the code of a single key of a batch.
pub(crate) fn is_transient(code: &str) -> bool {
    matches!(class(code), Some(Class::Throttled | Class::Unavailable | Class::Conflict))
}

/// Whether CloudFormation rejects a change because another operation on the stack is in progress, which has no code of its
/// own.
///
/// Written for: `ValidationError`, "Stack:arn:… is in `UPDATE_IN_PROGRESS` state and can not be updated."
fn says_busy_stack(code: &str, message: &str) -> bool {
    code == "ValidationError" && message.contains("_IN_PROGRESS state and can not be updated")
}

impl AwsError {
    /// Whether the same call may succeed soon.
    pub fn is_transient(&self) -> bool {
        match &self.kind {
            Kind::Service(code) if class(code).is_none() => {
                self.status.is_some_and(|status| matches!(status, 408 | 429 | 500..))
            }
            Kind::Service(code) => is_transient(code),
            Kind::Unreachable | Kind::Timeout => true,
            Kind::Credentials | Kind::Other => false,
        }
    }

    /// Whether AWS refuses the call for good: the same call would be refused again. What another caller's write, wrong
    /// credentials or a wrong clock prevents is not; nor is a call on a bucket that does not exist.
    pub fn is_permanent(&self) -> bool {
        match self.code().map(class) {
            Some(Some(Class::Denied | Class::Refused)) => true,
            None
            | Some(Some(
                Class::Throttled
                | Class::Unavailable
                | Class::Conflict
                | Class::Expired
                | Class::Rejected
                | Class::BusyStack
                | Class::Gone,
            )) => false,
            // The SDK does not follow S3 to the Region of another bucket of this name.
            Some(None) => self.status.is_some_and(|status| {
                status == 301
                    || ((400..500).contains(&status) && !matches!(status, 408 | 409 | 429))
            }),
        }
    }

    /// Whether the bucket does not exist.
    pub fn is_gone(&self) -> bool {
        self.is(Class::Gone)
    }

    /// Whether there were too many calls. The SDK retries before it reports this.
    pub fn is_throttled(&self) -> bool {
        self.is(Class::Throttled)
    }

    /// Whether another write to the same bucket was in progress, so that S3 applied neither or only the other one.
    pub fn is_conflict(&self) -> bool {
        self.is(Class::Conflict)
    }

    /// Whether the credentials have expired.
    pub fn is_expired(&self) -> bool {
        self.is(Class::Expired)
    }

    /// Whether AWS rejects the credentials, including expired ones: a retry does not help.
    pub fn is_unauthenticated(&self) -> bool {
        self.is(Class::Expired) || self.is(Class::Rejected)
    }

    /// Whether the caller lacks a permission.
    pub fn is_denied(&self) -> bool {
        self.is(Class::Denied)
    }

    /// Whether another operation on the stack is in progress, or has replaced the change set that the call is about.
    pub fn is_busy_stack(&self) -> bool {
        self.is(Class::BusyStack)
            || self.code().is_some_and(|code| says_busy_stack(code, &self.message))
    }

    fn is(&self, wanted: Class) -> bool {
        self.code().and_then(class) == Some(wanted)
    }
}

impl CallError for AwsError {
    fn is_conflict(&self) -> bool {
        Self::is_conflict(self)
    }

    fn refusal(&self) -> Option<Refusal> {
        Self::refusal(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: Kind, message: &str) -> AwsError {
        let (object, message) = ("stack `s`".to_owned(), message.to_owned());
        AwsError { call: "ExecuteChangeSet", object, kind, message, status: None, request_id: None }
    }

    fn service(code: &str) -> AwsError {
        error(Kind::Service(code.to_owned()), "")
    }

    /// The codes of each class, as AWS documents them.
    const TABLE: [(Class, &[&str]); 7] = [
        (
            Class::Throttled,
            &[
                "BandwidthLimitExceeded",
                "EC2ThrottledException",
                "PriorRequestNotComplete",
                "ProvisionedThroughputExceededException",
                "RequestLimitExceeded",
                "RequestThrottled",
                "RequestThrottledException",
                "ServiceUnavailable",
                "SlowDown",
                "ThrottledException",
                "Throttling",
                "ThrottlingException",
                "TooManyRequestsException",
                "TransactionInProgressException",
            ],
        ),
        (
            Class::Unavailable,
            &[
                "DependencyTimeoutException",
                "InternalError",
                "InternalFailure",
                "InternalServiceFault",
                "KMSInternalException",
                "RequestTimeout",
                "RequestTimeoutException",
                "ServiceException",
                "ServiceFailure",
                "ServiceUnavailableException",
            ],
        ),
        (Class::Conflict, &["OperationAborted"]),
        (Class::Expired, &["ExpiredToken", "ExpiredTokenException", "RequestExpired"]),
        (
            Class::Rejected,
            &[
                "AuthFailure",
                "InvalidAccessKeyId",
                "InvalidClientTokenId",
                "InvalidToken",
                "SignatureDoesNotMatch",
                "UnrecognizedClientException",
            ],
        ),
        (
            Class::Denied,
            &[
                "AccessDenied",
                "AccessDeniedException",
                "AllAccessDisabled",
                "AuthorizationError",
                "UnauthorizedOperation",
            ],
        ),
        (
            Class::BusyStack,
            &[
                "ChangeSetNotFound",
                "ChangeSetNotFoundException",
                "InvalidChangeSetStatus",
                "InvalidChangeSetStatusException",
                "OperationInProgressException",
            ],
        ),
    ];

    #[test]
    fn each_code_has_its_one_meaning() {
        for (class, codes) in TABLE {
            for code in codes {
                let error = service(code);
                let found = [
                    error.is_throttled(),
                    error.is_conflict(),
                    error.is_expired(),
                    error.is_unauthenticated(),
                    error.is_denied(),
                    error.is_busy_stack(),
                    error.is_transient(),
                ];
                let is = |classes: &[Class]| classes.contains(&class);
                let expected = [
                    is(&[Class::Throttled]),
                    is(&[Class::Conflict]),
                    is(&[Class::Expired]),
                    is(&[Class::Expired, Class::Rejected]),
                    is(&[Class::Denied]),
                    is(&[Class::BusyStack]),
                    is(&[Class::Throttled, Class::Unavailable, Class::Conflict]),
                ];
                assert_eq!(found, expected, "{code}");
            }
        }
    }

    #[test]
    fn an_exhausted_quota_and_what_is_not_there_do_not_pass() {
        for code in ["LimitExceededException", "NoSuchBucket", "ValidationError", "Unknown"] {
            let error = service(code);
            assert!(!error.is_throttled() && !error.is_transient(), "{code}");
        }
    }

    #[test]
    fn a_lost_answer_passes_and_missing_credentials_do_not() {
        for (kind, expected) in [
            (Kind::Unreachable, true),
            (Kind::Timeout, true),
            (Kind::Credentials, false),
            (Kind::Other, false),
        ] {
            assert_eq!(error(kind.clone(), "").is_transient(), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_busy_stack_is_distinguished_from_other_validation_errors() {
        let check = |code: &str, message: &str| {
            error(Kind::Service(code.to_owned()), message).is_busy_stack()
        };
        let busy = "Stack:arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1 is in UPDATE_IN_PROGRESS state and can \
                    not be updated.";
        assert!(check("ValidationError", busy));
        assert!(check("ValidationError", &busy.replace("UPDATE_IN", "UPDATE_ROLLBACK_IN")));
        assert!(!check("ValidationError", &busy.replace("IN_PROGRESS", "ROLLBACK_FAILED")));
        assert!(!check("ValidationError", "Stack with id s does not exist"));
        assert!(!check("AccessDenied", busy));
    }
}
