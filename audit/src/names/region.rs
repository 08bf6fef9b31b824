//! Regions in names, by their form: a Region that is opened later counts, too.

pub(super) const DIRECTIONS: [&str; 9] = [
    "central",
    "east",
    "north",
    "northeast",
    "northwest",
    "south",
    "southeast",
    "southwest",
    "west",
];
const LONGEST: usize = 4;

/// Whether a text has the form of a Region's name, such as `eu-west-1` or `us-gov-east-1`.
pub(super) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_area =
        |area: &str| area.len() == 2 && area.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_kind = |kind: &str| kind == "gov" || kind.starts_with("iso");
    let is_number = |number: &str| matches!(number.as_bytes(), [b'1'..=b'9']);
    match parts[..] {
        [area, direction, number] => {
            is_area(area) && DIRECTIONS.contains(&direction) && is_number(number)
        }
        // The European Sovereign Cloud: `eusc-de-east-1`.
        [area, kind, direction, number] => {
            (is_area(area) && is_kind(kind) || area == "eusc" && is_area(kind))
                && DIRECTIONS.contains(&direction)
                && is_number(number)
        }
        _ => false,
    }
}

/// The first Region among the tokens of a name: where it begins, and how many tokens it has.
pub(super) fn find(tokens: &[&str]) -> Option<(usize, usize)> {
    (0..tokens.len()).find_map(|start| {
        // The longer one first: `us-gov-west-1` is no `gov-west-1`.
        let is_one = |count: &usize| {
            tokens.get(start..start + count).is_some_and(|part| is_region(&part.join("-")))
        };
        (3..=LONGEST).rev().find(is_one).map(|count| (start, count))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_found_where_it_stands() {
        for (name, found) in [
            ("acme-eu-west-1-logs", Some((1, 3))),
            ("us-gov-west-1-acme", Some((0, 4))),
            ("acme-us-iso-east-1", Some((1, 4))),
            ("ap-southeast-7", Some((0, 3))),
            ("eusc-de-east-1", Some((0, 4))),
            ("acme-north-1", None),
            ("acme-eu-up-1", None),
            ("acme-eu-west-10", None),
        ] {
            let tokens: Vec<&str> = name.split('-').collect();
            assert_eq!(find(&tokens), found, "{name}");
        }
    }
}
