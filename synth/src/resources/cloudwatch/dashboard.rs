//! `AWS::CloudWatch::Dashboard`, whose body is built, never written: CloudFormation takes any text for it, and shows an
//! empty page for a wrong one.

use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::{Metric, Statistic};
use crate::{
    cfn::{
        Pseudo, Sub, Value, intrinsic,
        kind::{AlarmArn, Text},
    },
    resources::Tag,
};

/// How many columns a dashboard has.
const COLUMNS: u32 = 24;

/// `AWS::CloudWatch::Dashboard`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Dashboard {
    /// What it shows.
    pub dashboard_body: DashboardBody,
    /// Its name, the same in all regions; CloudFormation finds one that is free.
    pub dashboard_name: Option<Value<Text>>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

resource! {
    Dashboard = "AWS::CloudWatch::Dashboard";
    ref {
        /// The dashboard's name.
        name: DashboardName
    }
}

impl Dashboard {
    /// A dashboard.
    pub fn new(body: DashboardBody) -> Self {
        Self { dashboard_body: body, dashboard_name: None, tags: Vec::new() }
    }
}

/// What a dashboard shows: widgets from left to right, and on in a new row where one has no room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DashboardBody {
    /// The widgets.
    pub widgets: Vec<Widget>,
}

/// A part of a dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widget {
    /// How many of the 24 columns it is wide.
    pub width: u32,
    /// How many rows it is high.
    pub height: u32,
    /// What it shows.
    pub content: WidgetContent,
}

/// What a widget shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WidgetContent {
    /// Words, in Markdown
    Text(String),
    /// Metrics
    Metrics {
        /// The title over them.
        title: &'static str,
        /// How they are shown.
        view: MetricView,
        /// How the values of a period become one.
        statistic: Statistic,
        /// How long a period is.
        period_seconds: u32,
        /// The metrics, each under a label.
        metrics: Vec<(&'static str, Metric)>,
    },
    /// Whether alarms are raised
    Alarms {
        /// The title over them.
        title: &'static str,
        /// The alarms.
        alarms: Vec<Value<AlarmArn>>,
    },
}

choices! {
    /// How metrics are shown.
    pub enum MetricView {
        /// Lines over time
        TimeSeries = "timeSeries",
        /// The last number of each
        SingleValue = "singleValue",
    }
}

impl Serialize for DashboardBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let body: Value<Text> = self.to_sub().into();
        body.serialize(serializer)
    }
}

impl DashboardBody {
    /// The body as text, one widget a line.
    fn to_sub(&self) -> Sub {
        let mut body = Sub::new().text("{\"widgets\": [");
        let (mut x, mut y, mut row_height) = (0, 0, 0);
        for (at, widget) in self.widgets.iter().enumerate() {
            if x + widget.width > COLUMNS {
                (x, y, row_height) = (0, y + row_height, 0);
            }
            body = body.text(if at == 0 { "\n" } else { ",\n" });
            body = json_text(body, &widget.to_json(x, y));
            x += widget.width;
            row_height = row_height.max(widget.height);
        }
        body.text("\n]}\n")
    }
}

impl Widget {
    fn to_json(&self, x: u32, y: u32) -> Json {
        let (r#type, properties) = match &self.content {
            WidgetContent::Text(markdown) => ("text", json!({ "markdown": markdown })),
            WidgetContent::Metrics { title, view, statistic, period_seconds, metrics } => {
                let lines: Vec<Json> = metrics.iter().map(|(label, m)| line(label, m)).collect();
                let region: Value<Text> = Pseudo::Region.into();
                (
                    "metric",
                    json!({
                        "title": title, "view": view, "stat": statistic, "period": period_seconds,
                        "region": region, "metrics": lines,
                    }),
                )
            }
            WidgetContent::Alarms { title, alarms } => {
                ("alarm", json!({ "title": title, "alarms": alarms }))
            }
        };
        json!({
            "type": r#type, "x": x, "y": y, "width": self.width, "height": self.height,
            "properties": properties,
        })
    }
}

/// A metric as dashboards name it: namespace, name, each dimension and its value, and how it is drawn.
fn line(label: &str, metric: &Metric) -> Json {
    let mut line = vec![json!(metric.namespace), json!(metric.metric_name)];
    for dimension in &metric.dimensions {
        line.extend([json!(dimension.name), json!(dimension.value)]);
    }
    line.push(json!({ "label": label }));
    Json::Array(line)
}

/// JSON as text, in which values of CloudFormation become variables within quotes.
fn json_text(sub: Sub, json: &Json) -> Sub {
    match json {
        Json::Object(_) if intrinsic(json).is_some() => sub.text("\"").json(json).text("\""),
        Json::Object(map) => {
            let mut sub = sub.text("{");
            for (at, (key, value)) in map.iter().enumerate() {
                let comma = if at == 0 { "" } else { ", " };
                sub = json_text(sub.text(&format!("{comma}{}: ", json!(key))), value);
            }
            sub.text("}")
        }
        Json::Array(items) => {
            let mut sub = sub.text("[");
            for (at, item) in items.iter().enumerate() {
                sub = json_text(sub.text(if at == 0 { "" } else { ", " }), item);
            }
            sub.text("]")
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            sub.text(&json.to_string())
        }
    }
}
