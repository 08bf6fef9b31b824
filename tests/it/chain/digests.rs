//! Digests: object events are collected in a window and reported once to each subscriber.

mod events;

use std::collections::{BTreeMap, BTreeSet};

use s3guard_emulator::Fault;
use serde_json::{Value, json};
use time::OffsetDateTime;

pub(super) use self::events::close;
use self::events::{Does, Listener, close_hurried, documents, event, send, shuffled};
use super::guarded::{Guarded, new_account, s3guard};

/// A window that ends soon.
const SHORT: &str = "[notifications]\nwindow = \"10s\"\n";
/// A window that the test ends: one that has more than an hour left. Windows begin at multiples of their length, so that a day
/// ends at midnight.
pub(super) fn long_window() -> String {
    const HOUR: i64 = 3600;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let left = |hours: &i64| hours * HOUR - now.rem_euclid(hours * HOUR);
    let hours = (1..=24).rev().find(|hours| left(hours) > HOUR).unwrap();
    format!("[notifications]\nwindow = \"{hours}h\"\n")
}

/// CloudWatch's event of an alarm of the stack, as the rule sends it to the queue.
const ALARM: &str = r#"{"id":"1","source":"aws.cloudwatch","account":"111122223333","resources":["arn:aws:cloudwatch:eu-west-1:111122223333:alarm:guard-GuardDlqAlarm"],"detail-type":"CloudWatch Alarm State Change","time":"2026-11-25T05:00:00Z","detail":{"alarmName":"guard-GuardDlqAlarm","state":{"value":"ALARM","reason":"1 is more than 0","timestamp":"2026-11-25T05:00:00.000+0000"},"previousState":{"value":"OK"}}}"#;

/// How often each change of a bucket's objects is reported, in all documents with different ids.
fn counted(documents: &[Value]) -> BTreeMap<String, u64> {
    let by_id: BTreeMap<&str, &Value> =
        documents.iter().map(|document| (document["id"].as_str().unwrap(), document)).collect();
    let mut counted = BTreeMap::new();
    for document in by_id.values() {
        for bucket in document["buckets"].as_array().into_iter().flatten() {
            assert!(bucket["console"].as_str().unwrap().starts_with("https://"), "{document:#}");
        }
        for bucket in document["body"]["buckets"].as_array().unwrap() {
            let name = bucket["name"].as_str().unwrap().to_owned();
            *counted.entry(name).or_default() += bucket["events"].as_u64().unwrap();
        }
    }
    counted
}

/// How often each object is reported, in all documents with different ids.
fn keys(documents: &[Value]) -> BTreeMap<String, usize> {
    let by_id: BTreeMap<&str, &Value> =
        documents.iter().map(|document| (document["id"].as_str().unwrap(), document)).collect();
    let mut keys = BTreeMap::new();
    for object in by_id.values().flat_map(|one| one["body"]["objects"].as_array().unwrap()) {
        *keys.entry(object["key"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    keys
}

/// Receives the messages of the dead-letter queue. Returns the keys of their objects.
fn dead_keys(guarded: &Guarded) -> Vec<String> {
    let client = guarded.account.unchecked();
    let mut keys = Vec::new();
    loop {
        let letters = client.receive(guarded.output("ObjectDlqUrl"), 0).unwrap();
        if letters.is_empty() {
            return keys;
        }
        keys.extend(letters.iter().filter_map(|letter| {
            let event: Value = serde_json::from_str(letter).ok()?;
            Some(event["detail"]["object"]["key"].as_str()?.to_owned())
        }));
    }
}

/// Subscribes a queue. Returns its URL.
fn queue(guarded: &Guarded) -> String {
    let client = guarded.account.client();
    let topic = guarded.output("DocumentTopicArn");
    let (url, arn) = client.create_queue_for("subscriber", topic).unwrap();
    client.subscribe(topic, "sqs", &arn, true).unwrap();
    url
}

#[test]
fn events_delivered_twice_and_shuffled_are_reported_once_on_every_channel() {
    let guarded = Guarded::configured(new_account(), &long_window(), &[]);
    let queue = queue(&guarded);
    let listener = Listener::start();
    let topic = guarded.output("DocumentTopicArn");
    guarded.account.client().subscribe(topic, "http", &listener.url, false).unwrap();
    guarded.account.confirm_mail(&listener.url).unwrap();
    let mut all = Vec::new();
    for number in 0..30 {
        let key = format!("in/{:02}.csv", number % 10);
        let does = if number < 20 { Does::Put } else { Does::Delete(None) };
        let event = event("reports", &key, does, number);
        all.extend([event.clone(), event]);
    }
    // Such an event has no sequencer: its id shows that it was delivered twice.
    all.extend([
        event("reports", "in/00.csv", Does::Acl, 30),
        event("reports", "in/00.csv", Does::Acl, 30),
    ]);
    guarded.forget();
    send(&guarded, &shuffled(all));
    close(&guarded);
    let documents = documents(&guarded, &queue);
    assert_eq!(documents.len(), 1, "{documents:#?}");
    let reported = &documents[0]["body"];
    assert_eq!(reported["events"], 31, "{reported:#}");
    assert_eq!(reported["buckets"][0]["changes"]["created-or-overwritten"], 20, "{reported:#}");
    assert_eq!(reported["buckets"][0]["changes"]["deleted"], 10, "{reported:#}");
    // The last change of each key is reported last.
    let of_first = |object: &&Value| object["key"] == "in/00.csv";
    let changes: Vec<&Value> = reported["objects"]
        .as_array()
        .unwrap()
        .iter()
        .filter(of_first)
        .map(|one| &one["change"])
        .collect();
    assert_eq!(
        changes,
        ["created-or-overwritten", "created-or-overwritten", "deleted", "acl-updated"]
    );
    guarded.wait("the post", || !listener.documents().is_empty());
    assert_eq!(listener.documents(), documents);
    let mails = guarded.mails();
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert_eq!(mails[0].subject, "s3guard: 31 changes to objects in reports");
    // Delivered again, nothing is new.
    send(&guarded, &[event("reports", "in/00.csv", Does::Put, 0)]);
    close(&guarded);
    assert_eq!(guarded.mails().len(), 1);
}

#[test]
fn filters_deliver_only_matching_notifications() {
    let configuration = format!(
        "{}\
         [[subscription]]\nname = \"payroll\"\nemail = \"payroll@example.com\"\nbucket = [\"payroll-*\"]\n\
         [[subscription]]\nname = \"grave\"\nemail = \"grave@example.com\"\nseverity = \"warning\"\n\
         [[subscription]]\nname = \"buckets\"\nemail = \"buckets@example.com\"\nabout = [\"bucket\"]\n",
        long_window()
    );
    let guarded = Guarded::configured(new_account(), &configuration, &[]);
    let status = s3guard(&guarded.account.env(), &["status", "--stack", "guard"]);
    assert_eq!(status.status.code(), Some(0), "an address that is not confirmed is a remark");
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("email payroll@example.com is not confirmed"), "{status}");
    // Who gets what is grave also gets the alarms, from a topic of their own.
    let topics = [("payroll@example.com", 1), ("grave@example.com", 2), ("buckets@example.com", 1)];
    for (address, topics) in topics {
        assert_eq!(guarded.account.confirm_mail(address).unwrap(), topics, "{address}");
    }
    let all = [
        event("payroll-2026", "november.csv", Does::Put, 1),
        event("payroll-2026", "october.csv", Does::Delete(None), 2),
        event("photos", "a.jpg", Does::Put, 3),
        event("photos", "b.jpg", Does::Delete(None), 4),
    ];
    send(&guarded, &all);
    close(&guarded);
    let reported = |address: &str| {
        let mails = guarded.account.mails().unwrap().into_iter();
        let of_objects =
            mails.filter(|mail| mail.to == address && mail.text.starts_with("Changes of objects"));
        let text: String = of_objects.map(|mail| mail.text).collect();
        let keys = ["november.csv", "october.csv", "a.jpg", "b.jpg"];
        keys.into_iter()
            .filter(|key| text.contains(&format!(": {key}")))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(reported("owner@example.com"), "november.csv october.csv a.jpg b.jpg");
    assert_eq!(reported("payroll@example.com"), "november.csv october.csv");
    assert_eq!(reported("grave@example.com"), "october.csv b.jpg");
    assert_eq!(reported("buckets@example.com"), "");
}

#[test]
fn a_mass_deletion_is_reported_at_once_and_also_by_sms() {
    let configuration =
        long_window() + "[[subscription]]\nname = \"duty\"\nsms = \"+15555550100\"\n";
    let guarded = Guarded::configured(new_account(), &configuration, &[]);
    let queue = queue(&guarded);
    let deleted = |number| {
        event(
            "a-bucket-with-a-name-that-is-as-long-as-names-can-be-63-letters",
            "k",
            Does::Delete(Some("v")),
            number,
        )
    };
    send(&guarded, &(0..9).map(deleted).collect::<Vec<_>>());
    guarded.rest();
    assert_eq!(documents(&guarded, &queue), [] as [Value; 0], "nine are not many");
    send(&guarded, &(9..12).map(deleted).collect::<Vec<_>>());
    let mut reported = Vec::new();
    guarded.wait("the alert", || {
        reported.extend(documents(&guarded, &queue));
        !reported.is_empty()
    });
    guarded.rest();
    assert_eq!(reported[0]["severity"], "critical", "{reported:#?}");
    assert_eq!(reported[0]["body"]["events"], 12, "{reported:#?}");
    let sms: Vec<_> = guarded
        .account
        .mails()
        .unwrap()
        .into_iter()
        // The subscription of the queue is an alert.
        .filter(|mail| mail.protocol == "sms" && mail.subject.starts_with("s3guard"))
        .collect();
    assert_eq!(sms.len(), 1, "{sms:#?}");
    assert_eq!(sms[0].to, "+15555550100");
    assert!(sms[0].text.len() <= 160 && sms[0].text.contains("12 versions deleted"), "{sms:#?}");
}

#[test]
fn a_refused_alert_is_retried_before_the_end_of_the_window() {
    let guarded = Guarded::configured(new_account(), &long_window(), &[]);
    let queue = queue(&guarded);
    let refuse = Fault {
        role: "*Notify*".to_owned(),
        times: 1_000,
        ..Fault::fail("sns:Publish", "NotFound")
    };
    guarded.account.add_fault(&refuse).unwrap();
    let deleted = |number| event("archive", "k", Does::Delete(Some("v")), number);
    send(&guarded, &(0..10).map(deleted).collect::<Vec<_>>());
    guarded.wait("a refused alert", || {
        guarded.account.faults().unwrap().iter().any(|fault| fault.met > 0)
    });
    guarded.account.forget_faults().unwrap();
    // The function closes the window itself, once no other run can use it.
    let mut reported = Vec::new();
    guarded.wait("the alert", || {
        guarded.account.age_objects(guarded.output("LedgerBucketName"), 180).unwrap();
        guarded.account.end_delays().unwrap();
        reported.extend(documents(&guarded, &queue));
        !reported.is_empty()
    });
    assert_eq!(reported[0]["body"]["events"], 10, "{reported:#?}");
}

#[test]
fn each_event_is_reported_once_or_in_the_dlq_after_any_failure() {
    let guarded = Guarded::configured(new_account(), SHORT, &[]);
    let queue = queue(&guarded);
    let of_notify = |fault: Fault| Fault { role: "*Notify*".to_owned(), ..fault };
    let (objects, topic) =
        ("*/windows/*".to_owned(), guarded.output("NotifyFunctionName").to_owned());
    let one = |number| event("reports", &format!("{number:04}"), Does::Put, number);
    // A function is killed while it writes to the ledger; then the ledger refuses writes for a while.
    let hold = Fault { resource: objects.clone(), ..of_notify(Fault::hold("s3:PutObject")) };
    let hold = guarded.account.add_fault(&hold).unwrap();
    send(&guarded, &(0..200).map(one).collect::<Vec<_>>());
    guarded.account.wait_until_held(hold.number).unwrap();
    assert!(guarded.account.kill_function(&topic).unwrap() >= 1);
    guarded.account.forget_faults().unwrap();
    let slow =
        Fault { resource: objects, times: 9, ..of_notify(Fault::fail("s3:PutObject", "SlowDown")) };
    guarded.account.add_fault(&slow).unwrap();
    send(&guarded, &(150..400).map(one).collect::<Vec<_>>());
    guarded.wait("all of it in the ledger", || {
        guarded.account.end_visibility_timeouts().unwrap();
        guarded.waiting("ObjectQueueUrl") == 0
    });
    guarded.account.forget_faults().unwrap();
    // A message that is not an event, and a topic that fails for a while.
    guarded.account.unchecked().send(guarded.output("ObjectQueueUrl"), "no event").unwrap();
    guarded.wait("the dead letter", || {
        guarded.account.end_visibility_timeouts().unwrap();
        guarded.waiting("ObjectDlqUrl") >= 1
    });
    let refuse = Fault { times: 1_000, ..of_notify(Fault::fail("sns:Publish", "NotFound")) };
    guarded.account.add_fault(&refuse).unwrap();
    let mut reported = documents(&guarded, &queue);
    send(&guarded, &(380..410).map(one).collect::<Vec<_>>());
    guarded.wait("a window that is closed and not reported", || {
        guarded.account.end_delays().unwrap();
        guarded.account.end_visibility_timeouts().unwrap();
        guarded.account.faults().unwrap().iter().any(|fault| fault.met > 0)
    });
    guarded.account.forget_faults().unwrap();
    // A later run reports it, once no other run can use it. The shortened timeouts also move messages in flight to the
    // dead-letter queue.
    let mut dead = BTreeSet::new();
    guarded.wait("all of it reported or in the DLQ", || {
        guarded.account.age_objects(guarded.output("LedgerBucketName"), 180).unwrap();
        close_hurried(&guarded);
        reported.extend(documents(&guarded, &queue));
        dead.extend(dead_keys(&guarded));
        let reported = keys(&reported);
        (0..410)
            .map(|number| format!("{number:04}"))
            .all(|key| reported.contains_key(&key) || dead.contains(&key))
    });
    let twice: Vec<_> = keys(&reported).into_iter().filter(|(_, times)| *times > 1).collect();
    assert_eq!(twice, [], "each at most once");
}

/// No message of the object queue comes to the dead-letter queue any more, however often it is received.
fn never_dead(guarded: &Guarded) {
    let (account, url) = (guarded.account.unchecked(), guarded.output("ObjectQueueUrl"));
    let asked = json!({ "QueueUrl": url, "AttributeNames": ["RedrivePolicy"] });
    let found = account.json("sqs", "GetQueueAttributes", &asked).unwrap();
    let policy = found["Attributes"]["RedrivePolicy"].as_str().unwrap();
    let mut policy: Value = serde_json::from_str(policy).unwrap();
    policy["maxReceiveCount"] = json!(1_000);
    let attributes = json!({ "RedrivePolicy": policy.to_string() });
    let changed = json!({ "QueueUrl": url, "Attributes": attributes });
    account.json("sqs", "SetQueueAttributes", &changed).unwrap();
}

#[test]
fn messages_in_the_dlq_are_redriven() {
    let guarded = Guarded::configured(new_account(), SHORT, &[]);
    let queue = queue(&guarded);
    let refuse = Fault {
        role: "*Notify*".to_owned(),
        resource: "*/windows/*".to_owned(),
        times: 1_000,
        ..Fault::fail("s3:PutObject", "AccessDenied")
    };
    guarded.account.add_fault(&refuse).unwrap();
    let one = |number| event("reports", &format!("{number:04}"), Does::Put, number);
    send(&guarded, &(0..25).map(one).collect::<Vec<_>>());
    guarded.wait("the dead letters", || {
        guarded.account.end_visibility_timeouts().unwrap();
        guarded.waiting("ObjectDlqUrl") == 25
    });
    let run = |arguments: &[&str]| {
        let output = s3guard(&guarded.operator(), arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let (code, stdout, stderr) = run(&["status", "--stack", "guard"]);
    assert_eq!(code, 3, "{stderr}");
    assert!(stdout.contains("25 messages in the object DLQ: fix the cause"), "{stdout}");
    guarded.account.forget_faults().unwrap();
    // A function that finds a window busy leaves its message to the next one. Whose timeout ends here may be in flight, and
    // would come to the dead-letter queue again.
    never_dead(&guarded);
    let (code, stdout, stderr) = run(&["redrive", "--stack", "guard"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("objects  25 messages sent again"), "{stdout}");
    close_hurried(&guarded);
    assert_eq!(counted(&documents(&guarded, &queue))["reports"], 25);
    assert_eq!(guarded.waiting("ObjectDlqUrl"), 0);
    let (code, stdout, _) = run(&["status", "--stack", "guard"]);
    assert_eq!(code, 0, "{stdout}");
}

#[test]
fn a_sample_of_each_notification_is_sent_to_its_subscribers() {
    let guarded = Guarded::new(&[]);
    let run = |arguments: &[&str]| -> Value {
        let output = s3guard(&guarded.operator(), arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        crate::json::read("notify-test", &output.stdout)
    };
    let tests = || {
        let mails = guarded.account.mails().unwrap().into_iter();
        mails.filter(|mail| mail.subject.starts_with("TEST: s3guard")).collect::<Vec<_>>()
    };
    let asked = ["notify-test", "--stack", "guard", "--output", "json", "--dry-run"];
    let would = run(&asked);
    assert_eq!(tests().len(), 0);
    let sent = run(&asked[..5]);
    assert_eq!(sent["notifications"], would["notifications"]);
    let mails = tests();
    assert_eq!(mails.len(), sent["notifications"].as_array().unwrap().len());
    assert!(
        mails.iter().all(|mail| mail.text.starts_with("TEST: nothing happened.")),
        "{mails:#?}"
    );
}

#[test]
fn a_chat_receives_notifications_of_its_severity_and_alarms_are_reported() {
    let configuration = "[notifications]\nwindow = \"10s\"\nchat = \"warning\"\n";
    let guarded = Guarded::configured(new_account(), configuration, &[]);
    let client = guarded.account.client();
    let topic = guarded.output("ChatTopicArn");
    let (url, arn) = client.create_queue_for("chat", topic).unwrap();
    client.subscribe(topic, "sqs", &arn, true).unwrap();
    let chat = || {
        let messages = client.receive(&url, 0).unwrap();
        messages.iter().map(|one| serde_json::from_str(one).unwrap()).collect::<Vec<Value>>()
    };
    send(&guarded, &[event("reports", "plan.txt", Does::Put, 0)]);
    close(&guarded);
    assert_eq!(chat(), [Value::Null; 0], "that is good to know, and no more");
    send(&guarded, &[event("reports", "plan.txt", Does::Delete(None), 1)]);
    close(&guarded);
    let reported = chat();
    assert_eq!(reported.len(), 1, "{reported:#?}");
    assert_eq!(
        (&reported[0]["version"], &reported[0]["source"]),
        (&"1.0".into(), &"custom".into())
    );
    assert!(reported[0]["content"]["title"].as_str().unwrap().contains("reports"), "{reported:#?}");
    guarded.forget();
    send(&guarded, &[ALARM.to_owned()]);
    guarded.wait("a mail", || !guarded.mails().is_empty());
    let mails = guarded.mails();
    assert_eq!(mails[0].subject, "s3guard: an alarm is in state ALARM: guard-GuardDlqAlarm");
}

#[test]
fn overwritten_and_created_objects_are_distinguished_if_configured() {
    let configuration = "[notifications.objects]\nreport-overwrites = [\"reports-*\"]\n";
    let guarded = Guarded::configured(new_account(), configuration, &[]);
    let (careless, reports) = guarded.with_bucket();
    let versions = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    careless.put_bucket_setting(&reports, "versioning", versions).unwrap();
    guarded.rest();
    guarded.forget();
    careless.put_object(&reports, "plan.txt", b"first").unwrap();
    careless.put_object(&reports, "plan.txt", b"second").unwrap();
    guarded.wait("both reported", || {
        guarded.account.end_delays().unwrap();
        let text = guarded.mail_text();
        text.contains(" created: plan.txt") && text.contains(" overwritten: plan.txt")
    });
}
