//! A Region as it is given.

use s3guard_posture::Region;
use s3guard_posture::model::names::InvalidRegion;

use crate::error::Invalid;

/// Parses a Region.
pub(crate) fn region(text: &str) -> Result<Region, Invalid> {
    if text.is_empty() {
        let hint = "give one, as `eu-west-1`, or omit the flag to use `AWS_REGION` or the profile";
        return Err(Invalid::new("the Region is empty", hint));
    }
    text.parse().map_err(|problem: InvalidRegion| {
        // As the code is written in other places, such as file names.
        let near = text.trim().to_ascii_lowercase().replace(['_', ' '], "-").parse::<Region>();
        let hint = match near {
            Ok(near) => format!("write it as `{near}`"),
            Err(_) => "give the code, such as `eu-west-1`, not the name".to_owned(),
        };
        Invalid::new(problem.to_string(), hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_that_is_spelled_differently_is_proposed() {
        let hint = |text: &str| region(text).unwrap_err().hint;
        assert_eq!(hint("us_east_1"), "write it as `us-east-1`");
        assert_eq!(hint("EU-West-1"), "write it as `eu-west-1`");
        for text in ["bob", "Ireland", "eu-west", "1"] {
            assert_eq!(hint(text), "give the code, such as `eu-west-1`, not the name");
        }
    }
}
