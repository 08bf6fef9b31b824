use super::words::{ENVIRONMENTS, TELLING, WORDS};
use super::*;

fn known() -> Known {
    let keywords = ["acme", "acmecorp"].map(str::to_owned).to_vec();
    Known { keywords, account: Some("111122223333".to_owned()) }
}

fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.3
}

#[test]
fn names_cost_what_their_parts_cost() {
    use Claim::{Dns, Expected, Open, Reserved};
    for (name, log10, score, claim) in [
        ("acme", 0.0, 0, Open),
        ("acme-backup", 3.4, 0, Open),
        ("www.acme.com", 1.0, 0, Dns),
        ("files.acme.com", 2.5, 0, Dns),
        ("cdk-hnb659fds-assets-111122223333-eu-west-1", 2.6, 0, Expected),
        ("sagemaker-eu-west-1-111122223333", 2.6, 0, Expected),
        ("acme-prod-data", 5.1, 1, Open),
        ("backup-acme-2024", 5.1, 1, Open),
        ("acme-data-111122223333-eu-west-1-an", 5.4, 1, Reserved),
        ("acme-logs-111122223333-eu-west-1", 6.5, 2, Expected),
        ("acmecorp-customer-exports", 6.7, 2, Open),
        ("acme-terraform-state-prod", 8.3, 2, Open),
        ("acme-payroll-8f3a9c", 11.1, 3, Open),
        ("terraform-20250101120000000000000001", 15.4, 4, Open),
        ("prod-app-uploadsbucket-9xkd02mfq1ab", 29.6, 4, Open),
        ("acme-reports-a1b2c3d4-5678-90ab-cdef-0123456789ab", 36.6, 4, Open),
        ("kqzvxw7h2m9t4pfr8c3d", 31.1, 4, Open),
        // Glued words, digits, and what only looks like something else.
        ("acmebackup", 2.9, 0, Open),
        ("acmebackup2024", 4.2, 1, Open),
        ("acme-backup01", 5.5, 1, Open),
        ("acme.backup_old", 6.7, 2, Open),
        ("acme-333322221111", 12.8, 4, Open),
        ("www.example.com", 8.8, 2, Open),
        ("Acme-Backup", 3.4, 0, Open),
        ("-", 0.0, 0, Open),
    ] {
        let rating = rate(name, &known());
        assert!(is_near(rating.log10_guesses, log10), "{name}: {rating:#?}");
        assert_eq!((rating.score, rating.claim), (score, claim), "{name}: {rating:#?}");
        let sum: f64 = rating.parts.iter().map(|part| part.cost).sum();
        assert!(is_near(sum, rating.log10_guesses), "{name}");
    }
}

#[test]
fn a_name_that_public_generators_make_is_found_within_days() {
    let mut words: Vec<&str> = [&TELLING[..], &WORDS[..], &ENVIRONMENTS[..]].concat();
    words.sort_unstable();
    let short = |name: &str| rate(name, &known()).score;
    for word in words {
        for name in [
            format!("acme{word}"),
            format!("acme.{word}"),
            format!("acme-{word}"),
            format!("{word}acme"),
            format!("{word}.acme"),
            format!("{word}-acme"),
        ] {
            assert_eq!(short(&name), 0, "{name}");
        }
        for stage in ENVIRONMENTS {
            for name in [
                format!("acme-{word}-{stage}"),
                format!("acme-{word}.{stage}"),
                format!("acme-{word}{stage}"),
                format!("acme.{word}-{stage}"),
                format!("acme.{word}.{stage}"),
            ] {
                assert!(short(&name) <= 1, "{name}");
            }
        }
    }
}

#[test]
fn what_is_not_in_a_list_but_pronounceable_takes_days_at_most() {
    for word in ["gizmo", "wombat", "foobar", "kitchen", "zeppelin"] {
        for name in [format!("acme-{word}"), format!("{word}-acme-prod"), format!("acme{word}")] {
            assert!(rate(&name, &known()).score <= 2, "{name}");
        }
    }
}

#[test]
fn a_random_suffix_never_makes_a_name_easier_and_eight_characters_are_enough() {
    for name in [
        "acme",
        "www.acme.com",
        "acme-data-111122223333-eu-west-1-an",
        "cdk-hnb659fds-assets-111122223333-eu-west-1",
        "acme-reports-a1b2c3d4-5678-90ab-cdef-0123456789ab",
        "payroll",
    ] {
        let before = rate(name, &known()).log10_guesses;
        for suffix in ["x7k2m9q4", "4f9z0q1t", "9c3d7h2v", "0a1b2c3d"] {
            let longer = format!("{name}-{suffix}");
            let rating = rate(&longer, &known());
            assert!(rating.log10_guesses >= before, "{longer}: {rating:#?}");
        }
        let suffixed = with_suffix(name, 0x0123_4567_89ab_cdef);
        assert_eq!(rate(&suffixed, &known()).score, 4, "{suffixed}");
    }
    for random in ["x7k2m9q4", "4f9z0q1t", "9c3d7h2v"] {
        assert_eq!(rate(random, &known()).score, 4, "{random}");
    }
}

#[test]
fn the_order_of_tokens_does_not_matter() {
    let tokens = ["acme", "prod", "payroll", "8f3a9c"];
    let guesses =
        |order: [usize; 4]| rate(&order.map(|at| tokens[at]).join("-"), &known()).log10_guesses;
    let first = guesses([0, 1, 2, 3]);
    for order in [[3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1], [0, 2, 1, 3]] {
        assert!((guesses(order) - first).abs() < 1e-9, "{order:?}");
    }
}

#[test]
fn a_keyword_of_several_words_is_found_in_names() {
    let known = Known::new(["Acme-Corp".to_owned(), String::new()], None);
    assert_eq!(known.keywords, ["acme-corp", "acme", "corp"]);
    for name in ["acme-corp-backup", "acme-backup", "www.acme-corp.com"] {
        assert!(rate(name, &known).log10_guesses < 5.0, "{name}");
    }
}

#[test]
fn what_is_no_name_is_rated_in_little_time() {
    for text in ["a", "é", "1", "a-", "-", ".", "acme", "aws-cloudtrail-logs-111122223333-"] {
        for count in [1, 7, 30, 100_000] {
            let rating = rate(&text.repeat(count), &known());
            assert!(rating.log10_guesses.is_finite(), "{text} {count}");
        }
    }
    rate("", &known());
}

#[test]
fn every_part_is_explained() {
    let rating = rate("acme-prod-data", &known());
    let words: Vec<(&str, &str)> =
        rating.parts.iter().map(|part| (&*part.text, &*part.kind)).collect();
    assert_eq!(
        words,
        [
            ("acme", "your name"),
            ("prod", "1 of 20 environments"),
            ("data", "1 of 449 common words"),
            ("", "the order of 3 tokens, and what is between them"),
        ]
    );
    assert_eq!(rating.words(), "minutes to guess");
    assert!(rate("acme-payroll", &known()).is_telling && !rating.is_telling);
}

#[test]
fn the_proposed_name_is_reserved_and_not_too_long() {
    let proposed = propose("Acme.prod_data", "111122223333", "eu-west-1").unwrap();
    assert_eq!(proposed, "acme-prod-data-111122223333-eu-west-1-an");
    assert_eq!(rate(&proposed, &known()).claim, Claim::Reserved);
    assert_eq!(propose(&"a".repeat(40), "111122223333", "ap-southeast-1"), None);
    // Without the account, what has its form is taken for it; another account's name is not reserved for this one.
    let unknown = Known::default();
    assert_eq!(rate("data-999988887777-eu-west-1-an", &unknown).claim, Claim::Reserved);
    assert_ne!(rate("data-999988887777-eu-west-1-an", &known()).claim, Claim::Reserved);
}

#[test]
fn the_lists_are_sorted_and_no_word_is_in_two() {
    for list in [&ENVIRONMENTS[..], &TELLING[..], &WORDS[..]] {
        assert!(list.is_sorted());
    }
    let mut all = [&ENVIRONMENTS[..], &TELLING[..], &WORDS[..]].concat();
    all.sort_unstable();
    assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn the_words_of_the_owner_are_those_that_many_names_have() {
    let names = [
        "acme-logs-eu-west-1",
        "acme-payroll",
        "zeta.acme.data",
        "acme-zeta-backup",
        "zeta-web",
        "one-off",
        "terraform-20250101120000000000000001",
        "acme",
    ];
    let known = Known::of_buckets(names, "111122223333".to_owned());
    assert_eq!(known.keywords, ["acme", "zeta"]);
    // Two buckets are no pattern.
    assert!(Known::of_buckets(["acme-a", "acme-b"], String::new()).keywords.is_empty());
}
