//! What a notification configuration asks for, whatever its spelling.
//!
//! S3 gives back what it was given in an order and a form of its own. Nothing that is asked for is dropped here: elements
//! that we do not know are compared whole, with what is in them in its order.

use xmlparser::{ElementEnd, Token, Tokenizer};

use super::KNOWN;

/// An element, without what only is spelling: namespaces, comments, space between elements.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    elements: Vec<Element>,
}

/// Reads what a configuration asks for; `None` if it is not XML with one root.
pub(super) fn of(xml: &str) -> Option<Element> {
    let mut root = read(xml)?;
    for element in &mut root.elements {
        if KNOWN.contains(&element.name.as_str()) {
            sort(element);
        }
    }
    root.elements.sort_unstable();
    // Also of a root without elements; another element may hold a prefix that is a space.
    root.text = root.text.trim().to_owned();
    Some(root)
}

/// In the elements that we know no order means anything: they name events and filters.
fn sort(element: &mut Element) {
    element.elements.iter_mut().for_each(sort);
    // S3 takes `prefix` and gives `Prefix`, as the Terraform provider has found, which lowers it too.
    if element.name == "FilterRule" {
        let names = element.elements.iter_mut().filter(|element| element.name == "Name");
        names.for_each(|name| name.text.make_ascii_lowercase());
    }
    element.elements.sort_unstable();
}

fn read(xml: &str) -> Option<Element> {
    // The last one is what is being read; the first one holds the root.
    let mut open = vec![Element::default()];
    for token in Tokenizer::from(xml) {
        match token.ok()? {
            Token::ElementStart { prefix, local, .. } => {
                let name = qualified(prefix.as_str(), local.as_str());
                open.push(Element { name, ..Element::default() });
            }
            Token::Attribute { prefix, local, value, .. } => {
                let name = qualified(prefix.as_str(), local.as_str());
                if name != "xmlns" && prefix.as_str() != "xmlns" {
                    open.last_mut()?.attributes.push((name, plain(value.as_str())?));
                }
            }
            Token::Text { text } => open.last_mut()?.text += &plain(text.as_str())?,
            Token::Cdata { text, .. } => open.last_mut()?.text += text.as_str(),
            Token::ElementEnd { end: ElementEnd::Close(..) | ElementEnd::Empty, .. } => {
                let mut element = open.pop()?;
                element.attributes.sort_unstable();
                if !element.elements.is_empty() && element.text.trim().is_empty() {
                    element.text.clear();
                }
                open.last_mut()?.elements.push(element);
            }
            Token::ElementEnd { end: ElementEnd::Open, .. }
            | Token::Declaration { .. }
            | Token::ProcessingInstruction { .. }
            | Token::Comment { .. } => {}
            // S3 has none, and entities of its own could mean anything.
            Token::DtdStart { .. }
            | Token::EmptyDtd { .. }
            | Token::EntityDeclaration { .. }
            | Token::DtdEnd { .. } => return None,
        }
    }
    let [document] = <[Element; 1]>::try_from(open).ok()?;
    let [root] = <[Element; 1]>::try_from(document.elements).ok()?;
    Some(root)
}

fn qualified(prefix: &str, local: &str) -> String {
    if prefix.is_empty() { local.to_owned() } else { format!("{prefix}:{local}") }
}

/// A text with its references resolved.
fn plain(text: &str) -> Option<String> {
    let mut parts = text.split('&');
    let mut plain = parts.next()?.to_owned();
    for part in parts {
        let (reference, rest) = part.split_once(';')?;
        plain.push(match reference {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            number => {
                let number = number.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                    None => number.parse(),
                };
                char::from_u32(code.ok()?)?
            }
        });
        plain += rest;
    }
    Some(plain)
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
            (queue("<Id>a &amp; &#x62;</Id>"), queue("<Id xmlns=\"x\"><![CDATA[a & b]]></Id>")),
            ("<New a=\"1\" b=\"2\"/>".to_owned(), "<New b='2' a='1'></New>".to_owned()),
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
        for strange in ["", "<", "<a>", "<a/><b/>", "<!DOCTYPE a><a/>", "<a>&b;</a>"] {
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
