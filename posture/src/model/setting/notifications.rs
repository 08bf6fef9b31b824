//! Event notifications. Existing targets are kept byte for byte: one element is added to the XML that S3 returned.

use std::fmt;

use serde::{Deserialize, Serialize};

mod meaning;

use meaning::Element;

/// The known elements of a configuration.
///
/// Source: Amazon S3 API Reference, `NotificationConfiguration`.
const KNOWN: [&str; 4] =
    ["TopicConfiguration", "QueueConfiguration", "CloudFunctionConfiguration", EVENT_BRIDGE];
const EVENT_BRIDGE: &str = "EventBridgeConfiguration";
const ROOT: &str = "NotificationConfiguration";
const CLOSING: &str = "</NotificationConfiguration>";

/// A bucket's notification configuration. A bucket without one has an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Notifications {
    /// The XML as S3 returned it.
    pub xml: String,
    /// The names of the root's elements, in order.
    pub elements: Vec<String>,
}

/// One element of a bucket's notification configuration. Two are equal if they have the same meaning.
#[derive(Clone, Debug)]
pub struct Configuration<'a> {
    /// Its XML, byte for byte.
    pub xml: &'a str,
    element: Element,
}

impl Configuration<'_> {
    /// Its `Id`, if it has one; `EventBridgeConfiguration` occurs only once.
    pub fn name(&self) -> Option<&str> {
        if self.element.name == EVENT_BRIDGE {
            return Some(EVENT_BRIDGE);
        }
        let id = self.element.elements.iter().find(|element| element.name == "Id")?;
        Some(&id.text)
    }

    /// All texts in it.
    pub fn texts(&self) -> Vec<&str> {
        leaves(&self.element).into_iter().map(|(_, text)| text).collect()
    }
}

/// The names and the texts of the innermost elements.
fn leaves(element: &Element) -> Vec<(&str, &str)> {
    if element.elements.is_empty() {
        return vec![(&element.name, &element.text)];
    }
    element.elements.iter().flat_map(leaves).collect()
}

impl PartialEq for Configuration<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.element == other.element
    }
}

impl fmt::Display for Configuration<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.element.name)?;
        let mut words = self.element.elements.iter().flat_map(leaves);
        words.try_for_each(|(name, text)| write!(f, " {name}={text}"))
    }
}

impl Notifications {
    /// The elements of the configuration, in order. `None` if the XML has another form than expected.
    pub fn configurations(&self) -> Option<Vec<Configuration<'_>>> {
        let document = meaning::read(&self.xml).filter(|document| document.root.name == ROOT)?;
        let elements = document.root.elements.into_iter().zip(document.places);
        Some(
            elements
                .map(|(element, place)| Configuration { xml: &self.xml[place], element })
                .collect(),
        )
    }

    /// A configuration with these elements instead, byte for byte. `None` if the XML has another form than expected.
    pub fn with(&self, configurations: &[Configuration<'_>]) -> Option<Self> {
        let document = meaning::read(&self.xml).filter(|document| document.root.name == ROOT)?;
        let head = &self.xml[..document.head];
        let mut xml = match head.strip_suffix("/>") {
            Some(open) => format!("{}>", open.trim_end()),
            None => head.to_owned(),
        };
        xml.extend(configurations.iter().map(|one| one.xml));
        xml.push_str(CLOSING);
        let elements = configurations.iter().map(|one| one.element.name.clone()).collect();
        Some(Self { xml, elements })
    }

    /// Whether S3 sends events of objects to `EventBridge`.
    pub fn event_bridge(&self) -> bool {
        self.elements.iter().any(|element| element == EVENT_BRIDGE)
    }

    /// Whether both have the same meaning. What cannot be parsed is compared byte for byte.
    pub fn is_same(&self, other: &Self) -> bool {
        self.xml == other.xml
            || meaning::of(&self.xml)
                .zip(meaning::of(&other.xml))
                .is_some_and(|(one, other)| one == other)
    }

    /// An unknown element, if there is one: then nothing is written.
    pub fn unknown(&self) -> Option<&str> {
        self.elements.iter().map(String::as_str).find(|element| !KNOWN.contains(element))
    }

    /// The same with `EventBridge` enabled. `None` if the XML has another form than expected.
    pub fn with_event_bridge(&self) -> Option<Self> {
        if self.event_bridge() || self.unknown().is_some() {
            return None;
        }
        let added = format!("<{EVENT_BRIDGE}></{EVENT_BRIDGE}>");
        let xml = self.xml.trim_end();
        let xml = if let Some(before) = xml.strip_suffix(CLOSING) {
            format!("{before}{added}{CLOSING}")
        } else {
            let root = xml.strip_suffix("/>")?;
            let (_, tag) = root.rsplit_once('<')?;
            if tag.split_whitespace().next() != Some(ROOT) {
                return None;
            }
            format!("{}>{added}{CLOSING}", root.trim_end())
        };
        let mut elements = self.elements.clone();
        elements.push(EVENT_BRIDGE.to_owned());
        Some(Self { xml, elements })
    }
}

impl fmt::Display for Notifications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = self.elements.iter().filter(|element| *element != EVENT_BRIDGE).count();
        let on = if self.event_bridge() { "on" } else { "off" };
        write!(f, "EventBridge {on}, {others} other targets")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(xml: &str, elements: &[&str]) -> Notifications {
        let elements = elements.iter().map(|&element| element.to_owned()).collect();
        Notifications { xml: xml.to_owned(), elements }
    }

    #[test]
    fn what_others_have_set_up_is_kept_byte_for_byte() {
        let theirs = "<?xml version=\"1.0\"?>\n<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <QueueConfiguration><Id>a &amp; b</Id> <Queue>arn:aws:sqs:eu-west-1:111122223333:q</Queue>\
             <Event>s3:ObjectCreated:*</Event></QueueConfiguration>";
        let merged = of(&format!("{theirs}{CLOSING}\n"), &["QueueConfiguration"]);
        let merged = merged.with_event_bridge().unwrap();
        assert_eq!(
            merged.xml,
            format!("{theirs}<EventBridgeConfiguration></EventBridgeConfiguration>{CLOSING}")
        );
        assert!(merged.event_bridge() && merged.with_event_bridge().is_none());
    }

    #[test]
    fn an_empty_configuration_gets_its_one_element() {
        for empty in [
            "<NotificationConfiguration xmlns=\"x\"/>",
            "<NotificationConfiguration xmlns=\"x\" />",
            "<NotificationConfiguration xmlns=\"x\"></NotificationConfiguration>",
        ] {
            let merged = of(empty, &[]).with_event_bridge().unwrap();
            assert_eq!(
                merged.xml,
                "<NotificationConfiguration xmlns=\"x\"><EventBridgeConfiguration>\
                 </EventBridgeConfiguration></NotificationConfiguration>"
            );
        }
    }

    #[test]
    fn elements_can_be_taken_out_and_put_in_byte_for_byte() {
        let queue =
            "<QueueConfiguration><Id>a</Id> <Queue>q</Queue><Event>e</Event></QueueConfiguration>";
        let start = "<?xml version=\"1.0\"?>\n<NotificationConfiguration xmlns=\"x\">";
        let all = of(&format!("{start}{queue}\n<EventBridgeConfiguration/>{CLOSING}\n"), &[]);
        let found = all.configurations().unwrap();
        assert_eq!([found[0].xml, found[1].xml], [queue, "<EventBridgeConfiguration/>"]);
        assert_eq!([found[0].name(), found[1].name()], [Some("a"), Some(EVENT_BRIDGE)]);
        assert_eq!(found[0].to_string(), "QueueConfiguration Event=e Id=a Queue=q");
        assert_eq!(found[1].to_string(), EVENT_BRIDGE);
        assert_eq!(found[0].texts(), ["e", "a", "q"]);
        let without = all.with(&found[..1]).unwrap();
        assert_eq!(without, of(&format!("{start}{queue}{CLOSING}"), &["QueueConfiguration"]));
        assert_eq!(without.with_event_bridge().unwrap().configurations().unwrap(), found);
        let empty = of("<NotificationConfiguration xmlns=\"x\" />", &[]);
        assert_eq!(empty.configurations(), Some(Vec::new()));
        let expected = format!("<NotificationConfiguration xmlns=\"x\">{queue}{CLOSING}");
        assert_eq!(empty.with(&found[..1]).unwrap().xml, expected);
        assert_eq!(of("<Other/>", &[]).configurations(), None);
        assert_eq!(of("<Other/>", &[]).with(&[]), None);
    }

    #[test]
    fn an_element_that_we_do_not_know_refuses() {
        let new = of("<NotificationConfiguration><New/></NotificationConfiguration>", &["New"]);
        assert_eq!(new.unknown(), Some("New"));
        assert_eq!(new.with_event_bridge(), None);
        assert_eq!(of("<Other/>", &[]).with_event_bridge(), None);
    }
}
