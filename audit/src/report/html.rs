//! A report as one HTML file that needs no network: a picture of the account, and the findings by rule, to search and filter.
//!
//! Without scripts all rules and their first findings can be read. What AWS or an owner has written is escaped at two places:
//! `Escaped` for text, and `in_script` for the data of the script. The content security policy allows no other script.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use s3guard_posture::text::escaped;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::csv::status;
use super::{Observed, Report, remedy};
use crate::finding::{Finding, Status};
use crate::rule::{Rule, row};
use crate::severity::Severity;

const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = include_str!("html/report.js");
/// How many findings of a rule can be read without scripts.
const STATIC_MAX: usize = 50;
/// How many findings the file has: it stays below ten megabytes.
const FINDINGS_MAX: usize = 50_000;
/// What stands for the bucket's name in a command.
const NAME: &str = "\u{1}";

/// Text in HTML, also in attributes.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for one in escaped(self.0).chars() {
            match one {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                _ => write!(f, "{one}")?,
            }
        }
        Ok(())
    }
}

/// JSON in a script element, which ends at the first `</script>` wherever it stands.
fn in_script(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// Findings of one rule that stand together.
struct Group<'a> {
    key: (bool, std::cmp::Reverse<Severity>, Rule),
    findings: Vec<&'a Finding>,
}

/// Texts that stand once in the data.
#[derive(Default)]
struct Texts {
    all: Vec<String>,
    numbers: BTreeMap<String, usize>,
}

impl Texts {
    fn number(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.all.len();
        self.all.push(escaped(text));
        self.numbers.insert(text.to_owned(), number);
        number
    }

    fn list<'a>(&mut self, texts: impl IntoIterator<Item = &'a String>) -> Vec<usize> {
        texts.into_iter().map(|text| self.number(text)).collect()
    }
}

/// The report.
pub fn html(report: &Report) -> String {
    let shown = &report.findings[..report.findings.len().min(FINDINGS_MAX)];
    let groups = groups(shown);
    let hash = BASE64_STANDARD.encode(Sha256::digest(SCRIPT));
    let account = Escaped(&report.account);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>s3guard audit of {account}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    );
    page += &head(report, shown.len());
    page += &picture(report, &groups);
    page += &form(report);
    page += "<main>\n<h2>Findings by rule</h2>\n";
    if groups.is_empty() {
        page += "<p>There is nothing to say.</p>\n";
    }
    for (index, group) in groups.iter().enumerate() {
        page += &section(index, group);
    }
    let data = in_script(&data(&groups));
    let _ = write!(
        page,
        "</main>\n<script type=\"application/json\" id=\"data\">{data}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    );
    page
}

fn groups(findings: &[Observed]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
    for Observed { finding, .. } in findings {
        let key = (!finding.is_open(), std::cmp::Reverse(finding.severity), finding.rule);
        groups.entry(key).or_default().push(finding);
    }
    groups.into_iter().map(|(key, findings)| Group { key, findings }).collect()
}

fn head(report: &Report, shown: usize) -> String {
    let Report { account, observed_at, buckets, regions, calls, .. } = report;
    let regions =
        if regions.is_empty() { String::new() } else { format!(" in {}", regions.join(", ")) };
    let mut text = format!(
        "<header>\n<h1>Amazon S3 audit of account {}</h1>\n<p class=\"dim\">{} · {} of {} buckets audited{} · {calls} calls · \
         {} buckets with findings</p>\n",
        Escaped(account),
        Escaped(observed_at),
        buckets.audited,
        buckets.listed,
        Escaped(&regions),
        buckets.with_findings,
    );
    if !report.is_complete {
        text += "<p class=\"warn\">This audit is not complete: some buckets were not read.</p>\n";
    }
    if report.is_filtered {
        text += "<p class=\"warn\">This audit was filtered: there may be more.</p>\n";
    }
    let left = report.findings.len() - shown;
    if left > 0 {
        let _ = writeln!(
            text,
            "<p class=\"warn\">{left} findings of lower severity are not in this file: ask for `--output ndjson`.</p>"
        );
    }
    text + "</header>\n"
}

/// The severities, and the Regions by severity.
fn picture(report: &Report, groups: &[Group<'_>]) -> String {
    const WIDTH: usize = 300;
    let open = groups.iter().filter(|group| !group.key.0).flat_map(|group| &group.findings);
    let mut by_region = BTreeMap::<&str, BTreeMap<&str, usize>>::new();
    let mut by_name = BTreeMap::<&str, usize>::new();
    for finding in open {
        let name = class(finding);
        *by_name.entry(name).or_default() += 1;
        let region = finding.resource.region.as_str();
        *by_region.entry(region).or_default().entry(name).or_default() += 1;
    }
    let most = by_name.values().copied().max().unwrap_or_default().max(1);
    let names: Vec<&str> =
        Severity::ALL.iter().rev().map(|one| one.name()).chain(["unknown"]).collect();
    let mut bars = String::new();
    let mut words = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let count = by_name.get(name).copied().unwrap_or_default();
        let (y, width) = (index * 24, count * WIDTH / most);
        let width = if count > 0 { width.max(2) } else { 0 };
        let _ = write!(
            bars,
            "<text x=\"0\" y=\"{}\">{name}</text><rect class=\"bar {name}\" x=\"70\" y=\"{}\" width=\"{width}\" height=\"14\"/>\
             <text x=\"{}\" y=\"{}\">{count}</text>",
            y + 15,
            y + 4,
            76 + width,
            y + 15,
        );
        words.push(format!("{count} {name}"));
    }
    let mut text = format!(
        "<section class=\"picture\" aria-label=\"Picture of the account\">\n<figure><figcaption>Findings by severity</figcaption>\
         <svg viewBox=\"0 0 430 {}\" role=\"img\" aria-label=\"{}\">{bars}</svg></figure>\n",
        names.len() * 24,
        words.join(", "),
    );
    text += "<figure class=\"map\"><figcaption>Exposure by Region</figcaption><table><thead><tr><th scope=\"col\">Region</th>";
    for name in &names {
        let _ = write!(text, "<th scope=\"col\">{name}</th>");
    }
    text += "</tr></thead><tbody>";
    for (region, counts) in &by_region {
        let region = if region.is_empty() { "account" } else { region };
        let _ = write!(text, "<tr><th scope=\"row\">{}</th>", Escaped(region));
        let worst = names.iter().find(|name| counts.contains_key(**name));
        for name in &names {
            let count = counts.get(name).copied().unwrap_or_default();
            let class = if worst == Some(name) {
                format!(" class=\"worst {name}\"")
            } else {
                String::new()
            };
            let shown = if count == 0 { "·".to_owned() } else { count.to_string() };
            let _ = write!(text, "<td{class}>{shown}</td>");
        }
        text += "</tr>";
    }
    let counts = report.counts;
    text += "</tbody></table></figure>\n</section>\n";
    if counts.exempt + counts.accepted > 0 {
        let _ = writeln!(
            text,
            "<p class=\"dim\">Not counted: {} exempt, {} accepted by the baseline.</p>",
            counts.exempt, counts.accepted
        );
    }
    text
}

fn class(finding: &Finding) -> &'static str {
    if finding.status == Status::Unknown { "unknown" } else { finding.severity.name() }
}

/// Shown by the script alone.
fn form(report: &Report) -> String {
    let regions: BTreeSet<&str> =
        report.findings.iter().map(|one| one.finding.resource.region.as_str()).collect();
    let mut text = "<form hidden aria-label=\"Filter the findings\">\n<label>Search<input type=\"search\" name=\"text\" \
        placeholder=\"bucket, reason, principal\"></label>\n<label>Region<select name=\"region\"><option value=\"\">all</option>"
        .to_owned();
    for region in regions.into_iter().filter(|region| !region.is_empty()) {
        let _ = write!(text, "<option>{}</option>", Escaped(region));
    }
    text +=
        "</select></label>\n<label>Status<select name=\"status\"><option value=\"\">all</option>";
    for one in [Status::Fail, Status::Unknown, Status::Exempt, Status::Accepted] {
        let _ = write!(text, "<option>{}</option>", status(one));
    }
    text += "</select></label>\n<fieldset><legend>Severity</legend>";
    for severity in Severity::ALL.iter().rev() {
        let _ = write!(
            text,
            "<label><input type=\"checkbox\" name=\"severity\" value=\"{severity}\" checked> {severity}</label>"
        );
    }
    text + "</fieldset>\n<button type=\"reset\">Reset</button>\n<output id=\"total\" aria-live=\"polite\"></output>\n</form>\n"
}

fn section(index: usize, group: &Group<'_>) -> String {
    let (is_closed, std::cmp::Reverse(severity), rule) = group.key;
    let of_rule = row(rule);
    let is_unknown = group.findings.iter().all(|one| one.status == Status::Unknown);
    let class = if is_unknown { "unknown" } else { severity.name() };
    let words = if is_unknown { format!("maybe {severity}") } else { severity.to_string() };
    let mut text = format!(
        "<details data-group=\"{index}\"><summary class=\"{class}\"><span class=\"severity\">{words}</span>\
         <span class=\"count\">{}</span><code>{rule}</code><span>{}{}</span></summary>\n<div class=\"body\">\n<p>{}</p>\n\
         <p><strong>To do:</strong> {}</p>\n<p class=\"dim\">{}</p>\n",
        group.findings.len(),
        Escaped(of_rule.title),
        if is_closed { " Not counted." } else { "" },
        Escaped(of_rule.why),
        Escaped(of_rule.fix),
        Escaped(&references(rule)),
    );
    text += "<table><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Region</th><th scope=\"col\">Reasons</th>\
        <th scope=\"col\">Who</th><th scope=\"col\">Remediation</th></tr></thead><tbody class=\"rows\">";
    for finding in group.findings.iter().take(STATIC_MAX) {
        let mut reasons = String::new();
        for one in finding.reasons.iter().cloned().chain(note(finding)) {
            let _ = write!(reasons, "<li>{}</li>", Escaped(&one));
        }
        let who: Vec<&str> = finding.who.iter().map(String::as_str).collect();
        let command = remedy::of(finding).aws_cli;
        let command = command.map(|one| format!("<pre>{}</pre>", Escaped(&one)));
        let _ = writeln!(
            text,
            "<tr><td><code>{}</code></td><td>{}</td><td><ul>{reasons}</ul></td><td>{}</td><td>{}</td></tr>",
            Escaped(&finding.resource.name),
            Escaped(&finding.resource.region),
            Escaped(&who.join(", ")),
            command.unwrap_or_default(),
        );
    }
    text += "</tbody></table>";
    let more = group.findings.len().saturating_sub(STATIC_MAX);
    if more > 0 {
        let _ = write!(
            text,
            "<noscript><p>{more} more: a browser with scripts shows them.</p></noscript>"
        );
    }
    text + "</div></details>\n"
}

fn references(rule: Rule) -> String {
    let of = row(rule).references;
    let groups = [
        ("Security Hub", of.fsbp),
        ("CIS", of.cis),
        ("PCI DSS 4.0.1", of.pci),
        ("NIST 800-53", of.nist),
        ("MITRE ATT&CK", of.mitre),
    ];
    let shown = groups.into_iter().filter(|(_, ids)| !ids.is_empty());
    shown.map(|(name, ids)| format!("{name}: {}", ids.join(", "))).collect::<Vec<_>>().join(" · ")
}

/// What a finding says besides its reasons.
fn note(finding: &Finding) -> Option<String> {
    let mut parts = Vec::new();
    if !finding.held_back_by.is_empty() {
        parts.push(format!("held back by {}", finding.held_back_by.join(", ")));
    }
    let missing: BTreeSet<&str> = finding.missing.iter().map(|one| one.action).collect();
    if !missing.is_empty() {
        let missing: Vec<&str> = missing.into_iter().collect();
        parts.push(format!("not allowed: {}", missing.join(", ")));
    }
    if let Some(exemption) = &finding.exemption {
        let until = exemption.until.as_ref().map(|until| format!(" until {until}"));
        parts.push(format!("exempt{}: {}", until.unwrap_or_default(), exemption.reason));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn data(groups: &[Group<'_>]) -> Value {
    let mut texts = Texts::default();
    let mut findings = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        for finding in &group.findings {
            let resource = &finding.resource;
            let command = remedy::of(finding).aws_cli.unwrap_or_default();
            findings.push(json!([
                index,
                texts.number(&resource.name),
                texts.number(&resource.region),
                texts.number(&resource.arn),
                texts.list(&finding.reasons),
                texts.list(&finding.who),
                texts.number(&note(finding).unwrap_or_default()),
                texts.command(&command, &resource.name),
                finding.uid(),
                texts.number(status(finding.status)),
                texts.number(finding.severity.name()),
            ]));
        }
    }
    json!({ "texts": texts.all, "findings": findings })
}

impl Texts {
    /// A command, in which a mark stands for the bucket's name: so that of many buckets is one text.
    fn command(&mut self, command: &str, name: &str) -> usize {
        let parts: Vec<String> = command.split(name).map(escaped).collect();
        let text = parts.join(NAME);
        if let Some(number) = self.numbers.get(&text) {
            return *number;
        }
        self.all.push(text.clone());
        self.numbers.insert(text, self.all.len() - 1);
        self.all.len() - 1
    }
}
