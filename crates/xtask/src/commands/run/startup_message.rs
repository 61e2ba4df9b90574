//! The message after the start: addresses, and credentials of the demo users.

use std::fmt::Write;

use super::convene::{Authentication, Convene};
use super::database::Database;

/// The organization of the demo users.
const ORGANIZATION: &str = "org-123";
/// The demo users and their roles.
const USERS: [(&str, Role); 4] = [
    ("user-456", Role::Admin),
    ("user-789", Role::Member),
    ("user-790", Role::Member),
    ("operator", Role::Operator),
];
/// The query of the example.
const QUERY: &str = "{ viewer { role organization { slug name } } }";

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

/// The addresses, the credentials of the demo users, and an example command.
pub(super) fn message(convene: &Convene, database: &Database) -> anyhow::Result<String> {
    let mut callers = Vec::new();
    for (user, role) in USERS {
        let headers = match convene.authentication() {
            Authentication::Jwt => {
                let token = convene.token(ORGANIZATION, user, role == Role::Operator)?;
                vec![format!("authorization: Bearer {token}")]
            }
            Authentication::Headers => plain_headers(user, role),
        };
        callers.push((user, role, headers));
    }
    Ok(text(convene.port(), &database.uri(), &callers))
}

fn plain_headers(user: &str, role: Role) -> Vec<String> {
    match role {
        Role::Operator => vec!["x-operator: true".to_owned()],
        _ => vec![
            format!("x-organization-id: {ORGANIZATION}"),
            format!("x-user-id: {user}"),
            format!("x-user-role: {}", role.name()),
        ],
    }
}

fn text(port: u16, mongodb: &str, callers: &[(&str, Role, Vec<String>)]) -> String {
    let server = format!("http://127.0.0.1:{port}");
    let mut text = format!(
        "\nConvene serves; Ctrl-C stops it and its MongoDB.\n\n\
         \x20 GraphQL   {server}/graphql\n  REST      {server}/api/issues\n  MongoDB   {mongodb}\n\n\
         Callers in the organization {ORGANIZATION}, by their request headers:\n"
    );
    for (user, role, headers) in callers {
        // Writing to a string does not fail.
        write!(text, "\n  {user} ({})\n    {}\n", role.name(), headers.join("\n    ")).ok();
    }
    if let Some((_, _, headers)) = callers.first() {
        let headers: String = headers.iter().map(|header| format!(" -H '{header}'")).collect();
        let body = format!("{{\"query\":\"{QUERY}\"}}");
        write!(text, "\nTry it:\n\n  curl -s {server}/graphql -H 'content-type: application/json'{headers} -d '{body}'\n")
            .ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_has_addresses_callers_and_an_example() {
        let callers = [
            ("user-456", Role::Admin, plain_headers("user-456", Role::Admin)),
            ("operator", Role::Operator, plain_headers("operator", Role::Operator)),
        ];
        let expected = r#"
Convene serves; Ctrl-C stops it and its MongoDB.

  GraphQL   http://127.0.0.1:8080/graphql
  REST      http://127.0.0.1:8080/api/issues
  MongoDB   mongodb://127.0.0.1:27018/?replicaSet=rs0

Callers in the organization org-123, by their request headers:

  user-456 (ADMIN)
    x-organization-id: org-123
    x-user-id: user-456
    x-user-role: ADMIN

  operator (operator)
    x-operator: true

Try it:

  curl -s http://127.0.0.1:8080/graphql -H 'content-type: application/json' -H 'x-organization-id: org-123' -H 'x-user-id: user-456' -H 'x-user-role: ADMIN' -d '{"query":"{ viewer { role organization { slug name } } }"}'
"#;
        assert_eq!(text(8080, "mongodb://127.0.0.1:27018/?replicaSet=rs0", &callers), expected);
    }
}
