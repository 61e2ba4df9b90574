use juniper::OperationType;

/// The name of an operation type in messages, logs and metrics.
pub(crate) const fn operation_type_name(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}
