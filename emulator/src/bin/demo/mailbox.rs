//! The owner's mailbox: what SNS would have sent.

use s3guard_emulator::{Account, Mail, until};

use crate::failure::Failure;
use crate::page::Page;

/// The owner follows the link that SNS sends to a new address.
pub(crate) fn confirm(page: &mut Page, account: &Account, owner: &str) -> Result<(), Failure> {
    let confirmed = account.confirm_mail(owner)?;
    if confirmed == 0 {
        return Err(Failure::new(format!("no mail asked `{owner}` to confirm")));
    }
    page.say(&format!("\n{owner} follows the link in the mail that asks for confirmation."))?;
    Ok(())
}

/// Shows the guard's mail about a bucket that has this in its subject, and gives the mail.
pub(crate) fn show_about(
    page: &mut Page,
    account: &Account,
    owner: &str,
    (bucket, subject): (&str, &str),
) -> Result<Mail, Failure> {
    let mail = until("a mail about the bucket", || {
        let mut mails = mails_naming(account, owner, bucket)?.into_iter();
        Ok::<_, Failure>(mails.find(|mail| mail.subject.contains(subject)))
    })?;
    show(page, &mail)?;
    Ok(mail)
}

/// The record that a mail says how to undo.
pub(crate) fn record_of(mail: &Mail) -> Result<&str, Failure> {
    let line = mail.text.split("s3guard undo ").nth(1);
    line.and_then(|rest| rest.split_whitespace().next())
        .ok_or_else(|| Failure::new("the mail does not say how to undo"))
}

/// Shows the mails about the bucket's objects, once all three changes are in them.
pub(crate) fn show_objects(
    page: &mut Page,
    account: &Account,
    owner: &str,
    bucket: &str,
) -> Result<(), Failure> {
    let mails = until("mails about the object", || {
        // They are gathered for a minute, which passes faster here.
        account.end_delays()?;
        let mails: Vec<Mail> = mails_naming(account, owner, bucket)?
            .into_iter()
            .filter(|mail| mail.text.contains(crate::buckets::KEY))
            .collect();
        let told: usize =
            mails.iter().map(|mail| mail.text.matches(crate::buckets::KEY).count()).sum();
        Ok::<_, Failure>((told >= crate::buckets::CHANGES).then_some(mails))
    })?;
    for mail in &mails {
        show(page, mail)?;
    }
    Ok(())
}

fn mails_naming(account: &Account, owner: &str, bucket: &str) -> Result<Vec<Mail>, Failure> {
    let mails = account.mails()?;
    Ok(mails.into_iter().filter(|mail| mail.to == owner && mail.text.contains(bucket)).collect())
}

fn show(page: &mut Page, mail: &Mail) -> Result<(), Failure> {
    page.say("\nThe owner gets this mail:\n")?;
    page.quote(&format!("To: {}\nSubject: {}\n\n{}", mail.to, mail.subject, mail.text))?;
    Ok(())
}
