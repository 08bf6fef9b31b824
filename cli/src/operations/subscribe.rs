//! Subscribing an address to the topics of a stack, and confirming subscriptions.

use anyhow::anyhow;
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
        // A token does not say of which topic it is.
        let mut confirmed = Err(anyhow!("no topic of the stack takes the token"));
        for arn in asked {
            confirmed = subscriptions::confirm(&account.connection, arn, &token)
                .await
                .map_err(anyhow::Error::from);
            if confirmed.is_ok() {
                break;
            }
        }
        result.confirmed.push(confirmed.hint(
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

/// The topic, if the text is a URL, and the token.
fn read(text: &str) -> (Option<String>, String) {
    let Some((_, query)) = text.split_once('?') else { return (None, text.trim().to_owned()) };
    let query = query.split('#').next().unwrap_or_default();
    let of = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.replace("%3A", ":")).next()
    };
    (Some(of("TopicArn").unwrap_or_default()), of("Token").unwrap_or_default())
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
        for url in [url.clone(), url.replace("arn:aws:sns:", "arn%3Aaws%3Asns%3A")] {
            assert_eq!(read(&url), (Some(arn.to_owned()), "abc123".to_owned()));
        }
        assert_eq!(read(" abc123\n"), (None, "abc123".to_owned()));
        assert_eq!(read("https://evil.example/?x=1"), (Some(String::new()), String::new()));
    }
}
