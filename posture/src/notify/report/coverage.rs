//! Buckets that no event reported.

use super::section;
use crate::model::severity::Severity;
use crate::notify::links::console_link;
use crate::notify::notification::document::{Body, Bucket, CoverageGap};
use crate::notify::notification::{Draft, Origin, first_and_others, sms};
use crate::text::wrapped;
use crate::{BucketName, Notification};

/// The notification that the sweep found buckets that an event should have reported.
pub fn coverage_gap(buckets: &[BucketName], origin: &Origin<'_>) -> Notification {
    let Origin { account, region, .. } = *origin;
    let count = buckets.len();
    let names: Vec<String> = buckets.iter().map(ToString::to_string).collect();
    let causes = [
        format!("The trail is off, or does not log write management events of {region}."),
        "The bucket was created through us-east-1, and s3guard is not deployed there.".to_owned(),
        format!("The trail covers only another Region, not {region}."),
        "The EventBridge rule was disabled or changed.".to_owned(),
    ];
    let body = CoverageGap { buckets: names.clone(), likely_causes: causes.to_vec() };
    let of_bucket = |name: &BucketName| Bucket {
        name: name.to_string(),
        grade: None,
        owner: None,
        console: console_link(region, name),
    };
    let what = if count == 1 { "a bucket".to_owned() } else { format!("{count} buckets") };
    let title = format!("s3guard received no event about {what} in {region}");
    let (first, after) = first_and_others(&names);
    let mut draft = Draft {
        origin: *origin,
        id: format!("coverage-gap:{account}:{region}:{first}"),
        severity: Severity::Warning,
        actions: vec!["missed"],
        buckets: buckets.iter().map(of_bucket).collect(),
        sms: sms(&format!("{title}: "), first, &after),
        title,
        text: format!("Account {account}, {region}\n\n"),
        body: Body::CoverageGap(body),
    };
    draft.text += &wrapped(
        "The sweep found buckets that were created after s3guard was deployed, and that no event reported. It has \
         reconciled them now. But a call that weakens such a bucket may not be noticed before the next sweep.",
        "",
        "",
    );
    draft.text.push('\n');
    draft.text += &section("Buckets", names);
    draft.text += &section("Likely causes", causes);
    draft.into()
}
