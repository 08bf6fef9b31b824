//! Reads a configuration into its types with serde, and finds every mistake in it, not only the first.
//!
//! What serde cannot read is recorded and left out, and all is read again until there is no mistake. Unknown settings, and
//! values that should be tables, are recorded and skipped at once.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use super::mistake::{At, Mistake, PathPart, alternatives, below, nearest, quoted, wrong_key};
use super::values::ONE_OR_MANY;

/// The most mistakes that are reported: each costs one more pass.
const MISTAKES_MAX: usize = 200;

/// How to correct a top-level setting that was written into a table.
const MOVE_UP: &str = "move it above the first line with `[`";

#[derive(Debug, Default)]
pub(super) struct Found {
    mistakes: RefCell<Vec<Mistake>>,
    /// Settings that were left out, or meant: that they are missing is not a second mistake.
    hidden: RefCell<BTreeSet<Vec<PathPart>>>,
    /// The top-level settings.
    top: Cell<&'static [&'static str]>,
}

pub(super) fn read<T: DeserializeOwned + Default>(value: &Value) -> (T, Found) {
    let found = Found::default();
    while found.mistakes.borrow().len() < MISTAKES_MAX {
        let reader = Reader { value, path: Vec::new(), found: &found, is_one_or_many: false };
        match T::deserialize(reader) {
            Ok(read) => return (read, found),
            Err(mistake) => {
                if !found.note(mistake) {
                    break;
                }
            }
        }
    }
    (T::default(), found)
}

impl Found {
    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes.into_inner()
    }

    /// Whether nothing at or below this path was left out.
    pub(super) fn is_whole(&self, path: &[PathPart]) -> bool {
        !self.hidden.borrow().iter().any(|hidden| hidden.starts_with(path))
    }

    /// Adds a mistake, unless it only follows from another one.
    pub(super) fn add(&self, mistake: Mistake) {
        let is_explained = |hidden: &Vec<PathPart>| {
            hidden.starts_with(&mistake.path) || mistake.path.starts_with(hidden)
        };
        if !self.hidden.borrow().iter().any(is_explained) {
            self.mistakes.borrow_mut().push(mistake);
        }
    }

    /// Adds a mistake of a table, unless the table itself was left out.
    pub(super) fn add_of_table(&self, mistake: Mistake) {
        if !self.hidden.borrow().iter().any(|hidden| mistake.path.starts_with(hidden)) {
            self.mistakes.borrow_mut().push(mistake);
        }
    }

    /// Records a mistake and leaves out the value at its path; false if it was left out before.
    fn note(&self, mistake: Mistake) -> bool {
        let is_new = self.hidden.borrow_mut().insert(mistake.path.clone());
        if is_new {
            self.mistakes.borrow_mut().push(mistake);
        }
        is_new
    }

    fn is_hidden(&self, path: &[PathPart]) -> bool {
        self.hidden.borrow().contains(path)
    }

    /// Whether it is a top-level setting, which is easily written into a table by mistake.
    fn is_at_the_top(&self, key: &str, value: &Value) -> bool {
        self.top.get().contains(&key) && !value.is_object() && !value.is_array()
    }

    /// Records an unknown setting of a table. The setting that was probably meant is hidden, too.
    fn unknown(&self, (table, names): Fields, settings: &Map<String, Value>, path: &[PathPart]) {
        let Some(PathPart::Key(key)) = path.last() else { return };
        let open: Vec<&str> =
            names.iter().copied().filter(|name| !settings.contains_key(*name)).collect();
        let meant = nearest(key, &open);
        let proposal = match meant {
            Some(name) => format!("write `{name}`"),
            None if settings.get(key).is_some_and(|value| self.is_at_the_top(key, value)) => {
                MOVE_UP.to_owned()
            }
            None => format!("{table} has {}", alternatives(names).replace(" or ", " and ")),
        };
        let problem = format!("{} is not a setting of {table}", quoted(key));
        if self.note(wrong_key(path, problem, Some(proposal))) {
            let table = &path[..path.len() - 1];
            self.hidden.borrow_mut().extend(meant.map(|name| below(table, name)));
        }
    }
}

type Fields = (&'static str, &'static [&'static str]);

/// A value and its path.
struct Reader<'a> {
    value: &'a Value,
    path: Vec<PathPart>,
    found: &'a Found,
    is_one_or_many: bool,
}

impl<'a> Reader<'a> {
    fn at(&self, part: impl Into<PathPart>, value: &'a Value) -> Self {
        let path = below(&self.path, part);
        Self { value, path, found: self.found, is_one_or_many: false }
    }

    /// The mistake of a value of an unexpected type.
    fn wrong(&self, expected: impl std::fmt::Display, proposal: Option<String>) -> Mistake {
        let is = match self.value {
            Value::Null => "an unsupported value",
            Value::Bool(_) => "a boolean",
            Value::Number(number) if number.is_f64() => "a float",
            Value::Number(_) => "an integer",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "a table",
        };
        Mistake {
            path: self.path.clone(),
            at: At::Value,
            problem: format!("expected {expected}, found {is}"),
            proposal,
        }
    }

    fn wrong_text(&self, expected: &dyn Expected) -> Mistake {
        let expected = expected.to_string();
        let is_quotable =
            expected.starts_with("a string") && (self.value.is_number() || self.value.is_boolean());
        let proposal = is_quotable.then(|| format!("write `\"{}\"`, in quotes", self.value));
        self.wrong(expected, proposal)
    }

    fn wrong_integer(&self) -> Mistake {
        let number = self.value.as_f64().and(Some(self.value.to_string()));
        let whole = number.as_deref().and_then(|number| number.strip_suffix(".0"));
        let text = self.value.as_str().and_then(|text| text.trim().parse::<i64>().ok());
        let proposal = match (whole, text) {
            (Some(whole), _) => format!("write `{whole}`"),
            (_, Some(number)) => format!("write `{number}`, without quotes"),
            (None, None) => "write an integer, or remove the line".to_owned(),
        };
        self.wrong("an integer", Some(proposal))
    }

    fn wrong_list(&self) -> Mistake {
        let proposal = match (self.value, self.path.last()) {
            (Value::String(text), _) => Some(format!("write {}", quoted(&format!("[\"{text}\"]")))),
            (Value::Object(_), Some(PathPart::Key(key))) => {
                Some(format!("write `[[{key}]]` on a line of its own, and the settings below"))
            }
            _ => None,
        };
        self.wrong("a list", proposal)
    }

    fn wrong_table(&self) -> Mistake {
        let keys = self.path.iter().filter_map(|part| match part {
            PathPart::Key(key) => Some(key.as_str()),
            PathPart::Index(_) => None,
        });
        let keys = keys.collect::<Vec<_>>().join(".");
        let header = match self.path.last() {
            Some(PathPart::Key(_)) => Some(format!("[{keys}]")),
            Some(PathPart::Index(_)) => Some(format!("[[{keys}]]")),
            None => None,
        };
        let proposal =
            header.map(|it| format!("write `{it}` on a line of its own, and the settings below"));
        self.wrong("a table", proposal)
    }
}

impl<'de> de::Deserializer<'de> for Reader<'de> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.value.as_str() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => Err(self.wrong_text(&visitor)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let write = || Some("write `true` or `false`, without quotes".to_owned());
        let is_true = self.value.as_bool().ok_or_else(|| self.wrong("a boolean", write()))?;
        visitor.visit_bool(is_true)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_i64(self.value.as_i64().ok_or_else(|| self.wrong_integer())?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(Self { is_one_or_many: name == ONE_OR_MANY, ..self })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let items = match self.value.as_array() {
            Some(items) => items,
            None if !self.is_one_or_many => return Err(self.wrong_list()),
            None if self.value.is_string() => std::slice::from_ref(self.value),
            None => return Err(self.wrong_text(&"a string or a list of strings")),
        };
        if self.is_one_or_many && items.is_empty() {
            let proposal = Some("add a value, or remove the line".to_owned());
            return Err(Mistake { proposal, ..de::Error::custom("the list is empty") });
        }
        visitor.visit_seq(Items { list: self, values: items, next: 0 })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let settings = self.value.as_object().ok_or_else(|| self.wrong_table())?;
        visitor.visit_map(Settings { entries: settings.iter(), table: self, value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        if self.path.is_empty() {
            self.found.top.set(fields);
        }
        let Some(settings) = self.value.as_object() else {
            self.found.note(self.wrong_table());
            let nothing = std::iter::empty::<(&str, &str)>();
            return visitor.visit_map(MapDeserializer::new(nothing));
        };
        for key in settings.keys().filter(|key| !fields.contains(&key.as_str())) {
            self.found.unknown((name, fields), settings, &below(&self.path, key.as_str()));
        }
        visitor.visit_map(Settings { entries: settings.iter(), table: self, value: None })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let Some(text) = self.value.as_str() else {
            let names: Vec<String> = variants.iter().map(|name| format!("\"{name}\"")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            return Err(self.wrong("a string", Some(format!("write {}", alternatives(&names)))));
        };
        visitor.visit_enum(text.into_deserializer())
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct
        identifier ignored_any
    }
}

/// The items of a list, without those that were left out.
struct Items<'a> {
    list: Reader<'a>,
    values: &'a [Value],
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Mistake;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Mistake> {
        while let Some(item) = self.values.get(self.next) {
            let mut reader = self.list.at(self.next, item);
            // A single value without a list has the path of its setting.
            if self.list.value.is_string() {
                reader.path.pop();
            }
            self.next += 1;
            let path = reader.path.clone();
            if !self.list.found.is_hidden(&path) {
                return seed.deserialize(reader).map(Some).map_err(|mistake| mistake.or_at(&path));
            }
        }
        Ok(None)
    }
}

/// The settings of a table, without those that were left out.
struct Settings<'a> {
    table: Reader<'a>,
    entries: serde_json::map::Iter<'a>,
    value: Option<Reader<'a>>,
}

impl<'de> MapAccess<'de> for Settings<'de> {
    type Error = Mistake;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Mistake> {
        for (key, value) in self.entries.by_ref() {
            let reader = self.table.at(key.as_str(), value);
            if self.table.found.is_hidden(&reader.path) {
                continue;
            }
            let text: StrDeserializer<'_, Mistake> = key.as_str().into_deserializer();
            let read = seed.deserialize(text).map_err(|mistake| {
                let is_at_the_top = reader.found.is_at_the_top(key, value);
                let proposal =
                    if is_at_the_top { Some(MOVE_UP.to_owned()) } else { mistake.proposal };
                Mistake { path: reader.path.clone(), at: At::Key, proposal, ..mistake }
            });
            self.value = Some(reader);
            return read.map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Mistake> {
        let reader = self.value.take().expect("serde asks for a value after its key");
        let path = reader.path.clone();
        seed.deserialize(reader).map_err(|mistake| mistake.or_at(&path))
    }
}
