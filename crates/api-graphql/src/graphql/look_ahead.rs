//! The fields that an operation selects, for data that is read only if it is shown.

use std::collections::HashSet;

use juniper::{DefaultScalarValue, Document, Operation, Selection, Variables};

use super::document;

type Scalar = DefaultScalarValue;

/// The fields of an occurrence that depend on its seats. Fields of other objects that have these names count as well.
const SEAT_FIELDS: [&str; 4] = ["registeredCount", "availableSeats", "waitlistedCount", "registrationState"];

/// The field of a registration that shows its occurrence.
pub(crate) const OCCURRENCE_FIELD: &str = "occurrence";

/// The data that an operation shows anywhere. One field of one name is enough, because the lists of a document share what was
/// read for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookAhead {
    /// The operation shows the seats of an occurrence.
    pub seats: bool,
    /// The operation shows the occurrence of a registration.
    pub occurrence: bool,
}

impl LookAhead {
    const NOTHING: Self = Self { seats: false, occurrence: false };

    /// Examines the selected operation of a document with these variables, in time linear in the length of the document.
    #[must_use]
    pub fn of(
        document: &Document<'_, Scalar>,
        operation_name: Option<&str>,
        variables: &Variables<Scalar>,
    ) -> Self {
        let operation = document::operation(document, operation_name);
        operation.map_or(Self::NOTHING, |operation| {
            let variables = document::with_defaults(variables, operation);
            Walk { document, operation, variables }.shown()
        })
    }
}

struct Walk<'d> {
    document: &'d Document<'d, Scalar>,
    operation: &'d Operation<'d, Scalar>,
    variables: Variables<Scalar>,
}

impl<'d> Walk<'d> {
    fn shown(&self) -> LookAhead {
        let mut shown = LookAhead::NOTHING;
        let mut spread = HashSet::new();
        let mut open: Vec<&Selection<'d, Scalar>> = self.operation.selection_set.iter().collect();
        while let Some(selection) = open.pop() {
            if document::is_excluded(selection, &self.variables) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    let name = field.item.name.item;
                    shown.seats |= SEAT_FIELDS.contains(&name);
                    shown.occurrence |= name == OCCURRENCE_FIELD;
                    open.extend(field.item.selection_set.iter().flatten());
                }
                Selection::InlineFragment(fragment) => open.extend(&fragment.item.selection_set),
                Selection::FragmentSpread(fragment) => {
                    let name = fragment.item.name.item;
                    if spread.insert(name) {
                        open.extend(document::fragment(self.document, name));
                    }
                }
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use juniper::{InputValue, parser::parse_document_source};
    use rstest::rstest;

    use super::*;
    use crate::graphql::schema::schema;

    fn shows_seats(document: &str, operation: Option<&str>, variables: &[(&str, bool)]) -> bool {
        shown(document, operation, variables).seats
    }

    fn shown(document: &str, operation: Option<&str>, variables: &[(&str, bool)]) -> LookAhead {
        let root = schema();
        let document = parse_document_source(document, &root.schema).unwrap();
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), InputValue::scalar(*value)));
        LookAhead::of(&document, operation, &variables.collect())
    }

    #[rstest]
    #[case("{ occurrences { nodes { id title event { title capacity } } } }", false)]
    #[case("{ occurrences { nodes { availableSeats } } }", true)]
    #[case("{ occurrences { edges { node { registeredCount } } } }", true)]
    #[case("{ occurrences { nodes { waitlistedCount } } }", true)]
    #[case("{ occurrences { nodes { registrationState } } }", true)]
    #[case("{ occurrences { nodes { version capacity status } } }", false)]
    #[case("{ occurrences { nodes { free: availableSeats } } }", true)]
    #[case("{ occurrences { nodes { availableSeats: title } } }", false)]
    #[case("{ occurrences { nodes { ... on Occurrence { availableSeats } } } }", true)]
    #[case(
        "{ occurrences { nodes { ...A } } } fragment A on Occurrence { ...B } fragment B on Occurrence { availableSeats }",
        true
    )]
    #[case(
        "{ occurrences { nodes { ...A } } } fragment A on Occurrence { id } fragment B on Occurrence { availableSeats }",
        false
    )]
    #[case("{ occurrences { nodes { ...A } } } fragment A on Occurrence { ...A }", false)]
    #[case("{ a: occurrences { nodes { id } } a: occurrences { nodes { availableSeats } } }", true)]
    #[case("{ occurrences { nodes { availableSeats @skip(if: true) } } }", false)]
    #[case("{ occurrences { nodes { availableSeats @include(if: false) } } }", false)]
    #[case("{ occurrences { nodes @skip(if: true) { availableSeats } } }", false)]
    #[case(
        "{ occurrences { nodes { ...A @skip(if: true) ...A } } } fragment A on Occurrence { availableSeats }",
        true
    )]
    fn seats_are_shown_if_a_field_of_them_is_selected(#[case] document: &str, #[case] expected: bool) {
        assert_eq!(shows_seats(document, None, &[]), expected, "{document}");
    }

    #[rstest]
    #[case("{ viewer { registrations { nodes { occurrence { id } } } } }", true)]
    #[case(
        "{ viewer { registrations { nodes { ...A } } } } fragment A on Registration { it: occurrence { id } }",
        true
    )]
    #[case("{ viewer { registrations { nodes { occurrence: id } } } }", false)]
    #[case("{ viewer { registrations { nodes { occurrence @skip(if: true) { id } } } } }", false)]
    fn occurrences_of_registrations_are_shown_if_they_are_selected(
        #[case] document: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(shown(document, None, &[]).occurrence, expected, "{document}");
    }

    #[rstest]
    #[case("($v: Boolean!)", "@skip(if: $v)", Some(true), false)]
    #[case("($v: Boolean!)", "@skip(if: $v)", Some(false), true)]
    #[case("($v: Boolean!)", "@include(if: $v)", Some(true), true)]
    #[case("($v: Boolean!)", "@include(if: $v)", Some(false), false)]
    #[case("($v: Boolean = false)", "@include(if: $v)", None, false)]
    #[case("($v: Boolean = false)", "@include(if: $v)", Some(true), true)]
    #[case("($v: Boolean = true)", "@skip(if: $v)", None, false)]
    fn variables_decide_about_directives(
        #[case] definition: &str,
        #[case] directive: &str,
        #[case] value: Option<bool>,
        #[case] expected: bool,
    ) {
        let variables: Vec<_> = value.into_iter().map(|value| ("v", value)).collect();
        for selection in ["availableSeats @X", "... @X { availableSeats }", "...A @X"] {
            let document = format!(
                "query{definition} {{ occurrences {{ nodes {{ {} }} }} }} fragment A on Occurrence {{ availableSeats }}",
                selection.replace("@X", directive)
            );
            assert_eq!(shows_seats(&document, None, &variables), expected, "{document}");
        }
    }

    #[test]
    fn other_operations_do_not_count() {
        let document = "query A { viewer { role } } query B { occurrences { nodes { availableSeats } } }";
        assert!(!shows_seats(document, Some("A"), &[]));
        assert!(shows_seats(document, Some("B"), &[]));
    }
}
