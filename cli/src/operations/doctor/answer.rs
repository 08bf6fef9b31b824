//! An answer of AWS as the subject of a check.

use s3guard_aws::AwsError;
use s3guard_posture::Reading;

use crate::operations::doctor::fetch::Fetched;
use crate::operations::doctor::report::Verdict;

/// Names that are listed before the rest is counted.
const LISTED_MAX: usize = 6;

/// The verdict of a check, or that its subject could not be read.
pub(crate) type Checked = Result<Verdict, Verdict>;

/// The answer, `None` if the subject does not exist; or the verdict that it could not be read.
pub(crate) fn known<'a, T>(
    fetched: &'a Fetched<T>,
    action: &str,
) -> Result<Option<&'a T>, Verdict> {
    match fetched {
        Ok(Reading::Known(seen)) => Ok(Some(seen)),
        Ok(Reading::Absent) => Ok(None),
        Ok(Reading::Unread | Reading::Denied) => Err(not_allowed(action)),
        Err(error) => Err(failed(error)),
    }
}

pub(crate) fn failed(error: &AwsError) -> Verdict {
    let text = format!("it cannot be read: {error}");
    let fix = if error.is_denied() {
        format!("allow `{}`", error.action())
    } else {
        "try again".to_owned()
    };
    Verdict::warning(text, fix)
}

pub(crate) fn not_allowed(action: &str) -> Verdict {
    let text = format!("it may not be read: `{action}` is missing");
    Verdict::warning(text, format!("allow `{action}`, or continue without this check"))
}

pub(crate) fn listed(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.collect();
    let more = names.len().saturating_sub(LISTED_MAX);
    names.truncate(LISTED_MAX);
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    names.join(", ") + &rest
}
