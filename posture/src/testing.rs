//! Test doubles, for the tests and benchmarks of this workspace: the feature `testing`.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard};

use time::OffsetDateTime;

use crate::digest::window::{Fetched, Listed, Store};

/// The width of prose in a document.
pub const PROSE_COLUMNS_MAX: usize = 100;

/// A page of Markdown whose paragraphs and items are broken into lines of at most [`PROSE_COLUMNS_MAX`] columns. Headings,
/// tables, HTML and blocks of code are left as they are.
pub fn prose(page: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let (mut is_code, mut is_open) = (false, false);
    for line in page.lines() {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        let is_item = line.starts_with("- ");
        let is_prose = !is_code && !is_fence && !line.is_empty();
        let is_prose = is_prose && !line.starts_with(['|', '#', '<']) && !line.starts_with("    ");
        if !is_prose {
            lines.push(line.to_owned());
        } else if is_open && !is_item {
            append(&mut lines, line);
        } else {
            lines.push(if is_item { "-".to_owned() } else { String::new() });
            append(&mut lines, line.strip_prefix("- ").unwrap_or(line));
        }
        is_open = is_prose;
    }
    lines.join("\n") + "\n"
}

/// Appends words to the last line, and to further ones when it is full.
fn append(lines: &mut Vec<String>, words: &str) {
    for word in words.split_whitespace() {
        let last = lines.last_mut().expect("there is a line");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= PROSE_COLUMNS_MAX {
            last.extend([" ", word]);
        } else {
            let is_of_item = last.starts_with("- ") || last.starts_with("  ");
            lines.push(format!("{}{word}", if is_of_item { "  " } else { "" }));
        }
    }
}

/// A store in memory.
#[derive(Debug)]
pub struct MemoryStore(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    objects: BTreeMap<String, (Vec<u8>, OffsetDateTime)>,
    /// The keys of objects that another principal has written.
    foreign: BTreeSet<String>,
    now: OffsetDateTime,
}

impl MemoryStore {
    /// An empty store whose clock shows this time.
    pub fn new(now: OffsetDateTime) -> Self {
        Self(Mutex::new(Inner { objects: BTreeMap::new(), foreign: BTreeSet::new(), now }))
    }

    /// Sets the store's clock.
    pub fn set_time(&self, now: OffsetDateTime) {
        self.lock().now = now;
    }

    /// Puts an object as another principal.
    pub fn plant(&self, key: &str, body: &[u8]) {
        let mut inner = self.lock();
        let now = inner.now;
        inner.objects.insert(key.to_owned(), (body.to_vec(), now));
        inner.foreign.insert(key.to_owned());
    }

    /// All keys.
    pub fn keys(&self) -> Vec<String> {
        self.lock().objects.keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("no test dies with it")
    }
}

impl Store for MemoryStore {
    type Error = Infallible;

    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), Infallible> {
        let mut inner = self.lock();
        let now = inner.now;
        inner.objects.insert(key.to_owned(), (body, now));
        inner.foreign.remove(key);
        Ok(())
    }

    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<bool, Infallible> {
        let is_new = !self.lock().objects.contains_key(key);
        if is_new {
            self.put(key, body).await?;
        }
        Ok(is_new)
    }

    async fn get(&self, key: &str, max_bytes: u64) -> Result<Fetched, Infallible> {
        let inner = self.lock();
        Ok(match inner.objects.get(key) {
            Some(_) if inner.foreign.contains(key) => Fetched::Foreign("it is foreign".to_owned()),
            Some((body, _)) if body.len() as u64 > max_bytes => {
                Fetched::Foreign("it is too long".to_owned())
            }
            Some((body, _)) => Fetched::Content(body.clone()),
            None => Fetched::Absent,
        })
    }

    async fn list(&self, prefix: &str, after: &str) -> Result<Vec<Listed>, Infallible> {
        let inner = self.lock();
        let objects = inner.objects.iter();
        Ok(objects
            .filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after)
            .map(|(key, (_, written))| Listed { key: key.clone(), written: *written })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_items_are_broken_and_nothing_else() {
        let (half, long) = ("word ".repeat(12), "word ".repeat(30));
        let (half, long) = (half.trim_end(), long.trim_end());
        let row = format!("| {long} |");
        let page = format!(
            "# {long}\n\n{half}\n{half}\n\n- {long}\n- one\n  more\n\n{row}\n```\n{long}\n```\n"
        );
        let broken = prose(&page);
        let line = |indent: &str, count| format!("{indent}{}", "word ".repeat(count).trim_end());
        let expected = [
            format!("# {long}"),
            String::new(),
            line("", 20),
            line("", 4),
            String::new(),
            line("- ", 19),
            line("  ", 11),
            "- one more".to_owned(),
            String::new(),
            row,
            "```".to_owned(),
            long.to_owned(),
            "```\n".to_owned(),
        ];
        assert_eq!(broken, expected.join("\n"));
        assert_eq!(prose(&broken), broken);
    }
}
