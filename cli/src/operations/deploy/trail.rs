//! The trail that delivers events to the guard: an existing one, or one of the stack.

use std::collections::BTreeMap;

use s3guard_aws::trails;
use s3guard_posture::config::{Config, TrailChoice};
use s3guard_posture::contract::parameter;
use s3guard_posture::events::trail::{Recording, Trail, recording, records_bucket_changes};
use s3guard_posture::{Reading, Region};

use crate::args::guard::GuardArgs;
use crate::operations::deploy::target::DeployTarget;

/// The price of a second copy of management events; the first is free.
///
/// Source: <https://aws.amazon.com/cloudtrail/pricing/>: "Additional copies of management events are charged at $2.00 per
/// 100,000 events."
const PRICE: &str = "$2.00 for 100,000 management events";

/// The trails of a Region.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Trails {
    /// This one records the changes of buckets.
    Recording(String),
    /// None records them, for these reasons, in brackets.
    NotRecording(String),
    /// It is not known whether one does, as a clause.
    Unknown(String),
}

/// The settings of the guard in each Region, with the trail resolved. A stack's own trail records every Region: the first
/// of several new stacks creates it.
pub(crate) async fn of_each(
    targets: &[DeployTarget],
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
            let trails = trails(target).await;
            let (trail, words) = choose(guard.trail, had, &trails, region);
            match words {
                Some(words) if is_doubtful(trail, &trails) => output.warn(words),
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

/// The name of a stack's own trail, by the stack's parameters.
pub(crate) fn own_name(parameters: &BTreeMap<String, String>, region: &str) -> String {
    let prefix = parameters.get(parameter::BUCKET_PREFIX).map_or("s3guard", String::as_str);
    format!("{prefix}-{region}")
}

/// How a stack whose trail does not record gets events again: by its parameters, and by whether its own trail exists.
pub(crate) fn repair(
    stack: &str,
    region: &str,
    parameters: &BTreeMap<String, String>,
    has_own: bool,
) -> String {
    let deploy = format!("`s3guard deploy --stack {stack} --region {region}");
    match parameters.get(parameter::TRAIL_MODE).map(String::as_str) {
        Some("create") if has_own => format!(
            "`aws cloudtrail start-logging --name {} --region {region}`, or {deploy} --trail auto`",
            own_name(parameters, region)
        ),
        Some("create") => {
            format!("the stack's trail was deleted: {deploy} --revert-drift` creates it again")
        }
        Some(_) | None => format!("{deploy} --trail auto` creates one"),
    }
}

/// What is wrong with each trail, in one line.
pub(crate) fn problems(trails: &[Trail], region: &Region) -> Vec<String> {
    let problem = |one: &Trail| format!("`{}` {}", one.name, records_bucket_changes(one, region));
    trails.iter().map(problem).collect()
}

/// Whether the existing trails do not matter: the stack has a setting, and no other is requested.
fn is_settled(asked: Option<TrailChoice>, had: Option<&str>) -> bool {
    match asked {
        None => had.is_some(),
        Some(TrailChoice::Auto | TrailChoice::Create) => had == Some("create"),
        Some(TrailChoice::Existing) => false,
    }
}

async fn trails(target: &DeployTarget) -> Trails {
    let region = target.region();
    let account = &target.account;
    match trails::trails(&account.connection).await {
        Ok(Reading::Known(trails)) => {
            let problems = problems(&trails, region).join("; ");
            match recording(&trails, region, &account.caller.account) {
                Recording::Yes(trail) => Trails::Recording(trail.to_string()),
                Recording::Unknown => Trails::Unknown(format!(
                    "it is not known whether a trail records bucket changes ({problems})"
                )),
                Recording::No if problems.is_empty() => Trails::NotRecording(problems),
                Recording::No => Trails::NotRecording(format!(" ({problems})")),
            }
        }
        Ok(Reading::Unread | Reading::Absent | Reading::Denied) => {
            unreadable("the permission `cloudtrail:DescribeTrails` is missing")
        }
        Err(error) => unreadable(&error.to_string()),
    }
}

fn unreadable(why: &str) -> Trails {
    Trails::Unknown(format!("the trails cannot be read ({why})"))
}

/// Whether it is uncertain that the guard gets the events, or at no extra cost.
fn is_doubtful(choice: Option<TrailChoice>, trails: &Trails) -> bool {
    match trails {
        Trails::Recording(_) => false,
        Trails::NotRecording(_) => choice == Some(TrailChoice::Existing),
        Trails::Unknown(_) => true,
    }
}

/// The trail that the stack gets, and the message about it.
fn choose(
    asked: Option<TrailChoice>,
    had: Option<&str>,
    trails: &Trails,
    region: &Region,
) -> (Option<TrailChoice>, Option<String>) {
    let must = format!(
        "the existing trail must record the write management events of `{region}`, otherwise the guard sees changes \
         only in its sweep"
    );
    let (create, existing) = (Some(TrailChoice::Create), Some(TrailChoice::Existing));
    let (choice, words) = match (asked, trails) {
        (Some(TrailChoice::Auto), Trails::Recording(trail)) => (
            existing,
            format!("the guard uses the trail {trail}: a trail of its own would cost {PRICE}"),
        ),
        (Some(TrailChoice::Auto), Trails::NotRecording(why)) => (
            create,
            format!(
                "no trail records bucket changes in `{region}`{why}: the stack gets a trail of its own; the first \
                 copy of management events is free, a second copy costs {PRICE}"
            ),
        ),
        (Some(TrailChoice::Auto), Trails::Unknown(why)) if had == Some("existing") => {
            (existing, format!("{why}, so the setting stays: {must}"))
        }
        (Some(TrailChoice::Auto), Trails::Unknown(why)) => (
            create,
            format!(
                "{why}: the stack gets a trail of its own, which costs {PRICE} if another trail records the same \
                 events; `--trail existing` relies on that one"
            ),
        ),
        (Some(TrailChoice::Create) | None, Trails::Recording(trail)) => (
            asked,
            format!(
                "the trail {trail}: the stack's own trail is a second copy, which costs {PRICE}; `--trail auto` uses \
                 the existing one"
            ),
        ),
        (Some(TrailChoice::Create) | None, Trails::NotRecording(_) | Trails::Unknown(_)) => {
            return (asked, None);
        }
        (Some(TrailChoice::Existing), Trails::Recording(trail)) => {
            (asked, format!("the guard uses the trail {trail}"))
        }
        (Some(TrailChoice::Existing), Trails::NotRecording(why)) => {
            (asked, format!("no trail records bucket changes{why}: {must}"))
        }
        (Some(TrailChoice::Existing), Trails::Unknown(why)) => (asked, format!("{why}: {must}")),
    };
    (choice, Some(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTO: Option<TrailChoice> = Some(TrailChoice::Auto);
    const CREATE: Option<TrailChoice> = Some(TrailChoice::Create);
    const EXISTING: Option<TrailChoice> = Some(TrailChoice::Existing);

    fn recording() -> Trails {
        Trails::Recording("`audit`, which records every Region".to_owned())
    }

    fn stopped() -> Trails {
        Trails::NotRecording(" (`audit` is stopped)".to_owned())
    }

    fn hidden() -> Trails {
        unreadable("the permission `cloudtrail:DescribeTrails` is missing")
    }

    /// What is chosen, and whether the word, as `say: …`, `warn: …` or `nothing`, has this in it.
    #[track_caller]
    fn check(
        asked: Option<TrailChoice>,
        had: Option<&str>,
        trails: &Trails,
        chosen: Option<TrailChoice>,
        said: &str,
    ) {
        let (choice, words) = choose(asked, had, trails, &"eu-west-1".parse().unwrap());
        let kind = if is_doubtful(choice, trails) { "warn" } else { "say" };
        let text = words.map_or("nothing".to_owned(), |words| format!("{kind}: {words}"));
        assert_eq!(choice, chosen, "{asked:?} {had:?} {trails:?}");
        let (kind, part) = said.split_once(": ").unwrap_or((said, ""));
        assert!(text.starts_with(kind) && text.contains(part), "{text}");
    }

    #[test]
    fn auto_uses_what_records_and_else_makes_a_trail() {
        check(AUTO, None, &recording(), EXISTING, "say: would cost $2.00");
        check(AUTO, Some("existing"), &recording(), EXISTING, "say: `audit`, which records");
        check(AUTO, None, &stopped(), CREATE, "say: (`audit` is stopped): the stack gets");
        check(AUTO, Some("existing"), &stopped(), CREATE, "say: gets a trail of its own");
        let none = Trails::NotRecording(String::new());
        check(AUTO, None, &none, CREATE, "say: in `eu-west-1`: the stack gets a trail");
    }

    #[test]
    fn a_trail_that_cannot_be_read_is_not_relied_on_for_the_first_time() {
        check(AUTO, None, &hidden(), CREATE, "warn: DescribeTrails` is missing): the stack gets");
        check(AUTO, Some("existing"), &hidden(), EXISTING, "warn: so the setting stays");
        check(EXISTING, None, &hidden(), EXISTING, "warn: must record the write management");
    }

    #[test]
    fn what_was_chosen_by_hand_stays_and_its_price_or_its_silence_is_reported() {
        for asked in [None, CREATE] {
            check(asked, None, &recording(), asked, "say: second copy, which costs $2.00");
            check(asked, None, &stopped(), asked, "nothing");
            check(asked, None, &hidden(), asked, "nothing");
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
