//! The message after the start: addresses, and credentials of the demo users.

use std::fmt::Write;

use super::convene::{Authentication, Convene};
use super::database::Database;

/// The organization of the demo users.
const ORGANIZATION: &str = "org-123";
/// The demo users, the variables of their tokens in the documents, their roles, and an operation that each can try first.
const USERS: [(&str, &str, Role, &str); 4] = [
    (
        "user-456",
        "ADMIN",
        Role::Admin,
        "mutation { createEvent(input: {title: \"Yoga\", startsAt: \"2032-03-22T09:00:00\", duration: \"PT1H\", \
         capacity: 2, recurrence: {frequency: WEEKLY}}) { event { id recurrence { summary } } userErrors { message } } }",
    ),
    (
        "user-789",
        "MEMBER",
        Role::Member,
        "{ occurrences(from: \"2032-03-22T00:00:00Z\", to: \"2032-03-29T00:00:00Z\") \
         { nodes { id title startsAt availableSeats } } }",
    ),
    (
        "user-790",
        "MEMBER2",
        Role::Member,
        "mutation { createIssue(input: {title: \"Broken chair\", description: \"Row 4, seat 12.\"}) \
         { issue { number } userErrors { message } } }",
    ),
    (
        "operator",
        "OPERATOR",
        Role::Operator,
        "mutation { createOrganization(input: {slug: \"acme\", name: \"Acme\", timeZone: \"Europe/Paris\", \
         adminUserId: \"zoe\", adminDisplayName: \"Zoe\"}) { organization { slug } userErrors { message } } }",
    ),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Admin,
    Member,
    Operator,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::Member => "MEMBER",
            Self::Operator => "operator",
        }
    }
}

/// A demo user, with the headers of its requests and an operation to try.
struct Caller {
    user: &'static str,
    role: Role,
    headers: Vec<String>,
    operation: &'static str,
    /// The command that sets the variable of the token, if there is one.
    export: Option<String>,
}

/// The addresses, the credentials and a first operation of the demo users, and an example command.
pub(super) fn message(convene: &Convene, database: &Database) -> anyhow::Result<String> {
    let mut callers = Vec::new();
    for (user, variable, role, operation) in USERS {
        let (headers, export) = match convene.authentication() {
            Authentication::Jwt => {
                let token = convene.token(ORGANIZATION, user, role == Role::Operator)?;
                (vec![format!("authorization: Bearer {token}")], Some(format!("export {variable}={token}")))
            }
            Authentication::Headers => (plain_headers(user, role), None),
        };
        callers.push(Caller { user, role, headers, operation, export });
    }
    Ok(text(convene.port(), &database.uri(), &callers))
}

fn plain_headers(user: &str, role: Role) -> Vec<String> {
    match role {
        Role::Operator => vec![format!("x-user-id: {user}"), "x-operator: true".to_owned()],
        _ => vec![
            format!("x-organization-id: {ORGANIZATION}"),
            format!("x-user-id: {user}"),
            format!("x-user-role: {}", role.name()),
        ],
    }
}

fn text(port: u16, mongodb: &str, callers: &[Caller]) -> String {
    let server = format!("http://127.0.0.1:{port}");
    let mut text = format!(
        "\nConvene serves; Ctrl-C stops it and its MongoDB.\n\n\
         \x20 GraphiQL  {server}/\n  GraphQL   {server}/graphql\n  REST      {server}/api/issues\n  MongoDB   {mongodb}\n\n\
         GraphiQL is an editor in the browser; it has examples, and user-456 filled in.\n\n\
         Callers in the organization {ORGANIZATION}, by their request headers, with an operation to try:\n"
    );
    for Caller { user, role, headers, operation, .. } in callers {
        // Writing to a string does not fail.
        write!(text, "\n  {user} ({})\n    {}\n    {operation}\n", role.name(), headers.join("\n    ")).ok();
    }
    if let Some(Caller { headers, operation, .. }) = callers.first() {
        let headers: String = headers.iter().map(|header| format!(" -H '{header}'")).collect();
        let body = serde_json::json!({ "query": operation });
        write!(text, "\nThe first one in a terminal:\n\n  curl -s {server}/graphql -H 'content-type: application/json'{headers} -d '{body}'\n")
            .ok();
    }
    let exports: Vec<&str> = callers.iter().filter_map(|caller| caller.export.as_deref()).collect();
    if !exports.is_empty() {
        write!(
            text,
            "\nThe variables of the examples in the documents:\n\n  export URL={server}\n  {}\n",
            exports.join("\n  ")
        )
        .ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_has_addresses_callers_and_an_example() {
        let caller = |user, role, operation| {
            let headers = plain_headers(user, role);
            Caller { user, role, headers, operation, export: None }
        };
        let mut callers = [
            caller("user-456", Role::Admin, r#"{ event(id: "x") { title } }"#),
            caller("operator", Role::Operator, "{ __typename }"),
        ];
        let expected = r#"
Convene serves; Ctrl-C stops it and its MongoDB.

  GraphiQL  http://127.0.0.1:8080/
  GraphQL   http://127.0.0.1:8080/graphql
  REST      http://127.0.0.1:8080/api/issues
  MongoDB   mongodb://127.0.0.1:27018/?replicaSet=rs0

GraphiQL is an editor in the browser; it has examples, and user-456 filled in.

Callers in the organization org-123, by their request headers, with an operation to try:

  user-456 (ADMIN)
    x-organization-id: org-123
    x-user-id: user-456
    x-user-role: ADMIN
    { event(id: "x") { title } }

  operator (operator)
    x-user-id: operator
    x-operator: true
    { __typename }

The first one in a terminal:

  curl -s http://127.0.0.1:8080/graphql -H 'content-type: application/json' -H 'x-organization-id: org-123' -H 'x-user-id: user-456' -H 'x-user-role: ADMIN' -d '{"query":"{ event(id: \"x\") { title } }"}'
"#;
        let message = |callers: &[Caller]| text(8080, "mongodb://127.0.0.1:27018/?replicaSet=rs0", callers);
        assert_eq!(message(&callers), expected);

        callers[1].export = Some("export OPERATOR=token".to_owned());
        let variables = r"
The variables of the examples in the documents:

  export URL=http://127.0.0.1:8080
  export OPERATOR=token
";
        assert_eq!(message(&callers), expected.to_owned() + variables);
    }

    #[test]
    fn operations_can_be_quoted_in_a_shell() {
        assert!(USERS.iter().all(|(.., operation)| !operation.contains('\'')));
    }
}
