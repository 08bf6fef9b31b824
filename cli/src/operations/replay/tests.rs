//! Helpers of the tests of replays.

mod applied;
mod cases;
mod examples;
mod forms;
mod fuzz;
mod order;
mod outsiders;

use s3guard_posture::{AccountId, Grade};
use time::macros::datetime;

use s3guard_posture::Config;

use crate::operations::replay::{Replayed, Scene, parse, run};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

/// A guard in every Region of an account, whose buckets are held to a grade.
fn scene(grade: Grade) -> Scene {
    let key = grade.needs_key().then(|| KEY.parse().unwrap());
    Scene {
        account: account(),
        region: None,
        now: datetime!(2026-11-24 12:00:00 UTC),
        config: Config::default(),
        grade: Some(grade),
        key,
    }
}

fn replayed(text: &str, grade: Grade) -> Vec<Replayed> {
    run(&parse(text.as_bytes()).unwrap(), &scene(grade))
}
