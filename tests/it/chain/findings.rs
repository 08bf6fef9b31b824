//! What the guard has found, in the ledger and as its owner learns of it.

use std::collections::{BTreeMap, BTreeSet};

use s3guard_emulator::Mail;
use serde_json::Value;

use super::guarded::Guarded;

/// The aspects of the open findings of a bucket, with their reasons.
pub(super) type Findings = BTreeMap<String, String>;

/// The open findings of each bucket, from the ledger.
pub(super) fn open(guarded: &Guarded) -> BTreeMap<String, Findings> {
    let unchecked = guarded.account.unchecked();
    let ledger = guarded.output("LedgerBucketName");
    let keys = unchecked.list_under(ledger, "state/").unwrap().into_iter();
    let states = keys.map(|key| {
        serde_json::from_str::<Value>(&unchecked.get_object(ledger, &key).unwrap()).unwrap()
    });
    states
        .map(|state| {
            let findings = state["findings"].as_array().unwrap().iter();
            let named = findings.map(|finding| {
                let text = |name: &str| finding[name].as_str().unwrap().to_owned();
                (text("aspect"), text("reason"))
            });
            (state["bucket"].as_str().unwrap().to_owned(), named.collect())
        })
        .collect()
}

/// The names in the emails, and in the lists in the ledger to which they point.
pub(super) fn named(guarded: &Guarded, mails: &[Mail]) -> String {
    let unchecked = guarded.account.unchecked();
    let ledger = guarded.output("LedgerBucketName");
    let words: BTreeSet<&str> =
        mails.iter().flat_map(|mail| mail.text.split_whitespace()).collect();
    let lists = words.iter().filter_map(|word| {
        let key = &word[word.find("digests/")?..];
        let key = key.trim_end_matches(|last: char| !last.is_ascii_alphanumeric());
        Some(unchecked.get_object(ledger, key).unwrap())
    });
    let texts = mails.iter().map(|mail| mail.text.clone());
    texts.chain(lists).collect::<Vec<_>>().join("\n")
}
