//! Parses a Region, and suggests one for a Region that does not answer.

use s3guard_posture::Region;

use crate::error::Invalid;

/// Regions of AWS, only to recognize typing mistakes.
///
/// Source: AWS General Reference, "AWS service endpoints"; other Regions are accepted, too.
const KNOWN_REGIONS: &str = "af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 \
     ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 \
     ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 cn-north-1 cn-northwest-1 \
     eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 \
     il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1 us-east-1 us-east-2 us-gov-east-1 \
     us-gov-west-1 us-west-1 us-west-2";

pub(crate) fn region(text: &str) -> Result<Region, Invalid> {
    if text.is_empty() {
        let hint = "give one, as `eu-west-1`, or leave the flag out for the one of `AWS_REGION` or the profile";
        return Err(Invalid::new("the Region is empty", hint));
    }
    text.parse().map_err(|problem: s3guard_posture::model::names::InvalidRegion| {
        Invalid::new(problem.to_string(), similar_region(text))
    })
}

/// The hint for a Region that does not answer.
pub(crate) fn similar_region(region: &str) -> String {
    let mut known = KNOWN_REGIONS.split_whitespace();
    if known.clone().any(|name| name == region) {
        return "check the network, the proxy and the firewall".to_owned();
    }
    // The most common mistake is the number.
    let place = region.trim_end_matches(|c: char| c.is_ascii_digit());
    let similar = known
        .clone()
        .find(|name| !place.is_empty() && name.starts_with(place))
        .or_else(|| known.find(|name| region.len() > 2 && name.starts_with(&region[..3])))
        .unwrap_or("eu-west-1");
    format!("is there a region `{region}`? One that exists is `{similar}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_that_does_not_answer_is_held_against_the_ones_that_exist() {
        assert_eq!(similar_region("eu-west-1"), "check the network, the proxy and the firewall");
        assert!(similar_region("eu-west-9").ends_with("One that exists is `eu-west-1`"));
        assert!(similar_region("eu-nowhere-9").ends_with("One that exists is `eu-central-1`"));
        assert!(similar_region("é").ends_with("`eu-west-1`"));
        assert!(similar_region("").ends_with("`eu-west-1`"));
    }
}
