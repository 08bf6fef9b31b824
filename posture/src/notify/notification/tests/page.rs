//! The page `docs/notifications.md`, made from the notices themselves. `cargo bless` writes it anew.

use std::fmt::Write as _;

use expect_test::expect_file;

use super::*;

const HEAD: &str = "\
# Notifications

<!-- Made by a test from `posture::notify::notification`; `cargo bless` writes it anew. -->

One notice has a text of its own for each channel:

| channel | what it gets | limits that are kept |
|---|---|---|
| email | subject and text, in lines of 72 columns; ids, ARNs, addresses and commands are never broken | subject: fewer than 100 characters, no control characters; text: 200 KiB |
| SMS | one short text that names s3guard, what happened and the bucket | one part: 160 characters of the GSM alphabet, else 70 |
| HTTP and HTTPS, SQS, Lambda, Firehose, email-json | a JSON document, after `schemas/notification.schema.json` | |
| chat | the text of the email and links, as a custom notification for Amazon Q Developer in chat applications (Slack, Teams), on a topic of its own | title 250, description 8000, next step 350, keyword 75 characters |

All of it together, as SNS counts it with the attributes, has at most 262,144 bytes. Longer lists are cut: first those of the
document, which counts what it left out in `omitted`, then the text, which ends with how many lines are missing.

The document's `id` is the same for each delivery of the same news: SNS and SQS may deliver twice. Fields are only added within
a `version`.

## Severities

| severity | what it means |
|---|---|
| `critical` | Data is, or may be, in danger now: a bucket is public and stays so (by its policy, its ACL, or as a website), the public could not be shut out, somebody keeps undoing what s3guard mends. |
| `high` | A bucket is not protected as wanted, because something failed; or an alarm of s3guard's own stack has gone off. |
| `warning` | Somebody should look at it: a weakening was undone, something stays as it is for another reason, an exemption ends, a bucket was not heard of. |
| `info` | Good to know: a bucket was protected, an alarm is over. |

What is mended again and again within an hour is told the first time, the second, the fourth, the eighth and so on, and says how
often it was. What is `high` or `critical` is always told.

## Attributes

Filter policies of subscriptions (`FilterPolicyScope` `MessageAttributes`) match these. Lists are `String.Array`: one element is
enough. A notice about more than 100 buckets is split. Subscriptions that get the document can also match its own fields
(`FilterPolicyScope` `MessageBody`): `severity`, `account`, `region`, `kind` (one of those below) and `buckets.name`.

| attribute | values |
|---|---|
| `kind` | `bucket`, `object` or `guard` |
| `severity` | `critical`, `high`, `warning` or `info` |
| `action` | a list of what was done or happened: of buckets `protected`, `weakened`, `failed`, `left`, `exempt`, `again`, `stopped`; of objects `created`, `deleted` and so on; of the guard `missed`, `exemption-ends`, `alarm`, `alarm-ok`, `alarm-unknown`, `test` |
| `bucket` | a list of the buckets' names |
| `grade` | a list of the buckets' grades, where they are known |
| `account`, `region` | where the buckets are |

## Owner

Where s3guard has read a bucket's tags, whoever the tag `s3guard:owner` names, an address or a name, is named in the text and the
document. It reads them if a rule asks for tags, or if the tag `s3guard:grade` could raise the grade.

## Kinds

Each as its sample, which `posture::digest::samples` makes.
";

#[test]
fn the_page_is_the_one_checked_in() {
    let mut page = HEAD.to_owned();
    for sample in of_kinds() {
        let document: Value = serde_json::from_str(&sample.document.json()).unwrap();
        let (kind, severity) =
            (document["kind"].as_str().unwrap(), sample.document.severity.name());
        let pretty = crate::text::shown_json(&serde_json::to_string_pretty(&document).unwrap());
        writeln!(page, "\n### `{kind}`, {severity}\n\nEmail: {}\n", sample.subject).unwrap();
        writeln!(page, "```text\n{}```\n\nSMS:\n\n```text\n{}\n```", sample.text, sample.sms)
            .unwrap();
        writeln!(
            page,
            "\n<details><summary>The document</summary>\n\n```json\n{pretty}\n```\n\n</details>"
        )
        .unwrap();
    }
    expect_file!["../../../../../docs/notifications.md"].assert_eq(&page);
}

#[test]
fn the_page_names_every_severity_kind_and_attribute() {
    for severity in Severity::ALL {
        assert!(HEAD.contains(&format!("\n| `{}` |", severity.name())));
    }
    for kind in Kind::ALL {
        assert!(HEAD.contains(&format!("`{}`", kind.name())));
    }
    for sample in of_kinds() {
        for name in sample.attributes.keys() {
            assert!(HEAD.contains(&format!("`{name}`")), "{name}");
        }
        for action in sample.list("action") {
            assert!(HEAD.contains(&format!("`{action}`")), "{action}");
        }
    }
}
