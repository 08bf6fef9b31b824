use serde_json::json;

use super::*;

fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

fn record(event_name: &str, parameters: &Json) -> Json {
    json!({ "eventName": event_name, "requestParameters": parameters })
}

fn of(event_name: &str, parameters: &Json) -> Option<Deed> {
    deed(event_name, &record(event_name, parameters))
}

fn words(event_name: &str, parameters: &Json) -> String {
    match of(event_name, parameters) {
        Some(Deed::Opened { what, .. }) => what,
        other => panic!("{event_name}: {other:?}"),
    }
}

fn place_of(event_name: &str, parameters: &Json) -> Option<String> {
    match place(&record(event_name, parameters), &account()) {
        Place::Bucket(bucket) => Some(bucket.to_string()),
        Place::Account => Some(BucketName::account().to_string()),
        Place::Elsewhere => None,
    }
}

#[test]
fn the_bucket_of_an_access_point_is_named_in_several_ways() {
    let account = BucketName::account().to_string();
    for (name, parameters, expected) in [
        (
            "CreateAccessPoint",
            json!({ "CreateAccessPointRequest": { "Bucket": "reports" } }),
            "reports",
        ),
        ("CreateAccessPoint", json!({ "bucketName": "reports", "name": "ap" }), "reports"),
        ("PutAccessPointPolicy", json!({ "name": "ap" }), &account),
        (
            "CreateMultiRegionAccessPoint",
            json!({ "Details": { "Regions": { "Region": [{ "Bucket": "a-a" }, { "Bucket": "b-b" }] } } }),
            &account,
        ),
        ("CreateAccessGrantsLocation", json!({ "LocationScope": "s3://reports/x/*" }), "reports"),
        ("CreateAccessGrantsLocation", json!({ "LocationScope": "s3://" }), &account),
        (
            "PutDeliverySource",
            json!({ "name": "n", "resourceArn": "arn:aws:s3:::reports" }),
            "reports",
        ),
    ] {
        assert_eq!(place_of(name, &parameters).as_deref(), Some(expected), "{name} {parameters}");
    }
    let theirs = json!({ "Bucket": "theirs", "BucketAccountId": "444455556666" });
    assert_eq!(place_of("CreateAccessPoint", &theirs), None);
    let other = json!({ "resourceArn": "arn:aws:cloudfront::111122223333:distribution/E1" });
    assert_eq!(place_of("PutDeliverySource", &other), None, "not a bucket's");
}

#[test]
fn what_a_call_opens_is_named() {
    let open = json!({ "name": "ap-1", "CreateAccessPointRequest": {
        "Bucket": "reports",
        "PublicAccessBlockConfiguration": { "BlockPublicAcls": true, "BlockPublicPolicy": false },
    } });
    assert_eq!(
        words("CreateAccessPoint", &open),
        "the access point ap-1 was created: it has a policy of its own, and its public access block is not fully \
         on"
    );
    assert_eq!(
        words("PutAccessPointPolicy", &json!({ "name": "<script>" })),
        "the policy of an access point was changed"
    );
    let grant = json!({ "CreateAccessGrantRequest": {
        "Grantee": { "GranteeIdentifier": "arn:aws:iam::444455556666:role/x" }, "Permission": "READ",
    } });
    assert_eq!(
        words("CreateAccessGrant", &grant),
        "an access grant gives READ to arn:aws:iam::444455556666:role/x, beside the bucket's policy"
    );
    let abac = json!({ "AbacStatus": { "Status": "Disabled" } });
    assert_eq!(
        words("PutBucketAbac", &abac),
        "tags of the bucket no longer count in policies (ABAC)"
    );
}

#[test]
fn an_export_has_a_destination_and_perhaps_its_account() {
    let to = |name: &str, destination: Json| match of(name, &json!({ "Destination": destination }))
    {
        Some(Deed::Exported { bucket, account, .. }) => {
            (bucket.to_string(), account.map(|account| account.to_string()))
        }
        other => panic!("{name}: {other:?}"),
    };
    let theirs = Some("444455556666".to_owned());
    let bucket = "arn:aws:s3:::collector";
    for (name, destination, expected) in [
        (
            "PutBucketInventoryConfiguration",
            json!({ "S3BucketDestination": { "AccountId": "444455556666", "Bucket": bucket } }),
            ("collector", theirs.clone()),
        ),
        (
            "PutBucketInventoryConfiguration",
            json!({ "S3BucketDestination": { "Bucket": bucket } }),
            ("collector", None),
        ),
        (
            "PutBucketAnalyticsConfiguration",
            json!({ "S3BucketDestination": { "BucketAccountId": "444455556666", "Bucket": bucket } }),
            ("collector", theirs.clone()),
        ),
        (
            "CreateBucketMetadataTableConfiguration",
            json!({ "S3TablesDestination": {
                "TableBucketArn": "arn:aws:s3tables:eu-west-1:444455556666:bucket/tables" } }),
            ("tables", theirs),
        ),
    ] {
        assert_eq!(to(name, destination), (expected.0.to_owned(), expected.1), "{name}");
    }
    let disabled = json!({ "IsEnabled": false, "S3BucketDestination": { "Bucket": bucket } });
    assert_eq!(of("PutBucketInventoryConfiguration", &disabled), None);
    assert_eq!(of("DeleteBucketInventoryConfiguration", &json!({ "id": "all" })), None);
}

#[test]
fn a_key_is_the_resource_of_the_call_or_its_parameter() {
    let arn = "arn:aws:kms:eu-west-1:111122223333:key/k-1";
    let mut by_resource = record("DisableKey", &json!({ "keyId": "k-1" }));
    by_resource["resources"] = json!([{ "ARN": arn, "type": "AWS::KMS::Key" }]);
    for (record, expected) in
        [(by_resource, arn), (record("DisableKey", &json!({ "keyId": "k-1" })), "k-1")]
    {
        let Some(Deed::Key { arn, .. }) = deed("DisableKey", &record) else { panic!("{record}") };
        assert_eq!(arn, expected);
    }
}
