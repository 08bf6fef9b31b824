//! Which trail tells the guard of changes: one that is there, or one of the stack's own.

use std::collections::BTreeMap;

use s3guard_aws::trails;
use s3guard_posture::config::{Config, TrailChoice};
use s3guard_posture::contract::parameter;
use s3guard_posture::events::trail::{Trail, recording, records_bucket_changes};
use s3guard_posture::{Reading, Region};

use crate::args::guard::GuardArgs;
use crate::operations::deploy::target::Target;
use crate::operations::session::Account;
use crate::ui::output::Output;

/// What is paid for a second trail that records the same; the first is free.
///
/// Source: <https://aws.amazon.com/cloudtrail/pricing/>: "Additional copies of management events are charged at $2.00 per
/// 100,000 events."
const PRICE: &str = "$2.00 for 100,000 management events";

/// What is seen of the trails of a Region.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    /// This one records the changes of buckets.
    Recording(String),
    /// None does, for these reasons.
    NotRecording(Vec<String>),
    /// They could not be looked at.
    Unseen(String),
}

/// What is said of the choice.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Nothing,
    Say(String),
    Warn(String),
}

/// What is asked of the guard in each Region, with the trail that it comes to. A stack's own trail records every Region:
/// of several new stacks the first one makes it.
pub(crate) async fn of_each(
    targets: &[Target],
    asked: &GuardArgs,
    configuration: Option<&Config>,
) -> Vec<GuardArgs> {
    let mut guards = Vec::new();
    let mut maker: Option<&Target> = None;
    for target in targets {
        let region = target.region();
        let mut guard =
            configuration.map_or_else(|| asked.clone(), |config| asked.over(config, region));
        let previous = target.previous();
        let had = previous.get(parameter::TRAIL_MODE).map(String::as_str);
        let is_open = is_open(guard.trail, had);
        if let Some(maker) = maker.filter(|_| is_open) {
            guard.trail = Some(TrailChoice::Existing);
            target.output.say(format_args!(
                "the guard uses the trail that the stack in `{}` gets, which records every Region",
                maker.region()
            ));
        } else {
            guard = resolved(guard, &target.account, &previous, &target.output).await;
            if is_open && guard.trail != Some(TrailChoice::Existing) {
                maker = Some(target);
            }
        }
        guards.push(guard);
    }
    guards
}

/// Whether it is left to the command which trail a stack gets: it has none yet, and nobody insists on one of its own.
fn is_open(asked: Option<TrailChoice>, had: Option<&str>) -> bool {
    match asked {
        None | Some(TrailChoice::Auto) => had.is_none(),
        Some(TrailChoice::Create | TrailChoice::Existing) => false,
    }
}

/// What is asked of the guard, with the trail that it comes to; says which that is, and what it costs.
async fn resolved(
    mut guard: GuardArgs,
    account: &Account,
    previous: &BTreeMap<String, String>,
    output: &Output,
) -> GuardArgs {
    let had = previous.get(parameter::TRAIL_MODE).map(String::as_str);
    if is_settled(guard.trail, had) {
        return guard;
    }
    let region = account.connection.region();
    let (trail, word) = choose(guard.trail, had, &seen(account).await, region);
    match word {
        Word::Nothing => {}
        Word::Say(text) => output.say(text),
        Word::Warn(text) => output.warn(text),
    }
    guard.trail = trail;
    guard
}

/// Whether the trails that there are do not matter: the stack has chosen, and nobody wants another.
fn is_settled(asked: Option<TrailChoice>, had: Option<&str>) -> bool {
    match asked {
        None => had.is_some(),
        Some(TrailChoice::Auto | TrailChoice::Create) => had == Some("create"),
        Some(TrailChoice::Existing) => false,
    }
}

async fn seen(account: &Account) -> Seen {
    let region = account.connection.region();
    match trails::trails(&account.connection).await {
        Ok(Reading::Known(trails)) => match recording(&trails, region, &account.caller.account) {
            Some(trail) => Seen::Recording(trail.to_string()),
            None => Seen::NotRecording(trails.iter().map(|trail| reason(trail, region)).collect()),
        },
        Ok(Reading::Unread | Reading::Absent | Reading::Denied) => {
            Seen::Unseen("`cloudtrail:DescribeTrails` is missing".to_owned())
        }
        Err(error) => Seen::Unseen(error.to_string()),
    }
}

fn reason(trail: &Trail, region: &Region) -> String {
    format!("`{}` {}", trail.name, records_bucket_changes(trail, region))
}

/// The trail that the stack is given, and what is said of it.
fn choose(
    asked: Option<TrailChoice>,
    had: Option<&str>,
    seen: &Seen,
    region: &Region,
) -> (Option<TrailChoice>, Word) {
    let must = format!(
        "the trail that exists must record the write management events of `{region}`, else the guard learns of changes \
         only by its sweep"
    );
    match (asked, seen) {
        (Some(TrailChoice::Auto), Seen::Recording(trail)) => {
            let text =
                format!("the guard uses the trail {trail}: one of its own would cost {PRICE}");
            (Some(TrailChoice::Existing), Word::Say(text))
        }
        (Some(TrailChoice::Auto), Seen::NotRecording(why)) => {
            let text = format!(
                "no trail records the changes of buckets in `{region}`{}: the stack gets one of its own; the first copy \
                 of management events is free, a second one costs {PRICE}",
                listed(why)
            );
            (Some(TrailChoice::Create), Word::Say(text))
        }
        (Some(TrailChoice::Auto), Seen::Unseen(why)) if had == Some("existing") => {
            let text =
                format!("the trails cannot be looked at ({why}), so the choice stays: {must}");
            (Some(TrailChoice::Existing), Word::Warn(text))
        }
        (Some(TrailChoice::Auto), Seen::Unseen(why)) => {
            let text = format!(
                "the trails cannot be looked at ({why}): the stack gets one of its own, which costs {PRICE} if another \
                 one records them too"
            );
            (Some(TrailChoice::Create), Word::Warn(text))
        }
        (Some(TrailChoice::Create) | None, Seen::Recording(trail)) => {
            let text = format!(
                "the trail {trail}: the stack's own is a second copy, which costs {PRICE}; `--trail auto` uses the one \
                 that is there"
            );
            (asked, Word::Say(text))
        }
        (Some(TrailChoice::Create) | None, Seen::NotRecording(_) | Seen::Unseen(_)) => {
            (asked, Word::Nothing)
        }
        (Some(TrailChoice::Existing), Seen::Recording(trail)) => {
            (asked, Word::Say(format!("the guard uses the trail {trail}")))
        }
        (Some(TrailChoice::Existing), Seen::NotRecording(why)) => {
            let text = format!("no trail records the changes of buckets{}: {must}", listed(why));
            (asked, Word::Warn(text))
        }
        (Some(TrailChoice::Existing), Seen::Unseen(why)) => {
            (asked, Word::Warn(format!("the trails cannot be looked at ({why}): {must}")))
        }
    }
}

fn listed(why: &[String]) -> String {
    if why.is_empty() { String::new() } else { format!(" ({})", why.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTO: Option<TrailChoice> = Some(TrailChoice::Auto);
    const CREATE: Option<TrailChoice> = Some(TrailChoice::Create);
    const EXISTING: Option<TrailChoice> = Some(TrailChoice::Existing);

    fn recording() -> Seen {
        Seen::Recording("`audit`, which records every Region".to_owned())
    }

    fn stopped() -> Seen {
        Seen::NotRecording(vec!["`audit` is stopped".to_owned()])
    }

    fn unseen() -> Seen {
        Seen::Unseen("`cloudtrail:DescribeTrails` is missing".to_owned())
    }

    /// What is chosen, and whether the word, as `say: …`, `warn: …` or `nothing`, has this in it.
    #[track_caller]
    fn check(
        asked: Option<TrailChoice>,
        had: Option<&str>,
        seen: &Seen,
        chosen: Option<TrailChoice>,
        said: &str,
    ) {
        let (choice, word) = choose(asked, had, seen, &"eu-west-1".parse().unwrap());
        let text = match word {
            Word::Nothing => "nothing".to_owned(),
            Word::Say(text) => format!("say: {text}"),
            Word::Warn(text) => format!("warn: {text}"),
        };
        assert_eq!(choice, chosen, "{asked:?} {had:?} {seen:?}");
        let (kind, part) = said.split_once(": ").unwrap_or((said, ""));
        assert!(text.starts_with(kind) && text.contains(part), "{text}");
    }

    #[test]
    fn auto_uses_what_records_and_else_makes_a_trail() {
        check(AUTO, None, &recording(), EXISTING, "say: would cost $2.00");
        check(AUTO, Some("existing"), &recording(), EXISTING, "say: `audit`, which records");
        check(AUTO, None, &stopped(), CREATE, "say: (`audit` is stopped): the stack gets");
        check(AUTO, Some("existing"), &stopped(), CREATE, "say: gets one of its own");
        let none = Seen::NotRecording(Vec::new());
        check(AUTO, None, &none, CREATE, "say: in `eu-west-1`: the stack gets one");
    }

    #[test]
    fn a_trail_that_cannot_be_looked_at_is_not_relied_on_anew() {
        check(AUTO, None, &unseen(), CREATE, "warn: DescribeTrails` is missing): the stack gets");
        check(AUTO, Some("existing"), &unseen(), EXISTING, "warn: so the choice stays");
        check(EXISTING, None, &unseen(), EXISTING, "warn: must record the write management");
    }

    #[test]
    fn what_was_chosen_by_hand_stays_and_its_price_or_its_silence_is_told() {
        for asked in [None, CREATE] {
            check(asked, None, &recording(), asked, "say: second copy, which costs $2.00");
            check(asked, None, &stopped(), asked, "nothing");
            check(asked, None, &unseen(), asked, "nothing");
        }
        check(EXISTING, None, &recording(), EXISTING, "say: uses the trail `audit`");
        check(EXISTING, None, &stopped(), EXISTING, "warn: (`audit` is stopped): the trail");
    }

    #[test]
    fn nobody_looks_where_the_stack_has_its_trail() {
        assert!(is_settled(None, Some("create")) && is_settled(None, Some("existing")));
        assert!(is_settled(AUTO, Some("create")) && is_settled(CREATE, Some("create")));
        assert!(!is_settled(None, None) && !is_settled(AUTO, None) && !is_settled(CREATE, None));
        assert!(!is_settled(AUTO, Some("existing")) && !is_settled(CREATE, Some("existing")));
        assert!(!is_settled(EXISTING, Some("existing")) && !is_settled(EXISTING, Some("create")));
    }
}
