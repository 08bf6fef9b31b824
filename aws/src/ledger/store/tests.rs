use expect_test::expect;
use time::macros::datetime;

use super::*;
use crate::fake::{Fake, error};

fn ledger(fake: &Fake) -> Ledger {
    let bucket = "ledger".parse().unwrap();
    Ledger::new(&fake.connection(), bucket, "111122223333".parse().unwrap())
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
    let page = |inner: String| (200, format!("<ListBucketResult>{inner}</ListBucketResult>"));
    let next = "<NextContinuationToken>next</NextContinuationToken>";
    let fake = Fake::answering([page(object("objects/a") + next), page(object("objects/b"))]);
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
async fn what_is_not_there_is_nothing() {
    let fake = Fake::answering([
        (200, "{}".to_owned()),
        error(404, "NoSuchKey"),
        error(403, "AccessDenied"),
    ]);
    let get = async || ledger(&fake).get("objects/w/digest.json").await;
    assert_eq!(get().await, Ok(Some(b"{}".to_vec())));
    assert_eq!(get().await, Ok(None));
    assert!(get().await.unwrap_err().is_denied());
}
