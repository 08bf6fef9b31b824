//! The order in which modules may depend on one another.

use crate::graph::{Graph, Module};

/// The modules of `posture`, lowest first: each may use those before it.
const POSTURE: &[&str] = &[
    "text",
    "contract",
    "model",
    "config",
    "evaluate",
    "events",
    "reconcile",
    "notify",
    "flow",
    "digest",
    "testing",
];
/// The modules of `audit`, lowest first.
const AUDIT: &[&str] =
    &["severity", "rule", "names", "facts", "finding", "rules", "compare", "report"];
/// The modules of the command, lowest first; `hostile` and `schemas` are tests of what all of them print.
const CLI: &[&str] = &[
    "exit",
    "ui",
    "error",
    "files",
    "package",
    "config_file",
    "args",
    "operations",
    "commands",
    "hostile",
    "schemas",
];
/// The most public modules that `posture` may have.
const POSTURE_MODULES_MAX: usize = 10;

fn shown(module: &Module) -> String {
    module.join("::")
}

/// The dependencies against the order.
fn upward(graph: &Graph, rooms: &[&str]) -> Vec<String> {
    let height = |module: &Module| {
        let room = module.first().map_or("the root", String::as_str);
        rooms.iter().position(|known| *known == room)
    };
    let wrong = graph.between_rooms().filter(|(from, to)| match (height(from), height(to)) {
        (Some(from), Some(to)) => from < to,
        (_, _) => true,
    });
    wrong.map(|(from, to)| format!("{} uses {}", shown(from), shown(to))).collect()
}

#[test]
fn no_module_is_part_of_a_circle() {
    for name in ["posture", "audit", "synth", "aws", "lambda", "cli", "emulator"] {
        // The types of a language refer to one another: a value may depend on a condition, which compares values.
        let graph = Graph::of_crate(name).with_one("cfn");
        let circles: Vec<String> = graph
            .circles()
            .iter()
            .map(|(from, used)| {
                let used: Vec<String> = used.iter().map(|module| shown(module)).collect();
                format!("{} uses {}", shown(from), used.join(", "))
            })
            .collect();
        assert!(circles.is_empty(), "modules of {name} are in a circle:\n{}", circles.join("\n"));
    }
}

#[test]
fn modules_depend_downward() {
    for (name, rooms) in [("posture", POSTURE), ("audit", AUDIT), ("cli", CLI)] {
        let upward = upward(&Graph::of_crate(name), rooms);
        assert!(upward.is_empty(), "arrows of {name} run upward:\n{}", upward.join("\n"));
    }
}

#[test]
fn no_command_uses_another() {
    let graph = Graph::of_crate("cli");
    let commands = graph.arrows.iter().filter(|(module, _)| module.len() > 1);
    for (from, used) in commands.filter(|(module, _)| module[0] == "commands") {
        let other = used.iter().find(|other| other[0] == "commands" && other[1..2] != from[1..2]);
        assert_eq!(other, None, "{} uses another command", shown(from));
    }
}

#[test]
fn a_command_is_short() {
    for path in crate::source::files("cli/src/commands", ".rs") {
        let lines = crate::source::read(&path).lines().count();
        assert!(
            lines <= 150,
            "{} has {lines} lines: a command is arguments, operation, output",
            path.display()
        );
    }
}

#[test]
fn posture_has_few_public_modules() {
    let file = crate::source::product(&crate::source::read(
        crate::source::root().join("posture/src/lib.rs"),
    ));
    // Conditional modules, such as the doubles for tests, are not part of the product's interface.
    let is_public = |item: &&syn::Item| match item {
        syn::Item::Mod(module) => {
            let is_conditional = module.attrs.iter().any(|one| one.path().is_ident("cfg"));
            matches!(module.vis, syn::Visibility::Public(_)) && !is_conditional
        }
        _ => false,
    };
    let count = file.items.iter().filter(is_public).count();
    assert!(count <= POSTURE_MODULES_MAX, "posture has {count} public modules");
}

#[test]
fn a_wrong_dependency_is_found() {
    let source = |name: &str, text| (vec![name.to_owned()], crate::source::product(text));
    let graph = Graph::of([
        source("model", "use crate::config::Config;"),
        source("config", "use crate::model::Name; use crate::unknown::X;"),
        source("unknown", ""),
    ]);
    assert_eq!(upward(&graph, POSTURE), ["config uses unknown", "model uses config"]);
    assert_eq!(graph.circles().len(), 2, "{:?}", graph.circles());
}
