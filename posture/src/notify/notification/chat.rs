//! The message for chat: Slack, Microsoft Teams and Amazon Chime, by way of Amazon Q Developer in chat applications.
//!
//! Names and keys are somebody else's words. They stand in code spans, where nothing is markup, and what would end the
//! span or begin a mention is written as `\u{…}`: Slack reads `<!channel>` also in code.
//!
//! Source: Amazon Q Developer in chat applications Administrator Guide, "Custom notifications"; Slack API, "Formatting text
//! for app surfaces".

use std::fmt::Write as _;

use serde_json::json;

use super::document::{
    Alarm, Body, BucketReport, CoverageGap, Deeds, Document, Ending, Fate, Joined, Objects,
    OfAspect, OneCall, TugOfWar,
};
use crate::model::severity::Severity;
use crate::text::{push_or_escape, shown};

/// The most characters of a title.
pub(super) const TITLE_MAX: usize = 250;
/// The most characters of a description.
pub(super) const DESCRIPTION_MAX: usize = 8000;
/// The most characters of a next step.
pub(super) const STEP_MAX: usize = 350;
/// The most characters of a keyword.
pub(super) const KEYWORD_MAX: usize = 75;
/// How many next steps are given: more would not be read.
const STEPS_MAX: usize = 5;
/// How many buckets, objects or others are named.
const NAMED_MAX: usize = 10;

/// The custom notification.
pub(super) fn chat(document: &Document) -> String {
    let test = if document.test { "TEST: " } else { "" };
    let mut content = json!({
        "textType": "client-markdown",
        "title": plain(&format!("{test}{}", document.subject), TITLE_MAX),
        "description": description(document),
        "keywords": keywords(document),
    });
    let steps = steps(document);
    if !steps.is_empty() {
        content["nextSteps"] = json!(steps);
    }
    let mut metadata = json!({ "summary": plain(&document.subject, TITLE_MAX) });
    // What is said of a bucket stays together. But a channel does not hear of what is only said in a thread.
    if let ([bucket], Severity::Info | Severity::Warning) =
        (&document.buckets[..], document.severity)
    {
        metadata["threadId"] =
            json!(format!("{}-{}-{}", document.account, document.region, plain(&bucket.name, 80)));
    }
    let chat = json!({
        "version": "1.0",
        "source": "custom",
        "id": document.id,
        "content": content,
        "metadata": metadata,
    });
    chat.to_string()
}

fn keywords(document: &Document) -> Vec<String> {
    let words = ["s3guard", document.severity.name(), &document.account, &document.region];
    words.iter().map(|word| plain(word, KEYWORD_MAX)).collect()
}

/// The lines, as many as there is room for.
fn description(document: &Document) -> String {
    let mut lines = head(document);
    match &document.body {
        Body::BucketReport(report) => lines.extend(of_report(report)),
        Body::Joined(joined) => lines.extend(of_joined(joined)),
        Body::TugOfWar(war) => lines.extend(of_war(war)),
        Body::CoverageGap(gap) => lines.extend(of_gap(gap)),
        Body::ExemptionsEnding(ending) => lines.extend(list(&ending.exemptions, of_ending)),
        Body::Alarm(alarm) => lines.extend(of_alarm(alarm)),
        Body::Test(test) => lines.push(plain(&test.says, 500)),
        Body::Objects(objects) => lines.extend(of_objects(objects)),
    }
    if document.omitted > 0 {
        lines.push(format!("{} more are left out here.", document.omitted));
    }
    let mut description = String::new();
    // Every line is shorter than this, so that what is cut is said.
    let room = DESCRIPTION_MAX - 40;
    for (count, line) in lines.iter().enumerate() {
        if description.chars().count() + line.chars().count() + 1 > room {
            writeln!(description, "… and {} more lines", lines.len() - count)
                .expect("a string takes everything");
            break;
        }
        description.push_str(line);
        description.push('\n');
    }
    description.trim_end().to_owned()
}

fn head(document: &Document) -> Vec<String> {
    let mut lines = vec![format!(
        "*{}* in account {}, {}",
        document.severity.name(),
        document.account,
        document.region
    )];
    if document.test {
        lines.push("*This is a test: nothing has happened.*".to_owned());
    }
    for bucket in document.buckets.iter().take(NAMED_MAX) {
        let mut line = format!("Bucket {}", code(&bucket.name, 255));
        if let Some(grade) = bucket.grade {
            write!(line, ", grade {grade}").expect("a string takes everything");
        }
        if let Some(owner) = &bucket.owner {
            write!(line, ", owner {}", code(owner, 256)).expect("a string takes everything");
        }
        write!(line, ": {}", address(&bucket.console)).expect("a string takes everything");
        lines.push(line);
    }
    let more = document.buckets.len().saturating_sub(NAMED_MAX);
    lines.extend((more > 0).then(|| format!("… and {more} more buckets")));
    lines
}

fn of_report(report: &BucketReport) -> Vec<String> {
    let mut lines = list(&report.calls, of_call);
    lines.extend(list(&report.aspects, of_aspect));
    if report.times_within_hour > 1 {
        lines.push(format!("*{}*", crate::text::times_words(report.times_within_hour)));
    }
    lines
}

fn of_call(call: &OneCall) -> String {
    let OneCall { event_name, who, tool, time, .. } = call;
    format!("{} by {} with {}, {time}", code(event_name, 80), code(who, 200), plain(tool, 40))
}

fn of_aspect(aspect: &OfAspect) -> String {
    let fate = match aspect.fate {
        Fate::Mended => "mended",
        Fate::Written => "written, not yet seen",
        Fate::Failed => "*could not be mended*",
        Fate::Later => "later",
        Fate::Left => "left as it is",
        Fate::Exempt => "exempt",
    };
    let mut line = format!("{}: {fate}", aspect.aspect.words());
    for (label, words) in
        [("was", &aspect.was), ("wanted", &aspect.wanted), ("because", &aspect.cause)]
    {
        if let Some(words) = words {
            write!(line, ", {label} {}", code(words, 300)).expect("a string takes everything");
        }
    }
    line
}

fn of_joined(joined: &Joined) -> Vec<String> {
    list(&joined.reports, |report| {
        let aspects: Vec<&str> =
            report.aspects.iter().map(|aspect| aspect.aspect.words()).collect();
        format!("{}: {}", code(&report.bucket, 255), aspects.join(", "))
    })
}

fn of_war(war: &TugOfWar) -> Vec<String> {
    let mut lines = vec![format!(
        "{} writes by s3guard within the hour; it keeps still until {}",
        war.writes, war.still_until
    )];
    lines.extend(list(&war.others, |deeds: &Deeds| {
        let calls: Vec<String> = deeds
            .calls
            .iter()
            .take(NAMED_MAX)
            .map(|(call, count)| format!("{} {count}", code(call, 80)))
            .collect();
        format!("{} with {}: {}", code(&deeds.who, 200), plain(&deeds.tool, 40), calls.join(", "))
    }));
    let weak: Vec<&str> = war.aspects.iter().map(|aspect| aspect.words()).collect();
    lines.push(format!("Weaker than wanted until then: {}", weak.join(", ")));
    lines
}

fn of_gap(gap: &CoverageGap) -> Vec<String> {
    let mut lines = vec!["*Buckets of which no event told*".to_owned()];
    lines.extend(list(&gap.buckets, |bucket| code(bucket, 255)));
    lines.push("*Likely causes*".to_owned());
    lines.extend(list(&gap.likely_causes, |cause| plain(cause, 300)));
    lines
}

fn of_ending(ending: &Ending) -> String {
    let aspects: Vec<&str> = ending.aspects.iter().map(|aspect| aspect.words()).collect();
    let (buckets, reason) = (code(&ending.buckets, 200), code(&ending.reason, 300));
    format!("{buckets}: {}, until {}: {reason}", aspects.join(", "), ending.until)
}

fn of_alarm(alarm: &Alarm) -> Vec<String> {
    let mut lines = vec![format!(
        "{} is {} since {}",
        code(&alarm.name, 255),
        code(&alarm.state, 40),
        alarm.since
    )];
    lines.extend(alarm.description.iter().map(|words| code(words, 1024)));
    lines.extend(alarm.reason.iter().map(|words| code(words, 1024)));
    lines
}

fn of_objects(objects: &Objects) -> Vec<String> {
    let events = if objects.events == 1 { "event" } else { "events" };
    let Objects { from, until, .. } = objects;
    let mut lines = vec![format!("{} {events} from {from} until {until}", objects.events)];
    lines.extend(list(&objects.notable, |notable| {
        format!(
            "*{}* in {}: {}",
            plain(&notable.what, 200),
            code(&notable.bucket, 255),
            notable.count
        )
    }));
    lines.extend(list(&objects.buckets, |bucket| {
        let changes: Vec<String> = bucket
            .changes
            .iter()
            .map(|(what, count)| format!("{count} {}", plain(what, 60)))
            .collect();
        format!("{}: {}", code(&bucket.name, 255), changes.join(", "))
    }));
    let named = &objects.objects[..objects.objects.len().min(NAMED_MAX)];
    lines.extend(list(named, |object| {
        format!(
            "{}: {} in {}",
            plain(&object.change, 60),
            code(&object.key, 200),
            code(&object.bucket, 255)
        )
    }));
    // Those that the document has, and those that it has left out.
    let more = objects.events.saturating_sub(named.len() as u64);
    lines.extend((more > 0).then(|| format!("… and {more} more events")));
    lines.extend(objects.whole.iter().map(|whole| format!("All of them: {}", code(whole, 1100))));
    lines
}

/// The commands that undo what was done, and the advice.
fn steps(document: &Document) -> Vec<String> {
    let reports: Vec<&BucketReport> = match &document.body {
        Body::BucketReport(report) => vec![report],
        Body::Joined(joined) => joined.reports.iter().collect(),
        Body::TugOfWar(_)
        | Body::CoverageGap(_)
        | Body::ExemptionsEnding(_)
        | Body::Alarm(_)
        | Body::Test(_)
        | Body::Objects(_) => Vec::new(),
    };
    let aspects = reports.iter().flat_map(|report| &report.aspects);
    let mut steps: Vec<String> = Vec::new();
    for aspect in aspects {
        let undo =
            aspect.undo.as_ref().map(|undo| format!("To undo it: {}", code(undo, usize::MAX)));
        let advice = aspect.advice.as_ref().map(|advice| plain(advice, STEP_MAX - 1));
        for step in [undo, advice].into_iter().flatten() {
            // A command that is cut is none.
            if step.chars().count() <= STEP_MAX && !steps.contains(&step) && steps.len() < STEPS_MAX
            {
                steps.push(step);
            }
        }
    }
    steps
}

/// One line for each, up to a number; the others are counted.
fn list<T>(items: &[T], line: impl Fn(&T) -> String) -> Vec<String> {
    let mut lines: Vec<String> =
        items.iter().take(NAMED_MAX).map(|item| format!("• {}", line(item))).collect();
    let more = items.len().saturating_sub(NAMED_MAX);
    lines.extend((more > 0).then(|| format!("… and {more} more")));
    lines
}

/// Somebody else's words, in a code span.
fn code(words: &str, characters_max: usize) -> String {
    format!("`{}`", inert(&shown(words, characters_max)))
}

/// Words that are ours, or a name in the midst of them, without anything that is markup in Slack or in Teams.
fn plain(words: &str, characters_max: usize) -> String {
    let mut plain = String::new();
    for character in inert(&shown(words, characters_max)).chars() {
        push_or_escape(&mut plain, character, matches!(character, '*' | '~' | '[' | ']'));
    }
    if plain.chars().count() > characters_max {
        plain = plain.chars().take(characters_max.saturating_sub(1)).chain(['…']).collect();
    }
    plain
}

/// An address as it is, if it has nothing but what ours are made of: a client makes a link of it by itself.
fn address(address: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ":/?=&._-".contains(c);
    if address.starts_with("https://") && address.chars().all(is_plain) {
        address.to_owned()
    } else {
        code(address, 300)
    }
}

/// Writes what would end a code span, begin a tag, an entity or a mention as `\u{…}`. An at sign within a word is an
/// address.
fn inert(words: &str) -> String {
    let mut inert = String::new();
    let mut before = ' ';
    for character in words.chars() {
        let mentions = character == '@' && !before.is_alphanumeric();
        let is_markup = matches!(character, '<' | '>' | '&' | '`');
        push_or_escape(&mut inert, character, mentions || is_markup);
        before = character;
    }
    inert
}
