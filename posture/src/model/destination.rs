//! Where the data of a bucket goes: replicas, events, and reports such as an inventory.

use crate::model::names::{AccountId, BucketName};
use crate::model::trusted::Trusted;
use crate::text::shown;

/// A bucket, or another target, that receives data of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Destination {
    /// The name of a bucket, or the ARN of anything else.
    pub name: String,
    /// Who owns it.
    pub owner: DestinationOwner,
}

/// Who owns a destination.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DestinationOwner {
    /// The account of the bucket whose data it receives.
    Own,
    /// Another account, which its ARN or the configuration names.
    Account(AccountId),
    /// An account that is not known, other than that of the bucket.
    Another,
    /// The configuration does not name it.
    NotNamed,
    /// It could not be looked up.
    NotReadable,
}

impl Destination {
    /// A destination by its ARN, `arn:aws:s3:::NAME` or that of another service, and the account that the configuration
    /// names as its owner, if it does.
    ///
    /// For an inventory and an analytics export S3 checks that account. In a replication it is optional.
    ///
    /// Source: Amazon S3 API Reference, `Destination`, `InventoryS3BucketDestination`, `AnalyticsS3BucketDestination`.
    pub fn new(arn: &str, named: Option<&str>, own: &AccountId) -> Self {
        let account = |text: &str| text.parse::<AccountId>().ok();
        let of_arn = arn.starts_with("arn:").then(|| arn.split(':').nth(4)).flatten();
        let owner = match of_arn.and_then(account).or_else(|| named.and_then(account)) {
            Some(account) if account == *own => DestinationOwner::Own,
            Some(account) => DestinationOwner::Account(account),
            None => DestinationOwner::NotNamed,
        };
        let name = arn.rsplit_once(":::").map_or(arn, |(_, name)| name);
        Self { name: name.to_owned(), owner }
    }

    /// The bucket, if whether the account owns it has to be looked up.
    pub fn looked_up(&self) -> Option<BucketName> {
        match self.owner {
            DestinationOwner::Own | DestinationOwner::NotNamed => self.name.parse().ok(),
            DestinationOwner::Account(_)
            | DestinationOwner::Another
            | DestinationOwner::NotReadable => None,
        }
    }

    /// It in words, if it is not known to be the account's own or a trusted account's.
    pub fn elsewhere(&self, trusted: &Trusted) -> Option<String> {
        let name = shown(&self.name, 200);
        Some(match &self.owner {
            DestinationOwner::Own => return None,
            DestinationOwner::Account(account) if trusted.accounts.contains(account) => {
                return None;
            }
            DestinationOwner::Account(account) => format!("{name} of account {account}"),
            DestinationOwner::Another => format!("{name}, which is not this account's"),
            DestinationOwner::NotNamed => format!("{name}, whose owner no event names"),
            DestinationOwner::NotReadable => format!("{name}, whose owner could not be read"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_elsewhere_is_named_with_its_owner() {
        let own: AccountId = "111122223333".parse().unwrap();
        let accounts = ["777788889999".parse().unwrap()].into();
        let trusted = Trusted { accounts, ..Trusted::default() };
        let check = |arn: &str, named: Option<&str>, expected: Option<&str>| {
            let destination = Destination::new(arn, named, &own);
            assert_eq!(destination.elsewhere(&trusted).as_deref(), expected, "{arn} {named:?}");
        };
        let bucket = "arn:aws:s3:::collector-eu";
        check(bucket, None, Some("collector-eu, whose owner no event names"));
        check(bucket, Some(""), Some("collector-eu, whose owner no event names"));
        check(bucket, Some("111122223333"), None);
        check(bucket, Some("444455556666"), Some("collector-eu of account 444455556666"));
        check(bucket, Some("777788889999"), None);
        let topic = "arn:aws:sns:eu-west-1:444455556666:events";
        let of_topic = "arn:aws:sns:eu-west-1:444455556666:events of account 444455556666";
        check(topic, None, Some(of_topic));
        check(topic, Some("111122223333"), Some(of_topic));
        check("arn:aws:sqs:eu-west-1:111122223333:events", None, None);
        let outpost = "arn:aws:s3-outposts:eu-west-1:444455556666:outpost/op-1/bucket/b";
        check(outpost, None, Some(&format!("{outpost} of account 444455556666")));
    }

    #[test]
    fn a_bucket_is_looked_up_unless_it_is_anothers_already() {
        let own: AccountId = "111122223333".parse().unwrap();
        let check = |arn: &str, named: Option<&str>, expected: Option<&str>| {
            let name = Destination::new(arn, named, &own).looked_up();
            assert_eq!(name.as_ref().map(BucketName::as_str), expected, "{arn} {named:?}");
        };
        check("arn:aws:s3:::copies", None, Some("copies"));
        check("arn:aws:s3:::copies", Some("111122223333"), Some("copies"));
        check("arn:aws:s3:::copies", Some("444455556666"), None);
        check("arn:aws:sqs:eu-west-1:111122223333:events", None, None);
    }
}
