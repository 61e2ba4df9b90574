//! Validation beyond that of the engine (GraphQL spec, chapter 5).
//!
//! | module | rules |
//! |---|---|
//! | `syntax` | a literal of a wrong kind is not an error of syntax |
//! | `variables` | types of variables, and null where a value is required |
//! | `directives` | directives that may not be repeated |

mod directives;
mod syntax;
mod variables;

use juniper::{
    DefaultScalarValue, Document, RuleError, SchemaType,
    validation::{ValidatorContext, visit_all_rules},
};

pub use self::{syntax::parse, variables::misplaced_nulls};

type Scalar = DefaultScalarValue;

/// Finds the mistakes that the engine overlooks, and if there are any, also the others. In a document that is not typed, it
/// finds all of them.
#[must_use]
pub fn mistakes(
    document: &Document<'_, Scalar>,
    schema: &SchemaType<Scalar>,
    is_typed: bool,
) -> Vec<RuleError> {
    let unknown = variables::unknown_types(document, schema);
    if !unknown.is_empty() {
        return unknown;
    }
    let mut mistakes = directives::repeated(document, schema);
    mistakes.extend(variables::misplaced_null_defaults(document, schema));
    if is_typed && mistakes.is_empty() {
        return mistakes;
    }
    let mut context = ValidatorContext::new(schema, document);
    context.append_errors(mistakes);
    visit_all_rules(&mut context, document);
    context.into_errors()
}
