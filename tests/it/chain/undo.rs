//! What the guard has done: `history` and `undo`.

use std::process::{Command, Output, Stdio};

use s3guard_emulator::Fault;
use serde_json::{Value, json};
use time::{Date, Duration, OffsetDateTime};

use super::coverage::rest_hurried;
use super::guarded::{Guarded, is_private, policy, s3guard, sends_object_events};

fn run(guarded: &Guarded, arguments: &[&str]) -> Output {
    let all = [arguments, &["--stack", "guard"]].concat();
    s3guard(&guarded.operator(), &all)
}

fn output_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The id of the one record of this setting.
fn id(guarded: &Guarded, bucket: &str, setting: &str) -> String {
    let records = guarded.records(bucket);
    let of = |record: &&Value| record["setting"] == setting;
    records.iter().find(of).unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn history_shows_the_remediations_and_their_causes() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    careless.delete_public_access_block(&reports).unwrap();
    guarded.rest();
    let records = guarded.records(&reports);
    let newest = &records[0];
    assert_eq!(newest["status"], "verified", "{newest:#}");
    assert_eq!(newest["setting"], "public-access-block", "{newest:#}");
    assert_eq!(newest["call"], "PutPublicAccessBlock", "{newest:#}");
    assert_eq!(newest["events"][0]["eventName"], "DeleteBucketPublicAccessBlock", "{newest:#}");
    assert!(newest["events"][0]["eventId"].is_string(), "{newest:#}");
    assert!(newest["timeToProtectMilliseconds"].is_u64(), "{newest:#}");
    assert_eq!(records.len(), 3, "with those of the new bucket");

    let shown = run(&guarded, &["history", &reports, "--limit", "1"]);
    assert_eq!(shown.status.code(), Some(0), "{}", output_of(&shown));
    let shown = String::from_utf8(shown.stdout).unwrap();
    for part in [
        newest["id"].as_str().unwrap(),
        "verified",
        "why    public access block: not set",
        "to     public access block: on",
        "after  DeleteBucketPublicAccessBlock with ",
        "by     arn:aws:iam::",
    ] {
        assert!(shown.contains(part), "{part} is not in:\n{shown}");
    }
    let nothing = run(&guarded, &["history", "unknown-bucket"]);
    assert_eq!(nothing.status.code(), Some(1), "{}", output_of(&nothing));
    assert!(
        output_of(&nothing).contains("bucket `unknown-bucket` does not exist"),
        "{}",
        output_of(&nothing)
    );
}

#[test]
fn events_and_sweeps_do_not_revert_an_undo() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    careless.delete_public_access_block(&reports).unwrap();
    guarded.rest();
    let id = id(&guarded, &reports, "public-access-block");
    let unasked = run(&guarded, &["undo", &id, "--output", "json"]);
    assert_eq!(unasked.status.code(), Some(4), "{}", output_of(&unasked));
    let plan = crate::json::read("undo", &unasked.stdout);
    assert_eq!((&plan["id"], &plan["outcome"]), (&json!(id), &json!("needs-approval")), "{plan}");
    assert!(plan["restored"].is_string() && plan["suppressedUntil"].is_string(), "{plan}");
    assert!(is_private(&careless, &reports));

    guarded.forget();
    let undo = ["undo", &id, "--yes", "--reason", "ticket 4711"];
    let unasked = run(&guarded, &undo);
    assert_eq!(
        unasked.status.code(),
        Some(4),
        "public access is asked for separately: {unasked:?}"
    );
    assert!(output_of(&unasked).contains("BlockPublicAcls is switched off"), "{unasked:?}");
    assert!(is_private(&careless, &reports));
    let undone = run(&guarded, &[&undo[..], &["--accept-exposure"]].concat());
    assert_eq!(undone.status.code(), Some(0), "{}", output_of(&undone));
    assert!(String::from_utf8_lossy(&undone.stdout).contains("suppressed until"), "{undone:?}");
    let history = run(&guarded, &["history", &reports]);
    let history = String::from_utf8_lossy(&history.stdout).into_owned();
    let who = format!("arn:aws:iam::{}:user/operator", guarded.account.number());
    for part in [
        "undone\n",
        "of public-access is suppressed until",
        &who,
        "why    ticket 4711",
        &id,
        "from   public access block: on",
        "to     public access block: not set",
    ] {
        assert!(history.contains(part), "{part} is not in:\n{history}");
    }
    assert!(careless.public_access_block(&reports).is_err(), "as it was: not set");
    guarded.rest();
    assert!(guarded.runs("GuardFunctionName") >= 1, "the undo is an event like any other");
    guarded.account.fire_schedules().unwrap();
    rest_hurried(&guarded);
    assert_eq!(guarded.guard_writes(), [""; 0]);
    assert!(careless.public_access_block(&reports).is_err());

    let again = run(&guarded, &["undo", &id]);
    assert_eq!(again.status.code(), Some(0), "{}", output_of(&again));
    assert!(output_of(&again).contains("it is as it was"), "{}", output_of(&again));

    let redone = run(&guarded, &["undo", &id, "--redo", "--yes"]);
    assert_eq!(redone.status.code(), Some(0), "{}", output_of(&redone));
    assert!(is_private(&careless, &reports), "what the undo has overwritten is written again");
    careless.delete_public_access_block(&reports).unwrap();
    guarded.rest();
    assert!(is_private(&careless, &reports), "the guard enforces it again");
    let again = run(&guarded, &["undo", &id, "--redo"]);
    assert!(output_of(&again).contains("nothing to redo"), "{}", output_of(&again));
}

#[test]
fn an_undo_of_a_policy_keeps_what_others_have_added_since() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let id = id(&guarded, &reports, "policy");
    let mut document = policy(&careless, &reports).unwrap();
    let theirs = json!({
        "Sid": "Theirs", "Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{reports}/*"),
        "Principal": { "AWS": format!("arn:aws:iam::{}:root", guarded.account.number()) },
    });
    document["Statement"].as_array_mut().unwrap().push(theirs.clone());
    careless.put_bucket_setting(&reports, "policy", &document.to_string()).unwrap();
    guarded.rest();
    let undone = run(&guarded, &["undo", &id, "--yes", "--accept-exposure"]);
    assert_eq!(undone.status.code(), Some(0), "{}", output_of(&undone));
    assert!(output_of(&undone).contains("requests over plain HTTP are accepted"), "{undone:?}");
    guarded.rest();
    assert_eq!(policy(&careless, &reports).unwrap()["Statement"], json!([theirs]));
}

fn in_days(days: i64) -> Date {
    OffsetDateTime::now_utc().date() + Duration::days(days)
}

#[test]
fn the_last_end_date_applies_and_an_undo_can_be_ended() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let id = id(&guarded, &reports, "notifications");
    // The guard receives the event of a weakened bucket; a suppression decides whether it remediates it.
    let weaken = || {
        guarded.forget();
        careless.put_notification(&reports, "").unwrap();
        guarded.wait_for_runs("GuardFunctionName", 1);
        guarded.rest();
        guarded.account.runs().unwrap().iter().map(|run| run.log.as_str()).collect::<String>()
    };
    let long = in_days(300).to_string();
    let undone = run(&guarded, &["undo", &id, "--yes", "--until", &long]);
    assert_eq!(undone.status.code(), Some(0), "{}", output_of(&undone));
    assert!(weaken().contains(&format!("stays so until {long}")));

    let short = in_days(2).to_string();
    let unasked = run(&guarded, &["undo", &id, "--until", &short]);
    assert_eq!(unasked.status.code(), Some(4), "{}", output_of(&unasked));
    assert!(output_of(&unasked).contains("nothing to restore"), "{}", output_of(&unasked));
    assert!(weaken().contains(&format!("stays so until {long}")), "it was not approved");
    let shorter = run(&guarded, &["undo", &id, "--until", &short, "--yes"]);
    assert_eq!(shorter.status.code(), Some(0), "{}", output_of(&shorter));
    assert!(weaken().contains(&format!("stays so until {short}")));
    // A change without effect needs no approval.
    let same = run(&guarded, &["undo", &id, "--until", &short]);
    assert_eq!(same.status.code(), Some(0), "{}", output_of(&same));

    let unasked = run(&guarded, &["undo", &id, "--end"]);
    assert_eq!(unasked.status.code(), Some(4), "{}", output_of(&unasked));
    let ended = run(&guarded, &["undo", &id, "--end", "--yes"]);
    assert_eq!(ended.status.code(), Some(0), "{}", output_of(&ended));
    assert!(String::from_utf8_lossy(&ended.stdout).contains("not suppressed"), "{ended:?}");
    weaken();
    assert!(sends_object_events(&careless, &reports));
    let again = run(&guarded, &["undo", &id, "--end"]);
    assert_eq!(again.status.code(), Some(0), "{}", output_of(&again));
    assert!(output_of(&again).contains("nothing to end"), "{}", output_of(&again));
}

#[test]
fn a_denied_undo_leaves_no_suppression() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let id = id(&guarded, &reports, "notifications");
    let all_but = |denied: &[&str]| {
        json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "*", "Resource": "*" },
            { "Effect": "Deny", "Action": denied, "Resource": "*" },
        ] })
    };
    let undo = ["undo", &id, "--yes", "--stack", "guard"];
    let attempt = |user: &str, denied: &[&str]| {
        let user = guarded.account.user(user, &all_but(denied)).unwrap();
        let refused = s3guard(&guarded.account.env_of(&user), &undo);
        assert_eq!(refused.status.code(), Some(1), "{}", output_of(&refused));
        careless.put_notification(&reports, "").unwrap();
        guarded.rest();
        assert!(sends_object_events(&careless, &reports), "{}", output_of(&refused));
        output_of(&refused)
    };
    let words = attempt("outsider", &["s3:DeleteBucket"]);
    assert!(words.contains("AssumeRole on role") && words.contains("user/operator*"), "{words}");
    let words = attempt("operator-without-role", &["sts:AssumeRole"]);
    assert!(words.contains("AssumeRole on role"), "{words}");
    let words = attempt("operator-auditor", &["s3:PutBucketNotification"]);
    assert!(words.contains("nothing was restored, and the suppressions are as before"), "{words}");
    let root = s3guard(&guarded.account.env(), &undo);
    assert!(output_of(&root).contains("the root user cannot assume a role"), "{root:?}");

    // The earlier suppression applies again: here an undo of the same setting, which is longer.
    let long = in_days(90).to_string();
    let undone = run(&guarded, &["undo", &id, "--yes", "--until", &long]);
    assert_eq!(undone.status.code(), Some(0), "{}", output_of(&undone));
    careless.put_notification(&reports, "<EventBridgeConfiguration/>").unwrap();
    let denied = all_but(&["s3:PutBucketNotification"]);
    let user = guarded.account.user("operator-clerk", &denied).unwrap();
    let refused = s3guard(&guarded.account.env_of(&user), &undo);
    assert_eq!(refused.status.code(), Some(1), "{}", output_of(&refused));
    guarded.forget();
    careless.put_notification(&reports, "").unwrap();
    guarded.wait_for_runs("GuardFunctionName", 1);
    guarded.rest();
    let logs: String = guarded.account.runs().unwrap().into_iter().map(|run| run.log).collect();
    assert!(logs.contains(&format!("stays so until {long}")), "{logs}");
}

#[test]
fn a_killed_undo_is_completed_by_another() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let id = id(&guarded, &reports, "notifications");
    let hold = guarded.account.add_fault(&Fault::hold("s3:PutBucketNotification")).unwrap();
    let mut killed = Command::new(env!("CARGO_BIN_EXE_s3guard"))
        .args(["undo", &id, "--yes", "--stack", "guard"])
        .envs(guarded.operator())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    guarded.account.wait_until_held(hold.number).unwrap();
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(sends_object_events(&careless, &reports), "nothing is put back yet");
    guarded.account.forget_faults().unwrap();
    let finished = run(&guarded, &["undo", &id, "--yes"]);
    assert_eq!(finished.status.code(), Some(0), "{}", output_of(&finished));
    guarded.rest();
    assert!(!sends_object_events(&careless, &reports), "it stays undone");
}

#[test]
fn an_undo_of_notifications_keeps_what_others_have_added_since() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let id = id(&guarded, &reports, "notifications");
    let (queue, arn) = careless_queue(&guarded);
    let theirs = format!(
        "<EventBridgeConfiguration/><QueueConfiguration><Id>theirs</Id><Queue>{arn}</Queue>\
         <Event>s3:ObjectCreated:*</Event></QueueConfiguration>"
    );
    careless.put_notification(&reports, &theirs).unwrap();
    guarded.rest();
    let undone = run(&guarded, &["undo", &id, "--yes"]);
    assert_eq!(undone.status.code(), Some(0), "{}", output_of(&undone));
    assert!(output_of(&undone).contains("- EventBridgeConfiguration"), "{}", output_of(&undone));
    guarded.rest();
    let now = careless.notification(&reports).unwrap();
    assert!(now.contains(&arn) && !now.contains("EventBridge"), "{queue}: {now}");
}

#[test]
fn a_setting_that_was_changed_since_is_restored_only_with_force() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    careless.delete_public_access_block(&reports).unwrap();
    guarded.rest();
    let id = id(&guarded, &reports, "public-access-block");
    let undo = ["undo", &id, "--yes", "--accept-exposure"];
    let undone = run(&guarded, &undo);
    assert_eq!(undone.status.code(), Some(0), "{}", output_of(&undone));
    let switches =
        ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
    let switches = switches.map(|name| format!("<{name}>{}</{name}>", name == "BlockPublicAcls"));
    let block = "PublicAccessBlockConfiguration";
    let document = format!("<{block}>{}</{block}>", switches.concat());
    careless.put_bucket_setting(&reports, "publicAccessBlock", &document).unwrap();
    guarded.rest();
    let refused = run(&guarded, &undo);
    assert_eq!(refused.status.code(), Some(1), "{}", output_of(&refused));
    assert!(output_of(&refused).contains("changed since then"), "{}", output_of(&refused));
    let forced = run(&guarded, &[&undo[..], &["--force"]].concat());
    assert_eq!(forced.status.code(), Some(0), "{}", output_of(&forced));
    guarded.rest();
    assert!(careless.public_access_block(&reports).is_err(), "as it was: not set");
}

/// A queue that S3 may send to.
fn careless_queue(guarded: &Guarded) -> (String, String) {
    super::others::queue_for_s3(&guarded.account.client(), "theirs")
}
