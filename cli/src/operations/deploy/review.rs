//! The changes of a stack, as a person reads them before approving.

use std::fmt::Write as _;

use s3guard_aws::stacks::Change;
use s3guard_aws::stacks::change_set::{PropertyChange, ResourceAction};
use s3guard_posture::text::shown;
use serde::Serialize;

use crate::args::deploy_options::Approve;
use crate::operations::deploy::broadening::{Grant, sentences};
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

    pub(crate) fn render(&self, paint: Paint) -> String {
        let mut changes: Vec<&Change> = self.changes.iter().collect();
        changes.sort_by_key(|change| (change.action, &change.logical_id));
        let mut text = counts(&changes);
        let width = changes.iter().map(|change| change.resource_type.len()).max().unwrap_or(0);
        for change in changes {
            let Change { action, resource_type, logical_id, .. } = change;
            let (sign, _) = sign(*action);
            let line = format!("{sign} {resource_type:width$}  {logical_id}{}", note(change));
            let _ = writeln!(text, "  {}", painted(*action, paint, &line));
            // An added or removed resource has no changed properties.
            if matches!(
                action,
                ResourceAction::Changed | ResourceAction::MayBeReplaced | ResourceAction::Replaced
            ) {
                change.properties.iter().for_each(|property| text += &property_line(property));
            }
        }
        if !self.is_new {
            text += &self.permissions(paint);
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

/// The sign of a change and its name.
const fn sign(action: ResourceAction) -> (char, &'static str) {
    match action {
        ResourceAction::Added => ('+', "added"),
        ResourceAction::Imported => ('>', "imported"),
        ResourceAction::Changed | ResourceAction::MayBeReplaced => ('~', "changed"),
        ResourceAction::Replaced => ('!', "replaced"),
        ResourceAction::Removed => ('-', "removed"),
        ResourceAction::Synced => ('=', "synced"),
    }
}

fn painted(action: ResourceAction, paint: Paint, text: &str) -> String {
    match action {
        ResourceAction::Added | ResourceAction::Imported => paint.good(text),
        ResourceAction::Changed | ResourceAction::MayBeReplaced => paint.notable(text),
        ResourceAction::Replaced | ResourceAction::Removed => paint.bad(text),
        ResourceAction::Synced => text.to_owned(),
    }
}

fn counts(changes: &[&Change]) -> String {
    let counted = changes.chunk_by(|a, b| sign(a.action) == sign(b.action));
    let counted = counted.map(|alike| format!("{} {}", alike.len(), sign(alike[0].action).1));
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
    let words = match (change.action, change.policy.as_deref()) {
        (ResourceAction::Replaced, Some("ReplaceAndRetain")) => {
            "  (new resource; the old one is retained)"
        }
        (ResourceAction::Replaced, Some("ReplaceAndSnapshot")) => {
            "  (new resource; a snapshot of the old one is kept)"
        }
        (ResourceAction::Replaced, _) => "  (new resource; the old one is deleted)",
        (ResourceAction::MayBeReplaced, _) => "  (may be replaced)",
        (ResourceAction::Removed, Some("Retain")) => "  (retained in the account)",
        (ResourceAction::Synced, _) => "  (unchanged; CloudFormation updates its record)",
        (
            ResourceAction::Added
            | ResourceAction::Imported
            | ResourceAction::Changed
            | ResourceAction::Removed,
            _,
        ) => "",
    };
    match (change.action, &change.physical_id) {
        (
            ResourceAction::Imported | ResourceAction::Replaced | ResourceAction::Removed,
            Some(id),
        ) => {
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
