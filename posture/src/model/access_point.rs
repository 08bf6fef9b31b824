//! Access points: ways to the objects of buckets, each with a policy and a public access block of its own.

use crate::model::observed::Reading;
use crate::model::setting::PublicAccessBlock;
use crate::{BucketName, Region};

/// An access point of one Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPoint {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its Region.
    pub region: Region,
    /// Its bucket, which may be another account's.
    pub bucket: String,
    /// Whether it takes requests from the internet; else only from one VPC, so it is never public.
    ///
    /// Source: Amazon S3 User Guide, "Managing public access to access points for general purpose buckets".
    pub is_of_internet: bool,
    /// Whether its policy is public, as S3 itself judges it. It is not read for one of a VPC.
    pub is_public: Reading<bool>,
    /// Its own public access block, which cannot be changed after its creation.
    pub block: Reading<PublicAccessBlock>,
}

/// A Multi-Region Access Point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiRegionAccessPoint {
    /// Its name.
    pub name: String,
    /// Its alias, which is part of its ARN.
    pub alias: String,
    /// Its buckets.
    pub buckets: Vec<BucketName>,
    /// Whether its policy is public, as S3 itself judges it.
    pub is_public: Reading<bool>,
    /// Its own public access block, which cannot be changed after its creation.
    pub block: PublicAccessBlock,
}
