//! The codes with which the handlers of resources fail, which CloudFormation passes on in words.

/// Makes the enum of the codes, which AWS writes as they are called here.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident,)+) => {
        /// The code of a resource's handler.
        ///
        /// Source: AWS CloudFormation API Reference, `RecordHandlerProgress`; what each means: CloudFormation CLI User Guide,
        /// "Resource type handler error codes".
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum HandlerCode {
            $($(#[$doc])* $code,)+
            /// One that AWS has added since, or `Unknown` itself.
            Unknown(String),
        }

        impl HandlerCode {
            /// All codes that are known.
            pub const ALL: [Self; [$(stringify!($code)),+].len()] = [$(Self::$code),+];

            /// The code as AWS writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$code => stringify!($code),)+
                    Self::Unknown(text) => text,
                }
            }
        }
    };
}

codes! {
    /// The caller may not do it.
    AccessDenied,
    /// There is such a resource already.
    AlreadyExists,
    /// The service failed with something that has no code of its own.
    GeneralServiceException,
    /// The handler itself failed.
    HandlerInternalFailure,
    /// The handler failed unexpectedly.
    InternalFailure,
    /// The credentials are not valid.
    InvalidCredentials,
    /// What was asked for makes no sense to the service.
    InvalidRequest,
    /// The configuration of the resource's type is not valid.
    InvalidTypeConfiguration,
    /// The service could not be reached.
    NetworkFailure,
    /// A rule of the resource's type refuses it.
    NonCompliant,
    /// The resource is not there.
    NotFound,
    /// The resource did not become ready.
    NotStabilized,
    /// A property can only be given when the resource is made.
    NotUpdatable,
    /// The resource is in use or being changed by somebody else.
    ResourceConflict,
    /// The service failed.
    ServiceInternalError,
    /// A quota of the account is used up.
    ServiceLimitExceeded,
    /// Too many calls.
    Throttling,
    /// The resource's type does not go with this target.
    UnsupportedTarget,
}

impl HandlerCode {
    /// Reads it from CloudFormation's words, which is the only place that has it.
    ///
    /// Written for: `Resource handler returned message: "…" (RequestToken: …, HandlerErrorCode: AlreadyExists)`.
    pub(super) fn read(reason: &str) -> Option<Self> {
        let (_, rest) = reason.rsplit_once("HandlerErrorCode: ")?;
        let text: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        let known = Self::ALL.into_iter().find(|code| code.as_str() == text);
        Some(known.unwrap_or(Self::Unknown(text)))
    }
}

/// What the resource's service said, without what CloudFormation puts around it.
///
/// Written for: `Resource handler returned message: "…" (RequestToken: …, HandlerErrorCode: AlreadyExists)`.
pub(super) fn words(reason: &str) -> &str {
    let Some(rest) = reason.strip_prefix("Resource handler returned message: \"") else {
        return reason;
    };
    rest.rsplit_once("\" (RequestToken: ").map_or(reason, |(words, _)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_at_the_end_of_the_words() {
        for code in HandlerCode::ALL {
            let reason = format!(
                "Resource handler returned message: \"no\" (RequestToken: 91702d2a, HandlerErrorCode: {})",
                code.as_str()
            );
            assert_eq!(HandlerCode::read(&reason), Some(code));
        }
        assert_eq!(
            HandlerCode::read("x (HandlerErrorCode: New)"),
            Some(HandlerCode::Unknown("New".to_owned()))
        );
        assert_eq!(HandlerCode::read("Resource creation cancelled"), None);
    }

    #[test]
    fn the_services_words_stand_between_cloudformations() {
        let reason = "Resource handler returned message: \"\"q\" is taken (Service: Sqs)\" (RequestToken: 91702d2a, \
                      HandlerErrorCode: AlreadyExists)";
        assert_eq!(words(reason), "\"q\" is taken (Service: Sqs)");
        assert_eq!(words("No export named x found"), "No export named x found");
    }
}
