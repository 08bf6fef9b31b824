//! The changes of a stack, as a person reads them before approving.

use std::fmt::Write as _;

use s3guard_aws::stacks::Change;
use s3guard_aws::stacks::change_set::{Fate, PropertyChange};
use s3guard_posture::text::shown;
use serde::Serialize;

use crate::args::deploy_options::Approve;
use crate::operations::deploy::broadening::{Grant, sentences};
use crate::operations::deploy::kept::Imported;
use crate::ui::output::Paint;

/// A longer value is cut: a policy or a dashboard would fill the screen.
const VALUE_CHARACTERS_MAX: usize = 100;

/// The changes, and the permissions that they broaden.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Review {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) changes: Vec<Change>,
    /// `None` if the stack's template cannot be read; of a new stack all permissions.
    #[serde(rename = "broadened", skip_serializing_if = "Option::is_none")]
    pub(crate) grants: Option<Vec<Grant>>,
    /// Buckets of an earlier installation that become the stack's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) imported: Vec<Imported>,
    /// The settings that only the zip of `--package` has.
    #[serde(skip)]
    pub(crate) carried: Vec<String>,
    /// Whether the stack is new: its permissions were requested, and broaden nothing.
    #[serde(skip)]
    pub(crate) is_new: bool,
}

impl Review {
    /// Whether a person has to approve the changes.
    pub(crate) fn needs_approval(&self, approve: Approve) -> bool {
        match approve {
            Approve::Never => false,
            Approve::Any => true,
            Approve::Broadening => {
                let is_broadened = self.grants.as_ref().is_none_or(|grants| !grants.is_empty());
                !self.imported.is_empty()
                    || !self.carried.is_empty()
                    || (!self.is_new && is_broadened)
            }
        }
    }

    pub(crate) fn render(&self, paint: Paint) -> String {
        let mut changes: Vec<&Change> = self.changes.iter().collect();
        changes.sort_by_key(|change| (change.fate, &change.logical_id));
        let mut text = counts(&changes);
        let width = changes.iter().map(|change| change.resource_type.len()).max().unwrap_or(0);
        for change in changes {
            let Change { fate, resource_type, logical_id, .. } = change;
            let (sign, _) = sign(*fate);
            let line = format!("{sign} {resource_type:width$}  {logical_id}{}", note(change));
            let _ = writeln!(text, "  {}", painted(*fate, paint, &line));
            // An added or removed resource has no changed properties.
            if matches!(fate, Fate::Changed | Fate::MayBeReplaced | Fate::Replaced) {
                change.properties.iter().for_each(|property| text += &property_line(property));
            }
        }
        if !self.is_new {
            text += &self.permissions(paint);
        }
        if !self.carried.is_empty() {
            let _ = writeln!(text, "{}", paint.notable("settings in the package:"));
        }
        for setting in &self.carried {
            let _ = writeln!(text, "  {setting}");
        }
        for imported in &self.imported {
            text += &existing(imported, paint);
        }
        text
    }

    fn permissions(&self, paint: Paint) -> String {
        let Some(grants) = &self.grants else {
            let words = "the permissions cannot be compared: the stack's template cannot be read";
            return format!("{}\n", paint.bad(words));
        };
        if grants.is_empty() {
            return "no permissions are broadened\n".to_owned();
        }
        let mut text = format!("{}\n", paint.bad("broadened permissions:"));
        for sentence in sentences(grants) {
            let _ = writeln!(text, "  {}", paint.notable(shown(&sentence, 2000)));
        }
        text
    }
}

/// A bucket that the stack imports, and what is strange about it.
fn existing(imported: &Imported, paint: Paint) -> String {
    let Imported { bucket, created, prefixes, findings, .. } = imported;
    let created = created.as_deref().map_or_else(String::new, |at| format!(", created {at}"));
    let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    let keys = if prefixes.is_empty() { "empty".to_owned() } else { prefixes.join(", ") };
    let mut text = format!("existing bucket `{bucket}` becomes the stack's{created}: {keys}\n");
    for finding in findings {
        let _ = writeln!(text, "  {}", paint.bad(finding));
    }
    text
}

/// The sign of a change and its name.
const fn sign(fate: Fate) -> (char, &'static str) {
    match fate {
        Fate::Added => ('+', "added"),
        Fate::Imported => ('>', "imported"),
        Fate::Changed | Fate::MayBeReplaced => ('~', "changed"),
        Fate::Replaced => ('!', "replaced"),
        Fate::Removed => ('-', "removed"),
        Fate::Synced => ('=', "synced"),
    }
}

fn painted(fate: Fate, paint: Paint, text: &str) -> String {
    match fate {
        Fate::Added | Fate::Imported => paint.good(text),
        Fate::Changed | Fate::MayBeReplaced => paint.notable(text),
        Fate::Replaced | Fate::Removed => paint.bad(text),
        Fate::Synced => text.to_owned(),
    }
}

fn counts(changes: &[&Change]) -> String {
    let counted = changes.chunk_by(|a, b| sign(a.fate) == sign(b.fate));
    let counted = counted.map(|alike| format!("{} {}", alike.len(), sign(alike[0].fate).1));
    let counted: Vec<String> = counted.collect();
    if counted.is_empty() {
        return "only tags or settings of the stack itself change\n".to_owned();
    }
    format!("resources: {}\n", counted.join(", "))
}

/// The resource's name in the account, and what its sign does not say.
///
/// Source: AWS CloudFormation API Reference, `ResourceChange`, `PolicyAction`.
fn note(change: &Change) -> String {
    let words = match (change.fate, change.policy.as_deref()) {
        (Fate::Replaced, Some("ReplaceAndRetain")) => "  (new resource; the old one is retained)",
        (Fate::Replaced, Some("ReplaceAndSnapshot")) => {
            "  (new resource; a snapshot of the old one is kept)"
        }
        (Fate::Replaced, _) => "  (new resource; the old one is deleted)",
        (Fate::MayBeReplaced, _) => "  (may be replaced)",
        (Fate::Removed, Some("Retain")) => "  (retained in the account)",
        (Fate::Synced, _) => "  (unchanged; CloudFormation updates its record)",
        (Fate::Added | Fate::Imported | Fate::Changed | Fate::Removed, _) => "",
    };
    match (change.fate, &change.physical_id) {
        (Fate::Imported | Fate::Replaced | Fate::Removed, Some(id)) => {
            format!("  {}{words}", shown(id, 120))
        }
        (_, _) => words.to_owned(),
    }
}

fn property_line(property: &PropertyChange) -> String {
    let value = |value: &Option<String>| {
        value.as_ref().map_or("(not set)".to_owned(), |value| shown(value, VALUE_CHARACTERS_MAX))
    };
    match property {
        PropertyChange { path, before: None, after: None } => format!("      {path}\n"),
        PropertyChange { path, before, after } => {
            format!("      {path}: {} -> {}\n", value(before), value(after))
        }
    }
}

#[cfg(test)]
mod tests;
