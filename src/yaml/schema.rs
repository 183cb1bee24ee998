//! A [`Shape`] as JSON Schema (draft 2020-12), for editors.

use serde_json::{Map, Value as Json, json};

use super::shape::{Field, Need, Shape};

/// The whole schema, under a title.
pub fn json_schema(title: &str, shape: &Shape) -> Json {
    let mut schema = of(shape);
    if let Json::Object(members) = &mut schema {
        members.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        members.insert("title".to_owned(), json!(title));
    }
    schema
}

fn of(shape: &Shape) -> Json {
    match shape {
        Shape::Text => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Truth => json!({ "type": "boolean" }),
        Shape::Count => json!({ "type": "integer", "minimum": 1 }),
        Shape::Amount => json!({ "type": "integer", "minimum": 0 }),
        Shape::Duration => json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d|w)$" }),
        Shape::Rate => json!({ "type": "string", "pattern": "^[1-9][0-9]*/([0-9]*(ms|s|m|h|d|w))$" }),
        Shape::Word(words) | Shape::WordOrLater(words, _) => {
            // `format: 1` is a number to an editor, and a word to us.
            let plain = words.iter().filter_map(|word| serde_json::from_str::<Json>(word).ok());
            json!({ "enum": words.iter().map(|word| json!(word)).chain(plain).collect::<Vec<_>>() })
        }
        Shape::Any => json!({}),
        Shape::List(item) => json!({ "type": "array", "items": of(item) }),
        Shape::OneOrMore(item) => json!({ "anyOf": [of(item), { "type": "array", "items": of(item) }] }),
        Shape::Map(value) => json!({ "type": "object", "additionalProperties": of(value) }),
        Shape::Object(fields) => {
            let required: Vec<_> =
                fields.iter().filter(|field| field.need == Need::Required).map(|field| field.name).collect();
            let mut schema = object(fields);
            if !required.is_empty() {
                schema["required"] = json!(required);
            }
            schema
        }
        Shape::Choice(fields) | Shape::Secret(fields) => {
            let mut schema = object(fields);
            schema["minProperties"] = json!(1);
            schema["maxProperties"] = json!(1);
            schema
        }
        Shape::MapOrList(value, item) => {
            json!({ "anyOf": [of(&Shape::Map(value)), of(&Shape::List(item))] })
        }
        Shape::Short(short, long) => json!({ "anyOf": [of(short), of(long)] }),
    }
}

fn object(fields: &[Field]) -> Json {
    let mut properties = Map::new();
    for field in fields.iter().filter(|field| field.need != Need::Later) {
        let mut schema = of(&field.shape);
        schema["description"] = json!(field.help);
        properties.insert(field.name.to_owned(), schema);
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}
