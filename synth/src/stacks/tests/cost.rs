//! The page `docs/cost.md`: what a million events of objects cost, reckoned from what the template says. `cargo bless`
//! writes it anew.

use std::fmt::Write as _;

use expect_test::expect_file;
use s3guard_posture::{Config, config::Window};
use serde_json::{Value as Json, json};

use crate::stacks::guard_with;

const EVENTS: f64 = 1_000_000.0;
const MONTH_SECONDS: f64 = 30.0 * 24.0 * 60.0 * 60.0;
const HOUR_SECONDS: f64 = 60.0 * 60.0;

/// An event has about so many bytes in a batch, with what SQS says of its message; a call gets six MiB.
const EVENT_BYTES: f64 = 1_500.0;
const CALL_BYTES_MAX: f64 = 6.0 * 1_024.0 * 1_024.0;
/// How long a call takes that writes what it gathers: a guess, on the safe side.
const CALL_SECONDS: f64 = 0.5;
/// What is written of a batch, and to tell a window and remember that it was told.
const PUTS_A_BATCH: f64 = 2.0;
const PUTS_A_WINDOW: f64 = 8.0;

/// Dollars, at the list prices of us-east-1.
const EVENTBRIDGE_A_MILLION: f64 = 1.0;
const SQS_A_MILLION: f64 = 0.40;
const LAMBDA_A_MILLION: f64 = 0.20;
const LAMBDA_A_GIGABYTE_SECOND: f64 = 0.000_016_666_7;
const PUTS_A_THOUSAND: f64 = 0.005;
const MAILS_A_HUNDRED_THOUSAND: f64 = 2.0;

const HEAD: &str = "\
# What a million events of objects cost

<!-- Made by a test from the stack's own settings; `cargo bless` writes it anew. -->

One bucket, one subscription by mail, at the list prices of us-east-1 as they were known in November 2026 (Amazon EventBridge,
SQS, Lambda, S3 and SNS, \"Pricing\"), without what is free. Prices differ by Region and change: this says what weighs, not what
you pay.

| | |
|---|---|
| EventBridge | $1.00 for a million events. AWS's pages disagree whether S3's own events cost anything: reckon with it. |
| SQS | $0.40 for a million requests: one for each event that EventBridge sends, one for ten that Lambda receives, one for ten that it deletes |
| Lambda | $0.20 for a million calls, $0.0000166667 for a GiB-second |
| S3 | $0.005 for a thousand writes and lists: 2 for each batch, 8 for each window (3 writes, 5 lists) |
| SNS | $2.00 for 100,000 mails: one for each window and address |

A call gets up to BATCH events or 6 MiB (about PER_CALL events), and waits a tenth of the window for them, 1 to 20 seconds. So

    calls   = the larger of  events / PER_CALL  and  seconds / wait,  but no more than events
    windows = seconds / window,  but no more than events

";

const TAIL: &str = "
The schedule lists what is not told yet 96 times a day: with short windows some pages each, a few cents a month. Empty receives
come on top, whatever happens: Lambda asks each queue about 650,000 times a month, $0.26. Of a bucket that nobody
needs to hear of, leave the events out: `[notifications.objects]` has the rule drop them before the queue, and
`notifications = \"off\"` in the `[aspects]` of a rule keeps S3 from sending them at all. `tell-overwrites` adds $0.005 for a thousand
new objects, for looking. An alert is one mail more.
";

struct Cost {
    calls: f64,
    windows: f64,
    parts: [f64; 5],
}

/// What so many events in so many seconds cost, by what the template says.
fn cost(template: &Json, window: Window, seconds: f64) -> Cost {
    let resources = &template["Resources"];
    let source = &resources["NotifySource"]["Properties"];
    let wait = source["MaximumBatchingWindowInSeconds"].as_f64().unwrap();
    let memory =
        resources["NotifyFunction"]["Properties"]["MemorySize"].as_f64().unwrap() / 1_024.0;
    let calls = (EVENTS / per_call(source)).max(seconds / wait).min(EVENTS).ceil();
    let windows = (seconds / f64::from(window.seconds())).min(EVENTS).ceil();
    let requests = EVENTS + 2.0 * EVENTS / 10.0;
    let puts = PUTS_A_BATCH * calls + PUTS_A_WINDOW * windows;
    let lambda = calls * LAMBDA_A_MILLION / 1e6;
    let parts = [
        EVENTS * EVENTBRIDGE_A_MILLION / 1e6,
        requests * SQS_A_MILLION / 1e6,
        lambda + calls * CALL_SECONDS * memory * LAMBDA_A_GIGABYTE_SECOND,
        puts * PUTS_A_THOUSAND / 1e3,
        windows * MAILS_A_HUNDRED_THOUSAND / 1e5,
    ];
    Cost { calls, windows, parts }
}

fn per_call(source: &Json) -> f64 {
    (CALL_BYTES_MAX / EVENT_BYTES).floor().min(source["BatchSize"].as_f64().unwrap())
}

fn configured(window: &str) -> (Json, Window) {
    let config = Config::read(&json!({ "notifications": { "window": window } })).unwrap();
    (guard_with(&config).render().unwrap(), config.notifications().window())
}

fn page() -> String {
    let (template, _) = configured("60s");
    let source = &template["Resources"]["NotifySource"]["Properties"];
    let batch = source["BatchSize"].to_string();
    let mut page =
        HEAD.replace("PER_CALL", &format!("{:.0}", per_call(source))).replace("BATCH", &batch);
    page.push_str(
        "| window | within | calls | windows | EventBridge | SQS | Lambda | S3 | SNS | all |\n",
    );
    page.push_str("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    for (words, seconds) in [("an hour", HOUR_SECONDS), ("a month", MONTH_SECONDS)] {
        for window in ["10s", "60s", "5m", "15m", "1h", "1d"] {
            let (template, window) = configured(window);
            let Cost { calls, windows, parts } = cost(&template, window, seconds);
            let dollars = parts.map(|part| format!("${part:.2}")).join(" | ");
            let all: f64 = parts.iter().sum();
            writeln!(page, "| {window} | {words} | {calls} | {windows} | {dollars} | ${all:.2} |")
                .unwrap();
        }
    }
    page.push_str(TAIL);
    page
}

#[test]
fn the_page_about_cost_is_the_one_checked_in() {
    expect_file!["../../../../docs/cost.md"].assert_eq(&page());
}

#[test]
fn a_longer_window_never_costs_more() {
    for seconds in [HOUR_SECONDS, MONTH_SECONDS] {
        let all = ["10s", "60s", "5m", "15m", "1h", "1d"].map(|window| {
            let (template, window) = configured(window);
            cost(&template, window, seconds).parts.iter().sum::<f64>()
        });
        assert!(all.is_sorted_by(|one, next| one >= next), "{all:?}");
    }
}
