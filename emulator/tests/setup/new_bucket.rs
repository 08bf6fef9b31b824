//! A new bucket.

use s3guard_emulator::{Account, Client};

/// A bucket of an account of its own.
pub(crate) fn bucket() -> (Account, Client, String) {
    let account = crate::new::account();
    let client = account.client();
    let bucket = format!("bucket-{}", account.number());
    client.create_bucket(&bucket).expect("a bucket");
    (account, client, bucket)
}
