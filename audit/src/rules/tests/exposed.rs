//! Exposure: now, by one switch, and not known. Among the cases are defects of other tools.

use super::*;

fn everyone(action: &str) -> Reading<Policy> {
    policy(&allow(&json!("*"), action))
}

/// A bucket with a public policy and these blocks of its own and of the account.
fn public(action: &str, own: PublicAccessBlock, of_account: PublicAccessBlock) -> BucketFacts {
    let mut facts = sample();
    facts.observed.policy = everyone(action);
    facts.observed.policy_is_public = Reading::Known(true);
    facts.observed.public_access_block = Reading::Known(own);
    facts.observed.account_block = Reading::Known(of_account);
    facts
}

fn found(facts: &BucketFacts) -> Vec<String> {
    let mut words = words(&judged(facts, Vec::new()));
    words.retain(|one| !one.starts_with("bucket-block"));
    words
}

const OFF: PublicAccessBlock = PublicAccessBlock {
    block_public_acls: false,
    ignore_public_acls: false,
    block_public_policy: false,
    restrict_public_buckets: false,
};

#[test]
fn what_everyone_may_do_decides_the_rule() {
    let found = |action: &str| found(&public(action, OFF, OFF));
    assert_eq!(found("s3:GetObject"), ["public-read critical"]);
    assert_eq!(found("s3:ListBucket"), ["public-list critical"]);
    assert_eq!(found("s3:PutObject"), ["public-write critical"]);
    assert_eq!(found("s3:PutBucketPolicy"), ["public-write critical"]);
    assert_eq!(found("s3:GetBucketTagging"), ["public-list critical"]);
    let all = ["public-list critical", "public-read critical", "public-write critical"];
    assert_eq!(found("s3:*"), all);
}

#[test]
fn the_switch_that_holds_a_public_policy_back_is_named() {
    let all = PublicAccessBlock::ALL;
    let read = "s3:GetObject";
    let by = |held: &str| vec![format!("public-latent high held by {held}")];
    assert_eq!(found(&public(read, all, OFF)), by("bucket.RestrictPublicBuckets"));
    // With the account's block on, others say that all is well, and look at no bucket.
    assert_eq!(found(&public(read, OFF, all)), by("account.RestrictPublicBuckets"));
    let both = "bucket.RestrictPublicBuckets account.RestrictPublicBuckets";
    assert_eq!(found(&public(read, all, all)), by(both));
    // Blocking new public policies makes those that exist no safer.
    let new_only = PublicAccessBlock { block_public_policy: true, ..OFF };
    assert_eq!(found(&public(read, new_only, new_only)), ["public-read critical"]);
}

#[test]
fn strangers_that_a_restricted_public_policy_names_are_kept_out_too() {
    let mut facts = public("s3:GetObject", PublicAccessBlock::ALL, OFF);
    let document = json!({ "Version": "2012-10-17", "Statement": [
        tls_only(), allow(&json!("*"), "s3:GetObject"),
        allow(&json!({ "AWS": "999988887777" }), "s3:PutBucketPolicy"),
    ] });
    facts.observed.policy = Reading::Known(Policy::new(document.to_string()));
    let held = "held by bucket.RestrictPublicBuckets";
    let expected = [format!("public-latent high {held}"), format!("stranger-admin medium {held}")];
    assert_eq!(found(&facts), expected);
}

#[test]
fn a_public_acl_is_public_unless_it_is_ignored() {
    let facts = |public_writes, own: PublicAccessBlock| {
        let mut facts = sample();
        let acl = Acl { is_public: true, public_writes, grants_others: true, ..Acl::default() };
        facts.observed.acl = Reading::Known(acl);
        facts.observed.ownership = Reading::Absent;
        facts.observed.public_access_block = Reading::Known(own);
        let mut found = found(&facts);
        found.retain(|one| one.starts_with("public"));
        found
    };
    assert_eq!(facts(false, OFF), ["public-list critical"]);
    assert_eq!(facts(true, OFF), ["public-acl-write critical"]);
    let ignoring = PublicAccessBlock { ignore_public_acls: true, ..OFF };
    assert_eq!(facts(true, ignoring), ["public-latent high held by bucket.IgnorePublicAcls"]);
    // Refusing new public ACLs does not take away those that exist.
    let refusing = PublicAccessBlock { block_public_acls: true, ..OFF };
    assert_eq!(facts(true, refusing), ["public-acl-write critical"]);
}

#[test]
fn what_could_not_be_read_is_unknown_and_not_passed_over() {
    // Others give a bucket whose block is denied no finding at all.
    let mut facts = public("s3:GetObject", OFF, OFF);
    facts.observed.public_access_block = Reading::Denied;
    assert_eq!(found(&facts), ["public-read critical unknown", "unreadable critical unknown"]);
    let mut facts = sample();
    facts.observed.public_access_block = Reading::Denied;
    assert_eq!(found(&facts), ["unreadable medium unknown"]);
    facts.observed.account_block = Reading::Known(PublicAccessBlock::ALL);
    assert_eq!(found(&facts), ["unreadable info unknown"]);
}

#[test]
fn a_policy_that_names_whom_it_lets_in_is_never_asked_about() {
    let mut facts = sample();
    facts.observed.policy = policy(&allow(&json!({ "AWS": "999988887777" }), "s3:GetObject"));
    facts.settle();
    assert_eq!(facts.observed.policy_is_public, Reading::Known(false));
    facts = sample();
    facts.observed.policy = everyone("s3:GetObject");
    facts.settle();
    assert_eq!(facts.observed.policy_is_public, Reading::Unread);
}

#[test]
fn where_s3_judges_otherwise_its_word_counts() {
    let mut facts = public("s3:GetObject", OFF, OFF);
    facts.observed.policy_is_public = Reading::Known(false);
    assert_eq!(found(&facts), ["stranger-access medium"]);
    facts.observed.policy = policy(&allow(&json!({ "AWS": "999988887777" }), "s3:GetObject"));
    facts.observed.policy_is_public = Reading::Known(true);
    assert_eq!(found(&facts), ["public-read critical", "stranger-access medium"]);
}

#[test]
fn a_public_website_is_a_finding() {
    let mut facts = public("s3:GetObject", OFF, OFF);
    facts.observed.website = Reading::Known(());
    assert_eq!(found(&facts), ["public-read critical", "website-public high"]);
    facts.observed.public_access_block = Reading::Known(PublicAccessBlock::ALL);
    let latent = "public-latent high held by bucket.RestrictPublicBuckets";
    assert_eq!(found(&facts), [latent]);
}

fn access_point() -> AccessPoint {
    AccessPoint {
        name: "team".to_owned(),
        arn: "arn:aws:s3:eu-west-1:111122223333:accesspoint/team".to_owned(),
        region: id().region,
        bucket: "reports".to_owned(),
        is_of_internet: true,
        is_public: Reading::Known(true),
        block: Reading::Known(OFF),
    }
}

/// A bucket whose policy lets its access points in, and which has no block.
fn delegating() -> BucketFacts {
    let mut facts = sample();
    let mut statement = allow(&json!({ "AWS": "*" }), "s3:GetObject");
    let own = json!({ "StringEquals": { "s3:DataAccessPointAccount": "111122223333" } });
    statement["Condition"] = own;
    facts.observed.policy = policy(&statement);
    facts.observed.public_access_block = Reading::Known(OFF);
    facts
}

#[test]
fn a_public_access_point_is_public_if_the_bucket_lets_access_points_in() {
    let found = |facts: &BucketFacts, point: AccessPoint| {
        let mut words = words(&judged(facts, vec![point]));
        words.retain(|one| one.starts_with("access-point") || one.starts_with("unreadable"));
        words
    };
    assert_eq!(found(&delegating(), access_point()), ["access-point-public critical"]);
    let mut own = access_point();
    own.block = Reading::Known(PublicAccessBlock::ALL);
    let held = "access-point-public high held by accessPoint.RestrictPublicBuckets";
    assert_eq!(found(&delegating(), own), [held]);
    let mut facts = sample();
    facts.observed.public_access_block = Reading::Known(OFF);
    let held = "access-point-public high held by bucketPolicy";
    assert_eq!(found(&facts, access_point()), [held]);
    let of_vpc = AccessPoint { is_of_internet: false, ..access_point() };
    assert_eq!(found(&delegating(), of_vpc), [""; 0]);
    let elsewhere = AccessPoint { bucket: "another".to_owned(), ..access_point() };
    assert_eq!(found(&delegating(), elsewhere), [""; 0]);
    let unread = AccessPoint { is_public: Reading::Denied, ..access_point() };
    assert_eq!(found(&delegating(), unread), ["unreadable high unknown"]);
}

#[test]
fn a_multi_region_access_point_has_a_block_of_its_own() {
    let of = |block, is_public, of_account| {
        let mut facts = account(of_account);
        facts.multi_region = Reading::Known(vec![MultiRegionAccessPoint {
            name: "all".to_owned(),
            alias: "mfzwi23gnjvgw.mrap".to_owned(),
            buckets: vec![id().name],
            is_public,
            block,
        }]);
        let mut words = words(&of_account_(&facts));
        words.retain(|one| !one.starts_with("account-block"));
        words
    };
    let all = PublicAccessBlock::ALL;
    assert_eq!(of(OFF, Reading::Known(true), OFF), ["mrap-public critical"]);
    let held = "mrap-public high held by accessPoint.RestrictPublicBuckets";
    assert_eq!(of(all, Reading::Known(true), OFF), [held]);
    let held = "mrap-public high held by account.RestrictPublicBuckets";
    assert_eq!(of(OFF, Reading::Known(true), all), [held]);
    assert_eq!(of(OFF, Reading::Known(false), OFF), [""; 0]);
    assert_eq!(of(OFF, Reading::Denied, OFF), ["unreadable high unknown"]);
}

fn of_account_(facts: &AccountFacts) -> Vec<Finding> {
    of_account(facts, &id().region, &Baseline::of_account(Mode::Report))
}
