//! The notifications without what a write has added, and with what it has replaced.

use super::merge::{Merged, Part, Source, merged};
use crate::model::setting::{Configuration, Notifications};

/// Reverts a write to the configuration that there is now. Returns the configuration, and the names of what was changed
/// since; `None` if one of them has another form than expected, or has elements whose meaning is not known.
pub(super) fn reverted(all: [&Notifications; 3]) -> Option<(Notifications, Vec<String>)> {
    if all.iter().any(|one| one.unknown().is_some()) {
        return None;
    }
    let [from, to, now] = all;
    let [old, new, current] = [from.configurations()?, to.configurations()?, now.configurations()?];
    let Merged { parts, conflicts } = merged(&meant(&old), &meant(&new), &meant(&current));
    let configuration = |source: &Source| match *source {
        Source::Now(place) => current[place].clone(),
        Source::From(place) => old[place].clone(),
    };
    let result: Vec<Configuration<'_>> = parts.iter().map(configuration).collect();
    if result == current {
        return Some((now.clone(), conflicts));
    }
    Some((now.with(&result)?, conflicts))
}

fn meant<'a>(all: &[Configuration<'a>]) -> Vec<Part<Configuration<'a>>> {
    let part = |one: &Configuration<'a>| Part {
        name: one.name().map(str::to_owned),
        meaning: one.clone(),
    };
    all.iter().map(part).collect()
}
