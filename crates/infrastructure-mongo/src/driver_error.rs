//! Descriptions of the driver's errors for the log. Messages of the server quote values of documents, which may be personal
//! data, so only codes and errors of the network are described.

use std::collections::BTreeSet;

use mongodb::error::{Error, ErrorKind, WriteFailure};

/// The server's code for a command that the database user may not run.
const UNAUTHORIZED: i32 = 13;

/// The commands that create or update the collections, validators and indexes.
const PREPARATION: [&str; 3] = ["create", "createIndexes", "collMod"];

/// Tests whether the server refused a command because the database user may not run it.
pub(crate) fn is_unauthorized(error: &Error) -> bool {
    matches!(error.kind.as_ref(), ErrorKind::Command(command) if command.code == UNAUTHORIZED)
}

/// Describes an error without the values of documents.
pub(crate) fn describe(error: &Error) -> String {
    match error.kind.as_ref() {
        ErrorKind::Command(command) => {
            let reason =
                if command.code == UNAUTHORIZED { missing_right(&command.message) } else { String::new() };
            format!("code {} ({}){reason}", command.code, command.code_name)
        }
        ErrorKind::Write(WriteFailure::WriteError(write)) => format!("write error with code {}", write.code),
        ErrorKind::Write(WriteFailure::WriteConcernError(concern)) => {
            format!("write concern error with code {} ({})", concern.code, concern.code_name)
        }
        ErrorKind::Io(error) => format!("the connection failed: {error}"),
        ErrorKind::ServerSelection { message, .. } => match network_errors(message) {
            Some(errors) => format!("no server can be reached ({errors})"),
            None => String::from("no primary server of the replica set can be reached"),
        },
        // What follows may be a part of a password.
        ErrorKind::InvalidArgument { message, .. } => {
            message.split([',', ':', '"', '\'']).next().unwrap_or_default().trim().to_owned()
        }
        // The message is the dump of a query.
        ErrorKind::DnsResolve { .. } => String::from("the host name cannot be resolved"),
        // The message is the dump of an error.
        ErrorKind::ConnectionPoolCleared { message, .. } => {
            let reason = match network_errors(message) {
                Some(errors) => format!(" ({errors})"),
                None if message.contains("Authentication failed") => {
                    String::from(" (MongoDB does not accept the user name and the password)")
                }
                None => String::new(),
            };
            format!("the connections were closed because another command failed{reason}")
        }
        kind @ (ErrorKind::Authentication { .. }
        | ErrorKind::InvalidTlsConfig { .. }
        | ErrorKind::SessionsNotSupported
        | ErrorKind::Transaction { .. }
        | ErrorKind::IncompatibleServer { .. }
        | ErrorKind::Internal { .. }
        | ErrorKind::Shutdown) => kind.to_string(),
        _ => String::from("an error of the driver"),
    }
}

/// The command and the collection in the server's message about a missing right, which begins a copy of the command:
/// `not authorized on convene to execute command { update: "activity", updates: [ ...`. The rest of it may be personal data.
fn missing_right(message: &str) -> String {
    if message.ends_with("requires authentication") {
        return String::from(": the MongoDB URI needs a user name and a password");
    }
    let is_name = |text: &&str| text.chars().all(|it| it.is_ascii_alphanumeric() || "_.$".contains(it));
    let command =
        message.split_once("to execute command { ").and_then(|(_, command)| command.split_once(": "));
    let Some((name, value)) = command.filter(|(name, _)| is_name(name)) else { return String::new() };
    let collection = value.strip_prefix('"').and_then(|value| value.split('"').next()).filter(is_name);
    let collection = collection.map(|collection| format!(" in {collection}")).unwrap_or_default();
    let advice = if PREPARATION.contains(&name) {
        "; run `convene migrate` first, as the user convene-schema"
    } else {
        ""
    };
    format!(
        ": the database user may not run {name}{collection}{advice}; docs/operations/database-users.md lists the rights of each user"
    )
}

/// The network errors in the driver's description of a topology, each once. The description itself is the dump of a structure.
fn network_errors(topology: &str) -> Option<String> {
    let errors = topology.split("Kind: I/O error: ").skip(1);
    let errors: BTreeSet<&str> =
        errors.filter_map(|error| error.split(", labels").next()).map(str::trim).collect();
    (!errors.is_empty()).then(|| errors.into_iter().collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use bson::doc;
    use mongodb::error::CommandError;
    use rstest::rstest;

    use super::*;

    fn described(code: i32, name: &str, message: &str) -> String {
        let command = doc! { "code": code, "codeName": name, "errmsg": message };
        let command: CommandError = bson::deserialize_from_document(command).unwrap();
        assert_eq!(command.message, message);
        describe(&ErrorKind::Command(command).into())
    }

    #[test]
    fn a_message_of_the_server_is_not_repeated() {
        let message =
            "E11000 duplicate key error collection: convene.members dup key: { email: \"ada@example.org\" }";
        assert_eq!(described(11_000, "DuplicateKey", message), "code 11000 (DuplicateKey)");
    }

    #[rstest]
    #[case(
        r#"not authorized on convene to execute command { update: "activity", updates: [ { q: { actor: "ada" } } ] }"#,
        ": the database user may not run update in activity; docs/operations/database-users.md lists the rights of each user"
    )]
    #[case(
        r#"not authorized on admin to execute command { commitTransaction: 1, lsid: { id: UUID("ada") } }"#,
        ": the database user may not run commitTransaction; docs/operations/database-users.md lists the rights of each user"
    )]
    #[case(
        r#"not authorized on convene to execute command { find: "a ada", filter: {} }"#,
        ": the database user may not run find; docs/operations/database-users.md lists the rights of each user"
    )]
    #[case(
        r#"not authorized on convene to execute command { createIndexes: "organizations", indexes: [ { name: "ada" } ] }"#,
        ": the database user may not run createIndexes in organizations; run `convene migrate` first, as the user convene-schema; docs/operations/database-users.md lists the rights of each user"
    )]
    #[case("Command find requires authentication", ": the MongoDB URI needs a user name and a password")]
    #[case("not authorized for ada", "")]
    #[case("not authorized on convene to execute command { ada of: 1 }", "")]
    fn a_missing_right_is_named_without_values(#[case] message: &str, #[case] reason: &str) {
        let text = described(13, "Unauthorized", message);
        assert_eq!(text, format!("code 13 (Unauthorized){reason}"));
        assert!(!text.contains("ada"), "{text}");
    }
}
