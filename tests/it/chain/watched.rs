//! Every watched call, made by a user: the guard remediates or reports the change, as configured.
//!
//! An account for the calls of each test, at the highest grade, with a key, and with every aspect enforced. `cases` has the calls.

mod cases;

use cases::{Case, Ends};
use s3guard_emulator::Client;
use s3guard_posture::model::watch::{Answer, TABLE};

use super::guarded::{Guarded, new_account};

/// Enforces more than the grade does, and exempts one bucket that uses ACLs.
const CONFIGURATION: &str = r#"
[aspects]
account-public-access = "enforce"

[[rule]]
bucket = "putbucketacl-*"
aspects = { ownership = "report" }
"#;

/// How many buckets are weakened at a time: of more, a notification has only a line for each.
const AT_A_TIME: usize = 8;

/// The account, and the user that makes the calls.
struct Ground<'a> {
    guarded: &'a Guarded,
    careless: Client,
    key: &'a str,
}

impl<'a> Ground<'a> {
    /// With a user of its own for each call: what one user switches off in several buckets is reported as one sequence.
    fn new(guarded: &'a Guarded, key: &'a str, event_name: &str) -> Self {
        let user = format!("careless-{}", event_name.to_lowercase());
        Self { guarded, careless: guarded.user(&user), key }
    }

    /// The call's own bucket.
    fn bucket(&self, event_name: &str) -> String {
        self.guarded.bucket(&event_name.to_lowercase())
    }

    fn check(&self, event_name: &str, case: &Case) {
        let bucket = self.bucket(event_name);
        for ends in &case.ends {
            match ends {
                Ends::Remediated(is_compliant) => {
                    assert!(is_compliant(self, &bucket), "{event_name} is not remediated");
                }
                Ends::Reported(what) => {
                    let mails = self.guarded.mails();
                    let mut of_bucket = mails.iter().filter(|mail| mail.text.contains(&bucket));
                    let is_reported = of_bucket.any(|mail| {
                        // Prose is wrapped at 72 columns.
                        let text = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
                        text.contains(what) && text.contains(&format!("{event_name} by "))
                    });
                    assert!(is_reported, "{event_name} is not reported: {mails:#?}");
                }
                Ends::Read(action) => {
                    let arn = format!("arn:aws:s3:::{bucket}");
                    let calls = self.guarded.calls("GuardRoleArn");
                    let is_read = calls
                        .iter()
                        .any(|call| call.resource == arn && call.action.as_deref() == Some(action));
                    assert!(is_read, "{event_name} reads nothing again");
                }
            }
        }
    }
}

#[test]
fn every_watched_call_that_puts_a_setting_is_remediated_or_reported() {
    remediates_or_reports(puts);
}

#[test]
fn every_other_watched_call_is_remediated_or_reported() {
    remediates_or_reports(|event_name| !puts(event_name));
}

fn puts(event_name: &str) -> bool {
    event_name.starts_with("Put")
}

fn remediates_or_reports(is_tested: impl Fn(&str) -> bool) {
    let account = new_account();
    let key = account.client().create_key().unwrap();
    // A sweep would turn on the account's public access block, and no bucket could be public any more.
    let arguments = ["--grade", "security", "--key", &key, "--no-sweep"];
    let guarded = Guarded::configured(account, CONFIGURATION, &arguments);
    // `case` does not know a row without a case, and fails here.
    // The others are reported by their events alone, and the emulated account does not know them.
    let judged = TABLE.iter().filter(|watched| watched.answer == Answer::Judged);
    let tested = judged.filter(|watched| is_tested(watched.event_name));
    let all = tested.map(|watched| {
        let event_name = watched.event_name;
        (event_name, cases::case(event_name), Ground::new(&guarded, &key, event_name))
    });
    let (of_account, of_buckets): (Vec<_>, Vec<_>) =
        all.partition(|(event_name, ..)| event_name.contains("Account"));

    for (event_name, _, ground) in of_buckets.iter().filter(|one| one.0 != "CreateBucket") {
        ground.careless.create_bucket(&ground.bucket(event_name)).unwrap();
    }
    guarded.rest();
    for (event_name, case, ground) in &of_buckets {
        (case.prepare)(ground, &ground.bucket(event_name));
    }
    guarded.rest();
    for some in of_buckets.chunks(AT_A_TIME) {
        guarded.forget();
        for (event_name, case, ground) in some {
            (case.weaken)(ground, &ground.bucket(event_name));
        }
        guarded.rest();
        for (event_name, case, ground) in some {
            ground.check(event_name, case);
        }
    }
    // One after the other: it is one setting.
    for (event_name, case, ground) in &of_account {
        (case.weaken)(ground, "");
        guarded.rest();
        ground.check(event_name, case);
    }
}
