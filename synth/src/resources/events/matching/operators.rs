//! From a filter's JSON to what a field may be.

use std::slice;

use serde_json::{Map, Value as Json};

use super::{
    address::Cidr,
    like::{Like, Wildcard},
    number::{self, Range},
    problem::Problem,
    wanted::Wanted,
};

/// What no field in a `$or` may be called: operators, and what may become one.
///
/// Source: Event Ruler, its constants.
pub(super) const RESERVED: [&str; 24] = [
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

const PREFIX: &str = "prefix";
const SUFFIX: &str = "suffix";
const ANY_CASE: &str = "equals-ignore-case";
const WILDCARD: &str = "wildcard";

/// Reads one of the filters of a field.
pub(super) fn wanted(filter: &Json) -> Result<Wanted, Problem> {
    match filter {
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            Ok(Wanted::Exactly(filter.clone()))
        }
        Json::Array(_) => Err(Problem::ListInList),
        Json::Object(operators) => {
            let (operator, argument) = only(operators)?;
            operation(operator, argument)
        }
    }
}

fn operation(operator: &str, argument: &Json) -> Result<Wanted, Problem> {
    match operator {
        PREFIX => affix(PREFIX, Like::Prefix, Like::PrefixAnyCase, argument).map(Wanted::Like),
        SUFFIX => affix(SUFFIX, Like::Suffix, Like::SuffixAnyCase, argument).map(Wanted::Like),
        ANY_CASE => Ok(Wanted::Like(Like::AnyCase(text(ANY_CASE, argument)?))),
        WILDCARD => Ok(Wanted::Like(Like::Wildcard(Wildcard::parse(&text(WILDCARD, argument)?)?))),
        "anything-but" => anything_but(argument).map(Wanted::AnythingBut),
        "numeric" => Range::parse(argument).map(Wanted::Numeric),
        "cidr" => Cidr::parse(&text("cidr", argument)?).map(Wanted::Cidr),
        "exists" => {
            let takes = Problem::Argument { operator: "exists", takes: "true or false" };
            argument.as_bool().map(Wanted::Exists).ok_or(takes)
        }
        unknown => Err(Problem::Unknown(unknown.to_owned())),
    }
}

fn affix(
    operator: &'static str,
    as_written: fn(String) -> Like,
    any_case: fn(String) -> Like,
    argument: &Json,
) -> Result<Like, Problem> {
    let Json::Object(inner) = argument else { return text(operator, argument).map(as_written) };
    match only(inner)? {
        (ANY_CASE, argument) => text(ANY_CASE, argument).map(any_case),
        (unknown, _) => Err(Problem::Unknown(unknown.to_owned())),
    }
}

fn anything_but(argument: &Json) -> Result<Vec<Wanted>, Problem> {
    match argument {
        Json::Object(inner) => {
            let (operator, argument) = only(inner)?;
            let unwanted: fn(String) -> Result<Like, Problem> = match operator {
                PREFIX => |text| not_empty(PREFIX, text).map(Like::Prefix),
                SUFFIX => |text| not_empty(SUFFIX, text).map(Like::Suffix),
                ANY_CASE => |text| Ok(Like::AnyCase(text)),
                WILDCARD => |text| Wildcard::parse(&text).map(Like::Wildcard),
                unknown => return Err(Problem::Unknown(unknown.to_owned())),
            };
            let texts = one_or_more(argument)?.iter().map(|one| {
                Ok(Wanted::Like(unwanted(one.as_str().ok_or(Problem::Mixed)?.to_owned())?))
            });
            texts.collect()
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            let values = one_or_more(argument)?;
            if !(values.iter().all(Json::is_string) || values.iter().all(Json::is_number)) {
                return Err(Problem::Mixed);
            }
            values.iter().map(other_than).collect()
        }
    }
}

fn other_than(value: &Json) -> Result<Wanted, Problem> {
    match value {
        Json::String(text) => Ok(Wanted::Like(Like::Exactly(text.clone()))),
        Json::Number(number) if number::is_comparable(number) => Ok(Wanted::Exactly(value.clone())),
        Json::Number(_) => Err(Problem::LargeNumber),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => Err(Problem::Mixed),
    }
}

/// A list, or a scalar as a list of one.
fn one_or_more(argument: &Json) -> Result<&[Json], Problem> {
    match argument {
        Json::Array(list) if list.is_empty() => Err(Problem::Mixed),
        Json::Array(list) => Ok(list),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
            Ok(slice::from_ref(argument))
        }
    }
}

fn not_empty(operator: &'static str, text: String) -> Result<String, Problem> {
    if text.is_empty() { Err(Problem::NothingBut(operator)) } else { Ok(text) }
}

fn text(operator: &'static str, argument: &Json) -> Result<String, Problem> {
    argument.as_str().map(str::to_owned).ok_or(Problem::Argument { operator, takes: "a text" })
}

fn only(operators: &Map<String, Json>) -> Result<(&str, &Json), Problem> {
    let mut operators = operators.iter();
    match (operators.next(), operators.next()) {
        (Some((operator, argument)), None) => Ok((operator, argument)),
        (Some(_) | None, _) => Err(Problem::OneOperator),
    }
}
