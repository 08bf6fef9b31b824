//! Exemptions that end: their buckets are then held to their grade again.

use time::{Date, UtcOffset};

use super::section;
use crate::Notification;
use crate::config::Ending;
use crate::model::severity::Severity;
use crate::notify::notification::document::{Body, ExemptionsEnding};
use crate::notify::notification::{Draft, Origin, sms};
use crate::text::unlinked;

/// The notification about exemptions that end, the first to end first.
pub fn exemptions_ending(endings: &[Ending], origin: &Origin<'_>) -> Notification {
    let Origin { account, region, now, .. } = *origin;
    let today = now.to_offset(UtcOffset::UTC).date();
    let mut endings: Vec<&Ending> = endings.iter().collect();
    endings.sort_by_key(|ending| (ending.until, ending.number));
    let count = endings.len();
    let lines = endings.iter().map(|ending| line(ending, today));
    let first_buckets = endings.first().map_or(String::new(), |first| unlinked(&first.buckets, 80));
    let mut text = format!("Account {account}, {region}\n");
    text += &section("Exemptions that end", lines);
    let advice = [
        "Nothing, if the reason no longer applies: s3guard remediates the buckets after the last day.".to_owned(),
        "Otherwise, change the end of the exemption in s3guard.toml, and deploy.".to_owned(),
    ];
    text += &section("What to do", advice);
    let what = if count == 1 { "an exemption ends" } else { "exemptions end" };
    let first = endings.first().map_or_else(String::new, |first| format!(" on {}", first.until));
    let title = if count == 1 {
        format!("s3guard: {what}{first}")
    } else {
        format!("s3guard: {count} {what}, the first{first}")
    };
    let rest = format!(". {account} {region}");
    let draft = Draft {
        origin: *origin,
        id: format!("exemptions-ending:{account}:{region}:{}", ids(&endings)),
        severity: Severity::Warning,
        actions: vec!["exemption-ends"],
        sms: sms(&format!("{title}: "), &first_buckets, &rest),
        buckets: Vec::new(),
        title,
        text,
        body: Body::ExemptionsEnding(ExemptionsEnding {
            exemptions: endings.into_iter().cloned().collect(),
        }),
    };
    draft.into()
}

/// Which exemptions these are, and whether they have ended: each is reported once before its end and once after it.
fn ids(endings: &[&Ending]) -> String {
    let when = |ending: &&Ending| if ending.is_over { "over" } else { "soon" };
    let id = |ending: &&Ending| format!("{}-{}-{}", ending.number, ending.until, when(ending));
    endings.iter().take(10).map(id).collect::<Vec<_>>().join("+")
}

fn line(ending: &Ending, today: Date) -> String {
    let Ending { buckets, aspects, reason, until, .. } = ending;
    let when = match (until.0 - today).whole_days() {
        ..0 => "has ended".to_owned(),
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days => format!("in {days} days"),
    };
    let (buckets, reason) = (unlinked(buckets, 300), unlinked(reason, 300));
    let aspects: Vec<&str> = aspects.iter().map(|aspect| aspect.words()).collect();
    format!("{buckets}: {}, until {until} ({when}): {reason}", aspects.join(", "))
}
