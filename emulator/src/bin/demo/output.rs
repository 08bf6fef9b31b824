//! What the demo prints.

use std::io::{self, Write as _};

use anyhow::Result;
use s3guard_emulator::Mail;

pub(crate) fn say(text: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

pub(crate) fn heading(text: &str) -> Result<()> {
    say(&format!("\n{text}\n{}\n", "=".repeat(text.len())))
}

/// A command as a person would type it.
pub(crate) fn typed(line: &str) -> Result<()> {
    say(&format!("$ {line}"))
}

pub(crate) fn quote(mails: &[Mail]) -> Result<()> {
    say(match mails.len() {
        1 => "\nThe owner receives this email:",
        _ => "\nThe owner receives these emails:",
    })?;
    for mail in mails {
        say("")?;
        print_mail(mail)?;
    }
    Ok(())
}

pub(crate) fn print_mail(mail: &Mail) -> Result<()> {
    let text = format!("To: {}\nSubject: {}\n\n{}", mail.to, mail.subject, mail.text);
    text.lines().try_for_each(|line| say(format!("  | {line}").trim_end()))
}
