//! The table `[deploy]`.

use serde_json::{Value, json};

use crate::Config;
use crate::config::TrailChoice;

#[track_caller]
fn check(deploy: &Value, mistakes: &[&str]) {
    let found = Config::read(&json!({ "deploy": deploy }))
        .map_or_else(|mistakes| mistakes.iter().map(ToString::to_string).collect(), |_| Vec::new());
    assert_eq!(found, mistakes, "{deploy}");
}

#[test]
fn where_the_guard_is_deployed_is_read_and_does_not_travel() {
    let written = json!({
        "deploy": {
            "stack": "guard",
            "regions": ["eu-west-1", "us-east-1"],
            "trail": "auto",
            "tags": { "team": "storage" },
            "protect": true,
        },
    });
    let config = Config::read(&written).unwrap();
    let deploy = config.deploy();
    assert_eq!(deploy.stack, Some("guard".parse().unwrap()));
    assert_eq!(deploy.regions, ["eu-west-1".parse().unwrap(), "us-east-1".parse().unwrap()]);
    assert_eq!((deploy.trail, deploy.protect), (Some(TrailChoice::Auto), Some(true)));
    assert_eq!(deploy.tags["team"], "storage");
    assert_eq!(config.to_json(), "{}\n", "the package has nothing of it");
    assert_eq!(config.written(), written);
}

#[test]
fn a_mistake_in_the_table_deploy_is_reported_with_a_proposal() {
    check(&json!({}), &[]);
    check(
        &json!({ "stack": "my_guard" }),
        &[
            "`deploy.stack`: `my_guard` is not the name of a stack: a letter, then letters, digits and `-`, at most 30 characters",
        ],
    );
    check(
        &json!({ "regions": ["eu-west-1", "Ireland", "eu-west-1"] }),
        &[
            "`deploy.regions[1]`: `Ireland` is not a Region's code, such as `eu-west-1`",
            "`deploy.regions`: `eu-west-1` is listed twice (remove one)",
        ],
    );
    check(
        &json!({ "regions": "eu-west-1" }),
        &["`deploy.regions`: expected a list, found a string (write `[\"eu-west-1\"]`)"],
    );
    check(
        &json!({ "trail": "autom" }),
        &["`deploy.trail`: `autom` is not a valid choice (write `auto`)"],
    );
    check(
        &json!({ "protect": "yes" }),
        &[
            "`deploy.protect`: expected a boolean, found a string (write `true` or `false`, without quotes)",
        ],
    );
    check(
        &json!({ "tags": { "aws:team": "a", "team": "", "s3guard:stack": "x" } }),
        &[
            "`deploy.tags.aws:team`: `aws:team` begins with `aws:`, which is reserved for AWS",
            "`deploy.tags.s3guard:stack`: `s3guard:stack` begins with `s3guard:`, which is reserved for s3guard",
            "`deploy.tags.team`: the value of the tag `team` must have 1 to 256 characters",
        ],
    );
}
