//! The changes of a stack, as a person reads them before approving.

use s3guard_aws::stacks::Change;
use s3guard_aws::stacks::change_set::{Fate, PropertyChange};
use serde::Serialize;

use crate::args::deploy_options::Approve;
use crate::operations::deploy::broadening::{Grant, sentences};
use crate::ui::lines::cut;
use crate::ui::text::{Printable, Style, Text, TextLine};

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
                !self.is_new && self.grants.as_ref().is_none_or(|grants| !grants.is_empty())
            }
        }
    }

    fn permissions(&self, text: &mut Text) {
        let Some(grants) = &self.grants else {
            return text.line(TextLine::bad(
                "the permissions cannot be compared: the stack's template cannot be read",
            ));
        };
        if grants.is_empty() {
            return text.line("no permissions are broadened");
        }
        text.line(TextLine::bad("broadened permissions:"));
        for sentence in sentences(grants) {
            text.line(TextLine::from("  ").and(TextLine::notable(cut(&sentence, 2000))));
        }
    }
}

impl Printable for Review {
    fn print(&self, text: &mut Text) {
        let mut changes: Vec<&Change> = self.changes.iter().collect();
        changes.sort_by_key(|change| (change.fate, &change.logical_id));
        text.line(counts(&changes));
        let width = changes.iter().map(|change| change.resource_type.len()).max().unwrap_or(0);
        for change in changes {
            let Change { fate, resource_type, logical_id, .. } = change;
            let (sign, _) = sign(*fate);
            let line = format!("{sign} {resource_type:width$}  {logical_id}{}", note(change));
            text.line(TextLine::from("  ").and(TextLine::styled(style(*fate), line)));
            // An added or removed resource has no changed properties.
            if matches!(fate, Fate::Changed | Fate::MayBeReplaced | Fate::Replaced) {
                change.properties.iter().for_each(|property| text.line(property_line(property)));
            }
        }
        if !self.is_new {
            self.permissions(text);
        }
    }
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

const fn style(fate: Fate) -> Style {
    match fate {
        Fate::Added | Fate::Imported => Style::Good,
        Fate::Changed | Fate::MayBeReplaced => Style::Notable,
        Fate::Replaced | Fate::Removed => Style::Bad,
        Fate::Synced => Style::Plain,
    }
}

fn counts(changes: &[&Change]) -> String {
    let counted = changes.chunk_by(|a, b| sign(a.fate) == sign(b.fate));
    let counted = counted.map(|alike| format!("{} {}", alike.len(), sign(alike[0].fate).1));
    let counted: Vec<String> = counted.collect();
    if counted.is_empty() {
        return "only tags or settings of the stack itself change".to_owned();
    }
    format!("resources: {}", counted.join(", "))
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
            format!("  {}{words}", cut(id, 120))
        }
        (_, _) => words.to_owned(),
    }
}

fn property_line(property: &PropertyChange) -> String {
    let value = |value: &Option<String>| {
        value.as_ref().map_or("(not set)".to_owned(), |value| cut(value, VALUE_CHARACTERS_MAX))
    };
    match property {
        PropertyChange { path, before: None, after: None } => format!("      {path}"),
        PropertyChange { path, before, after } => {
            format!("      {path}: {} -> {}", value(before), value(after))
        }
    }
}

#[cfg(test)]
mod tests;
