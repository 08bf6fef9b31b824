//! The report in files, each in the form that its name ends with.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use s3guard_audit::report::{Report, csv, html, markdown, ocsf, sarif};
use s3guard_posture::text::shown_json;

pub(crate) use crate::args::audit::ReportForm;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::files;

/// A file for the report.
#[derive(Clone, Debug)]
pub(crate) struct ReportFile {
    path: PathBuf,
    form: ReportForm,
}

impl ReportFile {
    /// A file whose name says the form.
    pub(crate) fn new(path: &Path) -> anyhow::Result<Self> {
        let suffix = path.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default();
        let form = match suffix {
            "json" => ReportForm::Json,
            "ndjson" => ReportForm::Ndjson,
            "csv" => ReportForm::Csv,
            "md" => ReportForm::Markdown,
            "ocsf" => ReportForm::Ocsf,
            "sarif" => ReportForm::Sarif,
            "html" => ReportForm::Html,
            _ => {
                let error = anyhow!("`{}` says no form of the report", path.display());
                return Err(error)
                    .hint("let its name end with `.json`, `.ndjson`, `.csv`, `.md`, `.ocsf`, `.sarif` or `.html`")
                    .exit(Exit::Usage);
            }
        };
        Ok(Self { path: path.to_owned(), form })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the report, completely or not at all.
    pub(crate) fn write(&self, report: &Report) -> anyhow::Result<()> {
        files::write(&self.path, text(report, self.form)?.as_bytes())
    }
}

/// The report in a form.
pub(crate) fn text(report: &Report, form: ReportForm) -> anyhow::Result<String> {
    Ok(match form {
        ReportForm::Json => shown_json(&serde_json::to_string_pretty(report)?) + "\n",
        ReportForm::Ndjson => {
            let mut text = String::new();
            for observed in &report.findings {
                text += &shown_json(&serde_json::to_string(&observed.shown())?);
                text.push('\n');
            }
            text
        }
        ReportForm::Csv => csv::csv(report),
        ReportForm::Markdown => markdown::markdown(report),
        ReportForm::Ocsf => shown_json(&ocsf::ndjson(report)),
        ReportForm::Sarif => shown_json(&sarif::sarif(report)),
        ReportForm::Html => html::html(report),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_says_its_form() {
        let form = |name: &str| ReportFile::new(Path::new(name)).map(|file| file.form);
        assert_eq!(form("a/b.json").unwrap(), ReportForm::Json);
        assert_eq!(form("b.ndjson").unwrap(), ReportForm::Ndjson);
        assert_eq!(form("b.csv").unwrap(), ReportForm::Csv);
        assert_eq!(form("b.md").unwrap(), ReportForm::Markdown);
        assert_eq!(form("b.ocsf").unwrap(), ReportForm::Ocsf);
        assert_eq!(form("b.sarif").unwrap(), ReportForm::Sarif);
        assert_eq!(form("b.html").unwrap(), ReportForm::Html);
        for name in ["b", "b.xlsx", "json"] {
            assert!(form(name).unwrap_err().to_string().contains("says no form"), "{name}");
        }
    }
}
