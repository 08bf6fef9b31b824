//! More objects in the ledger than the guard can read.

use std::thread;

use super::{Locked, attacked, denied};
use crate::chain::guarded::is_private;

const OBJECTS: usize = 3_000;
const AT_ONCE: usize = 4;

#[test]
fn thousands_of_keys_do_not_stop_the_guard() {
    let attacked = &*attacked();
    let (guarded, loader) = (&attacked.guarded, &attacked.loader);
    let bucket = attacked.new_bucket("flooded");
    let prefixes = ["records", "suppressions"].map(|kind| format!("{kind}/{bucket}/policy"));
    let plain = loader.with_header("x-amz-server-side-encryption", "AES256");
    let ledger = attacked.ledger();
    let put = |number: usize| {
        let prefix = &prefixes[number % prefixes.len()];
        plain.put_object(ledger, &format!("{prefix}/{number:05}.json"), b"{}")
    };
    denied(put(0));
    let locks = ["OnlyOperatorsPut", "OnlyTheGuardPuts", "OnlyWithKms"];
    attacked.without(Locked::Bucket(ledger), &locks, || {
        thread::scope(|scope| {
            for first in 0..AT_ONCE {
                let put = &put;
                scope.spawn(move || {
                    for number in (first..OBJECTS).step_by(AT_ONCE) {
                        put(number).unwrap();
                    }
                });
            }
        });
    });
    guarded.forget();
    attacked.developer.delete_public_access_block(&bucket).unwrap();
    guarded.wait("a mail", || guarded.mails().len() == 1);
    guarded.rest();
    assert!(is_private(&attacked.developer, &bucket));
    let mail = &guarded.mails()[0];
    assert_eq!(mail.subject, format!("s3guard reverted a weakening of {bucket}"));
    assert!(mail.text.contains("by IAM user developer"), "{}", mail.text);
    assert!(guarded.account.runs().unwrap().iter().all(|run| !run.failed));
}
