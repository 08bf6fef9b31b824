//! A thousand buckets, created and opened within a minute: all are protected, and their owner gets a few emails.
//!
//! The suite does it with fewer. With a thousand it takes two minutes, most of which are the emulated account's:
//! `S3GUARD_FLOOD=1000 cargo test --workspace --locked --test it -- chain::flood --nocapture`

use std::collections::BTreeMap;
use std::time::Instant;
use std::{env, thread};

use s3guard_emulator::Client;
use serde_json::json;

use super::findings::{Findings, named, open};
use super::guarded::{Guarded, has_tls, is_private, new_account, sends_object_events};

/// How many buckets there are, unless `S3GUARD_FLOOD` says so.
const BUCKETS: usize = 200;
const AT_ONCE: usize = 8;
/// The bounds of the emails: all together, and in a second.
const MAILS_MAX: usize = 10;
const MAILS_A_SECOND_MAX: usize = 5;
/// What is published at once in a minute, and the digest of the rest.
const MAILS_A_MINUTE_MAX: usize = 7;
/// With a section of its own the notifications have the windows of a minute that they have by default.
const DEFAULT_WINDOWS: &str = "[notifications]\n";

/// Creates a bucket and takes its public access block away; every tenth gets a public policy, if it is not blocked again.
fn create_and_open(client: &Client, bucket: &str) {
    client.create_bucket(bucket).unwrap();
    client.delete_public_access_block(bucket).unwrap();
    if is_published(bucket) {
        let everyone = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": "*",
            "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*") }] });
        if let Err(error) = client.put_bucket_setting(bucket, "policy", &everyone.to_string()) {
            assert_eq!(error.code, "AccessDenied", "{error}");
        }
    }
}

fn is_published(bucket: &str) -> bool {
    bucket.split('-').nth(1).is_some_and(|number| number.ends_with('0'))
}

/// What is missing in a bucket's protection. S3 takes no TLS statement beside a public one: that is an open finding.
fn unprotected(root: &Client, bucket: &str, open: &BTreeMap<String, Findings>) -> Option<String> {
    let is_finding =
        || open.get(bucket).is_some_and(|open| open.contains_key("tls")) && is_published(bucket);
    let parts = [
        ("private", is_private(root, bucket)),
        ("TLS-only", has_tls(root, bucket) || is_finding()),
        ("monitored", sends_object_events(root, bucket)),
    ];
    let missing: Vec<&str> =
        parts.into_iter().filter(|(_, is_so)| !is_so).map(|(what, _)| what).collect();
    (!missing.is_empty()).then(|| format!("{bucket}: not {}", missing.join(", not ")))
}

fn on_all(buckets: &[String], act: impl Fn(&String) + Sync) {
    thread::scope(|scope| {
        for first in 0..AT_ONCE {
            let act = &act;
            scope.spawn(move || buckets.iter().skip(first).step_by(AT_ONCE).for_each(act));
        }
    });
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures of a run by hand")]
fn a_flood_of_opened_buckets_is_protected_and_reported_in_a_few_emails() {
    let count = env::var("S3GUARD_FLOOD").map_or(BUCKETS, |count| count.parse().expect("a number"));
    let guarded = Guarded::configured(new_account(), DEFAULT_WINDOWS, &[]);
    let (careless, root) = (guarded.careless(), guarded.account.unchecked());
    guarded.forget();
    let buckets: Vec<String> =
        (0..count).map(|number| guarded.bucket(&format!("flood-{number:04}"))).collect();
    let begun = Instant::now();
    on_all(&buckets, |bucket| create_and_open(&careless, bucket));
    println!("{count} buckets were created and opened in {:.1?}", begun.elapsed());
    guarded.rest();
    println!("all queues were empty after {:.1?}", begun.elapsed());

    let open = open(&guarded);
    let wrong: Vec<String> =
        buckets.iter().filter_map(|bucket| unprotected(&root, bucket, &open)).collect();
    assert!(wrong.is_empty(), "{} of {count}: {wrong:#?}", wrong.len());
    for queue in ["GuardDlqUrl", "ObjectDlqUrl", "NotificationDlqUrl"] {
        assert_eq!(guarded.waiting(queue), 0, "{queue}");
    }
    let mails = guarded.mails();
    let mut seconds: BTreeMap<u64, usize> = BTreeMap::new();
    for mail in &mails {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the time now")]
        let second = mail.at as u64;
        *seconds.entry(second).or_default() += 1;
        println!("{second}: {}", mail.subject);
    }
    // Where the account is slow, more minutes pass, and each has emails of its own.
    let first = seconds.keys().next().expect("there are emails");
    let minutes = seconds.keys().map(|second| (second - first) / 60).max().unwrap_or_default();
    let more = usize::try_from(minutes).unwrap().saturating_sub(2) * MAILS_A_MINUTE_MAX;
    assert!(mails.len() <= MAILS_MAX + more, "{} emails", mails.len());
    assert!(seconds.values().all(|mails| *mails <= MAILS_A_SECOND_MAX), "{seconds:?}");
    let named = named(&guarded, &mails);
    let missing: Vec<&String> = buckets.iter().filter(|bucket| !named.contains(*bucket)).collect();
    assert!(missing.is_empty(), "no email names {missing:?}");
}
