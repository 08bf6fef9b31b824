//! Buckets of which no event ever told: what else may happen there unseen?

use super::{made, section};
use crate::notice::{Attributes, Severity};
use crate::{AccountId, BucketName, Notice, Region};

/// The most buckets that a notice names.
const BUCKETS_TOLD_MAX: usize = 100;

/// Says that the sweep found buckets of which an event should have told, and why none may have come.
pub fn coverage_gap(buckets: &[BucketName], account: &AccountId, region: &Region) -> Notice {
    let count = buckets.len();
    let mut names: Vec<String> =
        buckets.iter().take(BUCKETS_TOLD_MAX).map(ToString::to_string).collect();
    let attributes = Attributes {
        kind: "bucket",
        severity: Severity::Warning,
        actions: vec!["missed".to_owned()],
        buckets: names.clone(),
        account,
        region,
    };
    if count > BUCKETS_TOLD_MAX {
        names.push(format!("… and {} more", count - BUCKETS_TOLD_MAX));
    }
    let mut text = format!(
        "Account {account}, {region}\n\n\
         The sweep found buckets that were made after s3guard was deployed, and of which no event told.\n\
         It has looked at them now. But a bucket that is weakened there may not be noticed before the next sweep.\n"
    );
    text += &section("Buckets", &names);
    let causes = [
        format!("The trail is off, or does not log management events of {region} that write."),
        "The bucket was made by way of us-east-1, and s3guard is not deployed there.".to_owned(),
        format!("The trail is one of another Region only, and not of {region}."),
        "Somebody has switched off the rule, or changed what it lets through.".to_owned(),
    ];
    text += &section("Likely causes", &causes);
    let what = if count == 1 { "a bucket".to_owned() } else { format!("{count} buckets") };
    made(&format!("s3guard heard nothing of {what} in {region}"), text, attributes)
}
