//! Checks who is told what, and of which objects.

use super::parse::{each, severity};
use super::{Alert, Fields, Notifications, ObjectKind, Selection, Window, subscribers};
use super::{WrittenAlert, WrittenFields, WrittenNotifications, WrittenSubscription};
use crate::config::mistake::{Mistake, PathPart, below, quoted, write_one_of, wrong_value};
use crate::config::selectors;
use crate::model::glob::Glob;

/// The longest key that an object can have. Source: Amazon S3 User Guide, "Naming Amazon S3 objects".
const KEY_BYTES_MAX: usize = 1024;
/// Each stands in the role's policy, which has room for 6,144 characters.
const TELL_OVERWRITES_MAX: usize = 20;
const ALERT_MAX: i64 = 1_000_000;

pub(in crate::config) fn check(
    written: &WrittenNotifications,
    subscriptions: &[WrittenSubscription],
    mistakes: &mut Vec<Mistake>,
) -> Notifications {
    let path = vec![PathPart::from("notifications")];
    let objects = below(&path, "objects");
    let tell_overwrites = below(&objects, "tell-overwrites");
    let told = written.objects.tell_overwrites.as_ref();
    if told.is_some_and(|patterns| patterns.as_slice().len() > TELL_OVERWRITES_MAX) {
        let problem = format!("there are more than {TELL_OVERWRITES_MAX} patterns");
        let proposal = "find patterns that match more".to_owned();
        mistakes.push(wrong_value(&tell_overwrites, problem, Some(proposal)));
    }
    let told = told.map(|patterns| selectors::buckets(patterns, &tell_overwrites, mistakes));
    let selection = Selection {
        include: fields(&written.objects.include, &below(&objects, "include"), mistakes),
        exclude: fields(&written.objects.exclude, &below(&objects, "exclude"), mistakes),
    };
    for (name, patterns) in
        [("bucket", &selection.exclude.buckets), ("key", &selection.exclude.keys)]
    {
        if patterns.iter().any(Glob::is_everything) {
            let problem = "everything is excluded: no object is ever told of";
            let proposal = "remove the `*`, or set `notifications = \"off\"` in `[aspects]`";
            let path = below(&below(&objects, "exclude"), name);
            mistakes.push(wrong_value(&path, problem, Some(proposal.to_owned())));
        }
    }
    if selection.detail_types().is_empty() {
        let problem = "every kind that is included is excluded: no object is ever told of";
        let proposal = "remove some of `exclude`".to_owned();
        mistakes.push(wrong_value(&objects, problem, Some(proposal)));
    }
    Notifications {
        window: window(written.window.as_deref(), &below(&path, "window"), mistakes),
        chat: severity(written.chat.as_deref(), &below(&path, "chat"), mistakes),
        alert: alert(&written.alert, &below(&path, "alert"), mistakes),
        selection,
        tell_overwrites: told.into_iter().flatten().collect(),
        subscriptions: subscribers::check(
            subscriptions,
            &[PathPart::from("subscription")],
            mistakes,
        ),
    }
}

fn window(text: Option<&str>, path: &[PathPart], mistakes: &mut Vec<Mistake>) -> Option<Window> {
    let text = text?;
    match Window::read(text) {
        Ok(window) => Some(window),
        Err(nearest) => {
            let (problem, proposal) = match nearest {
                Some(nearest) => ("is not a window", format!("write `{nearest}`")),
                None => (
                    "is not a time",
                    "write `10s` to `300s`, `1m` to `5m`, `15m`, `1h` or `1d`".to_owned(),
                ),
            };
            let problem = format!("{} {problem}", quoted(text));
            mistakes.push(wrong_value(path, problem, Some(proposal)));
            None
        }
    }
}

fn alert(written: &WrittenAlert, path: &[PathPart], mistakes: &mut Vec<Mistake>) -> Alert {
    let usual = Alert::default();
    let mut count = |number: Option<i64>, name, usual: Option<u32>| {
        let number = number?;
        let found = u32::try_from(number).ok().filter(|_| (1..=ALERT_MAX).contains(&number));
        if found.is_none() {
            let problem = format!("{number} is not between 1 and {ALERT_MAX}");
            let proposal = match usual {
                _ if number > ALERT_MAX => format!("write `{ALERT_MAX}`"),
                Some(usual) => {
                    format!("leave the line out for {usual}; `{ALERT_MAX}` is as good as no alert")
                }
                None => "leave the line out for no alert".to_owned(),
            };
            mistakes.push(wrong_value(&below(path, name), problem, Some(proposal)));
        }
        found
    };
    Alert {
        deleted: count(written.deleted, "deleted", Some(usual.deleted)).unwrap_or(usual.deleted),
        deleted_for_good: count(
            written.deleted_for_good,
            "deleted-for-good",
            Some(usual.deleted_for_good),
        )
        .unwrap_or(usual.deleted_for_good),
        acl_changed: count(written.acl_changed, "acl-changed", None),
        overwritten: count(written.overwritten, "overwritten", None),
        created: count(written.created, "created", None),
    }
}

fn fields(written: &WrittenFields, path: &[PathPart], mistakes: &mut Vec<Mistake>) -> Fields {
    let buckets = written
        .bucket
        .as_ref()
        .map(|buckets| selectors::buckets(buckets, &below(path, "bucket"), mistakes));
    Fields {
        buckets: buckets.into_iter().flatten().collect(),
        keys: each(written.key.as_ref(), &below(path, "key"), mistakes, key),
        kinds: each(written.kind.as_ref(), &below(path, "kind"), mistakes, |text| {
            text.parse().map_err(|()| {
                let proposal = write_one_of(text, &ObjectKind::ALL.map(ObjectKind::name));
                (format!("{} is not what can happen to an object", quoted(text)), proposal)
            })
        }),
    }
}

fn key(text: &str) -> Result<Glob, (String, String)> {
    if text.is_empty() {
        return Err(("the pattern is empty, and matches no key".into(), "write `*`".into()));
    }
    if text.len() > KEY_BYTES_MAX {
        let problem = format!("the pattern has {} bytes", text.len());
        return Err((problem, format!("write up to {KEY_BYTES_MAX}, no key has more")));
    }
    Ok(Glob::new(text))
}
