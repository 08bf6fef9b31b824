//! Which trail tells the guard of changes: one that is there, or one of the stack's own.

use s3guard_aws::trails;
use s3guard_posture::config::{Config, TrailChoice};
use s3guard_posture::contract::parameter;
use s3guard_posture::events::trail::{Trail, recording, records_bucket_changes};
use s3guard_posture::{Reading, Region};

use crate::args::guard::GuardArgs;
use crate::operations::deploy::target::Target;

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
    /// None does, for these reasons, in brackets.
    NotRecording(String),
    /// They could not be looked at.
    Unseen(String),
}

/// What is asked of the guard in each Region, with the trail that it comes to. A stack's own trail records every Region:
/// of several new stacks the first one makes it.
pub(crate) async fn of_each(
    targets: &[Target],
    asked: &GuardArgs,
    configuration: Option<&Config>,
) -> Vec<GuardArgs> {
    let mut guards = Vec::new();
    let mut maker: Option<&Region> = None;
    for target in targets {
        let (region, output) = (target.region(), &target.output);
        let mut guard =
            configuration.map_or_else(|| asked.clone(), |config| asked.over(config, region));
        let previous = target.previous();
        let had = previous.get(parameter::TRAIL_MODE).map(String::as_str);
        // It is left to the command: the stack has none yet, and nobody insists on one of its own.
        let is_open = had.is_none() && matches!(guard.trail, None | Some(TrailChoice::Auto));
        if let Some(maker) = maker.filter(|_| is_open) {
            guard.trail = Some(TrailChoice::Existing);
            output.say(format_args!(
                "the guard uses the trail that the stack in `{maker}` gets, which records every Region"
            ));
        } else if !is_settled(guard.trail, had) {
            let seen = seen(target).await;
            let (trail, words) = choose(guard.trail, had, &seen, region);
            match words {
                Some(words) if is_doubtful(trail, &seen) => output.warn(words),
                Some(words) => output.say(words),
                None => {}
            }
            guard.trail = trail;
        }
        if is_open && guard.trail != Some(TrailChoice::Existing) {
            maker = Some(region);
        }
        guards.push(guard);
    }
    guards
}

/// Whether the trails that there are do not matter: the stack has chosen, and nobody wants another.
fn is_settled(asked: Option<TrailChoice>, had: Option<&str>) -> bool {
    match asked {
        None => had.is_some(),
        Some(TrailChoice::Auto | TrailChoice::Create) => had == Some("create"),
        Some(TrailChoice::Existing) => false,
    }
}

async fn seen(target: &Target) -> Seen {
    let region = target.region();
    let account = &target.account;
    match trails::trails(&account.connection).await {
        Ok(Reading::Known(trails)) => match recording(&trails, region, &account.caller.account) {
            Some(trail) => Seen::Recording(trail.to_string()),
            None if trails.is_empty() => Seen::NotRecording(String::new()),
            None => {
                let reason =
                    |one: &Trail| format!("`{}` {}", one.name, records_bucket_changes(one, region));
                let reasons: Vec<_> = trails.iter().map(reason).collect();
                Seen::NotRecording(format!(" ({})", reasons.join("; ")))
            }
        },
        Ok(Reading::Unread | Reading::Absent | Reading::Denied) => {
            Seen::Unseen("`cloudtrail:DescribeTrails` is missing".to_owned())
        }
        Err(error) => Seen::Unseen(error.to_string()),
    }
}

/// Whether it is not sure that the guard learns of changes, or at no cost.
fn is_doubtful(choice: Option<TrailChoice>, seen: &Seen) -> bool {
    match seen {
        Seen::Recording(_) => false,
        Seen::NotRecording(_) => choice == Some(TrailChoice::Existing),
        Seen::Unseen(_) => true,
    }
}

/// The trail that the stack is given, and what is said of it.
fn choose(
    asked: Option<TrailChoice>,
    had: Option<&str>,
    seen: &Seen,
    region: &Region,
) -> (Option<TrailChoice>, Option<String>) {
    let must = format!(
        "the trail that exists must record the write management events of `{region}`, else the guard learns of changes \
         only by its sweep"
    );
    let (create, existing) = (Some(TrailChoice::Create), Some(TrailChoice::Existing));
    let (choice, words) = match (asked, seen) {
        (Some(TrailChoice::Auto), Seen::Recording(trail)) => (
            existing,
            format!("the guard uses the trail {trail}: one of its own would cost {PRICE}"),
        ),
        (Some(TrailChoice::Auto), Seen::NotRecording(why)) => (
            create,
            format!(
                "no trail records the changes of buckets in `{region}`{why}: the stack gets one of its own; the first \
                 copy of management events is free, a second one costs {PRICE}"
            ),
        ),
        (Some(TrailChoice::Auto), Seen::Unseen(why)) if had == Some("existing") => (
            existing,
            format!("the trails cannot be looked at ({why}), so the choice stays: {must}"),
        ),
        (Some(TrailChoice::Auto), Seen::Unseen(why)) => (
            create,
            format!(
                "the trails cannot be looked at ({why}): the stack gets one of its own, which costs {PRICE} if another \
                 one records them too"
            ),
        ),
        (Some(TrailChoice::Create) | None, Seen::Recording(trail)) => (
            asked,
            format!(
                "the trail {trail}: the stack's own is a second copy, which costs {PRICE}; `--trail auto` uses the one \
                 that is there"
            ),
        ),
        (Some(TrailChoice::Create) | None, Seen::NotRecording(_) | Seen::Unseen(_)) => {
            return (asked, None);
        }
        (Some(TrailChoice::Existing), Seen::Recording(trail)) => {
            (asked, format!("the guard uses the trail {trail}"))
        }
        (Some(TrailChoice::Existing), Seen::NotRecording(why)) => {
            (asked, format!("no trail records the changes of buckets{why}: {must}"))
        }
        (Some(TrailChoice::Existing), Seen::Unseen(why)) => {
            (asked, format!("the trails cannot be looked at ({why}): {must}"))
        }
    };
    (choice, Some(words))
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
        Seen::NotRecording(" (`audit` is stopped)".to_owned())
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
        let (choice, words) = choose(asked, had, seen, &"eu-west-1".parse().unwrap());
        let kind = if is_doubtful(choice, seen) { "warn" } else { "say" };
        let text = words.map_or("nothing".to_owned(), |words| format!("{kind}: {words}"));
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
        let none = Seen::NotRecording(String::new());
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
