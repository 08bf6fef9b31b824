//! The calls to AWS, and how its documented answers are read.

use s3guard_posture::model::setting::{Algorithm, Encryption, Key, PublicAccessBlock, SseC};
use s3guard_posture::{Grade, Reading};

use super::*;
use crate::fake::{Fake, KEY, error};

mod around;
mod list;
mod notifications;
mod reading;
mod readings;
mod refused;
mod writing;

const OWNER: &str = "111122223333";

fn buckets(fake: &Fake, ledger: Option<&str>) -> Buckets {
    let owner: AccountId = OWNER.parse().unwrap();
    let ledger = ledger.map(|name| {
        let ledger = Ledger::new(&fake.connection(), name.parse().unwrap(), owner.clone());
        ledger.encrypted_by(KEY.parse().unwrap())
    });
    Buckets::new(&fake.connection(), owner, ledger)
}

fn reports() -> BucketId {
    BucketId {
        name: "reports".parse().unwrap(),
        account: OWNER.parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    }
}

/// Most questions do not depend on the baseline.
fn baseline() -> Baseline {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd".parse().unwrap();
    Baseline::new(Grade::Hybrid, Some(key))
}

/// A bucket of a stack, of which only its stack and its key are known.
fn unread() -> Observed {
    let stack = "arn:aws:cloudformation:eu-west-1:111122223333:stack/web/0f1e";
    let tags = [("aws:cloudformation:stack-id".to_owned(), stack.to_owned())];
    let algorithm = Algorithm::Kms(Key::Named("alias/ours".to_owned()));
    let encryption = Encryption { algorithm, bucket_key: true, sse_c: SseC::Blocked };
    Observed {
        tags: Reading::Known(tags.into()),
        encryption: Reading::Known(encryption),
        ..Observed::unread(reports())
    }
}

async fn seen(fake: &Fake, question: Question) -> Result<Option<Observed>, AwsError> {
    buckets(fake, Some("ledger")).observe(&[question], unread(), &baseline()).await
}

/// Asks one question with this answer; only what `expect` changes may differ.
async fn check(question: Question, answer: (u16, &str), expect: impl FnOnce(&mut Observed)) {
    let fake = Fake::answering([answer]);
    let mut expected = unread();
    expect(&mut expected);
    assert_eq!(seen(&fake, question).await.unwrap().unwrap(), expected, "{}", answer.1);
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_pause_is_three_times_as_long() {
    let buckets = buckets(&Fake::answering([(200, "")]), None);
    for (attempt, milliseconds) in [(1, 300), (2, 900), (3, 2700)] {
        let before = tokio::time::Instant::now();
        buckets.pause(attempt).await;
        assert_eq!(before.elapsed().as_millis(), milliseconds);
    }
}
