use std::sync::atomic::{AtomicUsize, Ordering};

use expect_test::expect;
use time::macros::datetime;

use super::*;
use crate::fake::{self, Fake, error, page};

fn ledger(fake: &Fake) -> Ledger {
    let bucket = "ledger".parse().unwrap();
    let ledger = Ledger::new(&fake.connection(), bucket, "111122223333".parse().unwrap());
    ledger.encrypted_by(fake::KEY.parse().unwrap())
}

#[tokio::test]
async fn an_existing_object_is_not_overwritten() {
    let answers = [(200, String::new()), error(412, "PreconditionFailed")];
    let fake = Fake::answering(answers);
    let put = async || ledger(&fake).put_new("objects/w/closed.json", b"{}".to_vec()).await;
    assert_eq!((put().await, put().await), (Ok(true), Ok(false)));
    assert_eq!(fake.asked()[0].header("if-none-match"), Some("*"));
}

#[tokio::test]
async fn a_list_has_all_its_pages_and_when_each_was_written() {
    let object = |key: &str| {
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-11-25T12:00:01.000Z</LastModified></Contents>"
        )
    };
    let list = |inner: String| (200, format!("<ListBucketResult>{inner}</ListBucketResult>"));
    let next = "<NextContinuationToken>next</NextContinuationToken>";
    let fake = Fake::answering([list(object("objects/a") + next), list(object("objects/b"))]);
    let listed = ledger(&fake).list("objects/", "objects/0").await.unwrap();
    let written = datetime!(2026-11-25 12:00:01 UTC);
    let expected = ["objects/a", "objects/b"].map(|key| Listed { key: key.to_owned(), written });
    assert_eq!(listed, expected);
    let lines: Vec<_> = fake.asked().into_iter().map(|asked| asked.line).collect();
    expect![[r#"
        GET https://ledger.s3.eu-west-1.amazonaws.com/?list-type=2&prefix=objects%2F&start-after=objects%2F0
        GET https://ledger.s3.eu-west-1.amazonaws.com/?list-type=2&prefix=objects%2F&continuation-token=next&start-after=objects%2F0"#]].assert_eq(&lines.join("\n"));
}

#[tokio::test]
async fn a_list_without_an_end_is_an_error() {
    let number = AtomicUsize::new(0);
    let fake = Fake::new(move |_| {
        let next = number.fetch_add(1, Ordering::Relaxed).to_string();
        page(&["windows/a"], Some(&next))
    });
    let error = ledger(&fake).list("windows/", "").await.unwrap_err();
    assert!(error.to_string().ends_with("there are more than 300 pages of `windows/`"), "{error}");
    assert_eq!(fake.asked().len(), PAGES_MAX + 1);
}

#[tokio::test]
async fn an_object_counts_by_its_encryption_and_its_length() {
    let fake = Fake::answering([
        (200, "{}".to_owned()),
        (200, "{}".to_owned()),
        error(404, "NoSuchKey"),
        error(403, "AccessDenied"),
        error(403, "AccessDenied"),
    ]);
    let get = async |max_bytes| ledger(&fake).get("windows/w/digest.json", max_bytes).await;
    assert_eq!(get(2).await, Ok(Fetched::Content(b"{}".to_vec())));
    assert!(matches!(get(1).await, Ok(Fetched::Foreign(_))));
    assert_eq!(get(2).await, Ok(Fetched::Absent));
    assert!(get(2).await.unwrap_err().is_denied());
    let without = Ledger { keys: Vec::new(), ..ledger(&fake) };
    assert!(matches!(without.get("windows/w/digest.json", 2).await, Ok(Fetched::Foreign(_))));
}
