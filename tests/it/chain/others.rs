//! Settings of other parties keep working: log targets, targets of notifications, statements of policies.

use s3guard_emulator::Client;
use serde_json::json;

use super::guarded::{Guarded, encryption, new_account, policy, sends_object_events};

const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

/// A queue that S3 may send to, its URL and ARN.
pub(super) fn queue_for_s3(client: &Client, name: &str) -> (String, String) {
    let queue = client.json("sqs", "CreateQueue", &json!({ "QueueName": name })).unwrap();
    let url = queue["QueueUrl"].as_str().unwrap().to_owned();
    let arn = json!({ "QueueUrl": url, "AttributeNames": ["QueueArn"] });
    let arn = client.json("sqs", "GetQueueAttributes", &arn).unwrap();
    let arn = arn["Attributes"]["QueueArn"].as_str().unwrap().to_owned();
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Resource": arn,
        "Principal": { "Service": "s3.amazonaws.com" }, "Action": "sqs:SendMessage" }] });
    let attributes = json!({ "QueueUrl": url, "Attributes": { "Policy": policy.to_string() } });
    client.json("sqs", "SetQueueAttributes", &attributes).unwrap();
    (url, arn)
}

/// A guard at the grade `security`, which encrypts with a key, also what exists.
fn secured() -> Guarded {
    let account = new_account();
    let key = account.client().create_key().unwrap();
    let enforced = "[aspects]\nencryption = \"enforce\"\nnotifications = \"enforce\"\n";
    Guarded::configured(account, enforced, &["--grade", "security", "--key", &key])
}

#[test]
fn a_bucket_to_which_s3_delivers_logs_stays_encrypted_with_s3s_own_key() {
    let guarded = secured();
    let careless = guarded.careless();
    let by_policy = guarded.bucket("logs-by-policy");
    let by_acl = guarded.bucket("logs-by-acl");
    // Both before the guard reconciles the bucket: a later policy is another case.
    for bucket in [&by_policy, &by_acl] {
        guarded.account.make_silent_buckets(bucket, 1).unwrap();
    }
    let [by_policy, by_acl] = [by_policy, by_acl].map(|bucket| format!("{bucket}-00000"));
    let statement = json!({ "Sid": "Logs", "Effect": "Allow", "Action": "s3:PutObject",
        "Principal": { "Service": "logging.s3.amazonaws.com" }, "Resource": format!("arn:aws:s3:::{by_policy}/*") });
    let theirs = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let owner = "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>";
    guarded.forget();
    careless.put_bucket_setting(&by_policy, "policy", &theirs.to_string()).unwrap();
    guarded.rest();
    let merged = policy(&careless, &by_policy).unwrap();
    assert_eq!(merged["Statement"][0], statement, "{merged:#}");
    assert_eq!(merged["Statement"].as_array().unwrap().len(), 3, "{merged:#}");

    // Without a grant, the guard disables ACLs again at once, so the grant comes before the event.
    let hold = guarded.account.add_fault(&s3guard_emulator::Fault {
        role: "*Guard*".to_owned(),
        ..s3guard_emulator::Fault::hold("s3:GetBucketOwnershipControls")
    });
    careless.put_bucket_setting(&by_acl, "ownershipControls", owner).unwrap();
    careless.put_acl(&by_acl, "log-delivery-write").unwrap();
    guarded.account.release_fault(hold.unwrap().number).unwrap();
    guarded.rest();
    let acl = careless.bucket_setting(&by_acl, "acl").unwrap();
    assert!(acl.contains(LOG_DELIVERY), "{acl}");

    guarded.account.fire_schedules().unwrap();
    guarded.rest();
    for bucket in [&by_policy, &by_acl] {
        assert!(encryption(&careless, bucket).starts_with("AES256"), "{bucket}");
        assert!(sends_object_events(&careless, bucket), "the sweep has reconciled {bucket}");
    }
    assert!(careless.bucket_setting(&by_acl, "acl").unwrap().contains(LOG_DELIVERY));
    assert_eq!(policy(&careless, &by_policy), Some(merged));
}

#[test]
fn notification_targets_and_policy_statements_of_others_are_kept_byte_for_byte() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let (_, arn) = queue_for_s3(&guarded.account.client(), "theirs");
    let theirs = format!(
        "<QueueConfiguration><Id>a &amp; b</Id><Queue>{arn}</Queue><Event>s3:ObjectCreated:*</Event>\
         <Filter><S3Key><FilterRule><Name>prefix</Name><Value>in/</Value></FilterRule></S3Key></Filter>\
         </QueueConfiguration>"
    );
    careless.put_notification(&reports, &theirs).unwrap();
    let before = careless.notification(&reports).unwrap();
    guarded.rest();
    let after = careless.notification(&reports).unwrap();
    assert!(after.contains(&theirs), "{after}");
    assert_eq!(
        after
            .replace("<EventBridgeConfiguration/>", "")
            .replace("<EventBridgeConfiguration />", ""),
        before
            .replace("<EventBridgeConfiguration/>", "")
            .replace("<EventBridgeConfiguration />", ""),
        "nothing else is changed"
    );
    assert!(sends_object_events(&careless, &reports));

    let statement = |sid: &str, user: &str| {
        json!({ "Sid": sid, "Effect": "Deny", "Action": ["s3:DeleteObject", "s3:GetObject"], "NotPrincipal":
            { "AWS": format!("arn:aws:iam::{}:{user}", guarded.account.number()) },
            "Resource": format!("arn:aws:s3:::{reports}/{sid}/*") })
    };
    let statements = [statement("Zebra", "root"), statement("Ape", "root")];
    let policy_of_others =
        json!({ "Version": "2012-10-17", "Id": "theirs", "Statement": statements });
    careless.put_bucket_setting(&reports, "policy", &policy_of_others.to_string()).unwrap();
    guarded.rest();
    let merged = policy(&careless, &reports).unwrap();
    assert_eq!(merged["Id"], "theirs");
    assert_eq!(merged["Statement"].as_array().unwrap()[..2], statements, "{merged:#}");
    assert_eq!(merged["Statement"].as_array().unwrap().len(), 3, "{merged:#}");
}
