//! Object events as EventBridge sends them to the object queue, and subscribers of the notifications.

use std::io::{BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use s3guard_emulator::http;
use serde_json::{Value, json};

use super::super::guarded::Guarded;

/// A change to an object.
#[derive(Clone, Copy)]
pub(super) enum Does {
    /// The object is created or overwritten.
    Put,
    /// The object is permanently deleted; in a versioned bucket, this version.
    Delete(Option<&'static str>),
    /// The object's ACL is changed.
    Acl,
}

/// An event: its number makes its id and its sequencer.
pub(super) fn event(bucket: &str, key: &str, does: Does, number: usize) -> String {
    let (name, version) = match does {
        Does::Put => ("Object Created", None),
        Does::Delete(version) => ("Object Deleted", version),
        Does::Acl => ("Object ACL Updated", None),
    };
    // Such an event has no sequencer, only its time.
    let time =
        if matches!(does, Does::Acl) { "2026-11-20T12:00:01Z" } else { "2026-11-20T12:00:00Z" };
    let mut object = json!({ "key": key, "sequencer": format!("{number:016X}") });
    match does {
        Does::Put => object["size"] = json!(1024),
        Does::Acl => drop(object.as_object_mut().unwrap().remove("sequencer")),
        Does::Delete(_) => {}
    }
    if let Some(version) = version {
        object["version-id"] = json!(version);
    }
    json!({
        "version": "0", "id": format!("17793124-0000-4000-8000-{number:012x}"), "detail-type": name,
        "source": "aws.s3", "account": "111122223333", "time": time, "region": "eu-west-1",
        "resources": [format!("arn:aws:s3:::{bucket}")],
        "detail": { "version": "0", "event-version": "1.2", "bucket": { "name": bucket }, "object": object,
            "request-id": "N4N7GDK58EXAMPLE", "requester": "111122223333", "source-ip-address": "192.0.2.1",
            "deletion-type": "Permanently Deleted", "reason": "DeleteObject" },
    })
    .to_string()
}

/// The texts in another, reproducible order.
pub(super) fn shuffled(mut texts: Vec<String>) -> Vec<String> {
    let mut seed = 1_u64;
    for last in (1..texts.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = usize::try_from(seed >> 33).unwrap() % (last + 1);
        texts.swap(last, place);
    }
    texts
}

/// Sends events to the object queue.
pub(super) fn send(guarded: &Guarded, events: &[String]) {
    let client = guarded.account.unchecked();
    // Events of another account would be dropped.
    let own = |event: &String| event.replace("111122223333", guarded.account.number());
    let events: Vec<String> = events.iter().map(own).collect();
    for batch in events.chunks(10) {
        client.send_batch(guarded.output("ObjectQueueUrl"), batch).unwrap();
    }
}

/// Closes all windows, once all events are received.
pub(in super::super) fn close(guarded: &Guarded) {
    close_and(guarded, || {});
}

/// Closes all windows after a failure, without waiting for the retries. Messages in flight are received again, too.
pub(super) fn close_hurried(guarded: &Guarded) {
    close_and(guarded, || {
        guarded.account.end_visibility_timeouts().unwrap();
    });
}

fn close_and(guarded: &Guarded, hurry: impl Fn()) {
    let rest = || {
        guarded.wait("empty queues", || {
            guarded.account.end_delays().unwrap();
            hurry();
            guarded.waiting("ObjectQueueUrl") == 0
        });
    };
    rest();
    let client = guarded.account.unchecked();
    client.send(guarded.output("ObjectQueueUrl"), r#"{"s3guard":"close-all-windows"}"#).unwrap();
    rest();
}

/// The documents of object notifications in a subscriber's queue.
pub(super) fn documents(guarded: &Guarded, url: &str) -> Vec<Value> {
    let client = guarded.account.client();
    let mut documents = Vec::new();
    loop {
        let messages = client.receive(url, 0).unwrap();
        if messages.is_empty() {
            return documents;
        }
        let read = messages.iter().map(|message| serde_json::from_str(message).unwrap());
        documents.extend(read.filter(|document: &Value| document["kind"] == "objects"));
    }
}

/// An HTTP endpoint on this machine, subscribed to SNS.
pub(super) struct Listener {
    pub(super) url: String,
    posted: Arc<Mutex<Vec<Value>>>,
}

impl Listener {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/notifications", listener.local_addr().unwrap());
        let posted: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = Arc::clone(&posted);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let Ok(Some(request)) = http::read(&mut reader) else { continue };
                let _ = stream.write_all(
                    b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                );
                kept.lock().unwrap().extend(serde_json::from_slice::<Value>(&request.body).ok());
            }
        });
        Self { url, posted }
    }

    /// The documents of object notifications that were posted.
    pub(super) fn documents(&self) -> Vec<Value> {
        let posted = self.posted.lock().unwrap();
        let notifications = posted.iter().filter(|post| post["Type"] == "Notification");
        let documents = notifications
            .filter_map(|post| serde_json::from_str::<Value>(post["Message"].as_str()?).ok());
        documents.filter(|document| document["kind"] == "objects").collect()
    }
}
