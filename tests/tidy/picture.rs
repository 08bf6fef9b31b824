//! The picture of the README, made from the text beside it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use expect_test::expect_file;

use crate::source::{read, root};

const COLUMN: u32 = 156;
const ROW: u32 = 96;
const BOX: (u32, u32) = (134, 56);
const TOP: u32 = 64;
const LEFT: u32 = 8;

const HEAD: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 WIDTH HEIGHT" role="img">
<title>How s3guard works</title>
<style>
text { font: 13px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; text-anchor: middle }
.small { font-size: 10px; fill: #59636e }
rect { fill: #f6f8fa; stroke: #d1d9e0; rx: 6 }
path { fill: none; stroke: #59636e; stroke-width: 1.5; marker-end: url(#end) }
.back { stroke: #1a7f37 }
#end path { fill: #59636e; stroke: none }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .small { fill: #9198a1 }
rect { fill: #151b23; stroke: #3d444d } path { stroke: #9198a1 } .back { stroke: #3fb950 }
#end path { fill: #9198a1 }
}
</style>
<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" style="marker-end: none"/></marker></defs>
"##;

/// Where the middle of a box is.
type Place = (u32, u32);

fn svg(source: &str) -> String {
    let (mut boxes, mut drawn) = (BTreeMap::<&str, Place>::new(), String::new());
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.split('|').map(str::trim);
        let words: Vec<&str> = parts.next().unwrap_or_default().split(' ').collect();
        let texts: Vec<&str> = parts.collect();
        match (&words[..], &texts[..]) {
            (&["box", name, column, row], &[title, subtitle]) => {
                let number = |text: &str| text.parse::<u32>().unwrap();
                let x = LEFT + BOX.0 / 2 + COLUMN * number(column);
                let y = TOP + BOX.1 / 2 + ROW * number(row);
                boxes.insert(name, (x, y));
                let (left, top, (width, height)) = (x - BOX.0 / 2, y - BOX.1 / 2, BOX);
                let _ = write!(
                    drawn,
                    "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>\n\
                     <text x=\"{x}\" y=\"{}\">{title}</text>\n\
                     <text class=\"small\" x=\"{x}\" y=\"{}\">{subtitle}</text>\n",
                    y - 3,
                    y + 15
                );
            }
            (&["arrow", from, to], &[]) => drawn += &arrow(boxes[from], boxes[to]),
            (&["back", from, to], &[label]) => drawn += &back(boxes[from], boxes[to], label),
            _ => panic!("not a line of a picture: `{line}`"),
        }
    }
    let width = boxes.values().map(|(x, _)| x + BOX.0 / 2 + LEFT).max().unwrap();
    let height = boxes.values().map(|(_, y)| y + BOX.1 / 2 + LEFT).max().unwrap();
    let head = HEAD.replace("WIDTH", &width.to_string()).replace("HEIGHT", &height.to_string());
    format!("{head}{drawn}</svg>\n")
}

/// To the right, and then up or down into the box.
fn arrow((x, y): Place, (to_x, to_y): Place) -> String {
    let start = x + BOX.0 / 2;
    let end = if y == to_y {
        format!("H{}", to_x - BOX.0 / 2)
    } else {
        let side = if y > to_y { to_y + BOX.1 / 2 } else { to_y - BOX.1 / 2 };
        format!("H{to_x}V{side}")
    };
    format!("<path d=\"M{start} {y}{end}\"/>\n")
}

/// Over the top, back to an earlier box.
fn back((x, y): Place, (to_x, to_y): Place, label: &str) -> String {
    let (start, end, over) = (y - BOX.1 / 2, to_y - BOX.1 / 2, TOP - 28);
    let mut text = format!("<path class=\"back\" d=\"M{x} {start}V{over}H{to_x}V{end}\"/>\n");
    let middle = u32::midpoint(x, to_x);
    let _ =
        writeln!(text, "<text class=\"small\" x=\"{middle}\" y=\"{}\">{label}</text>", over - 8);
    text
}

#[test]
fn the_picture_is_made_from_its_text() {
    let picture = svg(&read(root().join("docs/how-it-works.txt")));
    expect_file!["../../docs/how-it-works.svg"].assert_eq(&picture);
}
