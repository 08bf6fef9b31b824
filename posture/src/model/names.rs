//! Names with rules, parsed when they enter the program.

use std::str::FromStr;

use thiserror::Error;

use crate::text::shown;

pub(crate) const ACCOUNT: &str = ".account";

/// What every name is: a text that was parsed, and is shown and written unchanged.
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

text!(BucketName: 0, AccountId: 0, Region: 0, KeyArn: arn, StackName: 0);

/// The name of a general purpose bucket.
///
/// It has 3 to 63 characters of a-z, 0-9, `.` and `-`. Buckets of us-east-1 from before 2018 may also have capitals and `_`
/// and up to 255 characters; they are accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketName(String);

/// Why a text is not the name of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{}` is not a bucket name, which has 3 to 255 of a-z, A-Z, 0-9, `.`, `-` and `_`", shown(.0, 80))]
pub struct InvalidBucketName(String);

impl BucketName {
    /// The account itself: its public access block is judged, written and recorded like a bucket's settings. No bucket's
    /// name begins with a dot.
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
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let is_valid = (3..=255).contains(&text.len()) && text.bytes().all(is_allowed);
        is_valid.then(|| Self(text.to_owned())).ok_or_else(|| InvalidBucketName(text.to_owned()))
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
        let is_valid = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        is_valid.then(|| Self(text.to_owned())).ok_or_else(|| InvalidAccountId(text.to_owned()))
    }
}

/// A Region's code, as `eu-west-1`.
///
/// Only the form is checked, because AWS adds Regions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(String);

/// Why a text is not a Region's code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a Region's code, such as `eu-west-1`")]
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
        let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
        let is_valid = text.rsplit_once('-').is_some_and(|(words, number)| {
            words.contains('-')
                && words.split('-').all(is_word)
                && (1..=2).contains(&number.len())
                && number.bytes().all(|b| b.is_ascii_digit())
        });
        is_valid.then(|| Self(text.to_owned())).ok_or_else(|| InvalidRegion(text.to_owned()))
    }
}

/// A bucket: its name, its owner and its Region.
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

/// The full ARN of a KMS key. An alias is not accepted, because S3 resolves it in the account of the caller.
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

/// The most characters of a stack's name. CloudFormation takes 128, but shortens a longer one in the names of the stack's rules
/// and functions, and then the rules that watch calls on them by name would not match.
pub const STACK_NAME_MAX: usize = 30;

/// The name of a stack: a letter, then letters, digits and `-`, at most [`STACK_NAME_MAX`] characters.
///
/// Source: AWS CloudFormation API Reference, `CreateStack`, `StackName`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackName(String);

/// Why a text is not the name of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{}` is not the name of a stack: a letter, then letters, digits and `-`, at most {STACK_NAME_MAX} characters",
    shown(.0, 130)
)]
pub struct InvalidStackName(String);

impl FromStr for StackName {
    type Err = InvalidStackName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_valid = text.len() <= STACK_NAME_MAX
            && text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_valid.then(|| Self(text.to_owned())).ok_or_else(|| InvalidStackName(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_name_follows_the_rules_of_s3() {
        for good in ["abc", "reports.2026", "My_Old-Bucket", &"a".repeat(255)] {
            assert_eq!(good.parse::<BucketName>().unwrap().as_str(), good);
        }
        for bad in ["ab", "a/b", "", &"a".repeat(256)] {
            assert!(bad.parse::<BucketName>().is_err(), "{bad}");
        }
        assert_eq!(
            "a/b".parse::<BucketName>().unwrap_err().to_string(),
            "`a/b` is not a bucket name, which has 3 to 255 of a-z, A-Z, 0-9, `.`, `-` and `_`"
        );
    }

    #[test]
    fn a_stacks_name_begins_with_a_letter_and_goes_on_with_letters_digits_and_hyphens() {
        for good in ["s3guard", "S-3-", &"a".repeat(30)] {
            assert!(good.parse::<StackName>().is_ok(), "{good}");
        }
        for bad in ["", "1st", "-a", "a_b", "aé", &"a".repeat(31)] {
            assert!(bad.parse::<StackName>().is_err(), "{bad}");
        }
        assert_eq!(
            "1st".parse::<StackName>().unwrap_err().to_string(),
            "`1st` is not the name of a stack: a letter, then letters, digits and `-`, at most 30 characters"
        );
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
