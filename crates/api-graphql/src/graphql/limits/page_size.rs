//! The maximum number of items of a field, computed from its arguments before it runs.

use convene_application::limits::{DEFAULT_OCCURRENCES_PAGE_SIZE, DEFAULT_PAGE_SIZE};
use juniper::{DefaultScalarValue, InputValue, Spanning, Variables, meta::Field};

/// The arguments of a field as parsed.
pub(super) type Arguments<'a> = [(Spanning<&'a str>, Spanning<InputValue<DefaultScalarValue>>)];

/// Returns the maximum number of items for which the selection inside this field is resolved: 1 for a single object.
///
/// `field` is the definition of the field. A field that the schema does not have counts as a single object; validation
/// refuses it later.
pub(super) fn items(
    name: &str,
    field: Option<&Field<DefaultScalarValue>>,
    arguments: Option<&Arguments<'_>>,
    variables: &Variables<DefaultScalarValue>,
) -> u64 {
    let given = |wanted: &str| {
        let (_, value) = arguments?.iter().find(|(name, _)| name.item == wanted)?;
        resolve(&value.item, variables)
    };
    if let Some(InputValue::List(ids)) = given("ids") {
        return u64::try_from(ids.len()).unwrap_or(u64::MAX).max(1);
    }
    let page = ["first", "last"].into_iter().filter_map(|name| given(name).and_then(whole_number)).max();
    match page {
        Some(page) => page.max(1),
        None if name == "occurrences" => DEFAULT_OCCURRENCES_PAGE_SIZE.into(),
        None if field.is_some_and(is_paged) => DEFAULT_PAGE_SIZE.into(),
        None => 1,
    }
}

fn is_paged(field: &Field<DefaultScalarValue>) -> bool {
    field.arguments.iter().flatten().any(|argument| argument.name == "first" || argument.name == "last")
}

fn resolve<'a>(
    value: &'a InputValue<DefaultScalarValue>,
    variables: &'a Variables<DefaultScalarValue>,
) -> Option<&'a InputValue<DefaultScalarValue>> {
    match value {
        InputValue::Variable(name) => variables.get(name.as_str()),
        other => Some(other),
    }
}

/// Returns a page size as a count; `None` for a negative number or a fraction, which the field itself refuses.
fn whole_number(value: &InputValue<DefaultScalarValue>) -> Option<u64> {
    match value {
        InputValue::Scalar(DefaultScalarValue::Int(number)) => u64::try_from(*number).ok(),
        _ => None,
    }
}
