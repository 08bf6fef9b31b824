//! `Fn::Sub`, built piece by piece, so that `${…}` is not written by hand.

use serde_json::Value as Json;

use super::{
    Expression, Pseudo, Value,
    check::{intrinsic, references},
};

/// A piece of the text of `Fn::Sub`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Text as it stands
    Text(&'t str),
    /// The name in `${…}`: a parameter, a resource or, with a dot, its attribute
    Name(&'t str),
}

/// Text with values in it.
///
/// ```
/// # use s3guard_synth::cfn::{Pseudo, Sub, Value, kind::AnyArn};
/// let buckets: Value<AnyArn> = Sub::new().text("arn:").pseudo(Pseudo::Partition).text(":s3:::*").into();
/// # assert_eq!(serde_json::to_string(&buckets).unwrap(), r#"{"Fn::Sub":"arn:${AWS::Partition}:s3:::*"}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sub {
    text: String,
    has_values: bool,
}

impl Sub {
    /// An empty text.
    pub fn new() -> Self {
        Self::default()
    }

    /// The beginning of an ARN of this partition: `arn:`, the partition, `:` and the rest.
    pub fn arn(rest: &str) -> Self {
        Self::new().text("arn:").pseudo(Pseudo::Partition).text(":").text(rest)
    }

    /// Text as it stands: a `${` in it stays a `${`.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.text += &text.replace("${", "${!");
        self
    }

    /// A pseudo parameter.
    #[must_use]
    pub fn pseudo(self, pseudo: Pseudo) -> Self {
        self.variable(pseudo.as_str())
    }

    /// A value of any kind.
    #[must_use]
    pub fn value<K>(self, value: &Value<K>) -> Self {
        self.json(&value.expression().to_json())
    }

    /// A rendered value: text, or a function.
    pub(crate) fn json(mut self, json: &Json) -> Self {
        match intrinsic(json) {
            Some(("Fn::Sub", Json::String(text))) => {
                self.text += text;
                self.has_values = true;
                self
            }
            // `Fn::Sub` has no choices: a name that no template has, so that it is not rendered.
            Some((function @ ("Fn::If" | "Fn::Join"), _)) => self.variable(function),
            Some(_) => references(json).iter().fold(self, |sub, name| sub.variable(name)),
            None => self.text(json.as_str().unwrap_or_default()),
        }
    }

    pub(super) fn variable(mut self, name: &str) -> Self {
        self.text.extend(["${", name, "}"]);
        self.has_values = true;
        self
    }

    pub(crate) fn into_expression(self) -> Expression {
        if self.has_values {
            Expression::Sub(self.text)
        } else {
            Expression::Text(self.text.replace("${!", "${"))
        }
    }
}

/// The pieces of the text of `Fn::Sub`, in which `${!` is a literal `${`.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut parts = text.split("${");
    let first = parts.next().map(Piece::Text);
    let others = parts.flat_map(|part| match (part.strip_prefix('!'), part.split_once('}')) {
        (Some(literal), _) => [Piece::Text("${"), Piece::Text(literal)],
        (None, Some((name, rest))) => [Piece::Name(name.trim()), Piece::Text(rest)],
        (None, None) => [Piece::Text("${"), Piece::Text(part)],
    });
    first.into_iter().chain(others)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cfn::kind::Text;

    fn check(sub: Sub, expected: &Json) {
        let value: Value<Text> = sub.into();
        assert_eq!(&serde_json::to_value(value).unwrap(), expected);
    }

    #[test]
    fn text_alone_is_a_literal() {
        check(Sub::new().text("a ${b}"), &json!("a ${b}"));
    }

    #[test]
    fn a_dollar_brace_of_the_text_is_escaped_beside_values() {
        check(
            Sub::new().text("${b} in ").pseudo(Pseudo::Region),
            &json!({ "Fn::Sub": "${!b} in ${AWS::Region}" }),
        );
    }

    #[test]
    fn text_with_values_goes_on_in_other_text() {
        let inner: Value<Text> = Sub::new().text("${x}").pseudo(Pseudo::Region).into();
        check(
            Sub::new().text("<").value(&inner).text(">"),
            &json!({ "Fn::Sub": "<${!x}${AWS::Region}>" }),
        );
    }
}
