//! The bodies of the queue: events as S3 sends them, by way of EventBridge.

use serde_json::json;

/// The number of events.
pub(crate) const EVENTS: usize = 10_000;
/// One in this many events is delivered twice.
const TWICE: usize = 50;

/// All bodies, in the order of their delivery.
pub(crate) fn all() -> Vec<String> {
    let deliveries = |number: usize| if number.is_multiple_of(TWICE) { 2 } else { 1 };
    (0..EVENTS).flat_map(|number| vec![body(number); deliveries(number)]).collect()
}

fn body(number: usize) -> String {
    let bucket = ["reports", "photos", "archive"][number % 3];
    let mut object = json!({
        "key": format!("in/2026/11/20/Übersicht {number:05}.parquet"),
        "version-id": format!("3sL4kqtJlcpXroDTDmJ+rmSpXd3dI{number:05}"),
        "sequencer": format!("00617F08299329D{number:05X}"),
    });
    // Most are new objects.
    let (kind, reason) = match number % 10 {
        0 => ("Object Deleted", "DeleteObject"),
        1 => ("Object Tags Added", "PutObjectTagging"),
        _ => ("Object Created", "PutObject"),
    };
    let mut detail = json!({
        "version": "0",
        "bucket": { "name": bucket },
        "request-id": format!("N4N7GDK58NMK{number:05}"),
        "requester": "111122223333",
        "source-ip-address": "192.0.2.1",
        "reason": reason,
    });
    match kind {
        "Object Created" => object["size"] = json!(1_000 + number),
        "Object Deleted" => detail["deletion-type"] = json!("Delete Marker Created"),
        _ => {}
    }
    detail["object"] = object;
    json!({
        "version": "0",
        "id": format!("17793124-05bd-4b19-8a3d-0000000{number:05}"),
        "detail-type": kind,
        "source": "aws.s3",
        "account": "111122223333",
        "time": format!("2026-11-20T12:0{}:{:02}Z", number % 5, number % 60),
        "region": "eu-west-1",
        "resources": [format!("arn:aws:s3:::{bucket}")],
        "detail": detail,
    })
    .to_string()
}
