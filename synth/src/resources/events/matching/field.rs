//! A pattern's fields against an event's leaves.

use std::collections::BTreeSet;

use super::{
    Mismatch,
    leaves::{Leaves, Places},
    wanted::Wanted,
    words,
};

/// Fields that all have to match, in the pattern's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Branch(Vec<Field>);

/// A field, and what it may be: one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    path: String,
    wanted: Vec<Wanted>,
}

impl Branch {
    /// Says what a field may be. What was said of it before is forgotten, as by Event Ruler.
    pub(super) fn set(&mut self, path: String, wanted: Vec<Wanted>) {
        match self.0.iter_mut().find(|field| field.path == path) {
            Some(field) => field.wanted = wanted,
            None => self.0.push(Field { path, wanted }),
        }
    }

    /// Why the leaves do not match, where they do not.
    pub(super) fn mismatch(&self, leaves: &Leaves<'_>) -> Option<Mismatch> {
        let stuck = self.stuck_at(leaves)?;
        // The pattern's order is the reader's: `source` before `detail`.
        Some(match self.0.iter().find(|field| field.fails_alone(leaves)) {
            Some(field) => field.mismatch(leaves),
            None if stuck.reached(leaves, &Places::default()).is_empty() => stuck.mismatch(leaves),
            None => Mismatch::Elsewhere { path: stuck.path.clone() },
        })
    }

    /// The field with which it becomes clear that not all match in the same elements of arrays.
    fn stuck_at(&self, leaves: &Leaves<'_>) -> Option<&Field> {
        let mut fields: Vec<&Field> = self.0.iter().collect();
        // Event Ruler goes by the alphabet, which shows where a field has to be absent from an element: it is the
        // element of the fields before.
        fields.sort_by(|one, other| one.path.cmp(&other.path));
        let mut reached = BTreeSet::from([Places::default()]);
        for (index, field) in fields.iter().enumerate() {
            // What no later field asks for is forgotten, or independent arrays would multiply.
            let asked_for = leaves.arrays(fields[index + 1..].iter().map(|field| &*field.path));
            reached = reached
                .iter()
                .flat_map(|before| field.reached(leaves, before))
                .map(|places| places.only(&asked_for))
                .collect();
            if reached.is_empty() {
                return Some(field);
            }
        }
        None
    }
}

impl Field {
    /// Where the field matches, together with where the fields before it did.
    fn reached(&self, leaves: &Leaves<'_>, before: &Places) -> Vec<Places> {
        let together: Vec<_> = leaves
            .at(&self.path)
            .iter()
            .filter_map(|leaf| Some((leaf.value, before.joined(&leaf.places)?)))
            .collect();
        if together.is_empty() && self.wants_absence() {
            return vec![before.clone()];
        }
        together
            .into_iter()
            .filter(|(value, _)| self.wanted.iter().any(|wanted| wanted.accepts(value)))
            .map(|(_, places)| places)
            .collect()
    }

    /// Whether the field does not match, whatever the others do.
    fn fails_alone(&self, leaves: &Leaves<'_>) -> bool {
        let here = leaves.at(&self.path);
        let may_be_absent = self.wants_absence() && here.iter().all(|leaf| !leaf.places.is_empty());
        !may_be_absent && self.reached(leaves, &Places::default()).is_empty()
    }

    fn wants_absence(&self) -> bool {
        self.wanted.contains(&Wanted::Exists(false))
    }

    fn mismatch(&self, leaves: &Leaves<'_>) -> Mismatch {
        let here = leaves.at(&self.path);
        let is = if !here.is_empty() && self.wanted == [Wanted::Exists(false)] {
            "present".to_owned()
        } else if !here.is_empty() {
            words::list(here.iter().map(|leaf| words::value(leaf.value)), "and")
        } else if leaves.has_below(&self.path) {
            "an object".to_owned()
        } else {
            "absent".to_owned()
        };
        let wanted = words::list(self.wanted.iter().map(ToString::to_string), "or");
        Mismatch::Field { path: self.path.clone(), is, wanted }
    }
}
