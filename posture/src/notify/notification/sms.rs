//! The text of an SMS: always one part.
//!
//! A part has 140 bytes: 160 characters of the GSM default alphabet, or 70 of UCS-2. SNS sends a longer text as several
//! parts, each of which costs.
//!
//! Source: 3GPP TS 23.038, "Alphabets and language-specific information", 6.2.1; Amazon SNS Developer Guide, "Publishing
//! SMS messages".

use crate::text::shown;

/// The most septets of a part in the GSM default alphabet.
pub const SEPTETS_MAX: usize = 160;
/// The most code units of a part in UCS-2.
pub const UNITS_MAX: usize = 70;

/// The GSM 7 bit default alphabet, without its escape to the extension table.
const ALPHABET: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§\
                        ¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension table: each is an escape and a character.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";
/// The most characters of a bucket's name, and of anything else that is considered.
const NAME_MAX: usize = 255;
const CUT: &str = "...";

/// The text of an SMS: our words, the name of the bucket, and the rest. What does not fit is cut from the end.
pub fn sms(before: &str, bucket: &str, after: &str) -> String {
    let [bucket, after] = [bucket, after]
        .map(|part| shown(&part.chars().take(NAME_MAX).collect::<String>(), usize::MAX));
    let name = format!("{before}{bucket}");
    if fits(&format!("{name}{after}")) {
        return format!("{name}{after}");
    }
    if fits(&name) {
        let text = cut(&format!("{name}{after}"), name.chars().count(), &name);
        // A colon with nothing after it is useless.
        let has_words = |rest: &str| rest.contains(char::is_alphanumeric);
        return if text.strip_prefix(&name).is_some_and(has_words) { text } else { name };
    }
    cut(&name, 0, "s3guard")
}

/// The words before the name of a bucket, as an SMS has them: its sender first, then how severe it is.
pub(crate) fn signed(before: &str) -> String {
    match before.split_once("s3guard") {
        Some(("", _)) => before.to_owned(),
        Some((mark, words)) => format!("s3guard {mark}{}", words.trim_start_matches([':', ' '])),
        None => format!("s3guard {before}"),
    }
}

/// Whether a text fits into one part.
pub fn fits(text: &str) -> bool {
    match septets(text) {
        Some(septets) => septets <= SEPTETS_MAX,
        None => text.encode_utf16().count() <= UNITS_MAX,
    }
}

/// The septets of a text in the GSM default alphabet; `None` if it has other characters.
pub fn septets(text: &str) -> Option<usize> {
    text.chars().map(septets_of).sum()
}

fn septets_of(character: char) -> Option<usize> {
    if character.is_ascii_alphanumeric() || ALPHABET.contains(character) {
        Some(1)
    } else if EXTENSION.contains(character) {
        Some(2)
    } else {
        None
    }
}

/// The longest beginning of a text that fits, with at least so many characters; else this.
fn cut(text: &str, characters_min: usize, else_only: &str) -> String {
    // A longer beginning of a text that does not fit does not fit either.
    let ends = text.char_indices().map(|(at, _)| at).skip(characters_min);
    let cuts = ends.map(|at| format!("{}{CUT}", &text[..at])).take_while(|text| fits(text));
    cuts.last().unwrap_or_else(|| else_only.to_owned())
}

#[cfg(test)]
mod tests;
