//! The message for chat: Slack, Microsoft Teams and Amazon Chime, by way of Amazon Q Developer in chat applications.
//!
//! The text of the email stands in a code block, where nothing is markup. What would end the block or begin a mention is
//! written as `\u{…}`: Slack reads `<!channel>` also in code.
//!
//! Source: Amazon Q Developer in chat applications Administrator Guide, "Custom notifications"; Slack API, "Formatting text
//! for app surfaces".

use serde_json::json;

use super::Notification;
use super::document::Document;
use crate::model::severity::Severity;
use crate::text::{push_or_escape, shown};

pub(super) const TITLE_MAX: usize = 250;
pub(super) const DESCRIPTION_MAX: usize = 8000;
pub(super) const STEP_MAX: usize = 350;
pub(super) const KEYWORD_MAX: usize = 75;
/// The most next steps: more would not be read.
const STEPS_MAX: usize = 5;
/// The most links to buckets in the console.
const LINKS_MAX: usize = 10;
const LINE_MAX: usize = 1000;

pub(super) fn chat(notification: &Notification) -> String {
    let document = &notification.document;
    let test = if document.test { "TEST: " } else { "" };
    let mut content = json!({
        "textType": "client-markdown",
        "title": plain(&format!("{test}{}", document.subject), TITLE_MAX),
        "description": description(notification),
        "keywords": keywords(document),
    });
    let steps = steps(document);
    if !steps.is_empty() {
        content["nextSteps"] = json!(steps);
    }
    let mut metadata = json!({ "summary": plain(&document.subject, TITLE_MAX) });
    // Messages about one bucket share a thread. But a message in a thread is easily overlooked in its channel.
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

/// Links to the buckets, and the lines of the email, as far as there is room.
fn description(notification: &Notification) -> String {
    let Document { severity, account, region, buckets, .. } = &notification.document;
    let mut description = format!("*{}* in account {account}, {region}\n", severity.name());
    let pages = buckets.iter().map(|bucket| bucket.console.as_str()).filter(|page| is_link(page));
    for page in pages.take(LINKS_MAX) {
        description.extend([page, "\n"]);
    }
    description += "```\n";
    let mut room = DESCRIPTION_MAX - description.chars().count() - 40;
    let lines = notification.text.lines().filter(|line| !line.trim_start().starts_with("https://"));
    let mut lines = lines.map(|line| inert(&shown(line, LINE_MAX))).peekable();
    while let Some(line) = lines.next_if(|line| line.chars().count() < room) {
        room -= line.chars().count() + 1;
        description.extend([line.as_str(), "\n"]);
    }
    let more = lines.count();
    if more > 0 {
        description.extend(["… and ", &more.to_string(), " more lines"]);
    }
    format!("{}\n```", description.trim_end())
}

/// The commands that revert the writes, and the advice.
fn steps(document: &Document) -> Vec<String> {
    let aspects = document.reports().iter().flat_map(|report| &report.aspects);
    let mut steps: Vec<String> = Vec::new();
    for aspect in aspects {
        let undo =
            aspect.undo.as_ref().map(|undo| format!("To revert it: {}", code(undo, usize::MAX)));
        let advice = aspect.advice.as_ref().map(|advice| plain(advice, STEP_MAX - 1));
        for step in [undo, advice].into_iter().flatten() {
            // A truncated command is useless.
            if step.chars().count() <= STEP_MAX && !steps.contains(&step) && steps.len() < STEPS_MAX
            {
                steps.push(step);
            }
        }
    }
    steps
}

fn code(words: &str, characters_max: usize) -> String {
    format!("`{}`", inert(&shown(words, characters_max)))
}

/// A text, with names in it, without markup of Slack or Teams.
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

/// Whether it is a plain URL, which clients show as a link.
fn is_link(address: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ":/?=&._-".contains(c);
    address.starts_with("https://") && address.chars().all(is_plain)
}

/// Escapes what would end a code span or begin a tag, an entity or a mention. An at sign within a word is part of an
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
