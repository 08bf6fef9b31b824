//! What would be done to a stack, as a person reads it before agreeing.

use std::fmt::Write as _;

use s3guard_aws::stacks::Change;
use s3guard_aws::stacks::change_set::{PropertyChange, Replacement};
use s3guard_posture::text::shown;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::args::deploy_options::Approve;
use crate::operations::deploy::broadening::{Grant, sentences};
use crate::ui::lines::cut;
use crate::ui::output::Paint;

/// Of a value only so much is shown: a policy or a dashboard would fill the screen.
const VALUE_CHARACTERS_MAX: usize = 200;
/// No screen is narrower; what is cut further says nothing.
const WIDTH_MIN: usize = 40;

/// What would be done, and whom it lets do more.
pub(crate) struct Review {
    pub(crate) changes: Vec<Change>,
    /// `None` if it could not be told, because the stack's template may not be read.
    pub(crate) grants: Option<Vec<Grant>>,
    /// Whether the stack is new: it lets somebody do things, but nobody do more than what was asked for.
    pub(crate) is_new: bool,
}

/// What becomes of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Fate {
    Added,
    Imported,
    Changed,
    Replaced,
    Removed,
    /// Only what CloudFormation knows of it changes.
    Synced,
}

/// What would be done, for programs.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Told {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ToldChange>,
    /// What lets somebody do more; of a new stack all that it lets somebody do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    broadened: Vec<Grant>,
}

/// A change, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ToldChange {
    fate: Fate,
    logical_id: String,
    #[serde(rename = "type")]
    resource_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<ToldProperty>,
}

#[derive(Debug, Serialize)]
struct ToldProperty {
    path: String,
    before: Option<String>,
    after: Option<String>,
}

impl Fate {
    /// Source: AWS CloudFormation API Reference, `ResourceChange`, `Action`. A kind that is new there is a change.
    fn of(change: &Change) -> Self {
        match (change.action.as_str(), change.replacement) {
            ("Add", _) => Self::Added,
            ("Import", _) => Self::Imported,
            ("Remove", _) => Self::Removed,
            ("SyncWithActual", _) => Self::Synced,
            (_, Replacement::Yes) => Self::Replaced,
            (_, Replacement::No | Replacement::Perhaps) => Self::Changed,
        }
    }

    const fn sign(self) -> char {
        match self {
            Self::Added => '+',
            Self::Imported => '>',
            Self::Changed => '~',
            Self::Replaced => '!',
            Self::Removed => '-',
            Self::Synced => '=',
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Imported => "imported",
            Self::Changed => "changed",
            Self::Replaced => "replaced",
            Self::Removed => "removed",
            Self::Synced => "only noted",
        }
    }

    fn painted(self, paint: Paint, text: &str) -> String {
        match self {
            Self::Added | Self::Imported => paint.good(text),
            Self::Changed => paint.notable(text),
            Self::Replaced | Self::Removed => paint.bad(text),
            Self::Synced => text.to_owned(),
        }
    }
}

impl Review {
    /// Whether somebody has to agree first.
    pub(crate) fn needs_approval(&self, approve: Approve) -> bool {
        match approve {
            Approve::Never => false,
            Approve::Any => true,
            Approve::Broadening => {
                !self.is_new && self.grants.as_ref().is_none_or(|grants| !grants.is_empty())
            }
        }
    }

    /// All of it for programs.
    pub(crate) fn told(&self) -> Told {
        let told = |change: &Change| ToldChange {
            fate: Fate::of(change),
            logical_id: change.logical_id.clone(),
            resource_type: change.resource_type.clone(),
            physical_id: change.physical_id.clone(),
            properties: (change.properties.iter())
                .map(|PropertyChange { path, before, after }| ToldProperty {
                    path: path.clone(),
                    before: before.clone(),
                    after: after.clone(),
                })
                .collect(),
        };
        Told {
            changes: self.changes.iter().map(told).collect(),
            broadened: self.grants.clone().unwrap_or_default(),
        }
    }

    /// The table, for a screen so many columns wide.
    pub(crate) fn render(&self, width: usize, paint: Paint) -> String {
        let width = width.max(WIDTH_MIN);
        let mut changes: Vec<(Fate, &Change)> =
            self.changes.iter().map(|change| (Fate::of(change), change)).collect();
        changes.sort_by(|(fate, a), (other, b)| (fate, &a.logical_id).cmp(&(other, &b.logical_id)));
        let mut text = String::new();
        for line in wrapped(&counts(&changes), width, width) {
            let _ = writeln!(text, "{line}");
        }
        let type_width = changes.iter().map(|(_, change)| change.resource_type.len()).max();
        let type_width = type_width.unwrap_or(0);
        for (fate, change) in &changes {
            for line in head(*fate, change, type_width, width) {
                let _ = writeln!(text, "  {}", fate.painted(paint, &line));
            }
            // What is added or removed changes in no property.
            if matches!(fate, Fate::Changed | Fate::Replaced) {
                for property in &change.properties {
                    text.push_str(&property_lines(property, width));
                }
            }
        }
        if !self.is_new {
            text.push_str(&self.permissions(width, paint));
        }
        text
    }

    fn permissions(&self, width: usize, paint: Paint) -> String {
        let Some(grants) = &self.grants else {
            let words =
                "which permissions change cannot be told: the stack's template may not be read";
            return format!("{}\n", paint.bad(words));
        };
        if grants.is_empty() {
            return "no permission is broadened\n".to_owned();
        }
        let mut text = format!("{}\n", paint.bad("permissions that are broadened:"));
        for sentence in sentences(grants) {
            let mut indent = "  ";
            for line in wrapped(&shown(&sentence, 2000), width - 2, width - 4) {
                let _ = writeln!(text, "{indent}{}", paint.notable(&line));
                indent = "    ";
            }
        }
        text
    }
}

fn counts(changes: &[(Fate, &Change)]) -> String {
    let all =
        [Fate::Added, Fate::Imported, Fate::Changed, Fate::Replaced, Fate::Removed, Fate::Synced];
    let counted = all.into_iter().filter_map(|fate| {
        let count = changes.iter().filter(|(other, _)| *other == fate).count();
        (count > 0).then(|| format!("{count} {}", fate.word()))
    });
    let counted: Vec<String> = counted.collect();
    if counted.is_empty() {
        return "only the stack's own tags or settings change".to_owned();
    }
    format!("resources: {}", counted.join(", "))
}

/// A resource in a line or, where that is too narrow, without its type and with the rest in a second one.
fn head(fate: Fate, change: &Change, type_width: usize, width: usize) -> Vec<String> {
    let note = note(fate, change);
    let Change { resource_type, logical_id, .. } = change;
    let sign = fate.sign();
    let whole = format!("{sign} {resource_type:type_width$}  {logical_id}{note}");
    if whole.width() + 2 <= width {
        return vec![whole];
    }
    let mut lines = vec![cut(&format!("{sign} {logical_id}"), width - 2)];
    let rest = wrapped(note.trim_start(), width - 6, width - 6);
    lines.extend(rest.into_iter().map(|line| format!("    {line}")));
    lines
}

/// What there is to say of a resource beside what becomes of it.
fn note(fate: Fate, change: &Change) -> String {
    let words = match (fate, change.replacement) {
        (Fate::Replaced, _) => becomes(change),
        (Fate::Changed, Replacement::Perhaps) => "(may be replaced)",
        (Fate::Removed, _) if change.policy.as_deref() == Some("Retain") => {
            "(stays in the account)"
        }
        (Fate::Synced, _) => "(stays as it is: CloudFormation takes note of it)",
        (Fate::Changed, _) if change.action == "Dynamic" => "(told later)",
        (_, _) => "",
    };
    let id = match (fate, &change.physical_id) {
        (Fate::Imported | Fate::Replaced | Fate::Removed, Some(id)) => shown(id, 120),
        (_, _) => String::new(),
    };
    let parts = [id.as_str(), words];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.flat_map(|part| ["  ", part]).collect()
}

/// What becomes of the old resource.
///
/// Source: AWS CloudFormation API Reference, `ResourceChange`, `PolicyAction`.
fn becomes(change: &Change) -> &'static str {
    match change.policy.as_deref() {
        Some("ReplaceAndRetain") => "(a new one; the old one stays in the account)",
        Some("ReplaceAndSnapshot") => "(a new one; of the old one a snapshot stays)",
        Some(_) | None => "(a new one; the old one is deleted)",
    }
}

/// A property, in a line or, where that is too narrow, in three.
fn property_lines(property: &PropertyChange, width: usize) -> String {
    let PropertyChange { path, before, after } = property;
    let value = |value: &Option<String>| {
        value
            .as_ref()
            .map_or_else(|| "(not set)".to_owned(), |value| shown(value, VALUE_CHARACTERS_MAX))
    };
    if before.is_none() && after.is_none() {
        return format!("      {}\n", cut(path, width - 6));
    }
    let (before, after) = (value(before), value(after));
    let line = format!("      {path}: {before} -> {after}");
    if line.width() <= width {
        return line + "\n";
    }
    let inner = width - 8;
    format!(
        "      {}:\n        {}\n     -> {}\n",
        cut(path, width - 7),
        cut(&before, inner),
        cut(&after, inner)
    )
}

/// A text in lines, of which the first may have another width; a word that is wider than a line is broken.
fn wrapped(text: &str, first: usize, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut rest, mut width_now) = (text, first);
    while !rest.is_empty() {
        let fits = |at: &usize| rest[..*at].width() <= width_now;
        let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]).skip(1);
        let whole = rest.match_indices(' ').map(|(at, _)| at).chain([rest.len()]);
        let end = whole.take_while(fits).last().filter(|end| *end > 0);
        let end = end.or_else(|| ends.take_while(fits).last()).unwrap_or(rest.len());
        lines.push(rest[..end].to_owned());
        (rest, width_now) = (rest[end..].trim_start(), width);
    }
    lines
}

#[cfg(test)]
mod tests;
