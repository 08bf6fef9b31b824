//! Forms that records of calls have had, and those of other services.

use super::*;
use crate::model::deed::Deed;
use crate::model::protection::{Protection, Value as Is};

/// A call of this source with these parameters.
fn event(source: &str, name: &str, parameters: Value) -> String {
    let body = with(fixture!("put-bucket-encryption"), "/detail/eventName", json!(name));
    let body = with(&body, "/source", json!(format!("aws.{source}")));
    let body = with(&body, "/detail/eventSource", json!(format!("{source}.amazonaws.com")));
    with(&body, "/detail/requestParameters", parameters)
}

#[test]
fn an_event_of_2015_is_read_like_any_other() {
    let body = json!({
        "source": "aws.s3", "account": ACCOUNT, "time": "2026-11-20T11:59:00Z", "region": "us-east-1",
        "resources": [], "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventVersion": "1.03", "responseElements": null, "eventType": "AwsApiCall",
            "eventSource": "s3.amazonaws.com", "userAgent": "[S3Console/0.4]",
            "eventTime": "2026-11-20T11:59:00Z", "requestParameters": { "bucketName": "reports" },
            "awsRegion": "us-east-1", "eventName": "CreateBucket", "sourceIPAddress": "192.0.2.105",
            "userIdentity": {
                "type": "AssumedRole",
                "arn": "arn:aws:sts::111122223333:assumed-role/Sandbox_Dev/user",
            },
        },
    });
    let Changed { bucket, region, call } = changed(&body.to_string());
    assert_eq!((bucket.as_str(), region.as_str()), ("reports", "us-east-1"));
    assert_eq!((call.tool, call.makes_default_bucket), (Tool::Console, false));
}

#[test]
fn tags_of_a_bucket_are_known_by_an_arn_in_the_path() {
    for arn in
        ["arn%3Aaws%3As3%3A%3A%3Areports", "arn%3aaws%3as3%3a%3a%3areports", "arn:aws:s3:::reports"]
    {
        let parameters = json!({
            "Host": "111122223333.s3-control.eu-west-1.amazonaws.com", "resourceArn": arn,
            "TagResourceRequest": { "Tags": { "Tag": { "Key": "pci", "Value": true } } },
        });
        let Changed { bucket, .. } = changed(&event("s3", "TagResource", parameters));
        assert_eq!(bucket.as_str(), "reports", "{arn}");
    }
}

#[test]
fn a_call_says_what_it_has_switched_off() {
    let status =
        json!({ "bucketName": "reports", "VersioningConfiguration": { "Status": "Suspended" } });
    let call = changed(&event("s3", "PutBucketVersioning", status)).call;
    assert_eq!(call.effect.sets, [(Protection::Versioning, Is::Off)].into());
    let omitted = json!({ "bucketName": "reports" });
    let call = changed(&event("s3", "PutBucketVersioning", omitted)).call;
    assert!(call.effect.sets.is_empty(), "it is not known");
}

#[test]
fn calls_of_other_services_are_about_the_account() {
    let key = event("kms", "ScheduleKeyDeletion", json!({ "keyId": "k-1" }));
    let Changed { bucket, call, .. } = changed(&key);
    assert!(bucket.is_account() && matches!(call.effect.deed, Some(Deed::Key { .. })));
    // The call of another service of the same name is not meant.
    let other = with(&key, "/detail/eventSource", json!("s3.amazonaws.com"));
    assert!(matches!(request(&other), Ok(Request::Ignore(_))));
    assert!(request(&event("ec2", "RunInstances", json!({}))).is_err());
    let elsewhere =
        json!({ "resourceArn": "arn:aws:vpc-lattice:eu-west-1:111122223333:service/s" });
    let elsewhere = event("logs", "PutDeliverySource", elsewhere);
    assert!(matches!(request(&elsewhere), Ok(Request::Ignore(_))));
}
