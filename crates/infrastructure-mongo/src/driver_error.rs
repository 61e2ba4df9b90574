//! Descriptions of the driver's errors for the log. Messages of the server quote values of documents, which may be personal
//! data, so only codes and errors of the network are described.

use std::collections::BTreeSet;

use mongodb::error::{Error, ErrorKind, WriteFailure};

/// Describes an error without the values of documents.
pub(crate) fn describe(error: &Error) -> String {
    match error.kind.as_ref() {
        ErrorKind::Command(command) => format!("code {} ({})", command.code, command.code_name),
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
        kind @ (ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::Authentication { .. }
        | ErrorKind::InvalidTlsConfig { .. }
        | ErrorKind::SessionsNotSupported
        | ErrorKind::Transaction { .. }
        | ErrorKind::IncompatibleServer { .. }
        | ErrorKind::Internal { .. }
        | ErrorKind::Shutdown) => kind.to_string(),
        _ => String::from("an error of the driver"),
    }
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

    use super::*;

    #[test]
    fn a_message_of_the_server_is_not_repeated() {
        let message =
            "E11000 duplicate key error collection: convene.members dup key: { email: \"ada@example.org\" }";
        let command = doc! { "code": 11_000, "codeName": "DuplicateKey", "errmsg": message };
        let command: CommandError = bson::deserialize_from_document(command).unwrap();
        assert!(command.message.contains("ada@"));
        let text = describe(&ErrorKind::Command(command).into());
        assert_eq!(text, "code 11000 (DuplicateKey)");
    }
}
