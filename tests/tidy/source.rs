//! The sources without their tests, and the documents.

use std::fs;
use std::path::{Path, PathBuf};

use quote::ToTokens as _;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, File, ImplItem, Item, Meta, Stmt};

/// The workspace's root folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All files with this suffix below a folder of the workspace, except built and generated ones.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "there are no files `{ending}` in `{folder}`");
    found
}

/// A path relative to the root.
pub(crate) fn inside(path: &Path) -> &Path {
    path.strip_prefix(root()).unwrap()
}

/// Whether a file has only tests.
pub(crate) fn is_test(path: &Path) -> bool {
    inside(path).to_string_lossy().contains("tests")
}

/// The text of a file.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The code of a file without comments, documentation and tests.
pub(crate) fn product(text: &str) -> File {
    let mut file = syn::parse_file(text).unwrap();
    WithoutTests.visit_file_mut(&mut file);
    file
}

/// The code as text without white space, for searches.
pub(crate) fn squeezed(file: &File) -> String {
    file.to_token_stream().to_string().split_whitespace().collect()
}

struct WithoutTests;

impl VisitMut for WithoutTests {
    fn visit_file_mut(&mut self, file: &mut File) {
        file.items.retain(|item| !is_only_for_tests(attributes(item)));
        visit_mut::visit_file_mut(self, file);
    }

    fn visit_item_mod_mut(&mut self, module: &mut syn::ItemMod) {
        if let Some((_, items)) = &mut module.content {
            items.retain(|item| !is_only_for_tests(attributes(item)));
        }
        visit_mut::visit_item_mod_mut(self, module);
    }

    fn visit_item_impl_mut(&mut self, block: &mut syn::ItemImpl) {
        block.items.retain(|item| match item {
            ImplItem::Fn(function) => !is_only_for_tests(&function.attrs),
            ImplItem::Const(constant) => !is_only_for_tests(&constant.attrs),
            _ => true,
        });
        visit_mut::visit_item_impl_mut(self, block);
    }

    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        block.stmts.retain(|statement| match statement {
            Stmt::Item(item) => !is_only_for_tests(attributes(item)),
            _ => true,
        });
        visit_mut::visit_block_mut(self, block);
    }

    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        attributes
            .retain(|attribute| !attribute.path().is_ident("doc") && !is_for_tests(attribute));
    }
}

/// Whether an attribute applies only to the build of tests.
fn is_for_tests(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    let tokens = list.tokens.to_string();
    (list.path.is_ident("cfg") && tokens == "test")
        || (list.path.is_ident("cfg_attr") && tokens.starts_with("test ,"))
}

fn is_only_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|one| one.path().is_ident("cfg") && is_for_tests(one))
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_removed_from_every_place() {
        let text = "
            //! SystemTime in words
            #[cfg(test)]
            use std::fs;
            struct Kept { field: u8 }
            impl Kept { #[cfg(test)] fn tested() { std::env::args(); } fn kept() { std::net::x(); } }
            #[cfg_attr(test, derive(Tokio))]
            enum Also { One }
            #[cfg(test)]
            mod tests { fn f() { println!(); } }
            fn last() { HashMap::new(); }
        ";
        let code = squeezed(&product(text));
        for gone in ["SystemTime", "std::fs", "std::env", "Tokio", "println"] {
            assert!(!code.contains(gone), "{gone}: {code}");
        }
        for kept in ["std::net::x()", "HashMap", "enumAlso", "field:u8"] {
            assert!(code.contains(kept), "{kept}: {code}");
        }
    }
}
