//! Buckets in Regions without a guard.

use std::collections::BTreeMap;

use super::section;
use crate::model::attributes::UNGUARDED;
use crate::model::severity::Severity;
use crate::notify::notification::document::{self, Body, UnguardedRegion, UnguardedRegions};
use crate::notify::notification::{Draft, Origin, sms};
use crate::text::wrapped;
use crate::{BucketName, Notification, Region};

/// How many buckets of a Region are named.
const NAMED_MAX: usize = 5;

/// The notification that these Regions have buckets and no guard, while those Regions have one.
pub fn unguarded_regions(
    elsewhere: &BTreeMap<Region, Vec<BucketName>>,
    guarded: &[Region],
    origin: &Origin<'_>,
) -> Notification {
    let Origin { account, region, stack, now } = *origin;
    let of_region = |(region, buckets): (&Region, &Vec<BucketName>)| UnguardedRegion {
        region: region.to_string(),
        count: buckets.len() as u64,
        buckets: buckets.iter().take(NAMED_MAX).map(ToString::to_string).collect(),
    };
    let regions: Vec<UnguardedRegion> = elsewhere.iter().map(of_region).collect();
    let count: u64 = regions.iter().map(|one| one.count).sum();
    let buckets = counted(count, "bucket");
    let where_ = counted(regions.len() as u64, "Region");
    let verb = if count == 1 { "has" } else { "have" };
    let title = format!("s3guard: {buckets} in {where_} {verb} no guard");
    let mut text = format!("Account {account}, {region}\n\n");
    text += &wrapped(
        "One stack guards one Region. No call on these buckets is seen, and nothing in them is remediated. It is reported \
         again after 30 days, and when another Region has buckets.",
        "",
        "",
    );
    text.push('\n');
    text += &section("Regions without a guard", regions.iter().map(line));
    let all = guarded.iter().map(Region::as_str);
    let mut all: Vec<&str> = all.chain(regions.iter().map(|one| &*one.region)).collect();
    all.sort_unstable();
    let advice = [
        format!("Deploy to them, too: s3guard deploy --stack {stack} --region {}", all.join(",")),
        "Or delete the buckets, and deny the Regions with a service control policy.".to_owned(),
        "If a Region has a guard that was deployed by itself: deploy all Regions together once, so that each knows of the \
         others."
            .to_owned(),
    ];
    text += &section("What to do", advice);
    let first = regions.first().map_or("", |one| &*one.region);
    let draft = Draft {
        origin: *origin,
        id: format!("unguarded-regions:{account}:{region}:{}", document::time(now)),
        severity: Severity::Warning,
        actions: vec![UNGUARDED],
        buckets: Vec::new(),
        sms: sms(&format!("{title}: "), first, &format!(". {account} {region}")),
        title,
        text,
        body: Body::UnguardedRegions(UnguardedRegions { regions: regions.clone() }),
    };
    draft.into()
}

fn counted(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

fn line(UnguardedRegion { region, count, buckets }: &UnguardedRegion) -> String {
    let rest = count - buckets.len() as u64;
    let rest = if rest == 0 { String::new() } else { format!(" and {rest} more") };
    format!("{region}: {} ({}{rest})", counted(*count, "bucket"), buckets.join(", "))
}
