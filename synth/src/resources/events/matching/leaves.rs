//! An event as its leaves: scalars, by the path of names to them. Arrays are not in the path, but remembered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

/// The leaves of an event.
pub(super) struct Leaves<'e>(BTreeMap<String, Vec<Leaf<'e>>>);

/// A scalar of an event.
pub(super) struct Leaf<'e> {
    pub(super) value: &'e Json,
    pub(super) places: Places,
}

/// In which element something is, of each array around it. Arrays are numbered as they come.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Places(BTreeMap<usize, usize>);

impl<'e> Leaves<'e> {
    /// Reads an event.
    pub(super) fn of(event: &'e Json) -> Self {
        let mut reader = Reader::default();
        reader.read(event, &Places::default());
        Self(reader.leaves)
    }

    /// The leaves of this path: several where there are arrays on the way, none where there is no leaf.
    pub(super) fn at(&self, path: &str) -> &[Leaf<'e>] {
        self.0.get(path).map_or(&[], Vec::as_slice)
    }

    /// Whether there are leaves below the path.
    pub(super) fn has_below(&self, path: &str) -> bool {
        let below = format!("{path}.");
        self.0.range(below.clone()..).next().is_some_and(|(path, _)| path.starts_with(&below))
    }

    /// The arrays around the leaves of these paths.
    pub(super) fn arrays<'p>(&self, paths: impl Iterator<Item = &'p str>) -> BTreeSet<usize> {
        paths
            .flat_map(|path| self.at(path))
            .flat_map(|leaf| leaf.places.0.keys().copied())
            .collect()
    }
}

impl Places {
    /// Whether there is no array around.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Both, where they are not in different elements of one array.
    pub(super) fn joined(&self, other: &Self) -> Option<Self> {
        let mut joined = self.clone();
        for (array, element) in &other.0 {
            if joined.0.insert(*array, *element).is_some_and(|known| known != *element) {
                return None;
            }
        }
        Some(joined)
    }

    /// Without what is known of other arrays.
    pub(super) fn only(mut self, arrays: &BTreeSet<usize>) -> Self {
        self.0.retain(|array, _| arrays.contains(array));
        self
    }

    fn within(&self, array: usize, element: usize) -> Self {
        let mut within = self.clone();
        within.0.insert(array, element);
        within
    }
}

#[derive(Default)]
struct Reader<'e> {
    leaves: BTreeMap<String, Vec<Leaf<'e>>>,
    path: Vec<&'e str>,
    arrays: usize,
}

impl<'e> Reader<'e> {
    fn read(&mut self, value: &'e Json, places: &Places) {
        match value {
            Json::Object(fields) => {
                for (name, value) in fields {
                    self.path.push(name);
                    self.read(value, places);
                    self.path.pop();
                }
            }
            Json::Array(elements) => {
                let array = self.arrays;
                self.arrays += 1;
                for (index, element) in elements.iter().enumerate() {
                    // A scalar is its array's, not an element's: it goes with each object beside it.
                    if element.is_object() || element.is_array() {
                        self.read(element, &places.within(array, index));
                    } else {
                        self.read(element, places);
                    }
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
                let leaf = Leaf { value, places: places.clone() };
                self.leaves.entry(self.path.join(".")).or_default().push(leaf);
            }
        }
    }
}
