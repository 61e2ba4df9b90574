//! Random documents cause no panic, and random tokens are refused.

use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use convene_api_graphql::{
    auth::{Owner, VerificationKeys},
    change_state::ChangeState,
    graphql::limits::DocumentLimits,
    http::graphql::{Execution, GraphqlExecutor, OperationReference, Rejected, RequestInfo, SchemaExecutor},
    request_id::RequestId,
};
use convene_domain::text::UserId;
use juniper::{EmptySubscription, RootNode};
use proptest::{prelude::*, sample::select};
use serde_json::json;

use super::support::{
    Caller, NOW,
    schema::{Mutation, Query, State, ToyContext},
    tokens,
};

pub(super) fn executor() -> impl GraphqlExecutor<Caller> {
    let state = Arc::new(State::default());
    let root = RootNode::new(Query, Mutation, EmptySubscription::new());
    SchemaExecutor::new(
        root,
        DocumentLimits::default(),
        true,
        move |caller: Caller, info: &RequestInfo, _| ToyContext {
            caller,
            change: info.change.clone(),
            state: Arc::clone(&state),
        },
    )
}

/// Words of the language in any order. The parser accepts far more of these than of random characters.
fn document() -> impl Strategy<Value = String> {
    let words = [
        "{",
        "{",
        "}",
        "}",
        "(",
        ")",
        "[",
        "]",
        ":",
        "!",
        "=",
        "|",
        "@",
        "$",
        "...",
        "...A",
        "query",
        "fragment A on Query",
        "fragment B on Event",
        "on",
        "events",
        "again",
        "nodes",
        "id",
        "first",
        "$n",
        "1",
        "-1",
        "1.5",
        "99999999999",
        "null",
        "true",
        "\"x\"",
        "\"\"\"y\"\"\"",
        "\"\\u{110000}\"",
        "Int",
        "@include(if: true)",
        "@skip(if: $n)",
        "__typename",
        "__schema",
        "{ again { ...A } }",
        "{ events(first: 2) { nodes { id } } }",
        "# comment\n",
        "\u{feff}",
    ];
    prop::collection::vec(select(words.to_vec()), 0..40).prop_map(|words| words.join(" "))
}

fn run(query: String) -> Result<(), TestCaseError> {
    let executor = executor();
    let operation = OperationReference::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let owner = Owner { organization: None, user: UserId::parse("ada").unwrap() };
    match runtime.block_on(executor.inspect(&query.into(), &operation, &owner)) {
        Err(rejected) => {
            let has_reason = matches!(&*rejected, Rejected::Refused { errors, .. } if !errors.is_empty());
            prop_assert!(has_reason);
        }
        Ok(inspected) => {
            let caller = Caller { organization: None };
            let id = RequestId::of(&HeaderMap::new(), &(Arc::new(|| "id".to_owned()) as _));
            let info = RequestInfo { request_id: id, change: ChangeState::default() };
            let execution = inspected.run.execute(&operation.variables, caller, &info);
            prop_assert!(!matches!(runtime.block_on(execution), Execution::Crashed));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_document_of_random_words_causes_a_panic(document in document()) {
        run(document)?;
    }

    #[test]
    fn no_document_of_random_characters_causes_a_panic(document: String) {
        run(document)?;
    }

    #[test]
    fn a_token_with_one_changed_character_is_refused(position: prop::sample::Index, replacement in "[A-Za-z0-9_.-]") {
        let good = tokens::token(&json!({}));
        let position = position.index(good.len());
        let changed = format!("{}{replacement}{}", &good[..position], &good[position + 1..]);
        let keys = VerificationKeys::from_secret(&secrecy::SecretString::from(tokens::SECRET)).unwrap();
        let verifier = tokens::verifier(keys);
        prop_assert_eq!(verifier.verify(&changed, NOW).is_ok(), changed == good);
    }

    #[test]
    fn a_random_text_is_refused_as_a_token(text: String) {
        let keys = VerificationKeys::from_secret(&secrecy::SecretString::from(tokens::SECRET)).unwrap();
        let verifier = tokens::verifier(keys);
        prop_assert!(verifier.verify(&text, NOW).is_err());
    }
}
