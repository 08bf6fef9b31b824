//! Reads single values from AWS's flat XML responses, which need no parser.

/// The text of the first `name` element.
pub(crate) fn text(xml: &str, name: &str) -> Option<String> {
    all(xml, name).into_iter().next()
}

/// The text of every `name` element, in order.
pub(crate) fn all(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut out = Vec::new();
    let mut rest = xml;
    while let Some((_, after)) = rest.split_once(&open) {
        let Some((text, left)) = after.split_once(&close) else { break };
        out.push(
            text.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&amp;", "&"),
        );
        rest = left;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_of_the_name_is_found() {
        let xml = "<A><Name>x &amp; y</Name><Names>no</Names><Name>z</Name></A>";
        assert_eq!(all(xml, "Name"), ["x & y", "z"]);
        assert_eq!(text(xml, "Missing"), None);
    }
}
