//! The arguments of fields below the payloads of mutations. They do not depend on the change, so that those that can be judged
//! without the database are checked before a mutation runs: afterwards, a mistake would hide what was changed.

use std::collections::{HashMap, HashSet};

use convene_domain::member::Role;
use juniper::{
    DefaultScalarValue, Document, FieldError, FromInputValue, InputValue, IntoFieldError, OperationType,
    SchemaType, Selection, Spanning, Variables, parser::SourcePosition,
};

use super::{
    context::Context,
    document,
    errors::FieldProblem,
    query::{self, paging::Paging},
    scalars::DateTime,
};

type Scalar = DefaultScalarValue;

/// The fields that are checked, each with its type.
const CHECKED: [(&str, &str); 3] =
    [("Event", "occurrences"), ("Event", "registrations"), ("Occurrence", "registrations")];

/// A field that an operation selects, with its arguments.
#[derive(Debug)]
pub struct FieldCall<'d> {
    /// The name of the type that has the field.
    kind: &'d str,
    name: &'d str,
    position: SourcePosition,
    arguments: HashMap<&'d str, InputValue<Scalar>>,
}

impl FieldCall<'_> {
    /// The place of the field in the document.
    #[must_use]
    pub fn position(&self) -> SourcePosition {
        self.position
    }

    /// The value of an argument; `None` if it does not have this type, which validation reports.
    fn given<T: FromInputValue<Scalar>>(&self, name: &str) -> Option<T> {
        match self.arguments.get(name) {
            Some(value) => T::from_input_value(value).ok(),
            None => T::from_implicit_null().ok(),
        }
    }

    fn paging(&self) -> Option<Paging> {
        Some(Paging {
            first: self.given("first")?,
            after: self.given("after")?,
            last: self.given("last")?,
            before: self.given("before")?,
        })
    }
}

/// The error that the field would report for its arguments, if it would report one to this caller.
pub(crate) fn wrong_arguments(context: &Context, call: &FieldCall<'_>) -> Option<FieldError<Scalar>> {
    // The role of a caller who is not a member is the reason of the refusal, whatever the arguments are.
    let is_admin = context.member()?.role() == Role::Admin;
    problem(context, call, is_admin).map(IntoFieldError::into_field_error)
}

fn problem(context: &Context, call: &FieldCall<'_>, is_admin: bool) -> Option<FieldProblem> {
    match (call.kind, call.name) {
        ("Event", "occurrences") => {
            let is_given = call.arguments.contains_key("includeCancelled");
            let include_cancelled = if is_given { call.given("includeCancelled")? } else { Some(false) };
            let (from, to): (DateTime, DateTime) = (call.given("from")?, call.given("to")?);
            let window = (&from, &to);
            query::occurrence::check_of_event(context, None, include_cancelled, window, call.paging()?).err()
        }
        // The role of other members is the reason of the refusal.
        ("Event" | "Occurrence", "registrations") if is_admin => {
            query::registration::check(context, call.paging()?, call.given("filter")?, None).err()
        }
        _ => None,
    }
}

/// The checked fields below the root fields of the selected operation, if it is a mutation, in time linear in the length of
/// the document.
#[must_use]
pub fn calls_below_payloads<'d>(
    document: &'d Document<'d, Scalar>,
    schema: &'d SchemaType<Scalar>,
    operation_name: Option<&str>,
    variables: &Variables<Scalar>,
) -> Vec<FieldCall<'d>> {
    let operation = document::operation(document, operation_name)
        .filter(|operation| operation.operation_type == OperationType::Mutation);
    let Some(operation) = operation else { return Vec::new() };
    let variables = document::with_defaults(variables, operation);
    let mut calls = Vec::new();
    let mut spread = HashSet::new();
    let root = schema.concrete_mutation_type();
    let mut open: Vec<_> = operation.selection_set.iter().map(|selection| (selection, root, true)).collect();
    while let Some((selection, parent, is_root)) = open.pop() {
        if document::is_excluded(selection, &variables) {
            continue;
        }
        match selection {
            Selection::Field(field) => {
                let name = field.item.name.item;
                let definition = parent.and_then(|parent| parent.field_by_name(name));
                let kind = definition
                    .and_then(|field| schema.concrete_type_by_name(field.field_type.innermost_name()));
                if !is_root
                    && let Some(kind) = parent.and_then(|parent| parent.name())
                    && CHECKED.contains(&(kind.as_str(), name))
                    && let Some(given) = &field.item.arguments
                {
                    let value = |(name, value): &'d (Spanning<&'d str>, Spanning<InputValue<Scalar>>)| {
                        Some((name.item, value.item.clone().into_const(&variables)?))
                    };
                    calls.push(FieldCall {
                        kind: kind.as_str(),
                        name,
                        position: field.start(),
                        arguments: given.item.items.iter().filter_map(value).collect(),
                    });
                }
                open.extend(field.item.selection_set.iter().flatten().map(|inner| (inner, kind, false)));
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment.item.type_condition.as_ref();
                let kind = match condition {
                    Some(condition) => schema.concrete_type_by_name(condition.item),
                    None => parent,
                };
                open.extend(fragment.item.selection_set.iter().map(|inner| (inner, kind, is_root)));
            }
            Selection::FragmentSpread(fragment) => {
                let name = fragment.item.name.item;
                if spread.insert(name) {
                    let kind = document::fragment_type(document, name)
                        .and_then(|name| schema.concrete_type_by_name(name));
                    let inside = document::fragment(document, name);
                    open.extend(inside.iter().map(|inner| (inner, kind, is_root)));
                }
            }
        }
    }
    calls.sort_by_key(|call| call.position.index());
    calls
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use juniper::meta::MetaType;

    use super::CHECKED;
    use crate::graphql::schema::schema;

    /// Other fields would be executed after the change, with any arguments.
    #[test]
    fn the_arguments_of_all_fields_below_payloads_are_checked() {
        let root = schema();
        let mutation = root.schema.concrete_mutation_type().unwrap();
        let MetaType::Object(mutation) = mutation else { panic!("the mutations are an object") };
        let mut open: Vec<String> =
            mutation.fields.iter().map(|field| field.field_type.innermost_name().to_owned()).collect();
        let (mut visited, mut found) = (BTreeSet::new(), BTreeSet::new());
        while let Some(name) = open.pop() {
            if !visited.insert(name.clone()) {
                continue;
            }
            let kind = root.schema.concrete_type_by_name(&name).unwrap();
            let fields = match kind {
                MetaType::Object(object) => &object.fields[..],
                MetaType::Interface(interface) => &interface.fields[..],
                _ => &[],
            };
            for field in fields {
                if field.arguments.iter().flatten().next().is_some() {
                    found.insert((name.clone(), field.name.to_string()));
                }
                open.push(field.field_type.innermost_name().to_owned());
            }
            if kind.is_abstract() {
                let possible = root.schema.possible_types(kind);
                open.extend(possible.iter().filter_map(|kind| kind.name()).map(ToString::to_string));
            }
        }
        let expected = CHECKED.map(|(kind, field)| (kind.to_owned(), field.to_owned())).into();
        assert_eq!(found, expected);
    }
}
