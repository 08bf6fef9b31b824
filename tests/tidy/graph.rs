//! The dependencies between the modules of a crate, read from the `use`s and paths of its sources without tests.
//!
//! A path is resolved as the compiler does it: `crate`, `self` and `super`, then down through the modules; a name that a
//! module has by `use` is followed to the module that defines it, so that re-exports do not count. A module and its
//! submodules are one: a dependency of a part on its whole is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{File, ItemUse, UseTree};

use crate::source::{files, inside, is_test, product, read};

/// A module of a crate, as `["reconcile", "ledger"]`; the crate's root is empty.
pub(crate) type Module = Vec<String>;

/// The modules of a crate and the dependencies between them.
#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) arrows: BTreeMap<Module, BTreeSet<Module>>,
}

/// The content of a module.
#[derive(Default)]
struct Paths {
    /// The names that it imports, with their paths.
    names: BTreeMap<String, Vec<String>>,
    /// All paths in it.
    all: Vec<Vec<String>>,
}

impl Graph {
    /// Reads the crate in a folder of the workspace, for example `cli`.
    pub(crate) fn of_crate(name: &str) -> Self {
        let folder = format!("{name}/src");
        let sources = files(&folder, ".rs").into_iter().filter(|path| !is_test(path));
        let of = |path: &Path| -> Module {
            let path = inside(path).strip_prefix(&folder).unwrap().with_extension("");
            let parts = path.iter().map(|part| part.to_string_lossy().into_owned());
            parts.filter(|part| part != "lib").collect()
        };
        Self::of(sources.map(|path| (of(&path), product(&read(&path)))))
    }

    /// Reads these sources.
    pub(crate) fn of(sources: impl IntoIterator<Item = (Module, File)>) -> Self {
        let said: BTreeMap<Module, Paths> = sources
            .into_iter()
            .map(|(module, file)| {
                let mut paths = Paths::default();
                paths.visit_file(&file);
                (module, paths)
            })
            .collect();
        let arrows = said.iter().map(|(module, paths)| {
            let used = paths.all.iter().filter_map(|path| defined_in(&said, module, path, 0));
            let used = used.filter(|other| !module.starts_with(other));
            (module.clone(), used.collect())
        });
        Self { arrows: arrows.collect() }
    }

    /// The graph with a module and its parts as one.
    pub(crate) fn with_one(self, whole: &str) -> Self {
        let one = |module: Module| match module.first() {
            Some(first) if first == whole => vec![whole.to_owned()],
            Some(_) | None => module,
        };
        let mut arrows: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
        for (from, used) in self.arrows {
            let from = one(from);
            let used = used.into_iter().map(one).filter(|other| *other != from).collect::<Vec<_>>();
            arrows.entry(from).or_default().extend(used);
        }
        Self { arrows }
    }

    /// The modules in a circle, each with the modules of the circle that it uses.
    pub(crate) fn circles(&self) -> BTreeMap<&Module, BTreeSet<&Module>> {
        let reached = self.arrows.keys().map(|module| (module, self.reached(module)));
        let reached: BTreeMap<&Module, BTreeSet<&Module>> = reached.collect();
        let in_circle = reached.iter().filter(|(module, others)| others.contains(*module));
        let with_used = in_circle.map(|(module, _)| {
            let back = |other: &&Module| reached.get(other).is_some_and(|all| all.contains(module));
            (*module, self.arrows[*module].iter().filter(back).collect())
        });
        with_used.collect()
    }

    /// All modules that a module uses, also indirectly.
    fn reached(&self, from: &Module) -> BTreeSet<&Module> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&Module> = self.arrows[from].iter().collect();
        while let Some(module) = next.pop() {
            if reached.insert(module) {
                next.extend(self.arrows.get(module).into_iter().flatten());
            }
        }
        reached
    }

    /// The dependencies between the top-level modules, as pairs of modules.
    pub(crate) fn between_rooms(&self) -> impl Iterator<Item = (&Module, &Module)> {
        let pairs =
            self.arrows.iter().flat_map(|(from, used)| used.iter().map(move |to| (from, to)));
        pairs.filter(|(from, to)| !from.is_empty() && from.first() != to.first())
    }
}

/// The module that defines the last name of a path in a module; `None` for another crate's.
fn defined_in(
    said: &BTreeMap<Module, Paths>,
    from: &Module,
    path: &[String],
    depth: usize,
) -> Option<Module> {
    // Names that define one another do not compile, but a mistake of ours must not loop.
    if depth > 20 {
        return None;
    }
    let mut at = from.clone();
    let mut rest = path;
    match rest.first()?.as_str() {
        "crate" => (at, rest) = (Module::new(), &rest[1..]),
        "self" | "super" => {
            while let Some((first, after)) = rest.split_first() {
                match first.as_str() {
                    "self" => {}
                    "super" => drop(at.pop()),
                    _ => break,
                }
                rest = after;
            }
        }
        name => {
            let child = [from.as_slice(), &[name.to_owned()]].concat();
            let named = said.get(from)?.names.get(name);
            match named {
                _ if said.contains_key(&child) => {}
                Some(named) if named.as_slice() != path => {
                    let whole = [named.as_slice(), &rest[1..]].concat();
                    return defined_in(said, from, &whole, depth + 1);
                }
                Some(_) | None => return None,
            }
        }
    }
    while let Some((first, after)) = rest.split_first() {
        let child = [at.as_slice(), std::slice::from_ref(first)].concat();
        let named = said.get(&at).and_then(|paths| paths.names.get(first));
        match (said.contains_key(&child), named) {
            (true, _) => (at, rest) = (child, after),
            (false, Some(named)) => {
                let whole = [named.as_slice(), after].concat();
                return defined_in(said, &at, &whole, depth + 1).or(Some(at));
            }
            (false, None) => break,
        }
    }
    Some(at)
}

impl Visit<'_> for Paths {
    fn visit_item_use(&mut self, item: &ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let segments: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        // A single name is an imported one.
        if segments.len() > 1 {
            self.all.push(segments);
        }
        visit::visit_path(self, path);
    }

    /// The content of a macro is read as tokens: paths with `::` between identifiers.
    fn visit_macro(&mut self, called: &syn::Macro) {
        let tokens = called.tokens.to_string();
        for word in
            tokens.replace(" :: ", "::").split(|c: char| !(c.is_alphanumeric() || "_:".contains(c)))
        {
            let segments: Vec<String> = word.split("::").map(str::to_owned).collect();
            if segments.len() > 1 && segments.iter().all(|segment| !segment.is_empty()) {
                self.all.push(segments);
            }
        }
        visit::visit_macro(self, called);
    }
}

impl Paths {
    fn tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: &dyn ToString| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.tree(&with(&path.ident), &path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(before, item)),
            UseTree::Glob(_) => self.all.push(before.to_vec()),
            UseTree::Name(name) if name.ident == "self" => {
                self.named(before.last().cloned(), before);
            }
            UseTree::Name(name) => self.named(Some(name.ident.to_string()), &with(&name.ident)),
            UseTree::Rename(rename) if rename.ident == "self" => {
                self.named(Some(rename.rename.to_string()), before);
            }
            UseTree::Rename(rename) => {
                self.named(Some(rename.rename.to_string()), &with(&rename.ident));
            }
        }
    }

    fn named(&mut self, name: Option<String>, path: &[String]) {
        if let Some(name) = name.filter(|name| name != "_") {
            self.names.insert(name, path.to_vec());
        }
        self.all.push(path.to_vec());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(sources: &[(&str, &str)]) -> Graph {
        Graph::of(sources.iter().map(|(name, text)| {
            let module = name.split("::").filter(|part| !part.is_empty()).map(str::to_owned);
            (module.collect(), product(text))
        }))
    }

    fn shown(graph: &Graph) -> Vec<String> {
        let shown = |(from, used): (&Module, &BTreeSet<Module>)| {
            let used: Vec<String> = used.iter().map(|other| other.join("::")).collect();
            format!("{} -> {}", from.join("::"), used.join(" "))
        };
        graph.arrows.iter().filter(|(_, used)| !used.is_empty()).map(shown).collect()
    }

    #[test]
    fn a_name_is_followed_to_where_it_is_defined() {
        let graph = graph(&[
            ("", "mod a; mod b; pub use crate::a::inner::Thing;"),
            ("a", "mod inner; pub(crate) use self::inner::Thing;"),
            ("a::inner", "pub struct Thing; use super::other; use std::fmt;"),
            ("b", "use crate::Thing; fn f() { let _ = crate::a::g(); assert!(crate::c::h()); }"),
            ("c", "use crate::{a, b::{self as second}}; fn f() { a::Thing; second::f(); }"),
        ]);
        assert_eq!(
            shown(&graph),
            [" -> a::inner", "a -> a::inner", "b -> a a::inner c", "c -> a a::inner b"]
        );
        let circle: Vec<String> = graph.circles().keys().map(|module| module.join("::")).collect();
        assert_eq!(circle, ["b", "c"]);
    }

    #[test]
    fn tests_do_not_count_as_dependencies() {
        let graph = graph(&[
            ("a", "#[cfg(test)] use crate::b::B; #[cfg(test)] mod tests { use crate::b::B; }"),
            ("b", "use crate::a::A;"),
        ]);
        assert_eq!(shown(&graph), ["b -> a"]);
        assert!(graph.circles().is_empty());
    }
}
