//! Why there are no credentials, read from the SDK's message.

/// Which source of credentials failed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoCredentials {
    /// There is no session of IAM Identity Center, or it has expired.
    SsoSession,
    /// The profile's settings for IAM Identity Center are incomplete.
    SsoSettings,
    /// The program of `credential_process` failed.
    Process,
    /// The profile is one of `aws login`, which this build of the SDK does not support.
    LoginSession,
    /// The caller may not assume the profile's role.
    AssumeRole,
    /// The source of the credentials could not be reached.
    Unreachable,
    /// No source has credentials.
    None,
    /// The SDK does not say.
    Unknown,
}

/// Parts of the SDK's messages, the more specific ones first.
const PARTS: [(&str, NoCredentials); 12] = [
    ("the SSO token has expired", NoCredentials::SsoSession),
    ("failed to load the cached SSO token", NoCredentials::SsoSession),
    ("/.aws/sso/cache/", NoCredentials::SsoSession),
    ("Session token not found or invalid", NoCredentials::SsoSession),
    ("sso-session named `", NoCredentials::SsoSettings),
    ("has invalid SSO config", NoCredentials::SsoSettings),
    ("external process", NoCredentials::Process),
    ("credentials-login", NoCredentials::LoginSession),
    ("not authorized to perform: sts:AssumeRole", NoCredentials::AssumeRole),
    ("dispatch failure", NoCredentials::Unreachable),
    ("timed out", NoCredentials::Unreachable),
    ("none were found", NoCredentials::None),
];

/// Reads the SDK's message, because there is no code.
///
/// Written for the samples in the test below, from aws-config 1.13.0; its sources are `sso/token.rs`,
/// `sso/cache.rs`, `profile/credentials.rs` and `credential_process.rs`.
pub(super) fn read(message: &str) -> NoCredentials {
    let found = PARTS.iter().find(|(part, _)| message.contains(part));
    found.map_or(NoCredentials::Unknown, |(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdks_words_are_understood() {
        let loading = "other: an error occurred while loading credentials: ";
        let building = "other: the credentials provider was not properly configured: ProfileFile provider could not be built: ";
        for (before, sample, meaning) in [
            (
                loading,
                "an error occurred while loading an access token: the SSO token has expired and cannot be refreshed",
                NoCredentials::SsoSession,
            ),
            (
                loading,
                "an error occurred while loading an access token: failed to load the cached SSO token",
                NoCredentials::SsoSession,
            ),
            (
                loading,
                "failed to read `/home/me/.aws/sso/cache/e8be5486.json`: No such file or directory (os error 2)",
                NoCredentials::SsoSession,
            ),
            (
                loading,
                "service error: UnauthorizedException: Session token not found or invalid",
                NoCredentials::SsoSession,
            ),
            (
                building,
                "sso-session named `gone` (referenced by profile `p`) was not found",
                NoCredentials::SsoSettings,
            ),
            (
                building,
                "profile `p` has invalid SSO config: mismatched value",
                NoCredentials::SsoSettings,
            ),
            (
                loading,
                "Error retrieving credentials: external process exited with code exit status: 1. Stderr: ",
                NoCredentials::Process,
            ),
            (
                loading,
                "Error retrieving credentials from external process, could not parse response: invalid JSON in response",
                NoCredentials::Process,
            ),
            (
                building,
                "This behavior requires following cargo feature(s) enabled: credentials-login.",
                NoCredentials::LoginSession,
            ),
            (
                loading,
                "service error: unhandled error (AccessDenied): Error { code: \"AccessDenied\", message: \"User: \
                 arn:aws:iam::111122223333:user/me is not authorized to perform: sts:AssumeRole on resource: \
                 arn:aws:iam::111122223333:role/x\" }",
                NoCredentials::AssumeRole,
            ),
            (
                loading,
                "dispatch failure: io error: client error (Connect): tcp connect error: Connection refused (os error 111)",
                NoCredentials::Unreachable,
            ),
            ("", "none were found", NoCredentials::None),
            ("", "something new", NoCredentials::Unknown),
        ] {
            assert_eq!(read(&format!("{before}{sample}")), meaning, "{sample}");
        }
    }
}
