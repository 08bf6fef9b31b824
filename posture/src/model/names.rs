//! Names with rules, parsed once at the door.

use std::str::FromStr;

use thiserror::Error;

const ACCOUNT: &str = ".account";

/// What every name is: a text that was parsed, and is shown and written as it was.
macro_rules! text {
    ($($name:ident: $field:tt),*) => { $(
        impl $name {
            /// It as text.
            pub fn as_str(&self) -> &str {
                &self.$field
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.$field)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.$field)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(|error: <Self as std::str::FromStr>::Err| {
                    serde::de::Error::custom($crate::text::shown(&error.to_string(), 300))
                })
            }
        }
    )* };
}
pub(super) use text;

text!(BucketName: 0, AccountId: 0, Region: 0, KeyArn: arn);

/// The name of a general purpose bucket.
///
/// 3 to 63 characters of a-z, 0-9, `.` and `-`, as AWS allows it for buckets made since 2018. Older
/// buckets of us-east-1 may also have capitals and `_` and up to 255 characters; they are accepted,
/// because a guard has to speak of every bucket that exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketName(String);

/// Why a text is not the name of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidBucketName {
    /// Too short or too long.
    #[error("`{0}` has {1} characters, a bucket name has 3 to 255")]
    Length(String, usize),
    /// A character that no bucket name has.
    #[error("`{0}` has a `{1}`, a bucket name has only a-z, A-Z, 0-9, `.`, `-` and `_`")]
    Character(String, char),
}

impl BucketName {
    /// The account itself, in the place of a bucket: its public access block is judged, written and recorded as a
    /// bucket's settings are. No bucket's name begins with a dot.
    pub fn account() -> Self {
        Self(ACCOUNT.to_owned())
    }

    /// Whether it stands for the account itself.
    pub fn is_account(&self) -> bool {
        self.0 == ACCOUNT
    }

    /// Whether it is a directory bucket (`…--x-s3`), which has another API and other settings.
    ///
    /// Source: Amazon S3 User Guide, "Directory bucket naming rules".
    pub fn is_directory(&self) -> bool {
        self.0.ends_with("--x-s3")
    }
}

impl FromStr for BucketName {
    type Err = InvalidBucketName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let length = text.chars().count();
        if !(3..=255).contains(&length) {
            return Err(InvalidBucketName::Length(text.chars().take(80).collect(), length));
        }
        match text.chars().find(|c| !(c.is_ascii_alphanumeric() || ".-_".contains(*c))) {
            Some(character) => Err(InvalidBucketName::Character(text.to_owned(), character)),
            None => Ok(Self(text.to_owned())),
        }
    }
}

/// The twelve digits of an AWS account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

/// Why a text is not an account.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not an AWS account, which has twelve digits")]
pub struct InvalidAccountId(String);

impl FromStr for AccountId {
    type Err = InvalidAccountId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidAccountId(text.to_owned()))
        }
    }
}

/// A Region's code, as `eu-west-1`.
///
/// Only the form is checked: which Regions exist is AWS's to say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(String);

/// Why a text is not a Region's code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a Region's code, as `eu-west-1` is")]
pub struct InvalidRegion(String);

impl Region {
    /// Reads the `LocationConstraint` of a bucket: `EU` is the old name of eu-west-1.
    ///
    /// Source: Amazon S3 API Reference, `CreateBucketConfiguration`.
    pub fn from_location_constraint(text: &str) -> Result<Self, InvalidRegion> {
        if text == "EU" { "eu-west-1".parse() } else { text.parse() }
    }

    /// The partition, as the second field of ARNs has it.
    ///
    /// Source: AWS IAM User Guide, "Amazon Resource Names (ARNs)".
    pub fn partition(&self) -> &'static str {
        const OTHERS: [(&str, &str); 7] = [
            ("cn-", "aws-cn"),
            ("us-gov-", "aws-us-gov"),
            ("eusc-", "aws-eusc"),
            ("us-iso-", "aws-iso"),
            ("us-isob-", "aws-iso-b"),
            ("eu-isoe-", "aws-iso-e"),
            ("us-isof-", "aws-iso-f"),
        ];
        let other = OTHERS.into_iter().find(|(prefix, _)| self.0.starts_with(prefix));
        other.map_or("aws", |(_, partition)| partition)
    }

    /// Whether SSE-C can be blocked by default encryption here.
    ///
    /// Source: Amazon S3 User Guide, "Default SSE-C setting FAQ": not in me-south-1 and me-central-1.
    pub fn can_block_sse_c(&self) -> bool {
        !matches!(self.as_str(), "me-south-1" | "me-central-1")
    }
}

impl FromStr for Region {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('-').collect();
        let words = parts.len() >= 3
            && parts[..parts.len() - 1]
                .iter()
                .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase()));
        let number = parts.last().is_some_and(|last| {
            (1..=2).contains(&last.len()) && last.bytes().all(|b| b.is_ascii_digit())
        });
        if words && number {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidRegion(text.to_owned()))
        }
    }
}

/// Which bucket: its name, whose it is and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketId {
    /// Its name.
    pub name: BucketName,
    /// Its owner.
    pub account: AccountId,
    /// Where it is.
    pub region: Region,
}

impl BucketId {
    /// The bucket's ARN.
    pub fn arn(&self) -> String {
        format!("arn:{}:s3:::{}", self.region.partition(), self.name)
    }
}

/// The full ARN of a KMS key. An alias is not one: S3 resolves it in the account of whoever calls.
///
/// Source: Amazon S3 API Reference, `ServerSideEncryptionByDefault`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyArn {
    arn: String,
    region: Region,
}

/// Why a text is not the ARN of a KMS key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidKeyArn {
    /// An alias, by name or ARN.
    #[error("`{0}` is an alias, which S3 resolves in the caller's account; give the key's ARN")]
    Alias(String),
    /// Anything else.
    #[error("`{0}` is not a key's ARN, as `arn:aws:kms:eu-west-1:111122223333:key/…` is")]
    Form(String),
}

impl KeyArn {
    /// The account of the key.
    pub fn account(&self) -> &str {
        self.arn.split(':').nth(4).unwrap_or_default()
    }

    /// The Region of the key; a bucket's default encryption needs a key of its own Region.
    pub fn region(&self) -> &Region {
        &self.region
    }
}

impl FromStr for KeyArn {
    type Err = InvalidKeyArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("alias/") || text.contains(":alias/") {
            return Err(InvalidKeyArn::Alias(text.to_owned()));
        }
        let form = || InvalidKeyArn::Form(text.to_owned());
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [arn, partition, service, region, account, resource] = parts[..] else {
            return Err(form());
        };
        let key = resource.strip_prefix("key/").ok_or_else(form)?;
        let region: Region = region.parse().map_err(|_| form())?;
        let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if arn == "arn"
            && partition.starts_with("aws")
            && service == "kms"
            && account.parse::<AccountId>().is_ok()
            && plain
        {
            Ok(Self { arn: text.to_owned(), region })
        } else {
            Err(form())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_name_says_which_rule_was_broken() {
        for good in ["abc", "reports.2026", "My_Old-Bucket", &"a".repeat(255)] {
            assert_eq!(good.parse::<BucketName>().unwrap().as_str(), good);
        }
        let check = |text: &str, message: &str| {
            assert_eq!(text.parse::<BucketName>().unwrap_err().to_string(), message);
        };
        check("ab", "`ab` has 2 characters, a bucket name has 3 to 255");
        check("a/b", "`a/b` has a `/`, a bucket name has only a-z, A-Z, 0-9, `.`, `-` and `_`");
        check("", "`` has 0 characters, a bucket name has 3 to 255");
    }

    #[test]
    fn a_directory_bucket_is_known_by_its_name() {
        assert!("logs--use1-az4--x-s3".parse::<BucketName>().unwrap().is_directory());
        assert!(!"logs-x-s3".parse::<BucketName>().unwrap().is_directory());
    }

    #[test]
    fn a_region_has_words_and_a_number() {
        for good in ["eu-west-1", "us-gov-east-1", "ap-southeast-4", "us-iso-east-1"] {
            assert!(good.parse::<Region>().is_ok(), "{good}");
        }
        for bad in ["", "eu", "eu-west", "eu_west_1", "EU-WEST-1", "eu-west-", "eu-west-1a", "-1-1"]
        {
            assert!(bad.parse::<Region>().is_err(), "{bad}");
        }
        assert_eq!(Region::from_location_constraint("EU").unwrap().as_str(), "eu-west-1");
    }

    #[test]
    fn an_alias_is_never_taken_for_a_key() {
        let good = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        assert_eq!(good.parse::<KeyArn>().unwrap().region().as_str(), "eu-west-1");
        assert!("arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-12".parse::<KeyArn>().is_ok());
        for alias in ["alias/aws/s3", "arn:aws:kms:eu-west-1:111122223333:alias/mine"] {
            assert!(matches!(alias.parse::<KeyArn>(), Err(InvalidKeyArn::Alias(_))), "{alias}");
        }
        for bad in [
            "",
            "1234abcd",
            "arn:aws:s3:::b",
            "arn:aws:kms:eu-west-1:1:key/a",
            "arn:aws:kms:eu:1:key/",
        ] {
            assert!(matches!(bad.parse::<KeyArn>(), Err(InvalidKeyArn::Form(_))), "{bad}");
        }
    }

    #[test]
    fn an_account_has_twelve_digits() {
        assert!("111122223333".parse::<AccountId>().is_ok());
        for bad in ["", "11112222333", "1111222233334", "11112222333a"] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad}");
        }
    }
}
