//! The answer to a call: an error that names the call, or a reading where something does not exist or may not be read.

use std::error::Error as StdError;
use std::fmt::Debug;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use s3guard_posture::Reading;

use super::AwsError;

/// Converts the answer to a call.
pub(crate) trait Answer<T>: Sized {
    /// The answer; an error names the call and its object.
    fn named(self, call: &'static str, object: impl Into<String>) -> Result<T, AwsError>;

    /// The same; `None` for an error with one of these codes, which mean that the object does not exist.
    fn optional(
        self,
        call: &'static str,
        object: impl Into<String>,
        absent: &[&str],
    ) -> Result<Option<T>, AwsError> {
        match self.named(call, object) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.code().is_some_and(|code| absent.contains(&code)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same as a reading, which "access denied" is, too.
    fn reading(
        self,
        call: &'static str,
        object: impl Into<String>,
        absent: &[&str],
    ) -> Result<Reading<T>, AwsError> {
        match self.optional(call, object, absent) {
            Ok(answer) => Ok(answer.map_or(Reading::Absent, Reading::Known)),
            Err(error) if error.is_denied() => Ok(Reading::Denied),
            Err(error) => Err(error),
        }
    }

    /// The same for what a bucket is judged by: whatever AWS refuses for good is [`Reading::Denied`].
    fn judged(
        self,
        call: &'static str,
        object: impl Into<String>,
        absent: &[&str],
    ) -> Result<Reading<T>, AwsError> {
        match self.reading(call, object, absent) {
            Err(error) if error.is_permanent() => Ok(Reading::Denied),
            answer => answer,
        }
    }
}

impl<T, E, R> Answer<T> for Result<T, SdkError<E, R>>
where
    E: StdError + ProvideErrorMetadata + 'static,
    R: Debug + 'static,
{
    fn named(self, call: &'static str, object: impl Into<String>) -> Result<T, AwsError> {
        self.map_err(|error| AwsError::new(call, object, &error))
    }
}

/// What AWS refuses for good as a reading; `None` if the bucket does not exist.
pub(crate) fn seen<T>(
    answer: Result<Reading<T>, AwsError>,
) -> Result<Option<Reading<T>>, AwsError> {
    match answer {
        Err(error) if error.is_gone() => Ok(None),
        Err(error) if error.is_permanent() => Ok(Some(Reading::Denied)),
        answer => answer.map(Some),
    }
}
