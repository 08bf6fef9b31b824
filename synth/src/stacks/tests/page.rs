//! The page `docs/watched.md`, made from the tables that the rule, the engine and the grades have. `cargo bless` writes it
//! anew.

use std::fmt::Write as _;

use expect_test::expect_file;
use s3guard_posture::model::grade::Wanted;
use s3guard_posture::model::watch;
use s3guard_posture::{Aspect, Grade};

const HEAD: &str = "\
# What is watched and what is kept

<!-- Made by a test from `posture::model::watch::TABLE` and `posture::Grade::wants`; `cargo bless` writes it anew. -->

";

const CALLS: &str = "\
## Calls

The rule \"bucket changed\" lets these calls through, whoever made them, unless they failed or came from a role of s3guard. The
event is only a hint: the guard reads the aspects that the call can have weakened, and what it reads decides.
Names are CloudTrail's, which are not always the API's.

| call | what it can do | aspects that are read again |
|---|---|---|
";

const GRADES: &str = "\
## Grades

`keep`: what is weaker than wanted is mended. `report`: it is told, and left. `off`: it is not even read. What is stronger than
wanted stays.

";

#[test]
fn the_page_about_what_is_watched_is_the_one_checked_in() {
    expect_file!["../../../../docs/watched.md"].assert_eq(&page());
}

fn page() -> String {
    let mut page = format!("{HEAD}{CALLS}");
    for watched in watch::TABLE {
        let aspects = listed(watched.aspects.iter());
        let (name, weakens) = (watched.event_name, watched.weakens);
        writeln!(page, "| `{name}` | {weakens} | {aspects} |").unwrap();
    }
    page.push('\n');
    page.push_str(GRADES);
    page.push_str("| aspect | grade | | what is wanted | why |\n|---|---|---|---|---|\n");
    for aspect in Aspect::ALL {
        let mut is_first = true;
        for (grades, Wanted { mode, what, why }) in alike(aspect) {
            let title =
                if is_first { format!("**{aspect}**: {}", aspect.words()) } else { String::new() };
            let grades =
                if grades.len() == Grade::ALL.len() { "all".into() } else { listed(grades.iter()) };
            writeln!(page, "| {title} | {grades} | {} | {what} | {why} |", mode.name()).unwrap();
            is_first = false;
        }
    }
    page
}

/// What is asked of an aspect, each with the grades that ask for it.
fn alike(aspect: Aspect) -> Vec<(Vec<Grade>, Wanted)> {
    let mut alike: Vec<(Vec<Grade>, Wanted)> = Vec::new();
    for grade in Grade::ALL {
        let wanted = grade.wants(aspect);
        match alike.last_mut() {
            Some((grades, same)) if *same == wanted => grades.push(grade),
            Some(_) | None => alike.push((vec![grade], wanted)),
        }
    }
    alike
}

fn listed<T: ToString>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
