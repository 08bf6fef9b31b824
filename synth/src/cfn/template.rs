//! The template, to which parts are added, and its two formats.

use serde_json::{Map, Value as Json, json};

use super::{
    Attributes, Condition, ConditionHandle, Handle, LogicalId, Output, Parameter, ParameterHandle,
    RenderError, Resource, Rule, attributes::CONTEXT, check, yaml,
};

/// A template. Its parts are in the order in which they were added.
#[derive(Debug)]
pub struct Template {
    description: &'static str,
    architecture: Option<&'static str>,
    groups: Vec<(&'static str, Vec<LogicalId>)>,
    labels: Vec<(LogicalId, &'static str)>,
    pub(super) parameters: Vec<(LogicalId, Parameter)>,
    pub(super) rules: Vec<(LogicalId, Rule)>,
    pub(super) conditions: Vec<(LogicalId, Condition)>,
    pub(super) resources: Vec<Entry>,
    pub(super) outputs: Vec<(LogicalId, Output)>,
}

/// A resource of a template.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: LogicalId,
    pub(super) r#type: &'static str,
    pub(super) known_attributes: &'static [&'static str],
    pub(super) attributes: Attributes,
    pub(super) properties: Result<Json, serde_json::Error>,
}

impl Template {
    /// An empty template.
    pub fn new(description: &'static str) -> Self {
        Self {
            description,
            architecture: None,
            groups: Vec::new(),
            labels: Vec::new(),
            parameters: Vec::new(),
            rules: Vec::new(),
            conditions: Vec::new(),
            resources: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Describes in the metadata how the parts work together.
    pub fn architecture(&mut self, text: &'static str) {
        self.architecture = Some(text);
    }

    /// Shows these parameters together in the console, under a title.
    pub fn group(&mut self, title: &'static str, parameters: &[LogicalId]) {
        self.groups.push((title, parameters.to_vec()));
    }

    /// Adds a parameter with a label for the console. The caller chooses the kind of its values.
    pub fn parameter<K>(
        &mut self,
        id: LogicalId,
        label: &'static str,
        parameter: Parameter,
    ) -> ParameterHandle<K> {
        self.parameters.push((id, parameter));
        self.labels.push((id, label));
        ParameterHandle::of(id)
    }

    /// Adds a rule over the parameters.
    pub fn rule(&mut self, id: LogicalId, rule: Rule) {
        self.rules.push((id, rule));
    }

    /// Adds a condition.
    pub fn condition(&mut self, id: LogicalId, condition: Condition) -> ConditionHandle {
        self.conditions.push((id, condition));
        ConditionHandle::of(id)
    }

    /// Adds a resource with the default attributes.
    pub fn add<R: Resource>(&mut self, id: LogicalId, resource: R) -> Handle<R> {
        self.add_with(id, Attributes::default(), resource)
    }

    /// Adds a resource.
    pub fn add_with<R: Resource>(
        &mut self,
        id: LogicalId,
        attributes: Attributes,
        resource: R,
    ) -> Handle<R> {
        self.resources.push(Entry {
            id,
            r#type: R::TYPE,
            known_attributes: R::ATTRIBUTES,
            attributes,
            properties: serde_json::to_value(resource),
        });
        Handle::of(id)
    }

    /// Adds an output.
    pub fn output(&mut self, id: LogicalId, output: Output) {
        self.outputs.push((id, output));
    }

    /// The logical ids of the resources that are retained when the stack is deleted.
    pub fn retained(&self) -> impl Iterator<Item = LogicalId> {
        self.resources.iter().filter(|entry| entry.attributes.is_retained).map(|entry| entry.id)
    }

    /// The parameters by their names.
    pub fn parameters(&self) -> impl Iterator<Item = (LogicalId, &Parameter)> {
        self.parameters.iter().map(|(id, parameter)| (*id, parameter))
    }

    /// Renders the template and checks what the compiler cannot.
    pub fn render(self) -> Result<Json, RenderError> {
        check::check(&self)?;
        let metadata = self.metadata();
        let resources = self.resources.into_iter();
        let resources: Map<String, Json> = resources
            .map(|entry| (entry.id, entry.into_json()))
            .map(|(id, json)| json.map(|json| (id.to_string(), json)))
            .collect::<Result<_, _>>()?;
        let sections = [
            ("AWSTemplateFormatVersion", json!("2010-09-09")),
            ("Description", json!(self.description)),
            ("Metadata", section(metadata)),
            ("Parameters", section(each(&self.parameters, |parameter| json!(parameter)))),
            ("Rules", section(each(&self.rules, rule_to_json))),
            ("Conditions", section(each(&self.conditions, Condition::to_json))),
            ("Resources", Json::Object(resources)),
            ("Outputs", section(each(&self.outputs, |output| json!(output)))),
        ];
        let mut template: Json = sections.into_iter().collect();
        remove_nulls(&mut template);
        check::check_size(&template)?;
        Ok(template)
    }

    /// The template as YAML with CloudFormation's short tags, for people.
    pub fn to_yaml(self) -> Result<String, RenderError> {
        Ok(yaml::write(&self.render()?))
    }

    /// The template as JSON, for people.
    pub fn to_json_pretty(self) -> Result<String, RenderError> {
        Ok(format!("{:#}\n", self.render()?))
    }

    /// The template as JSON, for the API: its limit counts every space.
    pub fn to_json(self) -> Result<String, RenderError> {
        Ok(self.render()?.to_string())
    }

    fn metadata(&self) -> Map<String, Json> {
        let mut metadata = Map::new();
        if let Some(architecture) = self.architecture {
            metadata.insert(CONTEXT.into(), json!({ "arch": architecture }));
        }
        if !self.groups.is_empty() {
            let groups = self.groups.iter().map(|(title, parameters)| {
                json!({ "Label": { "default": title }, "Parameters": parameters })
            });
            let groups: Vec<Json> = groups.collect();
            let labels = each(&self.labels, |label| json!({ "default": label }));
            metadata.insert(
                "AWS::CloudFormation::Interface".into(),
                json!({ "ParameterGroups": groups, "ParameterLabels": labels }),
            );
        }
        metadata
    }
}

impl Entry {
    fn into_json(self) -> Result<Json, RenderError> {
        let properties =
            self.properties.map_err(|cause| RenderError::Properties(self.id, cause.to_string()))?;
        let Attributes { condition, depends_on, is_retained, .. } = &self.attributes;
        let (deleted, replaced) =
            if *is_retained { ("RetainExceptOnCreate", "Retain") } else { ("Delete", "Delete") };
        let sections = [
            ("Type", json!(self.r#type)),
            ("Condition", json!(condition)),
            ("DependsOn", if depends_on.is_empty() { Json::Null } else { json!(depends_on) }),
            ("DeletionPolicy", json!(deleted)),
            ("UpdateReplacePolicy", json!(replaced)),
            ("Metadata", section(self.attributes.metadata())),
            ("Properties", if properties == json!({}) { Json::Null } else { properties }),
        ];
        Ok(sections.into_iter().collect())
    }
}

fn rule_to_json(rule: &Rule) -> Json {
    json!({
        "RuleCondition": rule.when.to_json(),
        "Assertions": [
            { "Assert": rule.assert.to_json(), "AssertDescription": rule.description },
        ],
    })
}

fn each<T>(named: &[(LogicalId, T)], to_json: impl Fn(&T) -> Json) -> Map<String, Json> {
    named.iter().map(|(id, one)| (id.to_string(), to_json(one))).collect()
}

fn section(map: Map<String, Json>) -> Json {
    if map.is_empty() { Json::Null } else { Json::Object(map) }
}

/// Removes null: a property that is not set is an `Option` that is `None`.
fn remove_nulls(json: &mut Json) {
    match json {
        Json::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(remove_nulls);
        }
        Json::Array(items) => items.iter_mut().for_each(remove_nulls),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}
