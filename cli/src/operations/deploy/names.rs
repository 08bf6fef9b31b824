//! The names of the stack's own buckets, resolved before the template is sent.
//!
//! `ImportExistingResources` takes back a bucket of an earlier installation only if its name is literal in the template:
//! for a name from `Fn::Sub` CloudFormation tries to create the bucket, and fails because the name is taken.

use anyhow::anyhow;
use s3guard_posture::Region;
use s3guard_synth::cfn::{Known, Resolver};
use serde_json::Value as Json;

use crate::error::Advice as _;
use crate::exit::Exit;

/// How the calls to the global endpoint, whose events arrive only in us-east-1, are seen as well.
pub(crate) const GLOBAL_ENDPOINT_FIX: &str =
    "add `us-east-1` to `regions` under `[deploy]` in `s3guard.toml`, or to `--region`, and deploy";

/// Regions without account-regional namespaces for buckets.
///
/// Source: Amazon S3 User Guide, "Account regional namespaces for general purpose buckets".
const WITHOUT_ACCOUNT_REGIONAL_NAMES: [&str; 2] = ["me-central-1", "me-south-1"];

/// Refuses a Region where the stack's buckets cannot have their names.
pub(crate) fn check_region(region: &Region) -> anyhow::Result<()> {
    if has_account_names(region) {
        return Ok(());
    }
    Err(anyhow!("S3 in `{region}` has no account-regional bucket namespaces"))
        .hint("s3guard needs them for its own buckets: choose another Region with `--region`")
        .exit(Exit::Usage)
}

/// Whether the Region has account-regional namespaces for buckets.
pub(crate) fn has_account_names(region: &Region) -> bool {
    !WITHOUT_ACCOUNT_REGIONAL_NAMES.contains(&region.as_str())
}

/// Resolves the name of every bucket whose parts are all known.
pub(crate) fn write_out(template: &mut Json, known: &Known<'_>) {
    for resource in
        template["Resources"].as_object_mut().into_iter().flat_map(|map| map.values_mut())
    {
        if resource["Type"] != "AWS::S3::Bucket" {
            continue;
        }
        let Some(name) = resource.pointer_mut("/Properties/BucketName") else { continue };
        let written = Resolver::new(&Json::Null, known).value(name);
        if written.is_string() {
            *name = written;
        }
    }
}

#[cfg(test)]
mod tests {
    use s3guard_synth::stacks;
    use serde_json::json;

    use super::*;

    fn known(name: &str) -> Option<String> {
        let value = match name {
            "BucketPrefix" => "prod",
            "AWS::AccountId" => "111122223333",
            "AWS::Region" => "eu-west-1",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn every_bucket_of_the_stack_is_sent_with_its_name_written_out() {
        let mut template: Json = stacks::guard().render().unwrap();
        write_out(&mut template, &known);
        let resources = template["Resources"].as_object().unwrap();
        let buckets: Vec<_> = resources
            .values()
            .filter(|resource| resource["Type"] == "AWS::S3::Bucket")
            .map(|resource| resource["Properties"]["BucketName"].as_str().unwrap())
            .collect();
        assert_eq!(
            buckets,
            [
                "prod-logs-111122223333-eu-west-1-an",
                "prod-ledger-111122223333-eu-west-1-an",
                "prod-trail-111122223333-eu-west-1-an",
            ]
        );
    }

    #[test]
    fn a_name_with_an_unknown_part_stays_as_it_is() {
        let bucket = json!({ "Type": "AWS::S3::Bucket", "Properties": { "BucketName": { "Fn::Sub": "${Other}-x" } } });
        let mut template = json!({ "Resources": { "Bucket": bucket } });
        let before = template.clone();
        write_out(&mut template, &known);
        assert_eq!(template, before);
    }

    #[test]
    fn a_region_without_account_regional_names_is_refused() {
        let is_taken = |region: &str| check_region(&region.parse().unwrap()).is_ok();
        assert!(is_taken("eu-west-1") && is_taken("il-central-1") && is_taken("me-west-1"));
        assert!(!is_taken("me-south-1") && !is_taken("me-central-1"));
    }

    #[test]
    fn other_resources_are_left_alone() {
        let policy = json!({ "Type": "AWS::S3::BucketPolicy", "Properties": { "Bucket": "b" } });
        let mut template = json!({ "Resources": { "Policy": policy } });
        let before = template.clone();
        write_out(&mut template, &known);
        assert_eq!(template, before);
    }
}
