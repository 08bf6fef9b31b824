//! A Region as it is given.

use s3guard_posture::Region;

use crate::args::parsed;
use crate::error::Invalid;

/// Parses a Region.
pub(crate) fn region(text: &str) -> Result<Region, Invalid> {
    if text.is_empty() {
        let hint = "give one, as `eu-west-1`, or omit the flag to use `AWS_REGION` or the profile";
        return Err(Invalid::new("the Region is empty", hint));
    }
    parsed("write it as `eu-west-1`")(text)
}
