//! Subscribing an address to the topics of a stack, and confirming subscriptions.

use anyhow::anyhow;
use percent_encoding::percent_decode_str;
use s3guard_aws::subscriptions;
use s3guard_posture::contract::Channel;
use serde::Serialize;

use crate::args::account::AccountArgs;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::session;
use crate::operations::session::Account;
use crate::operations::subscribers::{self, ALERTS};
use crate::ui::text::{Printable, Text};

/// How often a URL may be wrapped into another.
const WRAPPED_MAX: usize = 4;

/// What was subscribed or confirmed.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SubscribeResult {
    /// The topics to which the address was subscribed; it has to confirm each.
    subscribed: Vec<String>,
    /// The ARNs of the subscriptions that were confirmed.
    confirmed: Vec<String>,
}

/// Subscribes an email address to notifications and alarms, and confirms subscriptions by URLs or tokens.
pub(crate) async fn subscribe(
    args: &AccountArgs,
    email: Option<&str>,
    confirmations: &[String],
) -> anyhow::Result<SubscribeResult> {
    let account = Account::open(args).await?;
    let stack = session::guard_stack(args, &account).await?;
    let topics = subscribers::topics(&stack);
    let mut result = SubscribeResult::default();
    for text in confirmations {
        let (topic, token) = read(text);
        let is_asked = |arn: &str| topic.as_ref().is_none_or(|of_url| of_url == arn);
        let asked: Vec<&str> =
            topics.iter().map(|(_, arn)| *arn).filter(|arn| is_asked(arn)).collect();
        if asked.is_empty() {
            return Err(anyhow!("the URL is of a topic that is not one of the stack's"))
                .hint("give the URL of \"Confirm subscription\" in the email, in quotes")
                .exit(Exit::Usage);
        }
        result.confirmed.push(confirm(&account, &asked, &token).await.hint(
            "a token is good for two days: `s3guard subscribe --email ADDRESS` sends a new one",
        )?);
    }
    if let Some(email) = email {
        let wanted = |topic: &str| [Channel::Email.name(), ALERTS].contains(&topic);
        for (_, arn) in topics.iter().filter(|(topic, _)| wanted(topic)) {
            subscriptions::subscribe(&account.connection, arn, "email", email).await?;
            result.subscribed.push((*arn).to_owned());
        }
    }
    Ok(result)
}

/// Confirms with the first of these topics that takes the token, which does not say of which it is.
async fn confirm(account: &Account, topics: &[&str], token: &str) -> anyhow::Result<String> {
    let mut refusals = Vec::new();
    for arn in topics {
        match subscriptions::confirm(&account.connection, arn, token).await {
            Ok(confirmed) => return Ok(confirmed),
            Err(error) => refusals.push(error),
        }
    }
    let count = refusals.len();
    match refusals.pop() {
        Some(error) if count == 1 => Err(error.into()),
        Some(error) => {
            let what = format!("none of the stack's {count} topics takes the token");
            Err(anyhow::Error::new(error).context(what))
        }
        None => Err(anyhow!("the stack has no topics")),
    }
}

/// The topic, if the text is a URL, and the token. Mail scanners wrap the URL as a parameter of their own, encoded once more.
fn read(text: &str) -> (Option<String>, String) {
    let text = text.trim();
    if !text.contains('?') && !text.contains("://") {
        return (None, text.to_owned());
    }
    let mut url = text.replace("&amp;", "&");
    for _ in 0..WRAPPED_MAX {
        let of = |name: &str| {
            let mut pairs = url.split(['?', '&', '#']).filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| decoded(value))
        };
        if let (Some(topic), Some(token)) = (of("TopicArn"), of("Token")) {
            return (Some(topic), token);
        }
        url = decoded(&url);
    }
    (Some(String::new()), String::new())
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl Printable for SubscribeResult {
    fn print(&self, text: &mut Text) {
        self.confirmed.iter().for_each(|arn| text.line(format_args!("confirmed   {arn}")));
        self.subscribed.iter().for_each(|arn| text.line(format_args!("subscribed  {arn}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_is_the_url_of_the_email_or_its_token() {
        let arn = "arn:aws:sns:eu-west-1:111122223333:guard-EmailTopic-1";
        let url = format!(
            "https://sns.eu-west-1.amazonaws.com/confirmation.html?TopicArn={arn}&Token=abc123&Endpoint=you@example.com"
        );
        let encoded = |url: &str| {
            url.bytes().fold(String::new(), |all, byte| match byte {
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => all + &char::from(byte).to_string(),
                _ => all + &format!("%{byte:02x}"),
            })
        };
        let wrapped = format!(
            "https://nam02.safelinks.example/?url={}&data=05%7C02&reserved=0",
            encoded(&url)
        );
        for url in [
            url.clone(),
            url.replace("arn:aws:sns:", "arn%3Aaws%3Asns%3A"),
            url.replace(':', "%3a"),
            url.replace('&', "&amp;"),
            wrapped.clone(),
            format!("https://scanner.example/v2?u={}", encoded(&wrapped)),
        ] {
            assert_eq!(read(&url), (Some(arn.to_owned()), "abc123".to_owned()));
        }
        assert_eq!(read(" abc123\n"), (None, "abc123".to_owned()));
        assert_eq!(read("https://evil.example/?x=1"), (Some(String::new()), String::new()));
    }
}
