//! What is read of a bucket, and what it means if that is refused.

use super::*;

/// The rounds of questions until all is known, as a bucket with these settings answers.
fn rounds(answers: &Observed, depth: Depth) -> Vec<Vec<Question>> {
    let mut facts = BucketFacts::unread(id(), &account(PublicAccessBlock::default()));
    let mut rounds = Vec::new();
    loop {
        facts.settle();
        let wanted = Baseline::new(Grade::Speed, None);
        let ask = facts.questions(&baseline(wanted, &facts.observed, depth));
        if ask.is_empty() {
            return rounds;
        }
        assert!(ask.iter().all(|one| ASKED.contains(one)), "{ask:?}");
        for question in &ask {
            facts.observed.answer(*question, answers);
            if facts.observed.reading(*question).is_unread() {
                facts.observed.deny(*question);
            }
        }
        rounds.push(ask);
    }
}

fn counts(answers: &Observed, depth: Depth) -> Vec<usize> {
    rounds(answers, depth).iter().map(Vec::len).collect()
}

#[test]
fn a_modern_private_bucket_costs_six_calls_in_one_round() {
    let mut modern = sample().observed;
    modern.versioning = Reading::Absent;
    assert_eq!(counts(&modern, Depth::Core), [6]);
    modern.policy = Reading::Absent;
    assert_eq!(counts(&modern, Depth::Core), [6]);
}

#[test]
fn the_second_round_is_as_the_first_says() {
    let versioned = sample().observed;
    assert_eq!(counts(&versioned, Depth::Core), [6, 3]);
    let mut legacy = sample().observed;
    legacy.versioning = Reading::Absent;
    legacy.ownership = Reading::Absent;
    legacy.acl = Reading::Known(Acl::default());
    assert_eq!(counts(&legacy, Depth::Core), [6, 1]);
    let mut website = legacy.clone();
    website.public_access_block = Reading::Absent;
    website.policy = policy(&allow(&json!("*"), "s3:GetObject"));
    website.policy_is_public = Reading::Known(true);
    website.website = Reading::Known(());
    assert_eq!(counts(&website, Depth::Core), [6, 2, 1]);
}

#[test]
fn at_most_twelve_calls_are_made_of_any_bucket() {
    let mut worst = sample().observed;
    worst.ownership = Reading::Absent;
    worst.acl = Reading::Known(Acl { is_public: true, ..Acl::default() });
    worst.public_access_block = Reading::Absent;
    worst.policy = policy(&allow(&json!("*"), "s3:GetObject"));
    worst.policy_is_public = Reading::Known(true);
    worst.website = Reading::Known(());
    worst.notifications = Reading::Denied;
    let core: usize = counts(&worst, Depth::Core).iter().sum();
    assert_eq!(core, 12, "{:?}", rounds(&worst, Depth::Core));
}

#[test]
fn a_bucket_that_denies_everything_is_one_finding_with_all_actions() {
    let mut facts = BucketFacts::unread(id(), &account(PublicAccessBlock::default()));
    let wanted = Baseline::new(Grade::Speed, None);
    for question in facts.questions(&baseline(wanted, &facts.observed, Depth::Core)) {
        facts.observed.deny(question);
    }
    let findings = judged(&facts, Vec::new());
    assert_eq!(words(&findings), ["unreadable critical unknown"]);
    let actions: Vec<&str> = findings[0].missing.iter().map(|one| one.action).collect();
    assert_eq!(
        actions,
        [
            "s3:GetBucketLogging",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPolicy",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
        ]
    );
}

#[test]
fn each_question_that_is_refused_names_its_action() {
    for question in ASKED {
        let mut facts = sample();
        facts.observed.deny(question);
        let findings = judged(&facts, Vec::new());
        let unreadable = findings.iter().find(|one| one.rule == Rule::Unreadable);
        // Where ACLs are disabled, the ACL hides nothing.
        if question == Question::Acl {
            assert_eq!(unreadable, None);
            continue;
        }
        let missing = &unreadable.unwrap().missing;
        assert_eq!(missing[0].action, question.permission().0, "{question:?}");
    }
}

#[test]
fn why_an_answer_did_not_come_is_a_reason() {
    let mut facts = sample();
    facts.observed.deny(Question::Policy);
    facts.failed.insert(Question::Policy, "no answer came in time".to_owned());
    let findings = judged(&facts, Vec::new());
    assert_eq!(findings[0].reasons, ["s3:GetBucketPolicy: no answer came in time"]);
}
