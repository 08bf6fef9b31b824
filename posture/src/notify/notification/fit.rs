//! Notices have to fit into a message of SNS.

use super::Notice;

/// The most that SNS takes, in bytes, with the attributes.
///
/// A topic can take more, but then neither email nor SMS can subscribe to it.
///
/// Source: Amazon SNS Developer Guide, "Publishing large messages"; API Reference, `MessageAttributeValue`.
pub const MESSAGE_BYTES_MAX: usize = 262_144;

/// The most that a notice's text may have, in bytes, before it is encoded.
pub const TEXT_BYTES_MAX: usize = 200 * 1024;

impl Notice {
    /// What SNS counts of it, in bytes; also the subject, of which its documentation does not say that it is free.
    pub fn size_bytes(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, attribute)| {
            let (data_type, value) = attribute.wire();
            name.len() + data_type.len() + value.len()
        });
        self.message().len() + self.subject.len() + attributes.sum::<usize>()
    }

    /// Leaves out what SNS would not take, and says so: first of the document, then of the text.
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

    /// Cuts a text between two lines, so that with the line that says so it has at most so many bytes, as measured.
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

/// How long a text is in JSON. What is in two pieces is as long as both.
fn encoded_bytes(text: &str) -> usize {
    serde_json::Value::from(text).to_string().len() - 2
}
