//! The GraphQL schema of the server, from its introspection.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

pub(crate) const QUERY: &str = "{ __schema { types { name fields { name args { name type { ...T } } type { ...T } } \
    inputFields { name type { ...T } } enumValues { name } possibleTypes { name } } } } \
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// A reference to a type.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reference {
    kind: String,
    name: Option<String>,
    of_type: Option<Box<Reference>>,
}

/// A field, an argument or a field of an input.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Member {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) args: Vec<Member>,
    #[serde(rename = "type")]
    pub(crate) kind: Reference,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Named {
    pub(crate) name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Type {
    name: String,
    #[serde(default)]
    fields: Option<Vec<Member>>,
    #[serde(default)]
    input_fields: Option<Vec<Member>>,
    #[serde(default)]
    enum_values: Option<Vec<Named>>,
    #[serde(default)]
    possible_types: Option<Vec<Named>>,
}

impl Reference {
    /// The type as a document writes it.
    pub(crate) fn text(&self) -> String {
        let inner = self.of_type.as_ref().map(|inner| inner.text()).unwrap_or_default();
        match self.kind.as_str() {
            "NON_NULL" => format!("{inner}!"),
            "LIST" => format!("[{inner}]"),
            _ => self.name.clone().unwrap_or_default(),
        }
    }

    pub(crate) fn innermost(&self) -> &str {
        match &self.of_type {
            Some(inner) => inner.innermost(),
            None => self.name.as_deref().unwrap_or_default(),
        }
    }

    pub(crate) fn is_required(&self) -> bool {
        self.kind == "NON_NULL"
    }

    pub(crate) fn is_list(&self) -> bool {
        self.kind == "LIST"
            || self.is_required() && self.of_type.as_ref().is_some_and(|inner| inner.is_list())
    }
}

impl Type {
    pub(crate) fn fields(&self) -> &[Member] {
        self.fields.as_deref().unwrap_or_default()
    }

    pub(crate) fn inputs(&self) -> &[Member] {
        self.input_fields.as_deref().unwrap_or_default()
    }

    pub(crate) fn values(&self) -> &[Named] {
        self.enum_values.as_deref().unwrap_or_default()
    }

    pub(crate) fn possible(&self) -> &[Named] {
        self.possible_types.as_deref().unwrap_or_default()
    }
}

/// The types by name.
#[derive(Debug)]
pub(crate) struct Schema(BTreeMap<String, Type>);

impl Schema {
    /// Reads the response to [`QUERY`].
    pub(crate) fn read(body: &[u8]) -> anyhow::Result<Self> {
        let mut response: Value = serde_json::from_slice(body)?;
        let types = response.pointer_mut("/data/__schema/types").map(Value::take);
        let types = types.with_context(|| format!("no schema in {response}"))?;
        let types: Vec<Type> = serde_json::from_value(types)?;
        Ok(Self(types.into_iter().map(|one| (one.name.clone(), one)).collect()))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Type> {
        self.0.get(name)
    }

    /// The fields of an object or interface.
    pub(crate) fn fields(&self, name: &str) -> &[Member] {
        self.get(name).map_or(&[], Type::fields)
    }
}
