//! Trusted documents: a server that has a folder of them runs nothing else.

use std::{fs, os::unix::fs::symlink, path::Path};

use convene_api_graphql::{
    execution::check_documents,
    graphql::limits::DocumentLimits,
    http::graphql::{Documents, TrustedDocuments},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::support::{Setup, TestServer};

const TRUSTED: &str = "query A { organization } query B { again { organization } }";
const INTROSPECTION: &str = "{ __schema { queryType { name } } }";

fn hash(text: &str) -> Value {
    let digits: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"persistedQuery": {"version": 1, "sha256Hash": digits}})
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn server(folder: &Path) -> TestServer {
    let documents = Documents::Trusted(TrustedDocuments::read(folder).0);
    TestServer::start(Setup { documents, introspection: true, ..Setup::default() })
}

async fn ask(server: &TestServer, body: Value) -> (u16, Value) {
    let request = server.post().header("accept", "application/graphql-response+json").json(&body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_documents_of_the_folder_run() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a/trusted.graphql", &format!("{TRUSTED}\n"));
    write(folder.path(), "README.md", "{ again { organization } }");
    let server = server(folder.path());
    for document in [TRUSTED.to_owned(), format!("{TRUSTED}\n")] {
        let both = json!({"query": document, "extensions": hash(&document), "operationName": "B"});
        for body in [
            json!({"query": document, "operationName": "A"}),
            json!({"extensions": hash(&document), "operationName": "A"}),
            both,
        ] {
            let (status, answer) = ask(&server, body).await;
            assert_eq!((status, answer.get("errors")), (200, None));
        }
    }
    for document in
        ["{ again { organization } }", "{ organization }", INTROSPECTION, "{", "mutation { boom }"]
    {
        let both = json!({"query": document, "extensions": hash(document)});
        for body in [json!({"query": document}), json!({"extensions": hash(document)}), both] {
            let (status, refused) = ask(&server, body).await;
            let code = &refused["errors"][0]["extensions"]["code"];
            assert_eq!((status, code), (400, &json!("DOCUMENT_NOT_TRUSTED")), "{document}");
        }
    }
    let both = json!({"query": "{ organization }", "extensions": hash(TRUSTED), "operationName": "A"});
    assert_eq!(ask(&server, both).await.1["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_MISMATCH");
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_runs_if_its_document_is_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "schema.graphql", INTROSPECTION);
    let (_, answer) = ask(&server(folder.path()), json!({"query": INTROSPECTION})).await;
    assert_eq!(answer["data"]["__schema"]["queryType"]["name"], "Query");
}

#[test]
fn documents_that_cannot_run_are_reported_with_their_files() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "1.graphql", "{ organization { slug } }");
    write(folder.path(), "2.graphql", "{");
    write(folder.path(), "3.graphql", "{ nope }\n");
    write(folder.path(), "4.graphql", "fragment A on Query { organization { slug } }");
    let aliases: String = (0..20).map(|number| format!("a{number}: slug ")).collect();
    write(folder.path(), "5.graphql", &format!("{{ organization {{ {aliases} }} }}"));
    write(folder.path(), "6.graphql", "subscription { x }");
    write(folder.path(), "7.graphql", "query($v: Nope = 1) { __typename }");
    write(folder.path(), "8.graphql", "query A { __typename } query A { __typename }");
    write(folder.path(), "9.graphql", "\u{FEFF}{ organization { slug } }");
    write(folder.path(), "a.graphql", "{ __typename } { __typename }");
    write(folder.path(), "b.graphql", "{ __typename } query A { __typename }");
    write(folder.path(), "c.graphql", "query A { __typename } subscription B { x }");
    let costly = "events(first: 100) { nodes { registrations(first: 100) { nodes { id } } } }";
    write(folder.path(), "d.graphql", &format!("query A {{ __typename }} query B {{ {costly} }}"));
    write(folder.path(), "e.graphql", "query A($id: ID!) { node(id: $id) { id } } mutation B { __typename }");
    write(folder.path(), "f.graphql", "");
    // With some page sizes, it can.
    let costly = costly.replace("first: 100", "first: $first");
    write(folder.path(), "g.graphql", &format!("query A($first: Int!) {{ {costly} }}"));
    let (documents, _) = TrustedDocuments::read(folder.path());
    let problems = check_documents(&documents, &DocumentLimits::default()).join("\n");
    let problems = problems.replace(&format!("{}/", folder.path().display()), "");
    insta::assert_snapshot!(problems, @r#"
    2.graphql: line 1, column 2: Unexpected end of input
    3.graphql: line 1, column 3: Unknown field "nope" on type "Query"
    4.graphql: The document has no operation.
    5.graphql: The document exceeds the limit on aliases: 20, of 15 allowed.
    6.graphql: The API has no subscriptions.
    7.graphql: line 1, column 11: Unknown type "Nope"
    8.graphql: line 1, column 1: There can only be one operation named A
    a.graphql: An operation without a name must be the only one of its document
    b.graphql: line 1, column 1: This anonymous operation must be the only defined operation
    c.graphql: The API has no subscriptions.
    d.graphql: The document exceeds the limit on cost: 53453, of 10000 allowed.
    f.graphql: line 1, column 1: Unexpected end of input
    "#);
}

#[test]
fn a_folder_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let unreadable = |folder: &Path| TrustedDocuments::read(folder).1;
    assert!(unreadable(&missing).concat().contains("missing cannot be read"));
    fs::write(folder.path().join("a.graphql"), [0xff]).unwrap();
    assert!(unreadable(folder.path()).concat().contains("a.graphql cannot be read"));
    fs::remove_file(folder.path().join("a.graphql")).unwrap();
    let (documents, unreadable) = TrustedDocuments::read(folder.path());
    assert!(documents.is_empty() && unreadable.is_empty());
}

#[test]
fn links_in_a_folder_are_followed_in_no_circle_and_to_files_only() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    for name in ["one", "two"] {
        symlink("..", inner.join(name)).unwrap();
    }
    let other = tempfile::tempdir().unwrap();
    write(other.path(), "a.graphql", "{ organization }");
    symlink(other.path(), folder.path().join("linked")).unwrap();
    symlink("/dev/zero", folder.path().join("endless.graphql")).unwrap();
    let (documents, problems) = TrustedDocuments::read(folder.path());
    assert_eq!(documents.iter().count(), 1);
    assert!(problems.len() == 1 && problems[0].contains("endless.graphql"), "{problems:?}");
}

#[test]
fn the_files_of_a_folder_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let huge = fs::File::create(folder.path().join("huge.graphql")).unwrap();
    huge.set_len(65 << 20).unwrap();
    let (documents, problems) = TrustedDocuments::read(folder.path());
    assert!(documents.is_empty() && problems[0].contains("67108864 bytes"), "{problems:?}");
    fs::remove_file(folder.path().join("huge.graphql")).unwrap();
    for number in 0..10_001 {
        write(folder.path(), &format!("{number}.graphql"), "{ organization }");
    }
    assert_eq!(TrustedDocuments::read(folder.path()).1, ["it has more than 10000 files"]);
}
