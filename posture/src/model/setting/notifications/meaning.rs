//! The meaning of a notification configuration, regardless of order and form, which S3 does not preserve.
//!
//! Unknown elements are compared whole, with their content in its order.

use std::ops::Range;

use xmlparser::{ElementEnd, Token, Tokenizer};

use super::KNOWN;

/// An element without namespaces, comments and space between elements.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) elements: Vec<Element>,
}

/// A configuration with the places of its parts in the text.
pub(super) struct Document {
    pub(super) root: Element,
    /// Where the root's first tag ends.
    pub(super) head: usize,
    /// The places of the root's elements.
    pub(super) places: Vec<Range<usize>>,
}

/// Reads a configuration regardless of the order of its elements.
pub(super) fn of(xml: &str) -> Option<Element> {
    let Document { mut root, .. } = read(xml)?;
    root.elements.sort_unstable();
    // Space is significant in other elements: a prefix may be a space.
    root.text = root.text.trim().to_owned();
    Some(root)
}

/// Reads a configuration; `None` if it is not XML with one root, or has attributes, prefixes or entity declarations, which
/// S3 does not write.
pub(super) fn read(xml: &str) -> Option<Document> {
    let mut document = parse(xml)?;
    for element in &mut document.root.elements {
        if KNOWN.contains(&element.name.as_str()) {
            sort(element);
        }
    }
    Some(document)
}

/// Sorts a known element, in which the order has no meaning.
fn sort(element: &mut Element) {
    element.elements.iter_mut().for_each(sort);
    // S3 accepts `prefix` and returns `Prefix`; the Terraform provider lower-cases it too.
    if element.name == "FilterRule" {
        let names = element.elements.iter_mut().filter(|element| element.name == "Name");
        names.for_each(|name| name.text.make_ascii_lowercase());
    }
    element.elements.sort_unstable();
}

fn parse(xml: &str) -> Option<Document> {
    // The last one is being read; the first one contains the root, the third one is an element of the root.
    let mut open = vec![Element::default()];
    let (mut head, mut start, mut places) = (None, 0, Vec::new());
    for token in Tokenizer::from(xml) {
        let token = token.ok()?;
        if let Token::ElementEnd { end: ElementEnd::Open | ElementEnd::Empty, span } = &token {
            head = head.or(Some(span.end()));
        }
        match token {
            Token::ElementStart { prefix, local, span } if prefix.is_empty() => {
                open.push(Element { name: local.to_string(), ..Element::default() });
                if open.len() == 3 {
                    start = span.start();
                }
            }
            Token::Text { text } => open.last_mut()?.text += text.as_str(),
            Token::ElementEnd { end: ElementEnd::Close(..) | ElementEnd::Empty, span } => {
                if open.len() == 3 {
                    places.push(start..span.end());
                }
                let mut element = open.pop()?;
                if !element.elements.is_empty() && element.text.trim().is_empty() {
                    element.text.clear();
                }
                open.last_mut()?.elements.push(element);
            }
            Token::Attribute { prefix, local, .. }
                if prefix.as_str() == "xmlns" || local.as_str() == "xmlns" => {}
            Token::ElementEnd { end: ElementEnd::Open, .. }
            | Token::Declaration { .. }
            | Token::Comment { .. } => {}
            Token::ElementStart { .. }
            | Token::Attribute { .. }
            | Token::Cdata { .. }
            | Token::ProcessingInstruction { .. }
            | Token::DtdStart { .. }
            | Token::EmptyDtd { .. }
            | Token::EntityDeclaration { .. }
            | Token::DtdEnd { .. } => return None,
        }
    }
    let [document] = <[Element; 1]>::try_from(open).ok()?;
    let [root] = <[Element; 1]>::try_from(document.elements).ok()?;
    Some(Document { root, head: head?, places })
}

#[cfg(test)]
mod tests {
    use crate::model::setting::Notifications;

    fn of(xml: &str) -> Notifications {
        Notifications { xml: xml.to_owned(), elements: Vec::new() }
    }

    fn check(one: &str, other: &str, is_same: bool) {
        let of = |elements: &str| {
            of(&format!("<NotificationConfiguration>{elements}</NotificationConfiguration>"))
        };
        assert_eq!(of(one).is_same(&of(other)), is_same, "{one}\n{other}");
        assert_eq!(of(other).is_same(&of(one)), is_same, "{other}\n{one}");
    }

    fn queue(inside: &str) -> String {
        format!("<QueueConfiguration>{inside}</QueueConfiguration>")
    }

    #[test]
    fn spelling_and_order_are_not_what_is_asked_for() {
        let rule = |name| queue(&format!("<FilterRule><Name>{name}</Name></FilterRule>"));
        let one = queue("<Queue>q</Queue><Event>e</Event><Event>f</Event>");
        let on = "<EventBridgeConfiguration/>";
        for (one, other) in [
            (one.clone(), queue("\n<Event>f</Event>\n<Event >e</Event><!-- --><Queue>q</Queue>\n")),
            (format!("{one}{on}"), format!("{on}{one}")),
            (on.to_owned(), "<EventBridgeConfiguration></EventBridgeConfiguration>".to_owned()),
            (rule("prefix"), rule("Prefix")),
            (queue("<Id>a</Id>"), queue("<Id xmlns=\"x\">a</Id>")),
        ] {
            check(&one, &other, true);
        }
    }

    #[test]
    fn nothing_that_is_asked_for_is_overlooked() {
        let one = queue("<Queue>q</Queue><Event>e</Event>");
        for other in [
            String::new(),
            one.repeat(2),
            queue("<Queue>q</Queue><Event>e</Event><Event>f</Event>"),
            queue("<Queue>Q</Queue><Event>e</Event>"),
            queue("<Queue>q </Queue><Event>e</Event>"),
            queue("<Queue>q</Queue><Event>e</Event><New/>"),
            one.replace("QueueConfiguration", "TopicConfiguration"),
            format!("{one}<EventBridgeConfiguration/>"),
        ] {
            check(&one, &other, false);
        }
        // What an order means in an element that we do not know is not known either.
        check("<New><A/><B/></New>", "<New><B/><A/></New>", false);
        check("<New a=\"1\"/>", "<New a=\"2\"/>", false);
    }

    #[test]
    fn what_is_not_understood_is_the_same_only_byte_for_byte() {
        for strange in ["", "<", "<a>", "<a/><b/>", "<!DOCTYPE a><a/>", "<a b=\"1\"/>", "<a:b/>"] {
            assert!(of(strange).is_same(&of(strange)), "{strange}");
            assert!(!of(strange).is_same(&of(&format!("{strange} "))), "{strange}");
        }
    }

    #[test]
    fn an_empty_configuration_is_spelled_in_more_than_one_way() {
        let short = of("<NotificationConfiguration xmlns=\"x\" />");
        let long = "<NotificationConfiguration>\n</NotificationConfiguration>\n";
        let long = format!("<?xml version=\"1.0\"?>\n{long}");
        assert!(short.is_same(&of(&long)));
    }
}
