//! The trails of a Region: their status and what they record.

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, EventSelector, Trail as SdkTrail,
};
use futures_util::future::try_join_all;
use s3guard_posture::Reading;
use s3guard_posture::events::trail::{Condition, Selector, Trail, TrailStatus};

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// The codes for what another account does not show, such as an organization's trail to some of its members.
///
/// Source: AWS CloudTrail API Reference, errors of `GetTrailStatus` and `GetEventSelectors`.
const NOT_SHOWN: [&str; 4] = [
    "CloudTrailARNInvalidException",
    "NoManagementAccountSLRExistsException",
    "OperationNotPermittedException",
    "UnsupportedOperationException",
];

/// CloudTrail's code for a trail that was deleted meanwhile.
const DELETED: [&str; 1] = ["TrailNotFoundException"];

/// Every trail that is visible in the Region, including multi-Region trails and the organization's.
pub async fn trails(connection: &Connection) -> Result<Reading<Vec<Trail>>, AwsError> {
    let client = Client::new(&connection.config);
    let answer = client.describe_trails().include_shadow_trails(true).send().await;
    let object = format!("the trails of `{}`", connection.region());
    let answer = answer.reading("DescribeTrails", object, &[])?;
    let Reading::Known(answer) = answer else { return Ok(Reading::Denied) };
    let known = answer.trail_list().iter().map(|trail| read(&client, trail));
    Ok(Reading::Known(try_join_all(known).await?))
}

/// Whether a trail of the Region is logging.
pub async fn is_logging(connection: &Connection, trail: &str) -> Result<bool, AwsError> {
    let status = status(&Client::new(&connection.config), trail).await?;
    Ok(status.known().is_some_and(|status| status.is_logging))
}

async fn read(client: &Client, trail: &SdkTrail) -> Result<Trail, AwsError> {
    let name = trail.name().unwrap_or_default();
    // A trail of another Region or account is found only by its ARN.
    let arn = trail.trail_arn().unwrap_or(name);
    let home = trail.home_region().unwrap_or_default().parse();
    let home = home.map_err(|error| AwsError::other("DescribeTrails", object(arn), error))?;
    let (status, selectors) = futures_util::try_join!(status(client, arn), selectors(client, arn))?;
    Ok(Trail {
        name: name.to_owned(),
        arn: arn.to_owned(),
        home,
        is_multi_region: trail.is_multi_region_trail().unwrap_or_default(),
        is_organization: trail.is_organization_trail().unwrap_or_default(),
        status,
        selectors,
    })
}

async fn status(client: &Client, arn: &str) -> Result<Reading<TrailStatus>, AwsError> {
    let answer = client.get_trail_status().name(arn).send().await;
    let answer = shown(answer.reading("GetTrailStatus", object(arn), &DELETED))?;
    Ok(answer.map_ref(|answer| TrailStatus {
        is_logging: answer.is_logging().unwrap_or_default(),
        delivery_error: answer
            .latest_delivery_error()
            .filter(|error| !error.is_empty())
            .map(str::to_owned),
    }))
}

async fn selectors(client: &Client, arn: &str) -> Result<Reading<Vec<Selector>>, AwsError> {
    let answer = client.get_event_selectors().trail_name(arn).send().await;
    let answer = shown(answer.reading("GetEventSelectors", object(arn), &DELETED))?;
    Ok(answer.map_ref(|answer| {
        // A trail has the one kind or the other, or CloudTrail's default.
        match (answer.event_selectors(), answer.advanced_event_selectors()) {
            ([], []) => vec![Selector::management()],
            (basics, []) => basics.iter().map(basic).collect(),
            (_, advanced) => advanced.iter().map(selector).collect(),
        }
    }))
}

fn object(arn: &str) -> String {
    format!("trail `{arn}`")
}

/// What another account does not show may not be read.
fn shown<T>(read: Result<Reading<T>, AwsError>) -> Result<Reading<T>, AwsError> {
    match read {
        Err(error) if error.code().is_some_and(|code| NOT_SHOWN.contains(&code)) => {
            Ok(Reading::Denied)
        }
        read => read,
    }
}

/// The advanced selector that chooses the same management events; what is not given is all of them.
fn basic(selector: &EventSelector) -> Selector {
    let is_management = selector.include_management_events().unwrap_or(true);
    let category = if is_management { "Management" } else { "Data" };
    let read_only = selector.read_write_type().and_then(|kind| match kind.as_str() {
        "All" => None,
        "WriteOnly" => Some("false"),
        // Those that read, and what AWS may add.
        _ => Some("true"),
    });
    let excluded = Condition {
        field: "eventSource".to_owned(),
        not_equals: selector.exclude_management_event_sources().to_vec(),
        ..Condition::default()
    };
    let read_only = read_only.map(|value| Condition::equals("readOnly", value));
    let category = Condition::equals("eventCategory", category);
    Selector([category, excluded].into_iter().chain(read_only).collect())
}

fn selector(selector: &AdvancedEventSelector) -> Selector {
    Selector(selector.field_selectors().iter().map(condition).collect())
}

fn condition(field: &AdvancedFieldSelector) -> Condition {
    Condition {
        field: field.field().to_owned(),
        equals: field.equals().to_vec(),
        starts_with: field.starts_with().to_vec(),
        ends_with: field.ends_with().to_vec(),
        not_equals: field.not_equals().to_vec(),
        not_starts_with: field.not_starts_with().to_vec(),
        not_ends_with: field.not_ends_with().to_vec(),
    }
}

#[cfg(test)]
mod tests;
