//! Hints for errors of AWS calls.

use s3guard_aws::{AwsError, Kind, NoCredentials};

/// The hint for an error of AWS that has no other.
pub(crate) fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| cause.downcast_ref::<AwsError>()).and_then(advice)
}

fn advice(error: &AwsError) -> Option<String> {
    match &error.kind {
        Kind::Credentials => error.no_credentials().map(|cause| credentials(cause, None)),
        Kind::Unreachable | Kind::Timeout => {
            Some("check the network, the proxy and `AWS_ENDPOINT_URL`, then try again".to_owned())
        }
        Kind::Service(code) => by_code(code, error),
        Kind::Other => None,
    }
}

/// The hint for missing credentials, with the profile if one is named.
///
/// Sources: AWS CLI User Guide, "Configuring IAM Identity Center authentication with the AWS CLI"; AWS CLI Command
/// Reference, `configure export-credentials`, which asks for an MFA code and knows every kind of login.
pub(crate) fn credentials(cause: NoCredentials, profile: Option<&str>) -> String {
    let of = profile.map(|profile| format!(" --profile {profile}")).unwrap_or_default();
    let export = format!("`eval \"$(aws configure export-credentials --format env{of})\"`");
    let section = match profile {
        Some(profile) => format!("the section `[profile {profile}]` of `~/.aws/config`"),
        None => "`~/.aws/config`".to_owned(),
    };
    match cause {
        NoCredentials::SsoSession => {
            format!("you are not logged in, or the session has expired: run `aws sso login{of}`, then try again")
        }
        NoCredentials::SsoSettings => {
            format!("check {section}, or configure it again with `aws configure sso{of}`")
        }
        NoCredentials::Process => {
            format!("run the command of `credential_process` in {section} manually: it has to print JSON and exit with 0")
        }
        NoCredentials::LoginSession => {
            format!("s3guard cannot use a session of `aws login` directly: {export} exports it")
        }
        NoCredentials::AssumeRole => format!(
            "the trust policy of the role and the policies of the caller have to allow `sts:AssumeRole`; if they require MFA, \
             {export} asks for the code"
        ),
        NoCredentials::Unreachable => {
            "the source of the credentials could not be reached: check the network, the proxy and `AWS_ENDPOINT_URL`".to_owned()
        }
        NoCredentials::None | NoCredentials::Unknown => {
            "log in with `aws sso login` or `aws configure`, choose a profile with `--profile`, or set \
             `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`"
                .to_owned()
        }
    }
}

/// The hint for an error code.
fn by_code(code: &str, error: &AwsError) -> Option<String> {
    let hint = match code {
        "SignatureDoesNotMatch" => {
            "the secret key does not belong to the key id, or this machine's clock is wrong".to_owned()
        }
        _ if error.is_expired() => {
            "the credentials have expired: log in again, as with `aws sso login`".to_owned()
        }
        _ if error.is_unauthenticated() => "AWS does not accept these credentials in this Region: check \
                                            `aws sts get-caller-identity`, and that the Region is enabled for the account"
            .to_owned(),
        _ if error.is_denied() => {
            format!("the caller needs the permission `{}` on {}", error.action(), error.object)
        }
        _ if error.is_throttled() => {
            "AWS throttles the requests of this account: try again in a minute".to_owned()
        }
        "InsufficientCapabilitiesException" => {
            "the template needs more capabilities than `CAPABILITY_IAM`, which is a mistake in s3guard".to_owned()
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
            status: None,
            request_id: None,
        };
        let error = anyhow::Error::new(error).context("outer");
        assert!(hint(&error).unwrap_or_default().contains(part), "{:?}", hint(&error));
    }

    #[test]
    fn an_error_of_aws_has_a_hint() {
        check(Kind::Credentials, "aws sso login");
        check(Kind::Unreachable, "AWS_ENDPOINT_URL");
        check(Kind::Service("ExpiredToken".to_owned()), "log in again");
        check(Kind::Service("InvalidClientTokenId".to_owned()), "get-caller-identity");
        check(Kind::Service("AccessDenied".to_owned()), "`s3:CreateBucket` on bucket `b`");
        check(Kind::Service("Throttling".to_owned()), "in a minute");
    }

    #[test]
    fn every_cause_of_no_credentials_has_a_hint_that_names_the_profile() {
        for cause in [
            NoCredentials::SsoSession,
            NoCredentials::SsoSettings,
            NoCredentials::Process,
            NoCredentials::LoginSession,
            NoCredentials::AssumeRole,
            NoCredentials::Unreachable,
            NoCredentials::None,
            NoCredentials::Unknown,
        ] {
            let (named, unnamed) = (credentials(cause, Some("prod")), credentials(cause, None));
            assert!(!unnamed.contains("prod") && !unnamed.contains("--profile {"), "{unnamed}");
            let (mine, has_profile) = match cause {
                NoCredentials::SsoSession => ("`aws sso login --profile prod`", true),
                NoCredentials::SsoSettings => ("`aws configure sso --profile prod`", true),
                NoCredentials::Process => ("`[profile prod]`", true),
                NoCredentials::LoginSession => ("--format env --profile prod)", true),
                NoCredentials::AssumeRole => ("`sts:AssumeRole`", true),
                NoCredentials::Unreachable => ("`AWS_ENDPOINT_URL`", false),
                NoCredentials::None | NoCredentials::Unknown => ("`aws configure`", false),
            };
            assert!(named.contains(mine), "{named}");
            assert_eq!(named.contains("prod"), has_profile, "{named}");
        }
    }

    #[test]
    fn an_unknown_error_has_no_hint() {
        assert_eq!(hint(&anyhow::anyhow!("something else")), None);
    }
}
