//! What S3 and Lambda answer in an account in which every text is hostile.

use serde_json::{Value, json};

use super::super::aws::Answer;
use super::super::operators;
use super::{HOSTILE, in_xml};

fn record() -> Value {
    let mut record = operators::record();
    record["gradeReason"] = json!(HOSTILE);
    record["reasons"] = json!([HOSTILE]);
    record["cause"] = json!(HOSTILE);
    record["events"] = json!([{
        "eventName": HOSTILE, "eventId": HOSTILE, "time": "2026-11-24T23:15:02.123Z",
        "principal": HOSTILE, "tool": HOSTILE,
    }]);
    let setting = |statements| json!({ "setting": "policy", "value": policy(statements) });
    record["from"] = setting(1);
    record["to"] = setting(2);
    record
}

/// A policy with this many statements.
fn policy(statements: usize) -> String {
    let statement = |number| {
        json!({
            "Sid": format!("{number}{HOSTILE}"), "Effect": "Allow", "Principal": { "AWS": HOSTILE },
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*",
        })
    };
    let statements: Vec<Value> = (0..statements).map(statement).collect();
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

/// The answer of S3.
pub(super) fn read(path: &str) -> Option<Answer> {
    const SUPPRESSION: &str = "suppressions/reports/tls/20261124T231502.123Z-2999-01-01.json";
    let contents = |keys: &[&str]| {
        let one = |key: &&str| {
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
            )
        };
        let keys: String = keys.iter().map(one).collect();
        (200, format!("<ListBucketResult>{keys}</ListBucketResult>"))
    };
    let is_list = path.contains("list-type");
    Some(match path {
        _ if is_list && path.contains("prefix=records") => {
            let key = format!("records/reports/{}.json", operators::ID.split('@').nth(1)?);
            contents(&[&key, &format!("records/reports/{}", in_xml(HOSTILE))])
        }
        _ if is_list && path.contains("prefix=suppressions") => contents(&[SUPPRESSION]),
        _ if path.starts_with("/ledger/records") => (200, record().to_string()),
        _ if path.starts_with("/ledger/suppressions") => {
            (200, json!({ "version": 1, "aspect": HOSTILE, "reason": HOSTILE }).to_string())
        }
        _ if path.starts_with("/ledger/s") => (200, json!({ "version": HOSTILE }).to_string()),
        _ if path.contains("/functions/") => {
            let state = json!({
                "State": "Failed", "StateReason": HOSTILE, "LastUpdateStatus": "Failed",
                "LastUpdateStatusReason": HOSTILE, "LoggingConfig": { "LogGroup": HOSTILE },
            });
            (200, state.to_string())
        }
        _ if path.contains("event-source-mappings") => {
            let source =
                json!({ "UUID": HOSTILE, "State": "Disabled", "LastProcessingResult": HOSTILE });
            (200, json!({ "EventSourceMappings": [source] }).to_string())
        }
        _ if path.contains("?policy") => (200, policy(2)),
        _ if path.contains("max-buckets") => {
            let buckets = ["reports", &in_xml(HOSTILE)].map(|name| {
                format!(
                    "<Bucket><Name>{name}</Name><BucketRegion>eu-west-1</BucketRegion></Bucket>"
                )
            });
            let list = format!("<Buckets>{}</Buckets>", buckets.concat());
            (200, format!("<ListAllMyBucketsResult>{list}</ListAllMyBucketsResult>"))
        }
        _ if path.contains("?logging") => {
            let logs = format!(
                "<LoggingEnabled><TargetBucket>{0}</TargetBucket><TargetPrefix>{0}</TargetPrefix></LoggingEnabled>",
                in_xml(HOSTILE)
            );
            (200, format!("<BucketLoggingStatus>{logs}</BucketLoggingStatus>"))
        }
        _ if path.contains("?encryption") => {
            let default = format!(
                "<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>{}</KMSMasterKeyID>",
                in_xml(HOSTILE)
            );
            let default = format!(
                "<ApplyServerSideEncryptionByDefault>{default}</ApplyServerSideEncryptionByDefault>"
            );
            let rule = format!("<Rule>{default}</Rule>");
            (
                200,
                format!(
                    "<ServerSideEncryptionConfiguration>{rule}</ServerSideEncryptionConfiguration>"
                ),
            )
        }
        _ => return None,
    })
}
