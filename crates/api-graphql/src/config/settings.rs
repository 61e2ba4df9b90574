//! The table of settings.

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The name of the environment variable.
    pub name: &'static str,
    /// The default; `None` if there is none.
    pub default: Option<&'static str>,
    /// The description, in one line.
    pub help: &'static str,
}

const fn setting(name: &'static str, default: Option<&'static str>, help: &'static str) -> Setting {
    Setting { name, default, help }
}

/// All settings, in the order of the help text.
pub const SETTINGS: [Setting; 43] = [
    setting("CONVENE_MONGODB_URI", None, "connection string of a MongoDB replica set (required)"),
    setting("CONVENE_DATABASE", Some("convene"), "name of the database"),
    setting(
        "CONVENE_ACTIVITY_RETENTION_DAYS",
        Some("400"),
        "days that entries of the activity log are kept; the same for every process",
    ),
    setting(
        "CONVENE_CATALOGUE_BYTES",
        Some("268435456"),
        "memory for events and exceptions in bytes; 0 reads them from the database",
    ),
    setting("CONVENE_LISTEN", Some("127.0.0.1:8080"), "address and port; port 0 picks a free one"),
    setting(
        "CONVENE_PROBE_LISTEN",
        None,
        "address and port of /livez, /readyz and /metrics; by default CONVENE_LISTEN, for callers on this machine only",
    ),
    setting(
        "CONVENE_PROFILE",
        Some("production"),
        "production, or development: introspection, readable logs",
    ),
    setting("CONVENE_LOG", Some("info"), "log filter, such as debug or convene_api_graphql=debug,warn"),
    setting(
        "CONVENE_OTLP_ENDPOINT",
        None,
        "address of an OpenTelemetry collector (OTLP over HTTP) for traces, such as http://127.0.0.1:4318",
    ),
    setting(
        "CONVENE_OTLP_CA",
        None,
        "root certificates for an https address of the collector in PEM, or the file they are in; by default those of Mozilla",
    ),
    setting(
        "CONVENE_TRACE_RATIO",
        Some("1"),
        "part of the traces that is exported, from 0 to 1; callers decide for their own",
    ),
    setting(
        "CONVENE_AUTH",
        Some("jwt"),
        "jwt, or headers: believes x-organization-id, x-user-id, x-user-role and x-operator; loopback only",
    ),
    setting(
        "CONVENE_CORS_ORIGINS",
        None,
        "origins of pages that may call the server from a browser, with commas between them, or *",
    ),
    setting("CONVENE_JWT_SECRET", None, "HS256 secret of at least 32 bytes"),
    setting(
        "CONVENE_JWT_PUBLIC_KEY",
        None,
        "instead: public key in PEM (RS256, ES256, EdDSA), or the file it is in",
    ),
    setting(
        "CONVENE_JWT_JWKS",
        None,
        "instead: JSON Web Key Set, the file it is in, or its URL, from which it is fetched every 5 minutes",
    ),
    setting(
        "CONVENE_JWT_ISSUER",
        Some("convene"),
        "iss that tokens must have; a URL without a key setting: its OpenID configuration names the keys",
    ),
    setting("CONVENE_JWT_AUDIENCE", Some("convene"), "aud that tokens must have"),
    setting("CONVENE_JWT_USER_CLAIM", Some("sub"), "claim with the user id, by name or JSON Pointer"),
    setting(
        "CONVENE_JWT_ORGANIZATION_CLAIM",
        Some("org"),
        "claim with the id or slug of the organization, such as https://example.com/organization",
    ),
    setting(
        "CONVENE_JWT_OPERATOR_CLAIM",
        Some("operator"),
        "claim that marks the operator, such as /realm_access/roles",
    ),
    setting(
        "CONVENE_JWT_OPERATOR_VALUE",
        None,
        "text that this claim has or lists for the operator; by default it must be true",
    ),
    setting(
        "CONVENE_JWT_PROVIDERS",
        None,
        "instead of the settings above: list of identity providers in YAML, or the file it is in",
    ),
    setting(
        "CONVENE_JWT_CA",
        None,
        "root certificates for the URLs of keys in PEM, or the file they are in; by default those of Mozilla",
    ),
    setting(
        "CONVENE_JWT_LEEWAY",
        None,
        "tolerance for exp and nbf, up to 60s; by default 5s, and 0s with CONVENE_JWT_SECRET",
    ),
    setting("CONVENE_INTROSPECTION", None, "on or off; by default on in development only"),
    setting(
        "CONVENE_GRAPHIQL",
        None,
        "on or off: GraphiQL, an editor for the browser, at /; by default on in development only",
    ),
    setting(
        "CONVENE_TRUSTED_DOCUMENTS",
        None,
        "folder of .graphql files; then only these documents run, by their text or its SHA-256 hash",
    ),
    setting(
        "CONVENE_RATE_LIMIT",
        Some("100/s"),
        "requests of one caller, in bursts of twice as many, or off",
    ),
    setting(
        "CONVENE_TENANT_RATE_LIMIT",
        Some("1000/s"),
        "requests of one organization's callers together, or off",
    ),
    setting(
        "CONVENE_IN_FLIGHT_LIMIT",
        Some("64"),
        "requests of one caller that are executed at the same time",
    ),
    setting(
        "CONVENE_TENANT_IN_FLIGHT_LIMIT",
        Some("2048"),
        "requests of one organization's callers that are executed at the same time",
    ),
    setting(
        "CONVENE_PROCESS_IN_FLIGHT_LIMIT",
        Some("4096"),
        "requests of all callers that are executed at the same time",
    ),
    setting("CONVENE_CONNECTION_LIMIT", Some("4000"), "open connections; each needs a file descriptor"),
    setting(
        "CONVENE_ADDRESS_CONNECTION_LIMIT",
        Some("2000"),
        "open connections from one address; behind a proxy, that of all clients",
    ),
    setting("CONVENE_BODY_LIMIT", Some("262144"), "largest request body in bytes"),
    setting(
        "CONVENE_BODY_TIMEOUT",
        Some("5s"),
        "time for a request body to arrive; shorter than CONVENE_REQUEST_TIMEOUT",
    ),
    setting("CONVENE_REQUEST_TIMEOUT", Some("10s"), "time for a whole request"),
    setting(
        "CONVENE_QUERY_COST_LIMIT",
        Some("10000"),
        "cost of a GraphQL document, as docs/limits.md explains",
    ),
    setting("CONVENE_QUERY_DEPTH_LIMIT", Some("12"), "fields inside fields in a GraphQL document"),
    setting("CONVENE_WORKERS", None, "threads that handle requests; by default one for each core"),
    setting(
        "CONVENE_SHUTDOWN_DELAY",
        Some("1s"),
        "time from the failure of /readyz to the refusal of connections at a shutdown",
    ),
    setting(
        "CONVENE_SHUTDOWN_TIMEOUT",
        Some("30s"),
        "time for requests in flight to finish at a shutdown; not shorter than CONVENE_REQUEST_TIMEOUT",
    ),
];

/// The text for `convene serve --help`.
#[must_use]
pub fn help() -> String {
    let mut text = String::from(
        "Settings are environment variables. Each can also be given as a file, by its name with _FILE added,\n\
         which is the way to give secrets. An empty setting is refused.\n\n",
    );
    let width = SETTINGS.iter().map(|setting| setting.name.len()).max().unwrap_or_default();
    for Setting { name, default, help } in SETTINGS {
        let default = default.map(|default| format!(" [default: {default}]")).unwrap_or_default();
        text.push_str(&format!("  {name:width$}  {help}{default}\n"));
    }
    text
}
