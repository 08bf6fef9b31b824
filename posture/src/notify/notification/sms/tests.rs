use proptest::prelude::*;

use super::*;

#[test]
fn the_alphabet_has_the_characters_of_the_standard() {
    // 128 codes, of which one is the escape.
    assert_eq!(ALPHABET.chars().count(), 127);
    assert_eq!(EXTENSION.chars().count(), 10);
    assert_eq!(septets("my_bucket.2026-11@example"), Some(25));
    assert_eq!(septets("^{}\\[~]|€"), Some(18));
    assert_eq!(septets("a`"), None, "there is no backtick");
    assert_eq!(septets("日本語"), None);
}

#[test]
fn what_fits_is_whole() {
    assert_eq!(
        sms("s3guard protected ", "reports", ": CreateBucket by IAM user careless, eu-west-1"),
        "s3guard protected reports: CreateBucket by IAM user careless, eu-west-1"
    );
    let full = sms("s3guard ", "reports", &"x".repeat(145));
    assert_eq!(full.len(), 160);
    assert_eq!(
        sms("s3guard ", "reports", &"x".repeat(146)),
        format!("s3guard reports{}...", "x".repeat(142))
    );
}

#[test]
fn what_is_no_gsm_is_cut_at_seventy_and_what_is_extended_counts_twice() {
    let text = sms(
        "s3guard: deleted in ",
        "reports",
        ": 請求書/2026/十一月/とても長い名前のファイルがここにあるのだから切るしかない.pdf",
    );
    assert_eq!(text.encode_utf16().count(), 70);
    assert!(text.starts_with("s3guard: deleted in reports: 請求書") && text.ends_with("..."));
    let text = sms("s3guard: deleted in ", "reports", &"[x".repeat(100));
    assert!((158..=160).contains(&septets(&text).unwrap()), "{text}");
}

#[test]
fn the_whole_name_of_the_bucket_comes_before_what_is_said_of_it() {
    let long = "b".repeat(63);
    // With the Japanese text only 70 characters fit, so it goes rather than the bucket's name.
    let text = sms("s3guard could not protect ", &long, ": 請求書");
    assert_eq!(text, format!("s3guard could not protect {long}"));
    let text = sms("s3guard could not protect ", &format!("a{}z", "b".repeat(253)), "");
    assert_eq!(septets(&text), Some(160));
    assert!(text.starts_with("s3guard could not protect ab") && text.ends_with("b..."), "{text}");
}

proptest! {
    #[test]
    fn whatever_is_said_it_is_one_part_that_begins_with_our_name(
        bucket in "[a-zA-Z0-9._-]{3,255}", strange in any::<String>(), after in any::<String>(),
    ) {
        for bucket in [&bucket, &strange] {
            let text = sms("s3guard left a bucket as it is: ", bucket, &after);
            prop_assert!(fits(&text) && text.starts_with("s3guard"), "{text:?}");
            prop_assert_eq!(shown(&text, usize::MAX), text);
        }
        if bucket.len() <= 63 {
            prop_assert!(sms("s3guard protected ", &bucket, &after).contains(&bucket));
        }
    }
}

#[test]
fn the_sender_comes_first_and_then_how_severe_it_is() {
    for (before, signed_before) in [
        ("s3guard reverted ", "s3guard reverted "),
        ("HIGH: s3guard reverted ", "s3guard HIGH: reverted "),
        ("CRITICAL: bucket ", "s3guard CRITICAL: bucket "),
        ("CRITICAL: s3guard: conflict over ", "s3guard CRITICAL: conflict over "),
        ("s3guard: an exemption ends: ", "s3guard: an exemption ends: "),
    ] {
        assert_eq!(signed(before), signed_before);
    }
}
