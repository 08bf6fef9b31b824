//! A conflict: the guard and another party overwrite each other's settings, and the guard has stopped, except that it
//! closes public access each time.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use time::OffsetDateTime;

use super::{about, called, labelled, owner_line, section};
use crate::model::attributes::STOPPED;
use crate::model::principal::{known_as, short};
use crate::model::severity::Severity;
use crate::notify::links::console_link;
use crate::notify::notification::document::{self, Body, Bucket, Deeds};
use crate::notify::notification::{Draft, Origin, sms};
use crate::notify::report::content::CALLS_MAX;
use crate::text::{shown, shown_time, unbroken, unlinked};
use crate::{Aspect, BucketId, Call, Grade, Notification, SettingKind, Tool};

/// What is known when the guard stops.
#[derive(Clone, Copy, Debug)]
pub struct ConflictReport<'a> {
    /// The bucket.
    pub id: &'a BucketId,
    /// The calls that the guard no longer reverts, ordered by time.
    pub calls: &'a [Call],
    /// Who has changed the setting last, if there are no calls.
    pub last: Option<&'a str>,
    /// What stays weaker than wanted.
    pub aspects: &'a [Aspect],
    /// The setting that it no longer writes, or no longer reports.
    pub kind: SettingKind,
    /// How often it has written it within the hour.
    pub writes: u32,
    /// Until when it does not write it.
    pub still_until: OffsetDateTime,
    /// The grade of the bucket, if it is known.
    pub grade: Option<Grade>,
    /// The owner by the bucket's tags, if they were read.
    pub owner: Option<&'a str>,
    /// The stack that has stopped.
    pub stack: &'a str,
    /// The time.
    pub now: OffsetDateTime,
}

/// The calls of the others, by principal and tool.
type Others<'a> = BTreeMap<(&'a str, Tool), Deeds>;

/// The notification that the guard has stopped, who else changes the bucket, and what to do about it.
pub fn conflict(seen: &ConflictReport<'_>) -> Notification {
    let mut others = Others::new();
    for call in seen.calls {
        let deeds = others.entry((&call.principal, call.tool)).or_insert_with(|| Deeds {
            principal: call.principal.clone(),
            who: known_as(&call.principal, &seen.id.account),
            tool: call.tool.to_string(),
            calls: BTreeMap::new(),
            last: call.time,
        });
        *deeds.calls.entry(call.event_name.clone()).or_default() += 1;
        deeds.last = deeds.last.max(call.time);
    }
    let BucketId { name, account, region } = seen.id;
    let mut principals: Vec<&str> = others.keys().map(|(principal, _)| *principal).collect();
    principals.dedup();
    let with = match principals[..] {
        [] => seen.last.map_or_else(String::new, |last| format!(" with {}", short(last))),
        [one] => format!(" with {}", short(one)),
        _ => format!(" with {} others", principals.len()),
    };
    let before = "s3guard: conflict over ";
    let text = text(seen, &others).expect("a string takes everything");
    let bucket = Bucket {
        name: name.to_string(),
        grade: seen.grade.filter(|_| !name.is_account()),
        owner: seen.owner.map(|owner| shown(owner, 256)),
        console: console_link(region, name),
    };
    let still_until = document::time(seen.still_until);
    let body = document::Conflict {
        bucket: name.to_string(),
        writes: seen.writes,
        still_until: still_until.clone(),
        others: others.into_values().collect(),
        aspects: seen.aspects.to_vec(),
    };
    let draft = Draft {
        origin: Origin { account, region, stack: seen.stack, now: seen.now },
        id: format!("conflict:{account}:{name}:{}:{still_until}", seen.kind.name()),
        severity: Severity::Critical,
        actions: vec![STOPPED],
        buckets: vec![bucket],
        text,
        sms: sms(before, called(seen.id), &format!("{with}. {account} {region}")),
        title: format!("{before}{}{with}", called(seen.id)),
        body: Body::Conflict(body),
    };
    draft.into()
}

fn text(seen: &ConflictReport<'_>, others: &Others<'_>) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let until = shown_time(seen.still_until);
    writeln!(text, "{}", about(seen.id))?;
    if let Some(owner) = seen.owner {
        writeln!(text, "{}", owner_line(owner))?;
    }
    let ConflictReport { writes, kind, .. } = seen;
    let call = kind.call();
    let said = format!("{writes} by s3guard within the hour ({call}), the maximum");
    writeln!(text, "{}", labelled("Writes", &said))?;
    let said = if kind.closes() {
        format!("s3guard closes it each time, and does not report that again until {until}")
    } else {
        format!("s3guard does not write this setting until {until}; it keeps the others")
    };
    writeln!(text, "{}", labelled("Still", &said))?;
    let mut lines: Vec<String> = others.values().map(line).collect();
    if lines.is_empty() {
        lines.extend(seen.last.map(|last| known_as(last, &seen.id.account)));
    }
    text += &section("Who else changes it", lines);
    let weak = seen.aspects.iter().map(|aspect| aspect.words().to_owned());
    text += &section("Weaker than wanted until then", weak);
    let mut advice = vec![
        "If s3guard is right, change their configuration. Its reports about this bucket contain the lines.".to_owned(),
        "If they are right, exempt the bucket in s3guard.toml, with a reason and an end, and deploy.".to_owned(),
    ];
    if others.keys().any(|(_, tool)| tool.is_iac()) {
        advice.push("Until then, every run of theirs reverts the remediation.".to_owned());
    }
    text += &section("What to do", advice);
    writeln!(text, "\n{}", console_link(&seen.id.region, &seen.id.name))?;
    Ok(text)
}

fn line(deeds: &Deeds) -> String {
    let Deeds { who, tool, calls, last, .. } = deeds;
    let count = |(event, count): (&String, &u64)| match count {
        1 => unlinked(event, 80),
        _ => format!("{} {count} times", unlinked(event, 80)),
    };
    let counts: Vec<String> = calls.iter().take(CALLS_MAX).map(count).collect();
    format!("{who} with {tool}: {}, last {}", counts.join(", "), unbroken(&shown_time(*last)))
}
