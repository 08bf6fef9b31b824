//! The bill of a month in which nothing happens, computed from the resources of the template.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use s3guard_posture::On;
use s3guard_posture::evaluate::permissions;
use serde_json::{Value as Json, json};

use super::{CALL_SECONDS, HOUR_SECONDS, MONTH_SECONDS};
use crate::stacks::tests::reading::{configured, of_type, read, read_guard};

/// What AWS charges for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Key,
    KeyCall,
    AlarmMetric,
    FastAlarmMetric,
    CompositeAlarm,
    CustomMetric,
    Dashboard,
    LogGigabyte,
    QueueCall,
    Event,
    FunctionCall,
    GigabyteSecond,
    BucketWrite,
    BucketRead,
}

struct Price {
    what: &'static str,
    /// The page with the prices of this service.
    page: &'static str,
    dollars: f64,
    /// For how many it is.
    units: f64,
    /// What an account has free in each month, all its Regions together.
    free: f64,
}

impl Unit {
    /// The list price of us-east-1, of November 2026. Those of eu-west-1 are the same, but for the log: $0.57.
    const fn price(self) -> Price {
        let (what, page, dollars, units, free) = match self {
            Self::Key => ("customer managed keys", "AWS KMS", 1.0, 1.0, 0.0),
            Self::KeyCall => ("KMS requests", "AWS KMS", 0.03, 1e4, 20e3),
            Self::AlarmMetric => ("metrics of alarms", "CloudWatch", 0.10, 1.0, 10.0),
            Self::FastAlarmMetric => {
                ("metrics of high-resolution alarms", "CloudWatch", 0.30, 1.0, 0.0)
            }
            Self::CompositeAlarm => ("composite alarms", "CloudWatch", 0.50, 1.0, 0.0),
            Self::CustomMetric => ("custom metrics, by the hour", "CloudWatch", 0.30, 1.0, 10.0),
            Self::Dashboard => ("dashboards", "CloudWatch", 3.0, 1.0, 3.0),
            Self::LogGigabyte => ("GB of logs", "CloudWatch", 0.50, 1.0, 5.0),
            Self::QueueCall => ("SQS requests", "Amazon SQS", 0.40, 1e6, 1e6),
            Self::Event => ("scheduled events", "Amazon EventBridge", 1.0, 1e6, 0.0),
            Self::FunctionCall => ("Lambda calls", "AWS Lambda", 0.20, 1e6, 1e6),
            Self::GigabyteSecond => {
                ("GiB-seconds of Lambda", "AWS Lambda", 0.000_016_666_7, 1.0, 400e3)
            }
            Self::BucketWrite => ("S3 writes and lists", "Amazon S3", 0.005, 1e3, 0.0),
            Self::BucketRead => ("S3 reads", "Amazon S3", 0.0004, 1e3, 0.0),
        };
        Price { what, page, dollars, units, free }
    }
}

/// The types that cost nothing while nothing happens.
const FREE: [(&str, &str); 14] = [
    ("AWS::Events::Rule", "a rule without a schedule costs only what it matches"),
    ("AWS::IAM::ManagedPolicy", "IAM is free"),
    ("AWS::IAM::Role", "IAM is free"),
    ("AWS::KMS::Alias", "aliases are free"),
    ("AWS::Lambda::Function", "only calls are charged"),
    ("AWS::Lambda::Permission", "a part of the function"),
    ("AWS::Logs::LogGroup", "only what is written is charged, by the GB"),
    ("AWS::S3::Bucket", "what it stores: less than a cent"),
    ("AWS::S3::BucketPolicy", "a part of the bucket"),
    ("AWS::SNS::Subscription", "only deliveries are charged"),
    ("AWS::SNS::Topic", "only messages are charged"),
    ("AWS::SNS::TopicPolicy", "a part of the topic"),
    ("AWS::SQS::Queue", "only requests are charged; SQS's own key encrypts them"),
    ("AWS::SQS::QueuePolicy", "a part of the queue"),
];

/// Lambda polls a queue with this many requests at once, each of which waits so long.
///
/// Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS"; Amazon SQS Developer Guide, "long polling".
const POLLERS: f64 = 5.0;
const POLL_SECONDS: f64 = 20.0;
/// A trail of all Regions delivers a digest file an hour for each Region that is enabled by default, also an empty one.
///
/// Source: AWS CloudTrail User Guide, "Validating CloudTrail log file integrity".
const REGIONS: f64 = 17.0;
/// Safe estimates for a call: its environment and its log are encrypted; the lines of its log.
const KEY_CALLS_A_CALL: f64 = 2.0;
const LOG_BYTES_A_CALL: f64 = 4_000.0;
/// The lists and the write of a sweep, and the lists for each of its buckets: a safe estimate.
const WRITES_A_SWEEP: f64 = 6.0;
const WRITES_A_BUCKET: f64 = 2.0;

#[derive(Default)]
struct Usage(BTreeMap<Unit, f64>);

impl Usage {
    fn of(template: &Json) -> Self {
        let mut usage = Self::default();
        for (id, resource) in template["Resources"].as_object().unwrap() {
            let properties = &resource["Properties"];
            match resource["Type"].as_str().unwrap() {
                "AWS::KMS::Key" => usage.add(Unit::Key, 1.0),
                "AWS::CloudWatch::Alarm" => usage.add_alarm(properties),
                "AWS::CloudWatch::CompositeAlarm" => usage.add(Unit::CompositeAlarm, 1.0),
                "AWS::CloudWatch::Dashboard" => usage.add(Unit::Dashboard, 1.0),
                "AWS::Lambda::EventSourceMapping" => {
                    usage.add(Unit::QueueCall, POLLERS * MONTH_SECONDS / POLL_SECONDS);
                }
                "AWS::CloudTrail::Trail" => {
                    usage.add(Unit::BucketWrite, REGIONS * MONTH_SECONDS / HOUR_SECONDS);
                }
                "AWS::Events::Rule" if properties["ScheduleExpression"].is_string() => {
                    usage.add_schedule(template, id, properties);
                }
                other => {
                    let is_free = FREE.iter().any(|(kind, _)| *kind == other);
                    assert!(is_free, "what a `{other}` costs when idle is not known to this test");
                }
            }
        }
        usage
    }

    fn add(&mut self, unit: Unit, quantity: f64) {
        *self.0.entry(unit).or_default() += quantity;
    }

    /// Each metric of an alarm is charged: with metric math, several.
    fn add_alarm(&mut self, alarm: &Json) {
        let fast = |period: &Json| period.as_u64().is_some_and(|seconds| seconds < 60);
        let unit = |is_fast| if is_fast { Unit::FastAlarmMetric } else { Unit::AlarmMetric };
        match alarm["Metrics"].as_array() {
            None => self.add(unit(fast(&alarm["Period"])), 1.0),
            Some(metrics) => {
                let stats = || metrics.iter().map(|one| &one["MetricStat"]);
                let is_fast = stats().any(|stat| fast(&stat["Period"]));
                for _ in stats().filter(|stat| !stat.is_null()) {
                    self.add(unit(is_fast), 1.0);
                }
            }
        }
    }

    /// What a schedule starts, with no bucket but the stack's own and that of the code.
    fn add_schedule(&mut self, template: &Json, id: &str, rule: &Json) {
        let times = MONTH_SECONDS / interval_seconds(rule["ScheduleExpression"].as_str().unwrap());
        let messages = match id {
            "Sweep" => {
                let own = 1 + of_type(template, "AWS::S3::Bucket").count();
                let own = f64::from(u32::try_from(own).unwrap());
                let reads = permissions::reads(On::Buckets);
                let reads = reads.iter().filter(|one| one.starts_with("s3:Get")).count();
                let reads = f64::from(u32::try_from(reads).unwrap());
                self.add(Unit::BucketRead, times * own * reads);
                self.add(Unit::BucketWrite, times * (WRITES_A_SWEEP + own * WRITES_A_BUCKET));
                // Buckets that are compliant. A metric is charged for the hours in which it has a value.
                self.add(Unit::CustomMetric, times * HOUR_SECONDS / MONTH_SECONDS);
                // The schedule's own, the account's and one for each bucket.
                2.0 + own
            }
            "Tick" => {
                // One of the ledger's objects.
                self.add(Unit::BucketRead, times);
                1.0
            }
            "CloseWindows" => {
                self.add(Unit::BucketWrite, times);
                1.0
            }
            other => panic!("what the schedule `{other}` starts is not known to this test"),
        };
        let functions = of_type(template, "AWS::Lambda::Function");
        let memory = functions.map(|(_, one)| one["Properties"]["MemorySize"].as_f64().unwrap());
        let memory = memory.fold(0.0, f64::max) / 1_024.0;
        let calls = times * messages;
        self.add(Unit::Event, times);
        // It is sent and deleted; the receives are polls.
        self.add(Unit::QueueCall, 2.0 * calls);
        self.add(Unit::FunctionCall, calls);
        self.add(Unit::GigabyteSecond, calls * CALL_SECONDS * memory);
        self.add(Unit::KeyCall, calls * KEY_CALLS_A_CALL);
        self.add(Unit::LogGigabyte, calls * LOG_BYTES_A_CALL / 1e9);
    }

    /// The lines of the bill: unit, quantity, dollars by list price, dollars after the free tier.
    fn bill(&self) -> Vec<(Unit, f64, f64, f64)> {
        let line = |(unit, quantity): (&Unit, &f64)| {
            let Price { dollars, units, free, .. } = unit.price();
            let cost = |quantity: f64| quantity * dollars / units;
            (*unit, *quantity, cost(*quantity), cost((quantity - free).max(0.0)))
        };
        self.0.iter().map(line).collect()
    }

    /// Dollars by list prices, and after the free tiers.
    fn dollars(&self) -> (f64, f64) {
        let bill = self.bill();
        (bill.iter().map(|line| line.2).sum(), bill.iter().map(|line| line.3).sum())
    }
}

/// The interval of a schedule of this stack.
fn interval_seconds(schedule: &str) -> f64 {
    let minutes =
        schedule.strip_prefix("cron(0/").and_then(|rest| rest.strip_suffix(" * * * ? *)"));
    let rate = schedule
        .strip_prefix("rate(")
        .and_then(|rest| rest.strip_suffix(" hours)").or_else(|| rest.strip_suffix(" hour)")));
    match (minutes, rate) {
        (Some(minutes), _) => minutes.parse::<f64>().unwrap() * 60.0,
        (None, Some(hours)) => hours.parse::<f64>().unwrap() * HOUR_SECONDS,
        (None, None) => panic!("the interval of `{schedule}` is not known to this test"),
    }
}

const HEAD: &str = "
## When nothing happens

A guard with a trail of its own, and no bucket but those of s3guard, in a month of 30 days: every resource of the template
is either priced here or free. Prices are the list prices of us-east-1 of November 2026; those of eu-west-1 are the same,
but for the log ($0.57). Free tiers belong to an account: all its Regions share them, and what else runs there uses
them too. So the second column of dollars is for the only guard of an otherwise empty account, the first one for each
further Region.

";

const TAIL: &str = "
- Each of the first two yearly rotations of the key adds $1 a month.
- The first three dashboards of an account are free: those of the first three Regions, if there are no others.
- Alarms: each metric is charged, also those of metric math.
- The first trail of an account that records management events is free in each Region. With a second one, each event is
  charged: $2.00 for 100,000 events. `--trail auto` uses yours and creates none.
- A bucket of yours adds A_BUCKET a month: each sweep reads it.

Free while nothing happens: ";

/// The section of the page.
pub(super) fn section() -> String {
    let usage = Usage::of(&read_guard());
    let mut section = HEAD.to_owned();
    section.push_str(
        "| in a month | quantity | price | pricing page | list price | with free tiers |\n",
    );
    section.push_str("|---|---:|---|---|---:|---:|\n");
    for (unit, quantity, list, billed) in usage.bill() {
        let Price { what, page, dollars, units, .. } = unit.price();
        let is_exact = format!("{dollars:.2}").parse() == Ok(dollars);
        let dollars = if is_exact { format!("{dollars:.2}") } else { dollars.to_string() };
        let for_units = if units > 1.0 { format!(" for {units}") } else { String::new() };
        let quantity = if quantity < 10.0 && quantity.fract() > 0.0 {
            format!("{quantity:.2}")
        } else {
            format!("{quantity:.0}")
        };
        writeln!(
            section,
            "| {what} | {quantity} | ${dollars}{for_units} | {page} | ${list:.2} | ${billed:.2} |"
        )
        .unwrap();
    }
    let (list, billed) = usage.dollars();
    writeln!(section, "| **all** | | | | **${list:.2}** | **${billed:.2}** |").unwrap();
    let mut larger = read_guard();
    larger["Resources"]["Another"] = json!({ "Type": "AWS::S3::Bucket" });
    let a_bucket = Usage::of(&larger).dollars().0 - list;
    section.push_str(&TAIL.replace("A_BUCKET", &format!("${a_bucket:.4}")));
    let free = FREE.map(|(kind, why)| format!("`{kind}` ({why})")).join(", ");
    writeln!(section, "{free}.").unwrap();
    section
}

#[test]
fn the_readme_says_what_an_idle_guard_costs() {
    let (list, billed) = Usage::of(&read_guard()).dollars();
    let alarms = of_type(&read_guard(), "AWS::CloudWatch::Alarm").count();
    let expected = format!(
        "An idle guard costs {list:.2} USD a month in a Region, {billed:.2} USD with the free tiers of an account (a KMS \
         key, {alarms} alarms, a dashboard, two polled queues)"
    );
    let readme = include_str!("../../../../../README.md");
    let words: Vec<&str> = readme.split_whitespace().collect();
    assert!(words.join(" ").contains(&expected), "README.md does not say: {expected}");
}

#[test]
fn every_resource_is_priced_or_free() {
    let configured = read(&configured().render().unwrap());
    Usage::of(&configured);
    for (kind, _) in FREE {
        assert!(of_type(&configured, kind).next().is_some(), "the template has no `{kind}`");
    }
}

#[test]
#[should_panic(expected = "what a `AWS::EC2::NatGateway` costs when idle is not known")]
fn a_resource_that_was_forgotten_is_found() {
    Usage::of(&json!({ "Resources": { "Gateway": { "Type": "AWS::EC2::NatGateway" } } }));
}

#[test]
fn each_metric_of_an_alarm_is_charged() {
    let check = |alarm: Json, expected: &[(Unit, f64)]| {
        let mut usage = Usage::default();
        usage.add_alarm(&alarm);
        assert_eq!(usage.0.into_iter().collect::<Vec<_>>(), expected, "{alarm}");
    };
    check(json!({ "Period": 300 }), &[(Unit::AlarmMetric, 1.0)]);
    check(json!({ "Period": 10 }), &[(Unit::FastAlarmMetric, 1.0)]);
    let stat = |period| json!({ "MetricStat": { "Period": period } });
    let sum = json!({ "Expression": "a + b" });
    check(json!({ "Metrics": [sum, stat(60), stat(60)] }), &[(Unit::AlarmMetric, 2.0)]);
    check(json!({ "Metrics": [stat(60), stat(30)] }), &[(Unit::FastAlarmMetric, 2.0)]);
}

#[test]
fn what_is_free_is_taken_off_once() {
    let usage = Usage(BTreeMap::from([(Unit::AlarmMetric, 13.0), (Unit::Key, 1.0)]));
    let (list, billed) = usage.dollars();
    assert_eq!((format!("{list:.2}"), format!("{billed:.2}")), ("2.30".into(), "1.30".into()));
}
