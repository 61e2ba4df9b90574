//! Reads the parameters of a GraphQL request from a JSON body or a query string.

use juniper::{DefaultScalarValue, InputValue, Variables};
use serde_json::{Map, Value};

use super::{malformed::MalformedRequest, reference::DocumentReference};
use crate::{
    http::query_string,
    strict_json,
    telemetry::{SecurityEvent, record_security_event},
};

/// A well-formed request with an unparsed document.
#[derive(Clone, Debug)]
pub struct GraphqlRequest {
    pub document: DocumentReference,
    pub operation: OperationReference,
}

/// The operation of a document that a request selects, and its variables.
#[derive(Clone, Debug, Default)]
pub struct OperationReference {
    /// The name, if the document has several operations.
    pub name: Option<String>,
    pub variables: Variables<DefaultScalarValue>,
}

impl GraphqlRequest {
    /// Reads the body of a POST.
    ///
    /// # Errors
    ///
    /// The body is not JSON, is not an object, has a duplicate name, or a parameter has the wrong type.
    pub fn from_json(body: &[u8]) -> Result<Self, MalformedRequest> {
        let value = strict_json::from_slice(body)
            .map_err(|problem| MalformedRequest::new(format!("The body is not valid JSON: {problem}.")))?;
        match value {
            Value::Object(parameters) => Self::from_parameters(parameters),
            Value::Array(_) => {
                record_security_event(SecurityEvent::BatchRefused);
                Err(MalformedRequest::new("Batches are not accepted; send one operation in each request."))
            }
            _ => Err(MalformedRequest::new("The body must be a JSON object.")),
        }
    }

    /// Reads the query string of a GET, in which `variables` and `extensions` are JSON.
    ///
    /// # Errors
    ///
    /// The query string is malformed, or a parameter is given twice or has the wrong type.
    pub fn from_query_string(query: &str) -> Result<Self, MalformedRequest> {
        let pairs = query_string::pairs(query)
            .ok_or_else(|| MalformedRequest::new("The query string is not valid UTF-8."))?;
        let mut parameters = Map::new();
        for (name, text) in pairs {
            let value = match name.as_str() {
                "variables" | "extensions" if text.is_empty() => Value::Null,
                "variables" | "extensions" => {
                    strict_json::from_slice(text.as_bytes()).map_err(|problem| {
                        MalformedRequest::new(format!("`{name}` is not valid JSON: {problem}."))
                    })?
                }
                "query" | "operationName" => Value::String(text),
                _ => continue,
            };
            if parameters.insert(name.clone(), value).is_some() {
                return Err(MalformedRequest::new(format!("`{name}` is given twice.")));
            }
        }
        Self::from_parameters(parameters)
    }

    fn from_parameters(mut parameters: Map<String, Value>) -> Result<Self, MalformedRequest> {
        let document = DocumentReference::take(&mut parameters)?;
        let name = match parameters.remove("operationName") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
            Some(_) => return Err(MalformedRequest::new("`operationName` must be a string.")),
        };
        let variables = match parameters.remove("variables") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(variables)) => variables,
            Some(_) => return Err(MalformedRequest::new("`variables` must be an object.")),
        };
        let variables = variables.into_iter().map(|(name, value)| (name, input_value(value))).collect();
        Ok(Self { document, operation: OperationReference { name, variables } })
    }
}

/// Converts a JSON value. A whole number in the range of `Int` is an `Int`, however it is written (`1.0`, `-0.0`, `1e2`), as many
/// languages write all numbers with decimals. Another number is a `Float`.
fn input_value(value: Value) -> InputValue<DefaultScalarValue> {
    match value {
        Value::Null => InputValue::Null,
        Value::Bool(flag) => InputValue::scalar(flag),
        Value::String(text) => InputValue::scalar(text),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::MAX);
            // The text of a number with decimals is not one of an integer.
            match number.to_string().parse::<i32>() {
                Ok(whole) => InputValue::scalar(whole),
                Err(_) => InputValue::scalar(number),
            }
        }
        Value::Array(items) => InputValue::list(items.into_iter().map(input_value).collect()),
        Value::Object(entries) => InputValue::parsed_object(
            entries
                .into_iter()
                .map(|(name, value)| {
                    (juniper::Spanning::unlocated(name), juniper::Spanning::unlocated(input_value(value)))
                })
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::strict_json::json;

    #[rstest]
    #[case::empty("", "The body is not valid JSON: EOF while parsing a value at line 1 column 0.")]
    #[case::null("null", "The body must be a JSON object.")]
    #[case::batch(r#"[{"query":"{a}"}]"#, "Batches are not accepted; send one operation in each request.")]
    #[case::no_query("{}", "`query` is missing.")]
    #[case::null_query(r#"{"query":null}"#, "`query` must be a string.")]
    #[case::name(r#"{"query":"{a}","operationName":7}"#, "`operationName` must be a string.")]
    #[case::variables(r#"{"query":"{a}","variables":[]}"#, "`variables` must be an object.")]
    #[case::variables_text(r#"{"query":"{a}","variables":"{}"}"#, "`variables` must be an object.")]
    #[case::extensions(r#"{"query":"{a}","extensions":1}"#, "`extensions` must be an object.")]
    fn a_malformed_body_is_refused_with_the_reason(#[case] body: &str, #[case] message: &str) {
        assert_eq!(GraphqlRequest::from_json(body.as_bytes()).unwrap_err().to_string(), message);
    }

    #[test]
    fn a_query_string_is_read_like_a_body() {
        let request =
            GraphqlRequest::from_query_string("query=%7Ba%7D&variables=%7B%22n%22%3A7%7D&x=y").unwrap();
        assert_eq!(request.document, DocumentReference::Text("{a}".to_owned()));
        assert_eq!(request.operation.variables.get("n"), Some(&InputValue::scalar(7)));
    }

    #[rstest]
    #[case("query=a&query=b")]
    #[case("query=a&variables=notjson")]
    #[case("query=a&variables=1")]
    #[case("operationName=a")]
    #[case("query=a&variables={\"s\":\"%FF\"}")]
    fn a_malformed_query_string_is_refused(#[case] query: &str) {
        assert!(GraphqlRequest::from_query_string(query).is_err());
    }

    #[rstest]
    #[case("7", InputValue::scalar(7))]
    #[case("7.0", InputValue::scalar(7))]
    #[case("-0.0", InputValue::scalar(0))]
    #[case("1e2", InputValue::scalar(100))]
    #[case("2147483647", InputValue::scalar(i32::MAX))]
    #[case("-2147483648.0", InputValue::scalar(i32::MIN))]
    #[case("2147483648", InputValue::scalar(2_147_483_648.0))]
    #[case("0.5", InputValue::scalar(0.5))]
    #[case("-1e-300", InputValue::scalar(-1e-300))]
    #[case("1e30", InputValue::scalar(1e30))]
    fn a_whole_number_in_the_range_of_int_is_one(#[case] number: &str, #[case] expected: InputValue) {
        let body = format!(r#"{{"query":"","variables":{{"v":[{number}]}}}}"#);
        let variables = GraphqlRequest::from_json(body.as_bytes()).unwrap().operation.variables;
        assert_eq!(variables.get("v"), Some(&InputValue::list(vec![expected])));
    }

    proptest! {
        /// A body is read if it is strict JSON with variables of the right type; a query string has the same variables.
        #[test]
        fn variables_are_read_if_they_are_an_object(text in json::any_text()) {
            let body = format!(r#"{{"query":"{{a}}","variables":{text}}}"#);
            let has_variables = |value: &Value| matches!(value["variables"], Value::Null | Value::Object(_));
            let expected = strict_json::from_slice(body.as_bytes()).is_ok_and(|value| has_variables(&value));
            let from_body = GraphqlRequest::from_json(body.as_bytes());
            prop_assert_eq!(from_body.is_ok(), expected);

            let query = serde_urlencoded::to_string([("query", "{a}"), ("variables", &text)]).unwrap();
            let variables = strict_json::from_slice(text.as_bytes());
            let expected =
                text.is_empty() || matches!(variables, Ok(Value::Null | Value::Object(_)));
            let from_query = GraphqlRequest::from_query_string(&query);
            prop_assert_eq!(from_query.is_ok(), expected);
            if let (Ok(from_body), Ok(from_query)) = (from_body, from_query) {
                prop_assert_eq!(from_body.operation.variables, from_query.operation.variables);
            }
        }

        #[test]
        fn no_input_causes_a_panic(body: Vec<u8>, query: String) {
            let _ = GraphqlRequest::from_json(&body).is_ok();
            let _ = GraphqlRequest::from_query_string(&query).is_ok();
        }
    }
}
