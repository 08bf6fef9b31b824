//! What operators do with a whole account: `pause`, `sweep` and `undo --since`.

use std::process::Output;

use serde_json::Value;

use super::coverage::rest_hurried;
use super::guarded::{Guarded, is_private, policy, s3guard, sends_object_events};

fn run(guarded: &Guarded, arguments: &[&str]) -> Output {
    let all = [arguments, &["--stack", "guard"]].concat();
    s3guard(&guarded.operator(), &all)
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_pause_denies_all_writes_until_it_ends_and_a_sweep_follows() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let unasked = run(&guarded, &["pause", "--until", "2h"]);
    assert_eq!(unasked.status.code(), Some(4), "{}", words(&unasked));
    let paused = run(&guarded, &["pause", "--until", "2h", "--yes", "--output", "json"]);
    assert_eq!(paused.status.code(), Some(0), "{}", words(&paused));
    let paused = crate::json::read("pause", &paused.stdout);
    let until = paused["regions"][0]["until"].as_str().unwrap();
    let caller = format!("arn:aws:iam::{}:user/operator", guarded.account.number());
    let is_told = |what: &str| {
        let mails = guarded.account.mails().unwrap();
        let says = |text: &str| text.contains(&format!("{what}.")) && text.contains(&caller);
        mails.iter().any(|mail| says(&mail.text))
    };
    assert!(is_told(&format!("is paused until {until}")), "{:#?}", guarded.account.mails());

    careless.delete_public_access_block(&reports).unwrap();
    guarded.wait_for_runs("GuardFunctionName", 1);
    guarded.rest();
    assert!(!is_private(&careless, &reports), "the guard must not write");
    let status = run(&guarded, &["status"]);
    assert_eq!(status.status.code(), Some(3), "{}", words(&status));
    let text = String::from_utf8_lossy(&status.stdout).into_owned();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&format!("the guard is paused until {until}")), "{text}");

    let ended = run(&guarded, &["pause", "--end"]);
    assert_eq!(ended.status.code(), Some(0), "{}", words(&ended));
    assert!(words(&ended).contains("the guard checks all buckets now"), "{}", words(&ended));
    assert!(is_told("is not paused any more"), "{:#?}", guarded.account.mails());
    rest_hurried(&guarded);
    assert!(is_private(&careless, &reports), "the sweep remediates what was found meanwhile");
    let again = run(&guarded, &["pause", "--end"]);
    assert!(words(&again).contains("the guard is not paused"), "{}", words(&again));
}

#[test]
fn a_sweep_is_followed_to_its_end() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let swept = run(&guarded, &["sweep", "--output", "json"]);
    assert_eq!(swept.status.code(), Some(0), "{}", words(&swept));
    let swept = crate::json::read("sweep", &swept.stdout);
    assert_eq!(swept["isDone"], true, "{swept}");
    assert!(swept["buckets"].as_u64().unwrap() >= 1, "{swept}");
    assert_eq!(swept["writes"], Value::Array(Vec::new()), "all buckets are compliant: {swept}");
    let started = run(&guarded, &["sweep", "--no-wait", "--output", "json"]);
    assert_eq!(crate::json::read("sweep", &started.stdout)["isDone"], false);
    rest_hurried(&guarded);
    assert!(is_private(&careless, &reports));
}

#[test]
fn all_writes_since_a_time_are_undone_together() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    assert!(policy(&careless, &reports).is_some() && sends_object_events(&careless, &reports));
    let undo = ["undo", "--since", "1h", "--bucket", &reports];
    let unasked = run(&guarded, &[&undo[..], &["--yes", "--output", "json"]].concat());
    assert_eq!(unasked.status.code(), Some(4), "plain HTTP is a second question: {unasked:?}");
    let plan = crate::json::read("undo-since", &unasked.stdout);
    assert_eq!(plan["undone"].as_array().unwrap().len(), 2, "{plan}");
    assert!(
        plan["undone"].as_array().unwrap().iter().all(|one| one["outcome"] == "needs-approval")
    );
    assert!(policy(&careless, &reports).is_some(), "nothing was changed");

    let undone = run(&guarded, &[&undo[..], &["--yes", "--accept-exposure"]].concat());
    assert_eq!(undone.status.code(), Some(0), "{}", words(&undone));
    guarded.rest();
    assert!(policy(&careless, &reports).is_none() && !sends_object_events(&careless, &reports));
    let again = run(&guarded, &undo);
    assert_eq!(again.status.code(), Some(0), "{}", words(&again));
    assert!(words(&again).contains("nothing to undo"), "{}", words(&again));
    let future = run(&guarded, &["undo", "--since", "2999-01-01T00:00:00Z"]);
    assert_eq!(future.status.code(), Some(2), "{}", words(&future));
}
