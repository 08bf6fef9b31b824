//! The size limits of SNS.

use super::Notification;

/// The limit of SNS for a message, in bytes, attributes included.
///
/// A topic can have a higher limit, but then email and SMS cannot subscribe to it.
///
/// Source: Amazon SNS Developer Guide, "Publishing large messages"; API Reference, `MessageAttributeValue`.
pub const MESSAGE_BYTES_MAX: usize = 262_144;

/// The most bytes of the text, before it is encoded.
pub const TEXT_BYTES_MAX: usize = 200 * 1024;

impl Notification {
    /// Its size for SNS, in bytes, including the subject, which the documentation does not exclude.
    pub fn size_bytes(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, attribute)| {
            let (data_type, value) = attribute.wire();
            name.len() + data_type.len() + value.len()
        });
        self.message().len() + self.subject.len() + attributes.sum::<usize>()
    }

    /// Shortens the document, then the text, to the limit of SNS, and says so in them.
    pub(crate) fn fitted(mut self) -> Self {
        let text = self.text.clone();
        if text.len() > TEXT_BYTES_MAX {
            self.text = self.cut(&text, TEXT_BYTES_MAX, str::len);
        }
        let mut document = encoded_bytes(&self.document.json());
        let rest = self.size_bytes() - document;
        while rest + document > MESSAGE_BYTES_MAX && self.document.shorten() {
            document = encoded_bytes(&self.document.json());
        }
        if rest + document > MESSAGE_BYTES_MAX {
            let rest = rest + document - encoded_bytes(&self.text);
            let room = MESSAGE_BYTES_MAX.saturating_sub(rest).min(TEXT_BYTES_MAX);
            self.text = self.cut(&text, room, encoded_bytes);
        }
        self
    }

    /// Cuts a text between two lines, to at most so many bytes as measured, including the line that says so.
    fn cut(&self, text: &str, bytes_max: usize, measure: impl Fn(&str) -> usize) -> String {
        let whole = self.document.whole();
        let end = |lines: usize| {
            let whole = whole.map_or_else(String::new, |whole| format!("\nAll of it: {whole}\n"));
            format!("\nand {lines} more lines\n{whole}")
        };
        let mut room = bytes_max.saturating_sub(measure(&end(usize::MAX)));
        let mut lines = text.split_inclusive('\n').peekable();
        let mut kept = String::new();
        while let Some(line) = lines.next_if(|line| measure(line) <= room) {
            room -= measure(line);
            kept += line;
        }
        kept + &end(lines.count())
    }
}

/// The length of a text in JSON. It is additive.
fn encoded_bytes(text: &str) -> usize {
    serde_json::Value::from(text).to_string().len() - 2
}
