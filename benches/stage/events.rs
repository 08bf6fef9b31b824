//! Events as AWS delivers them.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{ACCOUNT, BUCKET, REGION};

/// CloudTrail's event of a new bucket, as EventBridge delivers it: an old one would have no caller.
pub(crate) fn created() -> Value {
    let now = OffsetDateTime::now_utc().format(&Rfc3339).expect("a time has a text");
    json!({
        "version": "0",
        "id": "2b1f3b9a-7c1a-4a4e-9d0b-8f1f1a3f0c11",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.s3",
        "account": ACCOUNT,
        "time": now,
        "region": REGION,
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser",
                "principalId": "AIDAIOSFODNN7EXAMPLE",
                "arn": format!("arn:aws:iam::{ACCOUNT}:user/careless"),
                "accountId": ACCOUNT,
                "accessKeyId": "AKIAI44QH8DHBEXAMPLE",
                "userName": "careless",
            },
            "eventTime": now,
            "eventSource": "s3.amazonaws.com",
            "eventName": "CreateBucket",
            "awsRegion": REGION,
            "sourceIPAddress": "192.0.2.1",
            "userAgent": "[aws-cli/2.31.0]",
            "requestParameters": {
                "bucketName": BUCKET,
                "Host": format!("{BUCKET}.s3.{REGION}.amazonaws.com"),
                "CreateBucketConfiguration": {
                    "LocationConstraint": REGION,
                    "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
                },
            },
            "responseElements": null,
            "requestID": "5K2EXAMPLE",
            "eventID": "c1a8f1a0-3f0e-4c8e-9d1f-1a2b3c4d5e6f",
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
        },
    })
}

/// EventBridge's schedule event, which starts a sweep.
pub(crate) fn scheduled() -> Value {
    json!({
        "source": "aws.events", "detail-type": "Scheduled Event", "account": ACCOUNT, "detail": {},
    })
}

/// A batch of the guard's queue with these messages.
pub(crate) fn queued(bodies: &[String]) -> Value {
    let record = |(count, body): (usize, &String)| {
        json!({
            "messageId": format!("059f36b4-87a3-44ab-83d2-{count:012}"),
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1781516400000",
                "SenderId": ACCOUNT,
                "ApproximateFirstReceiveTimestamp": "1781516400001",
            },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:guard"),
            "awsRegion": REGION,
        })
    };
    json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })
}
