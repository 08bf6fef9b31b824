//! The account's public access block: reported, or remediated if configured.

use s3guard_emulator::Client;

use super::coverage::sweep;
use super::guarded::{Guarded, new_account, s3guard};

fn is_on(client: &Client) -> bool {
    client.account_block().is_ok_and(|xml| xml.matches(">true<").count() == 4)
}

#[test]
fn an_opened_account_is_reported_with_its_caller() {
    let guarded = Guarded::new(&[]);
    let careless = guarded.careless();
    careless.put_account_block(true).unwrap();
    guarded.rest();
    guarded.forget();
    careless.delete_account_block().unwrap();
    guarded.wait("a mail", || guarded.mails().len() == 1);
    guarded.rest();
    assert!(!is_on(&careless), "by default it is only reported");
    let mail = &guarded.mails()[0];
    let event = "DeleteAccountPublicAccessBlock by IAM user careless";
    assert!(mail.text.contains(event), "{}", mail.text);
    assert!(mail.text.contains("s3/settings?"), "the account's own page: {}", mail.text);
    assert_eq!(guarded.guard_writes(), [""; 0]);
}

#[test]
fn a_sweep_reports_an_open_account_once() {
    let guarded = Guarded::new(&[]);
    let open = || guarded.mail_text().matches("the account's public access block: not set").count();
    assert_eq!(open(), 1, "{}", guarded.mail_text());
    sweep(&guarded);
    assert_eq!(open(), 0, "{}", guarded.mail_text());
    assert_eq!(guarded.guard_writes(), [""; 0]);
}

#[test]
fn an_opened_account_is_remediated_if_configured() {
    let kept = "[aspects]\naccount-public-access = \"enforce\"\n";
    let guarded = Guarded::configured(new_account(), kept, &[]);
    let careless = guarded.careless();
    assert!(is_on(&careless), "the first sweep closes it");
    guarded.forget();
    careless.put_account_block(false).unwrap();
    guarded.wait("a closed account", || is_on(&careless));
    guarded.wait("a mail", || guarded.mails().len() == 1);
    guarded.rest();
    assert_eq!(guarded.guard_writes(), ["s3:PutAccountPublicAccessBlock"]);
    let records = guarded.records(".account");
    assert_eq!(records.len(), 2, "the sweep's and this one: {records:#?}");
    let id = records[0]["id"].as_str().unwrap();
    assert!(guarded.mails()[0].text.contains(id), "{}", guarded.mails()[0].text);

    let undo = ["undo", id, "--stack", "guard", "--yes", "--accept-exposure"];
    let undone = s3guard(&guarded.operator(), &undo);
    assert_eq!(undone.status.code(), Some(0), "{}", String::from_utf8_lossy(&undone.stderr));
    guarded.rest();
    assert!(!is_on(&careless), "it stays undone");
}
