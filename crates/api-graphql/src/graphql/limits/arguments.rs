//! The price of the values in arguments, which are checked and converted before a field runs.

use std::collections::HashMap;

use juniper::{DefaultScalarValue, InputValue, Variables};

use super::{
    page_size::Arguments,
    price::Price,
    prices::{INPUT_VALUE, condition, input_text},
};

/// The prices of the variables. Each variable is visited once, and is paid for at each use.
pub(super) struct Inputs(HashMap<String, Price>);

impl Inputs {
    pub(super) fn new(variables: &Variables<DefaultScalarValue>) -> Self {
        let none = Self(HashMap::new());
        let prices = variables.iter().map(|(name, value)| (name.clone(), none.value(value)));
        Self(prices.collect())
    }

    /// Returns the price of the arguments of a field.
    pub(super) fn price(&self, arguments: &Arguments<'_>) -> Price {
        arguments.iter().fold(Price::default(), |total, (name, value)| {
            let is_set = !matches!(value.item, InputValue::Null);
            let condition = if is_set { condition(name.item) } else { Price::default() };
            total + condition + self.value(&value.item)
        })
    }

    /// Returns the price of a value and of all values inside it. The parser and the reader of variables limit nesting.
    fn value(&self, value: &InputValue<DefaultScalarValue>) -> Price {
        match value {
            InputValue::Null => Price::default(),
            InputValue::Variable(name) => self.0.get(name).copied().unwrap_or_default(),
            InputValue::Scalar(DefaultScalarValue::String(text)) => INPUT_VALUE + input_text(text.len()),
            InputValue::Scalar(_) | InputValue::Enum(_) => INPUT_VALUE,
            InputValue::List(items) => {
                items.iter().fold(INPUT_VALUE, |total, item| total + self.value(&item.item))
            }
            InputValue::Object(fields) => fields.iter().fold(INPUT_VALUE, |total, (name, value)| {
                let is_set = !matches!(
                    value.item,
                    InputValue::Null | InputValue::Scalar(DefaultScalarValue::Boolean(false))
                );
                let condition = if is_set { condition(&name.item) } else { Price::default() };
                total + condition + self.value(&value.item)
            }),
        }
    }
}
