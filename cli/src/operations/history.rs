//! What the guard has written to a bucket, what was undone, and where it has stopped, from the ledger.

use std::time::Duration;

use anyhow::anyhow;
use s3guard_aws::Buckets;
use s3guard_aws::ledger::Interventions;
use s3guard_posture::model::policy::{Policy, Statement, statements};
use s3guard_posture::reconcile::ledger::suppression::{self, Note};
use s3guard_posture::reconcile::record::State;
use s3guard_posture::reconcile::state::Stop;
use s3guard_posture::{Aspect, BucketName, Record, Setting, SettingKind};
use serde::Serialize;
use serde_json::Value as Json;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::error::Advice as _;
use crate::operations::session::{Account, AccountArgs};
use crate::operations::{operator, session};
use crate::ui::lines::{cut, duration, utc_time};
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

/// A name with more wrong characters is not proposed.
const EDITS_MAX: usize = 3;

/// The history of a bucket, the newest first.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct History {
    bucket: String,
    records: Vec<Record>,
    suppressions: Vec<Suppression>,
    conflicts: Vec<Conflict>,
    #[serde(skip)]
    pub(crate) is_whole: bool,
}

/// A call of `s3guard undo`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Suppression {
    time: String,
    aspects: Vec<Aspect>,
    until: String,
    /// Whether it ends an earlier one.
    is_end: bool,
    /// Why the guard ignores it, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<String>,
    #[serde(flatten)]
    note: Note,
}

/// A setting that the guard has stopped writing, because another party kept changing it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Conflict {
    /// When it has stopped the last time.
    since: String,
    setting: &'static str,
    until: String,
}

/// Reads the newest records of a bucket, and warns of those that cannot be read.
pub(crate) async fn history(
    of: &AccountArgs,
    bucket: &BucketName,
    newest: usize,
    output: &Output,
) -> anyhow::Result<History> {
    let account = Account::open(of).await?;
    let stack = session::guard_stack(of, &account).await?;
    let ledger = operator::readable_ledger(of, &account, &stack).await?;
    let mut records = Vec::new();
    let mut is_whole = true;
    for record in ledger.records(bucket, newest, OffsetDateTime::now_utc()).await? {
        match record {
            Ok(record) => records.push(record),
            Err(error) => {
                is_whole = false;
                output.warn(error);
            }
        }
    }
    let Interventions { suppressions, stops } = ledger.interventions(bucket).await?;
    let mut history = History::of(bucket.as_str(), records, suppressions, &stops);
    history.suppressions.truncate(newest);
    history.conflicts.truncate(newest);
    if history.is_empty() && is_whole {
        check_exists(bucket, &account).await?;
    }
    Ok(History { is_whole, ..history })
}

/// An error for a bucket that does not exist: its name is probably wrong. Without the permission to list them it may.
async fn check_exists(bucket: &BucketName, account: &Account) -> anyhow::Result<()> {
    let region = account.connection.region();
    let buckets = Buckets::new(&account.connection, account.caller.account.clone(), None);
    let Ok(names) = buckets.names().await else { return Ok(()) };
    if *bucket == BucketName::account() || names.contains(bucket) {
        return Ok(());
    }
    let near = names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(name.as_str(), bucket.as_str()), name));
    let near = near.filter(|(distance, _)| *distance <= EDITS_MAX).min();
    let hint = match near {
        Some((_, name)) => format!("is `{name}` meant?"),
        None => "`aws s3 ls` lists the buckets; name the guard of another Region with `--region`"
            .to_owned(),
    };
    Err(anyhow!(
        "bucket `{bucket}` does not exist in `{region}`, and the ledger has nothing about it"
    ))
    .hint(hint)
}

/// A suppression in the ledger, with who made it, or why it does not count.
type Noted = (suppression::Suppression, Result<Note, String>);

/// The suppressions as the calls that made them: one call makes one for each aspect. The newest come first.
fn grouped(mut all: Vec<Noted>) -> Vec<Suppression> {
    all.sort_by_key(|(one, _)| std::cmp::Reverse(one.made));
    let mut calls: Vec<Suppression> = Vec::new();
    for (suppression::Suppression { aspect, made, until }, note) in all {
        let (time, day) = (utc_time(made), until.to_string());
        let (note, ignored) = match note {
            Ok(note) => (note, None),
            Err(cause) => (Note::default(), Some(cause)),
        };
        match calls.last_mut() {
            Some(call)
                if (&call.time, &call.until, &call.note, &call.ignored)
                    == (&time, &day, &note, &ignored) =>
            {
                call.aspects.push(aspect);
            }
            Some(_) | None => calls.push(Suppression {
                time,
                aspects: vec![aspect],
                until: day,
                is_end: until < made.to_offset(UtcOffset::UTC).date(),
                ignored,
                note,
            }),
        }
    }
    calls
}

impl History {
    fn of(
        bucket: &str,
        records: Vec<Record>,
        suppressions: Vec<Noted>,
        stops: &[(SettingKind, Stop)],
    ) -> Self {
        let conflict = |(kind, stop): &(SettingKind, Stop)| Conflict {
            since: utc_time(stop.since),
            setting: kind.name(),
            until: utc_time(stop.until),
        };
        let mut stops: Vec<&(SettingKind, Stop)> = stops.iter().collect();
        stops.sort_by_key(|(_, stop)| std::cmp::Reverse(stop.since));
        Self {
            bucket: bucket.to_owned(),
            records,
            suppressions: grouped(suppressions),
            conflicts: stops.into_iter().map(conflict).collect(),
            is_whole: true,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.suppressions.is_empty() && self.conflicts.is_empty()
    }
}

impl Printable for History {
    fn print(&self, text: &mut Text) {
        let records = self.records.iter().map(|record| (time(record), entry_of(record)));
        let suppressions = self.suppressions.iter().map(|one| (one.time.clone(), one.entry()));
        let conflicts = self.conflicts.iter().map(|one| (one.since.clone(), one.entry()));
        let mut all: Vec<_> = records.chain(suppressions).chain(conflicts).collect();
        // All times have the same form.
        all.sort_by(|(a, _), (b, _)| b.cmp(a));
        for (index, (_, entry)) in all.into_iter().enumerate() {
            if index > 0 {
                text.gap();
            }
            for line in entry {
                text.line(line);
            }
        }
    }
}

/// The time of a record with milliseconds, which its own text may have fewer digits of.
fn time(record: &Record) -> String {
    let time = OffsetDateTime::parse(&record.time, &Rfc3339);
    time.map_or_else(|_| record.time.clone(), utc_time)
}

/// A setting in words; of a policy its statements, by their `Sid`.
fn words(setting: &Setting) -> String {
    let Setting::Policy(Some(text)) = setting else { return setting.to_string() };
    let policy = Policy::new(text.as_str());
    let Some(document) = policy.document() else { return setting.to_string() };
    let sid = |statement: Statement<'_>| {
        let sid = statement.0.get("Sid").and_then(Json::as_str);
        sid.map_or_else(|| "one without a `Sid`".to_owned(), |sid| format!("`{sid}`"))
    };
    let sids: Vec<String> = statements(document).map(sid).collect();
    let noun = if sids.len() == 1 { "statement" } else { "statements" };
    format!("bucket policy: {} {noun}, {}", sids.len(), sids.join(", "))
}

fn entry_of(record: &Record) -> Vec<String> {
    let state = match record.state {
        State::Begun => "started and not finished: the function was interrupted",
        State::Written => "written, but not verified: a read afterwards did not return it",
        State::Verified => "verified",
        State::Failed => "failed",
    };
    let mut rows = Vec::new();
    rows.extend(record.cause.iter().map(|cause| ("cause", cut(cause, 600))));
    rows.extend(record.why.iter().map(|why| ("why", cut(why, 300))));
    rows.extend(record.from.iter().map(|from| ("from", cut(&words(from), 300))));
    rows.push(("to", cut(&words(&record.to), 300)));
    // An ARN is often wider than what a line leaves beside other words.
    rows.extend(record.events.iter().flat_map(|event| {
        let after = format!("{} with {}", event.event_name, event.tool);
        [("after", after), ("by", event.principal.clone())]
    }));
    rows.extend(record.events.is_empty().then(|| ("after", "the sweep".to_owned())));
    rows.extend(record.time_to_protect_milliseconds.map(|milliseconds| {
        // The time of an event has no fraction of a second.
        let seconds = milliseconds.saturating_add(500) / 1000;
        let took = duration(Duration::from_secs(seconds.max(1)));
        ("took", format!("about {took} from the event to verified protection"))
    }));
    entry(&record.id, &format!("{}, {state}", time(record)), &rows)
}

impl Suppression {
    fn entry(&self) -> Vec<String> {
        let Self { time, aspects, until, is_end, ignored, note } = self;
        let names: Vec<&str> = aspects.iter().map(|aspect| aspect.name()).collect();
        let names = names.join(", ");
        let (title, state) = if ignored.is_some() {
            ("ignored suppression", format!("remediation of {names} is not suppressed by it"))
        } else if *is_end {
            ("suppression ended", format!("the guard enforces {names} again"))
        } else {
            ("undone", format!("remediation of {names} is suppressed until {until}"))
        };
        let words = |setting: &Option<Setting>| setting.as_ref().map(words).unwrap_or_default();
        let rows = [
            ("by", note.by.clone()),
            ("why", note.reason.clone()),
            ("of", note.undone.clone()),
            ("from", words(&note.replaced)),
            ("to", words(&note.restored)),
            ("cause", ignored.clone().unwrap_or_default()),
        ];
        let rows = rows.into_iter().filter(|(_, text)| !text.is_empty());
        let rows: Vec<_> = rows.map(|(name, text)| (name, cut(&text, 600))).collect();
        entry(title, &format!("{time}, {state}"), &rows)
    }
}

impl Conflict {
    fn entry(&self) -> Vec<String> {
        let Self { since, setting, until } = self;
        let state = format!("{since}, the guard does not write it until {until}");
        let why = "another party kept changing it back".to_owned();
        entry(&format!("stopped writing {setting}"), &state, &[("why", why)])
    }
}

fn entry(title: &str, state: &str, rows: &[(&str, String)]) -> Vec<String> {
    let rows = rows.iter().map(|(name, text)| format!("  {name:5}  {text}"));
    [title.to_owned(), format!("  {state}")].into_iter().chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use s3guard_posture::Grade;
    use s3guard_posture::model::setting::Ownership;
    use s3guard_posture::reconcile::record;
    use time::macros::{date, datetime};

    use super::*;
    use crate::ui::output::Paint;
    use crate::ui::text::plain;

    #[test]
    fn a_policy_is_its_statements() {
        let words = |text: &str| words(&Setting::Policy(Some(text.into())));
        let one =
            r#"{"Statement":[{"Sid":"s3guard-tls-only","Effect":"Deny"},{"Effect":"Allow"}]}"#;
        assert_eq!(
            words(one),
            "bucket policy: 2 statements, `s3guard-tls-only`, one without a `Sid`"
        );
        assert_eq!(words("no JSON"), "bucket policy: 7 bytes");
    }

    fn record() -> Record {
        Record {
            version: record::VERSION,
            id: "reports@20261124T231502.120Z-ownership".to_owned(),
            state: State::Verified,
            bucket: "reports".to_owned(),
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            time: "2026-11-24T23:15:02.12Z".to_owned(),
            grade: Grade::Speed,
            grade_reason: "the default".to_owned(),
            aspects: vec![Aspect::Ownership],
            setting: SettingKind::Ownership,
            call: "PutBucketOwnershipControls".to_owned(),
            why: Vec::new(),
            from: Some(Setting::Ownership(None)),
            to: Setting::Ownership(Some(Ownership::BucketOwnerEnforced)),
            events: Vec::new(),
            time_to_protect_milliseconds: None,
            cause: None,
        }
    }

    fn history() -> History {
        let made = datetime!(2026-11-24 23:20:00 UTC);
        let note = |reason: &str| Note {
            undone: "reports@20261124T231502.120Z-ownership".to_owned(),
            reason: reason.to_owned(),
            by: "arn:aws:iam::111122223333:user/mary".to_owned(),
            replaced: (!reason.is_empty())
                .then_some(Setting::Ownership(Some(Ownership::BucketOwnerEnforced))),
            restored: (!reason.is_empty()).then_some(Setting::Ownership(None)),
        };
        let one = |aspect, made, until| suppression::Suppression { aspect, made, until };
        let later = made + time::Duration::HOUR;
        let foreign = "its encryption is AES256, and not aws:kms with the stack's key".to_owned();
        let suppressions = vec![
            (one(Aspect::Acl, made, date!(2027 - 01 - 31)), Ok(note("ticket 4711"))),
            (one(Aspect::Ownership, made, date!(2027 - 01 - 31)), Ok(note("ticket 4711"))),
            (one(Aspect::Ownership, later, date!(2026 - 11 - 24)), Ok(note(""))),
            (one(Aspect::PublicAccess, later, date!(2027 - 11 - 24)), Err(foreign)),
        ];
        let since = datetime!(2026-11-24 22:10 UTC);
        let stop = Stop { since, until: datetime!(2026-11-25 00:00 UTC), notified: true, by: None };
        History::of("reports", vec![record()], suppressions, &[(SettingKind::Policy, stop)])
    }

    #[test]
    fn undos_and_conflicts_are_shown_between_the_records_with_who_and_why() {
        expect![[r#"
            suppression ended
              2026-11-25T00:20:00.000Z, the guard enforces ownership again
              by     arn:aws:iam::111122223333:user/mary
              of     reports@20261124T231502.120Z-ownership

            ignored suppression
              2026-11-25T00:20:00.000Z, remediation of public-access is not suppressed by it
              cause  its encryption is AES256, and not aws:kms with the stack's key

            undone
              2026-11-24T23:20:00.000Z, remediation of acl, ownership is suppressed until 2027-01-31
              by     arn:aws:iam::111122223333:user/mary
              why    ticket 4711
              of     reports@20261124T231502.120Z-ownership
              from   object ownership: BucketOwnerEnforced
              to     object ownership: not set

            reports@20261124T231502.120Z-ownership
              2026-11-24T23:15:02.120Z, verified
              from   object ownership: not set
              to     object ownership: BucketOwnerEnforced
              after  the sweep

            stopped writing policy
              2026-11-24T22:10:00.000Z, the guard does not write it until 2026-11-25T00:00:00.000Z
              why    another party kept changing it back
        "#]]
        .assert_eq(&plain(&history()));
    }

    #[test]
    fn a_caller_has_a_line_of_its_own_where_its_arn_does_not_fit() {
        let arn =
            "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/mary";
        let event = record::Event {
            event_name: "PutBucketOwnershipControls".to_owned(),
            event_id: None,
            time: "2026-11-24T23:15:00Z".to_owned(),
            principal: arn.to_owned(),
            tool: "the AWS Management Console".to_owned(),
        };
        let records = vec![Record { events: vec![event], ..record() }];
        let history = History::of("reports", records, Vec::new(), &[]);
        let shown = |columns| Text::of(&history, Some(columns)).painted(Paint::Plain);
        for columns in [40, 80, 120] {
            for line in shown(columns).lines() {
                let is_one_word = line.trim().split(' ').count() == 1;
                assert!(line.len() <= columns || is_one_word, "{columns}: {line}");
            }
        }
        expect![[r#"
            reports@20261124T231502.120Z-ownership
              2026-11-24T23:15:02.120Z, verified
              from   object ownership: not set
              to     object ownership: BucketOwnerEnforced
              after  PutBucketOwnershipControls with the AWS Management Console
              by
                arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/mary
        "#]]
        .assert_eq(&shown(80));
        assert!(shown(120).contains(&format!("  by     {arn}\n")));
    }

    #[test]
    fn one_undo_is_one_entry_whatever_number_of_aspects_it_suppresses() {
        let json = serde_json::to_value(history()).unwrap();
        assert_eq!(json["suppressions"].as_array().unwrap().len(), 3);
        assert_eq!(json["suppressions"][0]["isEnd"], true);
        assert!(json["suppressions"][1]["ignored"].is_string());
        let undone = &json["suppressions"][2];
        assert_eq!(undone["aspects"], serde_json::json!(["acl", "ownership"]));
        assert_eq!(undone["by"], "arn:aws:iam::111122223333:user/mary");
        assert_eq!(undone["reason"], "ticket 4711");
        assert_eq!(json["conflicts"][0]["until"], "2026-11-25T00:00:00.000Z");
    }
}
