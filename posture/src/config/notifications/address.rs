//! Endpoints of subscriptions, as SNS accepts them, and corrections of those that it rejects.

use crate::{AccountId, Region};

/// The endpoint of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// An email address, whose owner has to confirm.
    Email(String),
    /// A phone number in E.164 format.
    Sms(String),
    /// A URL, which has to confirm.
    Https(String),
    /// A queue, whose policy has to allow the topic.
    Sqs(ResourceArn),
    /// A function, whose policy has to allow the topic.
    Lambda(ResourceArn),
}

/// The ARN of a resource in an account and a Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceArn {
    /// The ARN.
    pub text: String,
    /// Its Region.
    pub region: Region,
    /// The account that owns it.
    pub account: AccountId,
}

impl Endpoint {
    /// The names of the settings.
    pub(in crate::config) const NAMES: [&'static str; 5] =
        ["email", "sms", "https", "sqs", "lambda"];

    /// The address.
    pub fn address(&self) -> &str {
        match self {
            Self::Email(text) | Self::Sms(text) | Self::Https(text) => text,
            Self::Sqs(arn) | Self::Lambda(arn) => &arn.text,
        }
    }

    /// Reads the value of the setting of this name.
    pub(in crate::config) fn read(name: &str, text: &str) -> Parsed<Self> {
        match name {
            "email" => email(text).map(Self::Email),
            "sms" => sms(text).map(Self::Sms),
            "https" => https(text).map(Self::Https),
            "sqs" => queue(text).map(Self::Sqs),
            _ => function(text).map(Self::Lambda),
        }
    }
}

/// The error is the problem and the proposal.
pub(in crate::config) type Parsed<T> = Result<T, (&'static str, String)>;

const WRITE_EMAIL: &str = "write it as `name@example.com`";
const WRITE_PHONE: &str = "write `+`, the country code and the number, as `+4915112345678`";

/// Source: RFC 5321, 4.5.3.1, without the brackets.
const EMAIL_BYTES_MAX: usize = 254;
const LOCAL_BYTES_MAX: usize = 64;
const LABEL_BYTES_MAX: usize = 63;
/// Source: ITU-T E.164; no number has fewer than seven digits with the country code.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
const URL_BYTES_MAX: usize = 2048;

fn email(text: &str) -> Parsed<String> {
    if is_email(text) {
        return Ok(text.to_owned());
    }
    // "Name <name@example.com>", "mailto:name@example.com".
    let inner = text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(it, _)| it);
    let meant = inner.unwrap_or(text).trim().trim_start_matches("mailto:");
    let proposal =
        if is_email(meant) { format!("write `{meant}`") } else { WRITE_EMAIL.to_owned() };
    Err(("is not an email address", proposal))
}

/// SNS accepts only ASCII characters. Source: Amazon SNS Developer Guide, "Subscribing an email address to an Amazon SNS topic".
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_local = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    text.len() <= EMAIL_BYTES_MAX
        && (1..=LOCAL_BYTES_MAX).contains(&local.len())
        && local.chars().all(is_local)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn sms(text: &str) -> Parsed<String> {
    if is_phone(text) {
        return Ok(text.to_owned());
    }
    let is_punctuation = |c: char| c.is_ascii_whitespace() || "-./()\u{a0}".contains(c);
    // "+49 (0) 151 …": the zero is dialled only within the country.
    let meant = text.replace("(0)", "").replace(is_punctuation, "");
    let meant = match meant.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None if !meant.starts_with(['+', '0']) => format!("+{meant}"),
        None => meant,
    };
    let proposal =
        if is_phone(&meant) { format!("write `{meant}`") } else { WRITE_PHONE.to_owned() };
    Err(("is not a phone number in E.164 format", proposal))
}

fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        PHONE_DIGITS.contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

fn https(text: &str) -> Parsed<String> {
    let write = || "write it as `https://example.com/path`".to_owned();
    if let Some(rest) = text.strip_prefix("http://") {
        let proposal = format!("write `https://{rest}`");
        return Err(("is not encrypted: s3guard publishes only over TLS", proposal));
    }
    let Some(rest) = text.strip_prefix("https://") else {
        return Err(("is not a URL that begins with `https://`", write()));
    };
    if !text.chars().all(|c| c.is_ascii_graphic()) || text.len() > URL_BYTES_MAX {
        return Err(("is not a URL of at most 2048 ASCII characters", write()));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let (host, port) = place.split_once(':').unwrap_or((place, "443"));
    if host.is_empty() {
        return Err(("has no host", write()));
    }
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    if !is_port || !host.contains('.') || !host.split('.').all(is_label) {
        return Err(("has a host that SNS cannot resolve", write()));
    }
    Ok(text.to_owned())
}

fn queue(text: &str) -> Parsed<ResourceArn> {
    const WRITE: &str = "write it as `arn:aws:sqs:eu-west-1:111122223333:name`";
    let found = arn(text, "sqs", |name| name_of(name, 80, "-_").then_some(()));
    if let Some(arn) = found {
        return Ok(arn);
    }
    if text.strip_suffix(".fifo").is_some() {
        let proposal = "use a standard queue".to_owned();
        return Err(("is a FIFO queue, to which a standard topic cannot send", proposal));
    }
    Err(("is not the ARN of a queue", of_url(text).unwrap_or_else(|| WRITE.to_owned())))
}

fn function(text: &str) -> Parsed<ResourceArn> {
    const WRITE: &str = "write it as `arn:aws:lambda:eu-west-1:111122223333:function:name`";
    let found = arn(text, "lambda", |resource| {
        let rest = resource.strip_prefix("function:")?;
        let (name, version) = rest.split_once(':').unwrap_or((rest, "1"));
        (name_of(name, 64, "-_") && name_of(version, 128, "-_$")).then_some(())
    });
    found.ok_or_else(|| ("is not the ARN of a function", WRITE.to_owned()))
}

fn name_of(text: &str, max: usize, others: &str) -> bool {
    (1..=max).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

/// The ARN of a resource of this service, if its last part is valid.
fn arn(text: &str, service: &str, is_it: impl Fn(&str) -> Option<()>) -> Option<ResourceArn> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, found, region, account, resource] = parts[..] else { return None };
    let region: Region = region.parse().ok()?;
    let account: AccountId = account.parse().ok()?;
    if partition != region.partition() || found != service {
        return None;
    }
    is_it(resource)?;
    Some(ResourceArn { text: text.to_owned(), region, account })
}

/// The ARN of the queue with this URL.
fn of_url(text: &str) -> Option<String> {
    let rest = text.strip_prefix("https://sqs.")?;
    let (host, path) = rest.split_once('/')?;
    let region: Region = host.split_once('.')?.0.parse().ok()?;
    let (account, name) = path.split_once('/')?;
    let written = format!("arn:{}:sqs:{region}:{account}:{name}", region.partition());
    queue(&written).ok().map(|_| format!("write `{written}`"))
}
