//! The syntax of a document, whatever the schema has.
//!
//! The engine's parser reads a literal as a value of the type that the schema has in its place, and takes one of another kind
//! for an error of syntax. It is a mistake that validation reports with the name of the argument (GraphQL spec 5.6.1). So a
//! document that cannot be parsed is parsed again with a schema that expects nothing.

use juniper::{
    ArcStr, DefaultScalarValue, Definition, EmptyMutation, EmptySubscription, GraphQLError, GraphQLScalar,
    GraphQLType, GraphQLValue, ParseError, ParseScalarResult, ParseScalarValue, Registry, RootNode,
    RuleError, ScalarToken, ScalarValue, SchemaType, Spanning,
    meta::MetaType,
    parser::{Lexer, Token, parse_document_source},
};

use crate::graphql::limits::DocumentLimits;

type Scalar = DefaultScalarValue;

/// Parses a document. The second value is true if it is typed: each literal is of a kind that its place allows.
///
/// # Errors
///
/// The document is not well-formed or exceeds a limit of the parser.
pub fn parse<'a>(
    text: &'a str,
    schema: &SchemaType<Scalar>,
    limits: &DocumentLimits,
) -> Result<(Vec<Definition<'a, Scalar>>, bool), GraphQLError> {
    if let Ok(definitions) = parse_document_source(text, schema) {
        return Ok((definitions, true));
    }
    let root = RootNode::new(NoField, EmptyMutation::<()>::new(), EmptySubscription::<()>::new());
    match parse_document_source(text, &limits.apply(root).schema) {
        Ok(definitions) => Ok((definitions, false)),
        Err(error) => Err(object_as_default(text, &error).map_or_else(|| error.into(), Into::into)),
    }
}

/// The query type of a schema that expects nothing. It has the types of literals, and hides the fields of introspection,
/// whose arguments have types.
struct NoField;

impl GraphQLType<Scalar> for NoField {
    fn name((): &()) -> Option<ArcStr> {
        Some(ArcStr::from("NoField"))
    }

    fn meta((): &(), registry: &mut Registry<Scalar>) -> MetaType<Scalar> {
        let fields = [registry.field::<AnyInt>("__schema", &()), registry.field::<f64>("__type", &())];
        registry.build_object_type::<Self>(&(), &fields).into_meta()
    }
}

impl GraphQLValue<Scalar> for NoField {
    type Context = ();
    type TypeInfo = ();

    fn type_name(&self, info: &()) -> Option<ArcStr> {
        Self::name(info)
    }
}

/// `Int` without its range.
#[derive(GraphQLScalar)]
#[graphql(name = "Int", transparent, parse_token_with = parse_integer)]
struct AnyInt(i32);

fn parse_integer<S: ScalarValue>(token: ScalarToken<'_>) -> ParseScalarResult<S> {
    match token {
        ScalarToken::Int(digits) => <i32 as ParseScalarValue<S>>::from_str(token)
            .or_else(|_| <f64 as ParseScalarValue<S>>::from_str(ScalarToken::Float(digits))),
        ScalarToken::Float(_) | ScalarToken::String(_) => <i32 as ParseScalarValue<S>>::from_str(token),
    }
}

/// The mistake of a default that is an object, of a variable of a type that every schema has. The parser cannot know that it
/// is no error of syntax.
fn object_as_default(text: &str, error: &Spanning<ParseError>) -> Option<RuleError> {
    let ParseError::UnexpectedToken(token) = &error.item else { return None };
    let position = error.start();
    let mut variable = None;
    let mut is_default = false;
    let mut lists = 0_usize;
    let mut before = Token::EndOfFile;
    for token in Lexer::new(text.get(..position.index())?).map_while(Result::ok) {
        match token.item {
            Token::EndOfFile => break,
            Token::Name(name) if before == Token::Dollar => variable = Some(name),
            // A default follows the only `=` of the grammar, and contains none of the others.
            Token::Equals => (is_default, lists) = (true, 0),
            Token::Dollar | Token::At | Token::ParenClose => is_default = false,
            Token::BracketOpen => lists += 1,
            Token::BracketClose => lists = lists.saturating_sub(1),
            _ => {}
        }
        before = token.item;
    }
    let is_value = is_default && (before == Token::Equals || lists > 0);
    let variable = variable.filter(|_| is_value && token.as_str() == "{")?;
    let message =
        format!("Invalid default value of variable \"${variable}\": its type is not an input object");
    Some(RuleError::new(&message, &[position]))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::graphql::{schema::schema, validation::mistakes};

    /// Returns the messages of the mistakes, or the error of syntax after `syntax: `.
    fn messages(document: &str) -> Vec<String> {
        let schema = schema().schema;
        match parse(document, &schema, &DocumentLimits::default()) {
            Ok((definitions, is_typed)) => {
                let mistakes = mistakes(&definitions, &schema, is_typed);
                mistakes.iter().map(|mistake| mistake.message().to_owned()).collect()
            }
            Err(GraphQLError::ParseError(error)) => vec![format!("syntax: {}", error.item)],
            Err(other) => vec![other.to_string()],
        }
    }

    #[rstest]
    #[case::decimals("{ events(first: 1.5) { totalCount } }", "\"first\"")]
    #[case::exponent("{ events(first: 1e3) { totalCount } }", "\"first\"")]
    #[case::beyond_int("{ events(first: 99999999999) { totalCount } }", "\"first\"")]
    #[case::below_int("{ events(first: -99999999999) { totalCount } }", "\"first\"")]
    #[case::beyond_float("{ events(first: 1e999) { totalCount } }", "\"first\"")]
    #[case::id_beyond_int("{ event(id: 99999999999) { id } }", "\"id\"")]
    #[case::object("{ event(id: {a: 1}) { id } }", "\"id\"")]
    #[case::object_in_a_list("{ nodes(ids: [\"a\", {a: [1.5]}]) { id } }", "\"ids\"")]
    #[case::object_for_an_enum("{ members(role: {}) { totalCount } }", "\"role\"")]
    #[case::decimals_for_a_scalar("{ occurrences(from: 1.5, to: 2) { pageInfo { endCursor } } }", "\"from\"")]
    #[case::in_an_input("mutation { createIssue(input: {title: 1.5}) { issue { id } } }", "\"title\"")]
    #[case::object_in_an_input("mutation { createIssue(input: {title: {}}) { issue { id } } }", "\"title\"")]
    #[case::directive("{ __typename @skip(if: 1.5) }", "\"if\"")]
    #[case::introspection("{ __type(name: {a: 1}) { name } }", "\"name\"")]
    #[case::unknown_argument("{ events(nope: 1.5) { totalCount } }", "\"nope\"")]
    #[case::unknown_field("{ nope(a: 1.5) }", "\"nope\"")]
    #[case::unknown_type("query($v: Float = 1.5) { __typename }", "\"Float\"")]
    #[case::default("query($v: Int = 1.5) { events(first: $v) { totalCount } }", "\"v\"")]
    #[case::default_beyond_int("query($v: Int = 99999999999) { events(first: $v) { totalCount } }", "\"v\"")]
    #[case::object_as_default("query($v: Int = {a: 1}) { events(first: $v) { totalCount } }", "\"$v\"")]
    #[case::object_in_a_default(
        "query($u: Int = 1, $v: [String] = [\"=\", {a: 1}]) { events(first: $u, after: $v) { totalCount } }",
        "\"$v\""
    )]
    fn a_literal_of_a_wrong_kind_is_a_mistake_that_names_its_place(
        #[case] document: &str,
        #[case] name: &str,
    ) {
        let messages = messages(document);
        assert!(!messages.is_empty() && !messages[0].starts_with("syntax"), "{messages:?}");
        assert!(messages.iter().any(|message| message.contains(name)), "{messages:?}");
    }

    #[rstest]
    #[case("{ events(first: 1.5) { totalCount } ")]
    #[case("{ events(first: 1.5.) { totalCount } }")]
    #[case("{ events(first: {a 1}) { totalCount } }")]
    #[case("{ events(first: {a: $}) { totalCount } }")]
    #[case("{ a: 5 }")]
    #[case("{ { a } }")]
    #[case("query($v: Int = 1.5 { __typename }")]
    #[case("query($v: [Int] = [1] { __typename }")]
    #[case("query($v: Int = 1) { { } }")]
    #[case("query($v: Int = $w) { __typename }")]
    #[case("query($v: Int = 1.5) {")]
    fn a_document_that_is_not_well_formed_is_an_error_of_syntax(#[case] document: &str) {
        let messages = messages(document);
        assert!(messages.len() == 1 && messages[0].starts_with("syntax: "), "{messages:?}");
    }

    #[test]
    fn all_mistakes_are_found_together() {
        let document = "query($v: Int = 1.5) { events(first: $v, nope: 1) { nope } event(id: {}) { id } }";
        assert_eq!(messages(document).len(), 4, "{:?}", messages(document));
    }
}
