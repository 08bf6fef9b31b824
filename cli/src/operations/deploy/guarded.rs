//! The Regions with a guard, as each guard knows them from a parameter: buckets elsewhere are reported.

use std::collections::{BTreeMap, BTreeSet};

use s3guard_aws::stacks::Stacks;
use s3guard_posture::Region;
use s3guard_posture::contract::parameter;

use crate::operations::deploy::target::DeployTarget;

/// The Regions of this deployment, and those that one of the stacks names, if they still have a stack of this name.
pub(crate) async fn regions(targets: &[DeployTarget]) -> BTreeSet<Region> {
    let mut all: BTreeSet<Region> = targets.iter().map(|target| target.region().clone()).collect();
    let Some(first) = targets.first() else { return all };
    let earlier: BTreeSet<Region> =
        targets.iter().flat_map(|target| named(&target.previous())).collect();
    for region in earlier.difference(&all.clone()) {
        let stacks = Stacks::new(&first.account.connection.in_region(region));
        // Without the permission it is not known, and nothing changes.
        if !matches!(stacks.describe(first.name.as_str()).await, Ok(None)) {
            all.insert(region.clone());
        }
    }
    all
}

/// The value of the parameter of a stack in this Region: empty if it is the only one.
pub(crate) fn value(guarded: &BTreeSet<Region>, own: &Region) -> String {
    let names: Vec<&str> = guarded.iter().map(Region::as_str).collect();
    if names == [own.as_str()] { String::new() } else { names.join(",") }
}

fn named(parameters: &BTreeMap<String, String>) -> Vec<Region> {
    let names = parameters.get(parameter::GUARDED_REGIONS).map_or("", String::as_str);
    names.split(',').filter_map(|name| name.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_names_the_regions_unless_there_is_only_one() {
        let of = |codes: &[&str]| {
            let regions = codes.iter().map(|code| code.parse().unwrap()).collect();
            value(&regions, &"eu-west-1".parse().unwrap())
        };
        assert_eq!(of(&["eu-west-1"]), "");
        assert_eq!(of(&["us-east-1", "eu-west-1"]), "eu-west-1,us-east-1");
        let parameters = |value: &str| {
            let pair = (parameter::GUARDED_REGIONS.to_owned(), value.to_owned());
            named(&BTreeMap::from([pair])).len()
        };
        assert_eq!((parameters("eu-west-1,us-east-1"), parameters("")), (2, 0));
        assert_eq!(named(&BTreeMap::new()), []);
    }
}
