//! A body for each schema that an operation takes: the document's example, with ids that exist.

use serde_json::Value;
use uuid::Uuid;

/// One that is in order; the ids in it are `ids`, by their names.
///
/// # Panics
/// For a schema without an example.
pub(crate) fn body(document: &Value, schema: &str, ids: &impl Fn(&str) -> Uuid) -> Value {
    let example = document["components"]["schemas"][schema].get("example").cloned();
    let mut body = example.unwrap_or_else(|| panic!("{schema} has no example: write one in api/src/examples"));
    put_ids(&mut body, ids);
    body
}

fn put_ids(body: &mut Value, ids: &impl Fn(&str) -> Uuid) {
    for (name, value) in body.as_object_mut().into_iter().flatten() {
        if name.ends_with("_id") && value.is_string() {
            *value = ids(name).to_string().into();
        }
        put_ids(value, ids);
    }
    body.as_array_mut().into_iter().flatten().for_each(|item| put_ids(item, ids));
}
