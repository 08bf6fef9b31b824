//! What the demo writes: plain text, a little bold on a terminal that wants it.

use std::env;
use std::io::{self, IsTerminal as _, Write};

/// Where the demo writes.
pub(crate) struct Page {
    out: Box<dyn Write>,
    bold: bool,
    steps: u32,
}

impl Page {
    /// Stdout; bold only on a terminal, and not if `NO_COLOR` is set.
    pub(crate) fn of_stdout() -> Self {
        let plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self::new(Box::new(io::stdout()), io::stdout().is_terminal() && !plain)
    }

    fn new(out: Box<dyn Write>, bold: bool) -> Self {
        Self { out, bold, steps: 0 }
    }

    pub(crate) fn title(&mut self, text: &str) -> io::Result<()> {
        let line = self.strong(text);
        self.write(&format!("{line}\n\n"))
    }

    pub(crate) fn step(&mut self, text: &str) -> io::Result<()> {
        self.steps += 1;
        let line = self.strong(&format!("{}. {text}", self.steps));
        self.write(&format!("\n{line}\n\n"))
    }

    pub(crate) fn say(&mut self, text: &str) -> io::Result<()> {
        self.write(&format!("{text}\n"))
    }

    pub(crate) fn fact(&mut self, name: &str, value: &str) -> io::Result<()> {
        self.write(&format!("  {name:<10} {value}\n"))
    }

    /// What was typed.
    pub(crate) fn typed(&mut self, line: &str) -> io::Result<()> {
        let line = self.strong(&format!("$ {line}"));
        self.write(&format!("{line}\n"))
    }

    /// Something that somebody else wrote: a mail.
    pub(crate) fn quote(&mut self, text: &str) -> io::Result<()> {
        let quoted: Vec<String> =
            text.lines().map(|line| format!("  | {line}").trim_end().to_owned()).collect();
        self.write(&format!("{}\n", quoted.join("\n")))
    }

    /// Rows under their heads, each column as wide as its widest cell.
    pub(crate) fn table<const N: usize>(
        &mut self,
        heads: [&str; N],
        rows: &[[String; N]],
    ) -> io::Result<()> {
        let width = |column: usize| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.chain([heads[column].chars().count()]).max().unwrap_or_default()
        };
        let line = |cells: [&str; N]| {
            let padded = (0..N).map(|column| format!("{:<1$}", cells[column], width(column)));
            format!("  {}", padded.collect::<Vec<_>>().join("   ")).trim_end().to_owned()
        };
        let mut text = format!("\n{}\n", self.strong(&line(heads)));
        for row in rows {
            text.push_str(&line(row.each_ref().map(String::as_str)));
            text.push('\n');
        }
        self.write(&format!("{text}\n"))
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn strong(&self, text: &str) -> String {
        if self.bold { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("one thread").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn page(bold: bool) -> String {
        let written = Written::default();
        let mut page = Page::new(Box::new(written.clone()), bold);
        page.step("Look").expect("it is written");
        let row = ["encryption".to_owned(), "none".to_owned()];
        page.table(["setting", "before"], &[row]).expect("it is written");
        page.quote("one\n\ntwo").expect("it is written");
        let bytes = written.0.lock().expect("one thread").clone();
        String::from_utf8(bytes).expect("it is text")
    }

    #[test]
    fn columns_stand_under_their_heads_and_no_line_ends_with_a_space() {
        let expected =
            "\n1. Look\n\n\n  setting      before\n  encryption   none\n\n  | one\n  |\n  | two\n";
        assert_eq!(page(false), expected);
    }

    #[test]
    fn without_bold_nothing_but_text_is_written() {
        assert!(!page(false).contains('\u{1b}'));
        assert!(page(true).contains("\u{1b}[1m1. Look\u{1b}[0m"));
    }
}
