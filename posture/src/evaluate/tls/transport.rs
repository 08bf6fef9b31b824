//! For which requests the condition of a statement holds, by how they come: evaluated as IAM does it.
//!
//! Only tests of `aws:SecureTransport` and `s3:TlsVersion` are evaluated; what depends on another key may hold or not.
//!
//! Source: AWS IAM User Guide, "IAM JSON policy elements: Condition operators", "Conditions with multiple context keys or
//! values" and "Set operators for multivalued context keys".

use serde_json::Value;

use crate::model::glob::Glob;
use crate::model::policy::listed;

const SECURE_TRANSPORT: &str = "aws:SecureTransport";
const TLS_VERSION: &str = "s3:TlsVersion";
/// The newest version of TLS.
const NEWEST: f64 = 1.3;

/// How a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    PlainHttp,
    Tls10,
    Tls11,
    Tls12,
    Tls13,
}

impl Transport {
    pub(super) const ALL: [Self; 5] =
        [Self::PlainHttp, Self::Tls10, Self::Tls11, Self::Tls12, Self::Tls13];
    /// What may be denied.
    pub(super) const OLD: [Self; 3] = [Self::PlainHttp, Self::Tls10, Self::Tls11];
    /// What S3 still answers besides plain HTTP.
    ///
    /// Source: AWS Security Blog, "TLS 1.2 to become the minimum TLS protocol level for all AWS API endpoints".
    pub(super) const CURRENT: [Self; 2] = [Self::Tls12, Self::Tls13];

    /// `aws:SecureTransport` is part of each request, `s3:TlsVersion` only of one by TLS.
    fn value(self, key: Key) -> Option<&'static str> {
        match (key, self) {
            (Key::SecureTransport, Self::PlainHttp) => Some("false"),
            (Key::SecureTransport, _) => Some("true"),
            (Key::TlsVersion, Self::PlainHttp) => None,
            (Key::TlsVersion, Self::Tls10) => Some("1.0"),
            (Key::TlsVersion, Self::Tls11) => Some("1.1"),
            (Key::TlsVersion, Self::Tls12) => Some("1.2"),
            (Key::TlsVersion, Self::Tls13) => Some("1.3"),
        }
    }
}

/// A key that says how a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    SecureTransport,
    TlsVersion,
}

impl Key {
    const ALL: [Self; 2] = [Self::SecureTransport, Self::TlsVersion];

    /// The names of keys are not case-sensitive.
    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| name.eq_ignore_ascii_case(key.name()))
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SecureTransport => SECURE_TRANSPORT,
            Self::TlsVersion => TLS_VERSION,
        }
    }
}

/// Whether a condition holds for requests that come in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds {
    Never,
    /// For some, or it is not known.
    Sometimes,
    Always,
}

impl Holds {
    const fn when(is: bool) -> Self {
        if is { Self::Always } else { Self::Never }
    }

    const fn not(self) -> Self {
        match self {
            Self::Never => Self::Always,
            Self::Sometimes => Self::Sometimes,
            Self::Always => Self::Never,
        }
    }
}

/// The keys of ours that a condition tests.
pub(super) fn tested(condition: &Value) -> Vec<Key> {
    let mut keys: Vec<Key> = tests(condition).filter_map(|(_, key, _)| Key::of(key)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Whether all tests of a condition hold for requests that come so.
pub(super) fn holds(condition: &Value, transport: Transport) -> Holds {
    let value_of = |key| transport.value(key);
    all_hold(condition, &value_of)
}

/// Whether a condition would hold for TLS of a version that does not exist, but is one that it names, or the next one.
pub(super) fn spares_a_version_to_come(condition: &Value) -> bool {
    let of_version = tests(condition).filter(|(_, key, _)| Key::of(key) == Some(Key::TlsVersion));
    let named = of_version.flat_map(|(_, _, values)| listed(values)).filter_map(|named| {
        let number = number(named)?;
        Some([(number, text(named)), (number + 0.1, format!("{:.1}", number + 0.1))])
    });
    named.flatten().filter(|(number, _)| *number > NEWEST + 0.01).any(|(_, version)| {
        let value_of = |key| match key {
            Key::SecureTransport => Some("true"),
            Key::TlsVersion => Some(version.as_str()),
        };
        all_hold(condition, &value_of) == Holds::Never
    })
}

/// The operators, keys and values of a condition.
fn tests(condition: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    condition.as_object().into_iter().flatten().flat_map(|(operator, tests)| {
        let tests = tests.as_object().into_iter().flatten();
        tests.map(|(key, values)| (operator.as_str(), key.as_str(), values))
    })
}

/// Whether all tests hold: a condition requires each of them.
fn all_hold<'v>(condition: &Value, value_of: &impl Fn(Key) -> Option<&'v str>) -> Holds {
    let is_understood =
        condition.as_object().is_some_and(|operators| operators.values().all(Value::is_object));
    let all = tests(condition).map(|(operator, key, values)| match Key::of(key) {
        Some(key) => Operator::new(operator).holds(values, value_of(key)),
        None => Holds::Sometimes,
    });
    let all = all.chain((!is_understood).then_some(Holds::Sometimes));
    all.min().unwrap_or(Holds::Always)
}

/// An operator, with what stands around its name.
struct Operator {
    /// Its name in lower case, without `Not`.
    name: String,
    is_negated: bool,
    if_exists: bool,
    set: Option<String>,
}

impl Operator {
    fn new(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let (set, name) = match text.split_once(':') {
            Some((set, name)) => (Some(set.to_owned()), name),
            None => (None, text.as_str()),
        };
        let bare = name.strip_suffix("ifexists").unwrap_or(name);
        let is_negated = bare.contains("not");
        Self {
            name: bare.replacen("not", "", 1),
            is_negated,
            if_exists: bare.len() < name.len(),
            set,
        }
    }

    /// Whether a value that a request has, or has not, meets one of these values; for a negated operator, none of them.
    fn holds(&self, values: &Value, value: Option<&str>) -> Holds {
        if self.name == "null" {
            let expected = listed(values).map(|expected| match text(expected).as_str() {
                "true" => Holds::when(value.is_none()),
                "false" => Holds::when(value.is_some()),
                _ => Holds::Sometimes,
            });
            return expected.max().unwrap_or(Holds::Never);
        }
        let Some(value) = value else {
            return match self.set.as_deref() {
                _ if self.if_exists => Holds::Always,
                None => Holds::when(self.is_negated),
                Some("forallvalues") => Holds::Always,
                Some("foranyvalue") => Holds::Never,
                Some(_) => Holds::Sometimes,
            };
        };
        let any = listed(values).map(|expected| self.meets(expected, value)).max();
        let any = any.unwrap_or(Holds::Never);
        if self.is_negated { any.not() } else { any }
    }

    fn meets(&self, expected: &Value, value: &str) -> Holds {
        let expected_text = text(expected);
        // A policy variable stands for what a request has.
        if expected_text.contains("${") {
            return Holds::Sometimes;
        }
        let by_number = |is: fn(f64, f64) -> bool| match (value.parse(), number(expected)) {
            (Ok(value), Some(expected)) => Holds::when(is(value, expected)),
            _ => Holds::Sometimes,
        };
        match self.name.as_str() {
            "bool" => match expected_text.to_ascii_lowercase().as_str() {
                expected @ ("true" | "false") => Holds::when(expected == value),
                _ => Holds::Sometimes,
            },
            "stringequals" => Holds::when(expected_text == value),
            "stringequalsignorecase" => Holds::when(expected_text.eq_ignore_ascii_case(value)),
            "stringlike" => Holds::when(Glob::new(expected_text).matches(value)),
            "numericequals" => by_number(|value, expected| (value - expected).abs() < 1e-9),
            "numericlessthan" => by_number(|value, expected| value < expected),
            "numericlessthanequals" => by_number(|value, expected| value <= expected),
            "numericgreaterthan" => by_number(|value, expected| value > expected),
            "numericgreaterthanequals" => by_number(|value, expected| value >= expected),
            _ => Holds::Sometimes,
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn number(value: &Value) -> Option<f64> {
    text(value).trim().parse().ok().filter(|number: &f64| number.is_finite())
}
