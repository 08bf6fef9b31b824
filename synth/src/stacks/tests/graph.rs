//! The graph of the resources: what refers to what, also in policies, and in which order they are created.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect;
use serde_json::Value as Json;

use super::reading::{configured, texts};
use crate::{cfn::intrinsic, stacks::guard};

type Graph<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// What each resource of a rendered template refers to, whether or not a condition holds.
fn graph(template: &Json) -> Graph<'_> {
    let resources = template["Resources"].as_object().unwrap();
    let mut graph: Graph<'_> = BTreeMap::new();
    for (id, resource) in resources {
        let ids = named(resource).into_iter().filter(|name| resources.contains_key(*name));
        graph.insert(id, ids.collect());
    }
    graph
}

/// The names to which a resource refers, and those of its dependencies.
fn named(resource: &Json) -> Vec<&str> {
    let mut named = Vec::new();
    find(&resource["Properties"], &mut named);
    named.extend(texts(&resource["DependsOn"]));
    named
}

/// The names in `Ref`, `Fn::GetAtt` and `Fn::Sub`.
fn find<'a>(json: &'a Json, found: &mut Vec<&'a str>) {
    match (intrinsic(json), json) {
        (Some(("Ref", Json::String(name))), _) => found.push(name),
        (Some(("Fn::GetAtt", path)), _) => found.extend(path[0].as_str()),
        (Some(("Fn::Sub", Json::String(text))), _) => {
            let names = text.split("${").skip(1).filter_map(|rest| rest.split(['}', '.']).next());
            found.extend(names);
        }
        (_, Json::Object(map)) => map.values().for_each(|value| find(value, found)),
        (_, Json::Array(items)) => items.iter().for_each(|item| find(item, found)),
        (_, Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => {}
    }
}

/// The longest way from a resource to one that refers to nothing; an error names the circle.
fn longest<'a>(graph: &Graph<'a>, from: &'a str, way: &[&'a str]) -> Result<Vec<&'a str>, String> {
    let way = [way, &[from]].concat();
    let mut longest_after = Vec::new();
    for to in &graph[from] {
        if way.contains(to) {
            return Err(format!("{} -> {to}", way.join(" -> ")));
        }
        let after = longest(graph, to, &way)?;
        if after.len() > longest_after.len() {
            longest_after = after;
        }
    }
    Ok([vec![from], longest_after].concat())
}

fn longest_of(template: &Json) -> Result<String, String> {
    let graph = graph(template);
    let mut ways = Vec::new();
    for id in graph.keys() {
        ways.push(longest(&graph, id, &[])?);
    }
    let longest = ways.into_iter().max_by_key(Vec::len).unwrap_or_default();
    Ok(longest.join(" -> "))
}

#[test]
fn nothing_refers_to_itself_also_by_way_of_policies() {
    let longest = longest_of(&guard().render().unwrap());
    expect![[r#"
        Ok(
            "Trail -> GuardSource -> ObjectDlqPolicy -> AlarmChanged -> GuardErrorsAlarm -> GuardFunction -> GuardPlatformPolicy -> GuardLogs -> Key -> GuardRole",
        )
    "#]].assert_debug_eq(&longest);
    expect![[r#"
        Ok(
            "Trail -> GuardSource -> ObjectDlqPolicy -> AlarmChanged -> GuardErrorsAlarm -> GuardFunction -> GuardPlatformPolicy -> GuardLogs -> Key -> GuardRole",
        )
    "#]].assert_debug_eq(&longest_of(&configured().render().unwrap()));
}

#[test]
fn a_circle_is_found() {
    let mut template = guard().render().unwrap();
    let key = serde_json::json!({ "Fn::GetAtt": ["Key", "Arn"] });
    template["Resources"]["GuardRole"]["Properties"]["PermissionsBoundary"] = key;
    let circle = longest_of(&template).unwrap_err();
    assert!(
        circle.contains("Key -> GuardRole -> Key")
            || circle.contains("GuardRole -> Key -> GuardRole"),
        "{circle}"
    );
}
