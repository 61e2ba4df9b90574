//! The maximum number of items of a field, computed from its arguments before it runs.

use convene_application::{
    limits::{DEFAULT_OCCURRENCES_PAGE_SIZE, DEFAULT_PAGE_SIZE},
    page::PageSize,
};
use juniper::{DefaultScalarValue, InputValue, Spanning, Variables, meta::Field};

/// The arguments of a field as parsed.
pub(super) type Arguments<'a> = [(Spanning<&'a str>, Spanning<InputValue<DefaultScalarValue>>)];

/// Returns the maximum number of items of a field that takes a page size or ids; `None` for other fields.
///
/// `field` is the definition of the field. A field that the schema does not have counts as a single object; validation
/// refuses it later.
pub(super) fn items(
    name: &str,
    field: Option<&Field<DefaultScalarValue>>,
    arguments: &Arguments<'_>,
    variables: &Variables<DefaultScalarValue>,
) -> Option<u64> {
    let given = |wanted: &str| {
        let (_, value) = arguments.iter().find(|(name, _)| name.item == wanted)?;
        resolve(&value.item, variables)
    };
    let takes = |wanted: &[&str]| {
        field.is_some_and(|field| {
            field.arguments.iter().flatten().any(|one| wanted.contains(&one.name.as_str()))
        })
    };
    if takes(&["ids"]) {
        // A single value stands for a list of one.
        let ids = if let Some(InputValue::List(ids)) = given("ids") { ids.len() } else { 1 };
        return Some(u64::try_from(ids).unwrap_or(u64::MAX));
    }
    if name == "previewRecurrence" {
        // The size is a field of the input.
        return Some(PageSize::MAX.into());
    }
    if !takes(&["first", "last"]) {
        return None;
    }
    let default = if name == "occurrences" { DEFAULT_OCCURRENCES_PAGE_SIZE } else { DEFAULT_PAGE_SIZE };
    let page = ["first", "last"].into_iter().filter_map(|name| given(name).and_then(whole_number)).max();
    // The field refuses a larger page, with the range, before it does anything.
    Some(page.unwrap_or(default.into()).min(PageSize::MAX.into()))
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
