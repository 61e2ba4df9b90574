//! The number of database commands of a list does not depend on its length.

use bson::Document;

use crate::{
    documents::{Sizes, lists},
    support::{Installation, Served},
};

pub(crate) const ORCHESTRA: &str = "org-123";
pub(crate) const ADMIN: &str = "user-456";

/// Lists within other lists, and under several aliases. `$first` and `$inner` are page sizes.
const LISTS: [&str; 11] = [
    "{ members(first: $first) { nodes { id } } }",
    "{ issues(first: $first) { nodes { assignee { id } createdBy { id } event { id occurrences($window, first: $inner) { \
     nodes { id } } } } } }",
    "{ activity(first: $first) { nodes { id } } }",
    "{ viewer { registrations(first: $first) { nodes { occurrence { event { id } viewerRegistration { waitlistPosition } \
     } } } } }",
    "{ registrations(first: $first) { nodes { waitlistPosition member { id } occurrence { event { \
     occurrences($window, first: $inner) { nodes { event { id } } } } } } } }",
    "{ occurrences($window, first: $first) { nodes { event { id } viewerRegistration { id } \
     registrations(first: $inner) { nodes { member { id } } } } } }",
    "{ events(first: $first) { nodes { a: occurrences($window, first: $inner) { nodes { id } } \
     b: occurrences($window, first: 1) { nodes { id } } c: occurrences($later, first: 1) { nodes { id } } } } }",
    "{ events(first: $first) { nodes { occurrences($window, first: $inner) { nodes { event { title } \
     a: registrations(first: $inner) { nodes { id } } b: registrations(filter: {status: CONFIRMED}, first: 1) { \
     nodes { member { id } } } } } } } }",
    "{ events(first: $first) { nodes { a: registrations(first: $inner) { nodes { member { id } } } \
     b: registrations(first: 1, filter: {status: CONFIRMED}) { nodes { id } } } } }",
    "{ a: occurrences($window, first: $first, filter: {search: \"re\"}) { nodes { id } } \
     b: occurrences($window, first: $inner, filter: {onlyOpen: true}) { nodes { id } } }",
    "{ c: events(first: $first, filter: {search: \"re\"}) { nodes { id } } \
     d: issues(first: $first, filter: {search: \"re\"}) { nodes { id } } }",
];

/// The arguments of a window of days from now.
pub(crate) fn window(from: i32, to: i32) -> String {
    #[expect(clippy::disallowed_methods, reason = "the dates of the demo data depend on the current day")]
    let now = time::UtcDateTime::now();
    let text = |days: i32| {
        let at = now + time::Duration::days(days.into());
        format!("{:04}-{:02}-{:02}T00:00:00Z", at.year(), u8::from(at.month()), at.day())
    };
    format!("from: \"{}\", to: \"{}\"", text(from), text(to))
}

fn document(list: &str, first: u32, inner: u32) -> String {
    list.replace("$window", &window(0, 200))
        .replace("$later", &window(30, 60))
        .replace("$first", &first.to_string())
        .replace("$inner", &inner.to_string())
}

/// Runs a document, and returns the server's database commands.
async fn commands_of(installation: &Installation, served: &Served, document: &str) -> Vec<Document> {
    installation.record_commands().await;
    served.ask(ORCHESTRA, ADMIN, document).await;
    installation.recorded_commands().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_any_length_takes_the_same_number_of_commands() {
    let installation = Installation::seeded().await;
    let served = installation.serve().await;
    // All sizes include occurrences that are not stored, for whose registrations there is one further query.
    let nested = LISTS.map(|list| (list.to_owned(), [document(list, 5, 3), document(list, 12, 4)]));
    let sizes = [Sizes { first: 5, inner: 2 }, Sizes { first: 9, inner: 3 }];
    let [few, many] = sizes.map(|sizes| lists(&window(0, 200), sizes));
    let of_schema = few.into_iter().zip(many).map(|((list, few), (_, many))| (list, [few, many]));
    for (list, documents) in nested.into_iter().chain(of_schema) {
        let mut taken = Vec::new();
        for document in documents {
            // The first run compiles events, which are cached.
            served.ask(ORCHESTRA, ADMIN, &document).await;
            taken.push(commands_of(&installation, &served, &document).await);
        }
        let counts: Vec<usize> = taken.iter().map(Vec::len).collect();
        assert_eq!(counts[0], counts[1], "{list}\n{taken:#?}");
        let reads = taken[1]
            .iter()
            .filter(|command| command.contains_key("find") || command.contains_key("aggregate"));
        assert!((2..=14).contains(&reads.count()), "{list}\n{taken:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_organizations_takes_one_command() {
    let installation = Installation::seeded().await;
    let served = installation.serve().await;
    for arguments in ["first: 1", "first: 3", "first: 1, search: \"e\"", "first: 3, search: \"e\""] {
        installation.record_commands().await;
        served.operate(&format!("{{ organizations({arguments}) {{ nodes {{ id status }} }} }}")).await;
        let commands = installation.recorded_commands().await;
        assert_eq!(commands.len(), 1, "{arguments}: {commands:#?}");
    }
}
