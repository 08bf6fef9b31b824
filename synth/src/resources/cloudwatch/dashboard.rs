//! `AWS::CloudWatch::Dashboard`. Its body is built from widgets: CloudFormation accepts any text, and CloudWatch shows an
//! empty page for an invalid one.

use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::{Metric, Statistic};
use crate::cfn::{
    Pseudo, Sub, Value, intrinsic,
    kind::{AlarmArn, Text},
};

/// How many columns a dashboard has.
const COLUMNS: u32 = 24;
const PERIOD_SECONDS: u32 = 300;

/// `AWS::CloudWatch::Dashboard`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Dashboard {
    /// Its widgets, from left to right and from top to bottom.
    #[serde(serialize_with = "body")]
    pub dashboard_body: Vec<Widget>,
    /// Its name, the same in all Regions.
    pub dashboard_name: Value<Text>,
}

resource! {
    Dashboard = "AWS::CloudWatch::Dashboard";
    ref {
        /// The dashboard's name.
        name: DashboardName
    }
}

/// A part of a dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Widget {
    /// Text in Markdown
    Text(&'static str),
    /// Metrics over time
    Metrics {
        /// The title of the widget.
        title: &'static str,
        /// How the values of a period become one.
        statistic: Statistic,
        /// The metrics with their labels.
        metrics: Vec<(&'static str, Metric)>,
    },
    /// The state of alarms
    Alarms {
        /// The title of the widget.
        title: &'static str,
        /// The alarms.
        alarms: Vec<Value<AlarmArn>>,
    },
}

/// The body as text, one widget a line.
fn body<S: Serializer>(widgets: &[Widget], serializer: S) -> Result<S::Ok, S::Error> {
    let mut body = Sub::new().text("{\"widgets\": [");
    let (mut x, mut y, mut row_height) = (0, 0, 0);
    for (at, widget) in widgets.iter().enumerate() {
        let (width, height) = widget.size();
        if x + width > COLUMNS {
            (x, y, row_height) = (0, y + row_height, 0);
        }
        body = body.text(if at == 0 { "\n" } else { ",\n" });
        body = json_text(body, &widget.to_json(x, y));
        x += width;
        row_height = row_height.max(height);
    }
    Value::<Text>::from(body.text("\n]}\n")).serialize(serializer)
}

impl Widget {
    /// The columns and rows that it takes.
    fn size(&self) -> (u32, u32) {
        match self {
            Self::Text(_) | Self::Alarms { .. } => (COLUMNS, 3),
            Self::Metrics { .. } => (COLUMNS / 3, 6),
        }
    }

    fn to_json(&self, x: u32, y: u32) -> Json {
        let (r#type, properties) = match self {
            Self::Text(markdown) => ("text", json!({ "markdown": markdown })),
            Self::Metrics { title, statistic, metrics } => {
                let lines: Vec<Json> = metrics.iter().map(|(label, m)| line(label, m)).collect();
                let region: Value<Text> = Pseudo::Region.into();
                (
                    "metric",
                    json!({
                        "title": title, "view": "timeSeries", "stat": statistic,
                        "period": PERIOD_SECONDS, "region": region, "metrics": lines,
                    }),
                )
            }
            Self::Alarms { title, alarms } => {
                ("alarm", json!({ "title": title, "alarms": alarms }))
            }
        };
        let (width, height) = self.size();
        json!({
            "type": r#type, "x": x, "y": y, "width": width, "height": height,
            "properties": properties,
        })
    }
}

/// A metric as dashboards write it: namespace, name, dimension, its value, and how it is shown.
fn line(label: &str, metric: &Metric) -> Json {
    let [dimension] = &metric.dimensions;
    json!([metric.namespace, metric.name, dimension.name, dimension.value, { "label": label }])
}

/// JSON as text, in which CloudFormation's values become variables within quotes.
fn json_text(sub: Sub, json: &Json) -> Sub {
    let comma = |at: usize| if at == 0 { "" } else { ", " };
    match json {
        Json::Object(_) if intrinsic(json).is_some() => sub.text("\"").json(json).text("\""),
        Json::Object(map) => {
            let entries = map.iter().enumerate().fold(sub.text("{"), |sub, (at, (key, value))| {
                json_text(sub.text(&format!("{}{}: ", comma(at), json!(key))), value)
            });
            entries.text("}")
        }
        Json::Array(items) => {
            let items = items.iter().enumerate();
            items
                .fold(sub.text("["), |sub, (at, item)| json_text(sub.text(comma(at)), item))
                .text("]")
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            sub.text(&json.to_string())
        }
    }
}
