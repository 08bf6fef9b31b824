//! The accounts with which AWS itself delivers logs, from before services had principals of their own.

use crate::AccountId;
use crate::model::policy::Statement;

/// The canonical ids with which `CloudFront` delivers standard logs (`awslogsdelivery`), also in China.
///
/// Source: Amazon `CloudFront` Developer Guide, "Configure standard logging (legacy)", "Permissions".
pub(super) const CLOUDFRONT_LOGS: [&str; 2] = [
    "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0",
    "a52cb28745c0c06e84ec548334e44bfa7fc2a85c54af20cd59e4969344b7af56",
];

/// Source: Elastic Load Balancing, User Guide for Application Load Balancers, "Enable access logs", "Regions available
/// before August 2022"; AWS `GovCloud` (US) and China guides.
const LOAD_BALANCERS: [&str; 26] = [
    "127311923021",
    "033677994240",
    "027434742980",
    "797873946194",
    "098369216593",
    "754344448648",
    "589379963580",
    "718504428378",
    "383597477331",
    "600734575887",
    "114774131450",
    "783225319266",
    "582318560864",
    "985666609251",
    "054676820928",
    "156460612806",
    "652711504416",
    "635631232127",
    "009996457667",
    "897822967062",
    "076674570225",
    "507241528517",
    "048591011584",
    "190560391635",
    "638102146993",
    "037604701340",
];

/// Source: Amazon Redshift Management Guide, "Database audit logging", "Bucket permissions for Amazon Redshift audit
/// logging"; `GovCloud` and China guides.
const REDSHIFT: [&str; 24] = [
    "365689465814",
    "313564881002",
    "404641285394",
    "760740231472",
    "090321488786",
    "865932855811",
    "361669875840",
    "762762565011",
    "907379612154",
    "111890595117",
    "660998842044",
    "053454850223",
    "729911121831",
    "945612479654",
    "210876761215",
    "307160386991",
    "915173422425",
    "013126148197",
    "075028567923",
    "193672423079",
    "391106570357",
    "665727464434",
    "262260360010",
    "902366379725",
];

/// Whose logs an account of AWS delivers, if it does.
pub(super) fn service(account: &AccountId) -> Option<&'static str> {
    let accounts = [("Elastic Load Balancing", &LOAD_BALANCERS[..]), ("Redshift", &REDSHIFT)];
    let known = accounts.into_iter().find(|(_, ids)| ids.contains(&account.as_str()));
    known.map(|(service, _)| service)
}

/// Whether a statement allows only keys below `AWSLogs/ACCOUNT/`: these services write the logs of an account nowhere else.
///
/// Source: Elastic Load Balancing, User Guide for Application Load Balancers, "Enable access logs", "Bucket policy".
pub(super) fn is_limited(statement: Statement<'_>, account: &AccountId) -> bool {
    let folder = format!("/AWSLogs/{account}/");
    let mut resources = statement.each("Resource").peekable();
    resources.peek().is_some()
        && resources.all(|resource| {
            let before = resource.as_str().and_then(|text| text.split_once(&folder));
            before.is_some_and(|(before, _)| !before.contains(['*', '?']))
        })
}
