//! A request of the search, and its bytes.

use std::fmt::Write;

use convene_stress::Credentials;
use serde_json::{Map, Value, json};

/// A request that can be varied.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Query(Vec<Field>),
    Mutation(Vec<Field>),
    /// A path with its query string, and a body.
    Rest {
        method: &'static str,
        path: String,
        body: Option<Value>,
    },
}

/// A field of a document, with its arguments and the fields inside it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) arguments: Vec<Argument>,
    /// The type of its value.
    pub(crate) kind: String,
    /// The type of the object, if the value is one of several.
    pub(crate) on: Option<String>,
    pub(crate) fields: Vec<Field>,
}

#[derive(Clone, Debug)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) value: Value,
}

impl Field {
    /// This field and all fields inside it.
    pub(crate) fn count(&self) -> usize {
        1 + self.fields.iter().map(Self::count).sum::<usize>()
    }
}

/// A document with its variables. Every argument is a variable, so that large values are no tokens.
#[derive(Default)]
struct Document {
    text: String,
    variables: Map<String, Value>,
    definitions: Vec<String>,
}

impl Document {
    fn fields(&mut self, fields: &[Field]) {
        self.text.push('{');
        for (position, field) in fields.iter().enumerate() {
            if fields[..position].iter().any(|earlier| earlier.name == field.name) {
                // Writing to a text cannot fail.
                let _infallible = write!(self.text, "a{position}:");
            }
            self.text.push_str(&field.name);
            for (number, argument) in field.arguments.iter().enumerate() {
                let variable = format!("v{}", self.variables.len());
                let before = if number == 0 { '(' } else { ',' };
                let _infallible = write!(self.text, "{before}{}:${variable}", argument.name);
                self.definitions.push(format!("${variable}:{}", argument.kind));
                self.variables.insert(variable, argument.value.clone());
            }
            if !field.arguments.is_empty() {
                self.text.push(')');
            }
            if let Some(on) = &field.on {
                let _infallible = write!(self.text, "{{__typename ...on {on}");
                self.fields(&field.fields);
                self.text.push('}');
            } else if !field.fields.is_empty() {
                self.fields(&field.fields);
            }
            self.text.push(' ');
        }
        self.text.push('}');
    }
}

impl Request {
    /// The method, the path and the body.
    pub(crate) fn parts(&self) -> (&'static str, String, String) {
        let (kind, fields) = match self {
            Self::Query(fields) => ("query", fields),
            Self::Mutation(fields) => ("mutation", fields),
            Self::Rest { method, path, body } => {
                return (method, path.clone(), body.as_ref().map(Value::to_string).unwrap_or_default());
            }
        };
        let mut document = Document::default();
        document.fields(fields);
        let Document { text, variables, definitions } = document;
        let definitions =
            if definitions.is_empty() { String::new() } else { format!("({})", definitions.join(",")) };
        let body = json!({ "query": format!("{kind}{definitions}{text}"), "variables": variables });
        ("POST", "/graphql".to_owned(), body.to_string())
    }

    /// The bytes of the request with this id, from this caller.
    pub(crate) fn bytes(&self, caller: &Credentials, id: &str) -> Vec<u8> {
        let (method, path, body) = self.parts();
        caller.request(method, &path, &format!("x-request-id: {id}\r\n"), &body)
    }
}
