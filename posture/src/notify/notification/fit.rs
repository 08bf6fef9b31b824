//! The size limits of SNS.

use super::Notification;

/// The limit of SNS for a message, in bytes, attributes included.
///
/// A topic can have a higher limit, but then email and SMS cannot subscribe to it.
///
/// Source: Amazon SNS Developer Guide, "Publishing large messages"; API Reference, `MessageAttributeValue`.
pub const MESSAGE_BYTES_MAX: usize = 262_144;

/// The most bytes of the text of an email.
pub const TEXT_BYTES_MAX: usize = 200 * 1024;

impl Notification {
    /// Its size for SNS beside the message: the attributes, and the subject, which the documentation does not exclude.
    pub fn overhead_bytes(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, attribute)| {
            let (data_type, value) = attribute.wire();
            name.len() + data_type.len() + value.len()
        });
        self.subject.len() + attributes.sum::<usize>()
    }

    /// Shortens the document and the text to the limit of SNS, and says so in them.
    pub(crate) fn fitted(mut self) -> Self {
        let room = MESSAGE_BYTES_MAX.saturating_sub(self.overhead_bytes());
        if self.text.len() > TEXT_BYTES_MAX.min(room) {
            self.text = self.cut(TEXT_BYTES_MAX.min(room));
        }
        while self.document.json().len() > room && self.document.shorten() {}
        self
    }

    /// The text, cut between two lines to at most so many bytes, including the line that says so.
    fn cut(&self, bytes_max: usize) -> String {
        let whole = self.document.whole();
        let end = |lines: usize| {
            let whole = whole.map_or_else(String::new, |whole| format!("\nAll of it: {whole}\n"));
            format!("\nand {lines} more lines\n{whole}")
        };
        let mut room = bytes_max.saturating_sub(end(usize::MAX).len());
        let mut lines = self.text.split_inclusive('\n').peekable();
        let mut kept = String::new();
        while let Some(line) = lines.next_if(|line| line.len() <= room) {
            room -= line.len();
            kept += line;
        }
        kept + &end(lines.count())
    }
}
