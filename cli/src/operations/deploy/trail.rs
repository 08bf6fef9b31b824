//! The trail that delivers events to the guard: an existing one, or one of the stack.

use s3guard_aws::trails;
use s3guard_posture::config::{Config, TrailChoice};
use s3guard_posture::contract::parameter;
use s3guard_posture::events::trail::{Trail, recording, records_bucket_changes};
use s3guard_posture::{Reading, Region};

use crate::args::guard::GuardArgs;
use crate::operations::deploy::target::Target;

/// The price of a second copy of management events; the first is free.
///
/// Source: <https://aws.amazon.com/cloudtrail/pricing/>: "Additional copies of management events are charged at $2.00 per
/// 100,000 events."
const PRICE: &str = "$2.00 for 100,000 management events";

/// The trails of a Region.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    /// This one records the changes of buckets.
    Recording(String),
    /// None records them, for these reasons, in brackets.
    NotRecording(String),
    /// They could not be read.
    Unseen(String),
}

/// The settings of the guard in each Region, with the trail resolved. A stack's own trail records every Region: the first
/// of several new stacks creates it.
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
        // The command may choose: the stack has no trail yet, and none was requested.
        let is_open = had.is_none() && matches!(guard.trail, None | Some(TrailChoice::Auto));
        if let Some(maker) = maker.filter(|_| is_open) {
            guard.trail = Some(TrailChoice::Existing);
            output.say(format_args!(
                "the guard uses the trail of the stack in `{maker}`, which records every Region"
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

/// Whether the existing trails do not matter: the stack has a setting, and no other is requested.
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
            Seen::Unseen("the permission `cloudtrail:DescribeTrails` is missing".to_owned())
        }
        Err(error) => Seen::Unseen(error.to_string()),
    }
}

/// Whether it is uncertain that the guard gets the events, or at no extra cost.
fn is_doubtful(choice: Option<TrailChoice>, seen: &Seen) -> bool {
    match seen {
        Seen::Recording(_) => false,
        Seen::NotRecording(_) => choice == Some(TrailChoice::Existing),
        Seen::Unseen(_) => true,
    }
}

/// The trail that the stack gets, and the message about it.
fn choose(
    asked: Option<TrailChoice>,
    had: Option<&str>,
    seen: &Seen,
    region: &Region,
) -> (Option<TrailChoice>, Option<String>) {
    let must = format!(
        "the existing trail must record the write management events of `{region}`, otherwise the guard sees changes \
         only in its sweep"
    );
    let (create, existing) = (Some(TrailChoice::Create), Some(TrailChoice::Existing));
    let (choice, words) = match (asked, seen) {
        (Some(TrailChoice::Auto), Seen::Recording(trail)) => (
            existing,
            format!("the guard uses the trail {trail}: a trail of its own would cost {PRICE}"),
        ),
        (Some(TrailChoice::Auto), Seen::NotRecording(why)) => (
            create,
            format!(
                "no trail records bucket changes in `{region}`{why}: the stack gets a trail of its own; the first \
                 copy of management events is free, a second copy costs {PRICE}"
            ),
        ),
        (Some(TrailChoice::Auto), Seen::Unseen(why)) if had == Some("existing") => {
            (existing, format!("the trails cannot be read ({why}), so the setting stays: {must}"))
        }
        (Some(TrailChoice::Auto), Seen::Unseen(why)) => (
            create,
            format!(
                "the trails cannot be read ({why}): the stack gets a trail of its own, which costs {PRICE} if another \
                 trail records the same events"
            ),
        ),
        (Some(TrailChoice::Create) | None, Seen::Recording(trail)) => (
            asked,
            format!(
                "the trail {trail}: the stack's own trail is a second copy, which costs {PRICE}; `--trail auto` uses \
                 the existing one"
            ),
        ),
        (Some(TrailChoice::Create) | None, Seen::NotRecording(_) | Seen::Unseen(_)) => {
            return (asked, None);
        }
        (Some(TrailChoice::Existing), Seen::Recording(trail)) => {
            (asked, format!("the guard uses the trail {trail}"))
        }
        (Some(TrailChoice::Existing), Seen::NotRecording(why)) => {
            (asked, format!("no trail records bucket changes{why}: {must}"))
        }
        (Some(TrailChoice::Existing), Seen::Unseen(why)) => {
            (asked, format!("the trails cannot be read ({why}): {must}"))
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
        Seen::Unseen("the permission `cloudtrail:DescribeTrails` is missing".to_owned())
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
        check(AUTO, Some("existing"), &stopped(), CREATE, "say: gets a trail of its own");
        let none = Seen::NotRecording(String::new());
        check(AUTO, None, &none, CREATE, "say: in `eu-west-1`: the stack gets a trail");
    }

    #[test]
    fn a_trail_that_cannot_be_read_is_not_relied_on_for_the_first_time() {
        check(AUTO, None, &unseen(), CREATE, "warn: DescribeTrails` is missing): the stack gets");
        check(AUTO, Some("existing"), &unseen(), EXISTING, "warn: so the setting stays");
        check(EXISTING, None, &unseen(), EXISTING, "warn: must record the write management");
    }

    #[test]
    fn what_was_chosen_by_hand_stays_and_its_price_or_its_silence_is_reported() {
        for asked in [None, CREATE] {
            check(asked, None, &recording(), asked, "say: second copy, which costs $2.00");
            check(asked, None, &stopped(), asked, "nothing");
            check(asked, None, &unseen(), asked, "nothing");
        }
        check(EXISTING, None, &recording(), EXISTING, "say: uses the trail `audit`");
        check(
            EXISTING,
            None,
            &stopped(),
            EXISTING,
            "warn: (`audit` is stopped): the existing trail",
        );
    }

    #[test]
    fn trails_are_not_read_where_the_stack_has_its_setting() {
        assert!(is_settled(None, Some("create")) && is_settled(None, Some("existing")));
        assert!(is_settled(AUTO, Some("create")) && is_settled(CREATE, Some("create")));
        assert!(!is_settled(None, None) && !is_settled(AUTO, None) && !is_settled(CREATE, None));
        assert!(!is_settled(AUTO, Some("existing")) && !is_settled(CREATE, Some("existing")));
        assert!(!is_settled(EXISTING, Some("existing")) && !is_settled(EXISTING, Some("create")));
    }
}
