//! The three-way merge of a setting that has parts: the statements of a policy, the configurations of notifications.

/// A part: its name, if it has one, and its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part<M> {
    pub(super) name: Option<String>,
    pub(super) meaning: M,
}

/// Where a part of the result comes from, by its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Now(usize),
    From(usize),
}

/// The result.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Merged {
    /// The parts. Where one was changed since, it is the older one.
    pub(super) parts: Vec<Source>,
    /// The names of the parts that were changed since.
    pub(super) conflicts: Vec<String>,
}

/// Takes what a write has changed out of the parts that there are `now`, and puts back what was there before.
///
/// A part that the write has added is removed, one that it has replaced or removed is put back. All other parts stay.
pub(super) fn merged<M: PartialEq>(from: &[Part<M>], to: &[Part<M>], now: &[Part<M>]) -> Merged {
    let mut merge =
        Merge { from, now, places: Vec::new(), appended: Vec::new(), conflicts: Vec::new() };
    merge.places.extend((0..now.len()).map(|place| Some(Source::Now(place))));
    let mut removed: Vec<usize> =
        (0..from.len()).filter(|&place| !has(to, &from[place].meaning)).collect();
    for added in to.iter().filter(|part| !has(from, &part.meaning)) {
        let replaced = removed.iter().position(|&place| is_named(&from[place], added));
        merge.take_out(added, replaced.map(|at| removed.remove(at)));
    }
    for place in removed {
        merge.put_back(place);
    }
    let parts = merge.places.into_iter().flatten().chain(merge.appended).collect();
    Merged { parts, conflicts: merge.conflicts }
}

struct Merge<'a, M> {
    from: &'a [Part<M>],
    now: &'a [Part<M>],
    /// The part in each place of `now`; `None` if it is removed.
    places: Vec<Option<Source>>,
    appended: Vec<Source>,
    conflicts: Vec<String>,
}

impl<M: PartialEq> Merge<'_, M> {
    /// Removes a part that the write has added, and puts that back which it has replaced.
    fn take_out(&mut self, added: &Part<M>, replaced: Option<usize>) {
        let before = replaced.map(Source::From);
        let same = |part: &Part<M>| part.meaning == added.meaning;
        let mut places = (0..self.now.len()).filter(|&place| same(&self.now[place]));
        if let Some(first) = places.next() {
            self.places[first] = before;
            places.for_each(|place| self.places[place] = None);
            return;
        }
        if replaced.is_some_and(|place| has(self.now, &self.from[place].meaning)) {
            return;
        }
        match (self.now.iter().position(|part| is_named(part, added)), before) {
            (Some(changed), _) => self.places[changed] = before,
            (None, Some(before)) => self.appended.push(before),
            (None, None) => return,
        }
        self.conflicts.extend(added.name.clone());
    }

    /// Puts a part back that the write has removed.
    fn put_back(&mut self, place: usize) {
        let part = &self.from[place];
        if has(self.now, &part.meaning) {
            return;
        }
        if let Some(changed) = self.now.iter().position(|now| is_named(now, part)) {
            self.places[changed] = Some(Source::From(place));
            self.conflicts.extend(part.name.clone());
        } else {
            self.appended.push(Source::From(place));
        }
    }
}

fn has<M: PartialEq>(parts: &[Part<M>], meaning: &M) -> bool {
    parts.iter().any(|part| part.meaning == *meaning)
}

/// Whether both have this name.
fn is_named<M>(one: &Part<M>, other: &Part<M>) -> bool {
    one.name.is_some() && one.name == other.name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(texts: &[&str]) -> Vec<Part<String>> {
        texts.iter().map(|text| part(text)).collect()
    }

    /// `a=1` is the meaning `1` with the name `a`; `1` has no name.
    fn part(text: &str) -> Part<String> {
        match text.split_once('=') {
            Some((name, _)) => Part { name: Some(name.to_owned()), meaning: text.to_owned() },
            None => Part { name: None, meaning: text.to_owned() },
        }
    }

    fn texts(from: &[Part<String>], now: &[Part<String>], merged: &Merged) -> Vec<String> {
        let text = |source: &Source| match *source {
            Source::Now(place) => now[place].meaning.clone(),
            Source::From(place) => from[place].meaning.clone(),
        };
        merged.parts.iter().map(text).collect()
    }

    #[track_caller]
    fn check(write: [&[&str]; 2], now: &[&str], expected: &[&str], conflicts: &[&str]) {
        let [from, to] = write.map(parts);
        let now = parts(now);
        let merged = merged(&from, &to, &now);
        assert_eq!(texts(&from, &now, &merged), expected);
        assert_eq!(merged.conflicts, conflicts);
    }

    #[test]
    fn what_was_added_is_removed_and_what_others_have_added_stays() {
        check([&["x"], &["x", "ours=1"]], &["x", "ours=1"], &["x"], &[]);
        check([&["x"], &["x", "ours=1"]], &["y", "ours=1", "x"], &["y", "x"], &[]);
        check([&["x"], &["x", "1"]], &["1", "y", "1"], &["y"], &[]);
        check([&[], &["ours=1"]], &[], &[], &[]);
    }

    #[test]
    fn what_was_replaced_or_removed_comes_back_to_its_place() {
        check([&["a=1", "x"], &["a=2", "x"]], &["a=2", "x", "y"], &["a=1", "x", "y"], &[]);
        check([&["a=1", "x"], &["a=2", "x"]], &["a=1", "x"], &["a=1", "x"], &[]);
        check([&["x", "1"], &["x"]], &["x", "y"], &["x", "y", "1"], &[]);
        check([&["x", "1"], &["x"]], &["1", "y"], &["1", "y"], &[]);
    }

    #[test]
    fn what_was_changed_since_is_a_conflict_in_which_the_older_one_wins() {
        check([&["x"], &["x", "a=1"]], &["x", "a=3"], &["x"], &["a"]);
        check([&["a=1"], &["a=2"]], &["a=3", "y"], &["a=1", "y"], &["a"]);
        check([&["a=1"], &["a=2"]], &["y"], &["y", "a=1"], &["a"]);
        check([&["a=1"], &[]], &["a=3"], &["a=1"], &["a"]);
    }

    /// Parts with different names and meanings, some without a name.
    fn set(names: &'static str) -> impl Strategy<Value = Vec<Part<String>>> {
        let texts = names.chars().map(|name| {
            prop_oneof![
                Just(None),
                (0..3).prop_map(move |at| Some(format!("{name}={at}"))),
                Just(Some(name.to_string()))
            ]
        });
        texts
            .collect::<Vec<_>>()
            .prop_map(|texts| texts.into_iter().flatten().map(|text| part(&text)).collect())
    }

    fn sorted(mut texts: Vec<String>) -> Vec<String> {
        texts.sort();
        texts
    }

    fn meanings(parts: &[Part<String>]) -> Vec<String> {
        sorted(parts.iter().map(|part| part.meaning.clone()).collect())
    }

    proptest! {
        #[test]
        fn without_other_changes_the_result_is_what_was_before(from in set("abcd"), to in set("abcd")) {
            let merged = merged(&from, &to, &to);
            prop_assert_eq!(sorted(texts(&from, &to, &merged)), meanings(&from));
            prop_assert!(merged.conflicts.is_empty());
        }

        #[test]
        fn what_others_have_added_stays_beside_it(
            from in set("abcd"), to in set("abcd"), others in set("uvw"), at in 0_usize..5,
        ) {
            let mut now = to.clone();
            let at = at.min(now.len());
            now.splice(at..at, others.clone());
            let merged = merged(&from, &to, &now);
            let expected = sorted([meanings(&from), meanings(&others)].concat());
            prop_assert_eq!(sorted(texts(&from, &now, &merged)), expected);
            prop_assert!(merged.conflicts.is_empty());
        }

        #[test]
        fn only_what_the_write_has_added_or_what_bears_its_name_is_removed(
            from in set("abcd"), to in set("abcd"), now in set("abcduv"),
        ) {
            let merged = merged(&from, &to, &now);
            for (place, part) in now.iter().enumerate() {
                let is_kept = merged.parts.contains(&Source::Now(place));
                let is_added = has(&to, &part.meaning) && !has(&from, &part.meaning);
                let is_conflict = part.name.as_ref().is_some_and(|name| merged.conflicts.contains(name));
                prop_assert!(is_kept || is_added || is_conflict, "{:?} of {:?}", part, now);
            }
        }

        #[test]
        fn a_second_time_changes_nothing(
            from in set("abcd"), to in set("abcd"), now in set("abcduv"),
        ) {
            let first = merged(&from, &to, &now);
            let result = texts(&from, &now, &first);
            let then: Vec<_> = result.iter().map(|text| part(text)).collect();
            let second = merged(&from, &to, &then);
            prop_assert_eq!(texts(&from, &then, &second), result);
            prop_assert!(second.conflicts.is_empty(), "{:?}", second);
        }
    }
}
