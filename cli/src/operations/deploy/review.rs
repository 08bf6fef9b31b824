//! The changes of a stack, as a person reads them before approving.

use s3guard_aws::stacks::Change;
use s3guard_aws::stacks::change_set::{PropertyChange, ResourceAction};
use serde::Serialize;

use crate::args::deploy_options::Approve;
use crate::operations::deploy::broadening::{Grant, sentences};
use crate::operations::deploy::kept::Imported;
use crate::operations::deploy::lowered::Compared;
use crate::ui::lines::cut;
use crate::ui::text::{Printable, Style, Text, TextLine};

/// A longer value is cut: a policy or a dashboard would fill the screen.
const VALUE_CHARACTERS_MAX: usize = 100;

/// The changes, and the permissions that they broaden.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Review {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) changes: Vec<Change>,
    /// `None` if the stack's template cannot be read; of a new stack all permissions.
    #[serde(rename = "broadened", skip_serializing_if = "Option::is_none")]
    pub(crate) grants: Option<Vec<Grant>>,
    /// What is protected or reported less than before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) lowered: Vec<String>,
    /// The settings of the configuration in the package that differ from those of the stack.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) settings: Vec<String>,
    /// Buckets of an earlier installation that become the stack's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) imported: Vec<Imported>,
    /// Why CloudFormation shows the changes of some resources without values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) without_values: Option<String>,
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
                    || !self.lowered.is_empty()
                    || (!self.is_new && is_broadened)
            }
        }
    }

    /// Adds how the configuration in the package changes.
    pub(crate) fn compared(&mut self, compared: Compared) {
        self.settings = compared.settings;
        self.lowered.extend(compared.lowered);
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
        changes.sort_by_key(|change| (change.action, &change.logical_id));
        text.line(counts(&changes));
        let width = changes.iter().map(|change| change.resource_type.len()).max().unwrap_or(0);
        for change in changes {
            let Change { action, resource_type, logical_id, .. } = change;
            let (sign, _) = sign(*action);
            let line = format!("{sign} {resource_type:width$}  {logical_id}{}", note(change));
            text.line(TextLine::from("  ").and(TextLine::styled(style(*action), line)));
            // An added or removed resource has no changed properties.
            if matches!(
                action,
                ResourceAction::Changed | ResourceAction::MayBeReplaced | ResourceAction::Replaced
            ) {
                change.properties.iter().for_each(|property| text.line(property_line(property)));
            }
        }
        if let Some(why) = &self.without_values {
            text.line(TextLine::notable(format_args!(
                "CloudFormation shows some resources without values: {}",
                cut(why, 500)
            )));
        }
        if !self.settings.is_empty() {
            text.line("settings in the package that change:");
        }
        for setting in &self.settings {
            text.line(format_args!("  {setting}"));
        }
        if !self.is_new {
            self.permissions(text);
        }
        if !self.lowered.is_empty() {
            text.line(TextLine::bad("less is protected or reported:"));
        }
        for line in &self.lowered {
            text.line(TextLine::from("  ").and(TextLine::notable(cut(line, 2000))));
        }
        if !self.carried.is_empty() {
            text.line(TextLine::notable("settings in the package:"));
        }
        for setting in &self.carried {
            text.line(format_args!("  {setting}"));
        }
        for imported in &self.imported {
            existing(imported, text);
        }
    }
}

/// A bucket that the stack imports, and what is strange about it.
fn existing(imported: &Imported, text: &mut Text) {
    let Imported { bucket, created, prefixes, findings, .. } = imported;
    let created = created.as_deref().map_or_else(String::new, |at| format!(", created {at}"));
    let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    let keys = if prefixes.is_empty() { "empty".to_owned() } else { prefixes.join(", ") };
    text.line(format_args!("existing bucket `{bucket}` becomes the stack's{created}: {keys}"));
    for finding in findings {
        text.line(TextLine::from("  ").and(TextLine::bad(finding)));
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

const fn style(action: ResourceAction) -> Style {
    match action {
        ResourceAction::Added | ResourceAction::Imported => Style::Good,
        ResourceAction::Changed | ResourceAction::MayBeReplaced => Style::Notable,
        ResourceAction::Replaced | ResourceAction::Removed => Style::Bad,
        ResourceAction::Synced => Style::Plain,
    }
}

fn counts(changes: &[&Change]) -> String {
    let counted = changes.chunk_by(|a, b| sign(a.action) == sign(b.action));
    let counted = counted.map(|alike| format!("{} {}", alike.len(), sign(alike[0].action).1));
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
