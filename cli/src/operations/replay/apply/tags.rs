//! Tags. Those of AWS's own, as `aws:cloudformation:…`, nobody else can change.

use s3guard_posture::Observed;
use s3guard_posture::events::field::{at, items, text};
use s3guard_posture::model::observed::Reading;
use s3guard_posture::model::setting::Tags;
use serde_json::Value as Json;

use crate::operations::replay::apply::Assumed;

/// Adds the tags at a path.
pub(crate) fn put(bucket: &mut Observed, parameters: &Json, path: &[&str]) {
    let added = read(parameters, path);
    if !added.is_empty() {
        let mut tags = of(bucket);
        tags.extend(added);
        set(bucket, tags);
    }
}

/// All tags are these.
pub(crate) fn replace(bucket: &mut Observed, parameters: &Json) -> Assumed {
    let mut tags = of(bucket);
    tags.retain(|key, _| key.starts_with("aws:"));
    tags.extend(read(parameters, &["Tagging", "TagSet"]));
    set(bucket, tags);
    Vec::new()
}

/// Takes the named tags away.
pub(crate) fn remove(bucket: &mut Observed, parameters: &Json) -> Option<Assumed> {
    let keys = parameters.get("tagKeys").or_else(|| parameters.get("TagKeys"))?;
    let mut tags = of(bucket);
    for key in items(keys).filter_map(|key| text(key, &[])) {
        tags.remove(&key);
    }
    set(bucket, tags);
    Some(Vec::new())
}

/// Tags in their XML's form, `Tag` with `Key` and `Value`, whose values may have become numbers or booleans.
fn read(parameters: &Json, path: &[&str]) -> Tags {
    let tags = at(parameters, path).and_then(|set| set.get("Tag"));
    let pairs = tags
        .into_iter()
        .flat_map(items)
        .filter_map(|tag| Some((text(tag, &["Key"])?, text(tag, &["Value"]).unwrap_or_default())));
    pairs.collect()
}

fn of(bucket: &Observed) -> Tags {
    bucket.tags.known().cloned().unwrap_or_default()
}

fn set(bucket: &mut Observed, tags: Tags) {
    bucket.tags = if tags.is_empty() { Reading::Absent } else { Reading::Known(tags) };
}
