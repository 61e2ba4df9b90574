//! The settings of the server, which are read from the environment.
//!
//! Every setting is named in [`SETTINGS`], which is also what `convene serve --help` prints. `CONVENE_<NAME>_FILE`
//! names a file that contains the value, which is recommended for secrets. All problems are reported at once.
//!
//! clap does not read the settings: it would stop at the first invalid value, and give each secret a command-line flag.

mod auth;
mod environment;
mod key_source;
mod providers;
mod roots;
mod settings;
#[cfg(test)]
mod tests;

use std::{
    net::{IpAddr, SocketAddr},
    path::Path,
    time::Duration,
};

use actix_web::http::Uri;
use secrecy::{ExposeSecret, SecretString};

use self::environment::Reader;
pub use self::{
    auth::{AuthConfig, MAX_LEEWAY},
    environment::{ConfigError, Environment, Problem, UriCheck},
    providers::MAX_PROVIDERS,
    settings::{SETTINGS, Setting, help},
};
use crate::{
    auth::{InFlightLimits, Rate, RateLimits, TokenIssuer},
    execution::check_documents,
    graphql::limits::DocumentLimits,
    host,
    http::{cors::AllowedOrigins, graphql::TrustedDocuments, limits::HttpLimits},
    server::ServerOptions,
    telemetry::{LogFormat, TraceSettings},
};

/// The purpose of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Internals are hidden from callers.
    Production,
    /// Introspection and readable logs are enabled.
    Development,
}

/// The settings of logs. Every command reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    pub format: LogFormat,
    /// A filter of lines by level and `target=level`.
    pub filter: String,
}

/// The settings of the database. Every command that uses it reads them.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// The connection string of a replica set. It may contain a password.
    pub uri: SecretString,
    /// The name of the database.
    pub name: String,
    /// The time for which entries of the activity log are kept.
    pub activity_retention: Duration,
    /// The bytes of events and exceptions of all organizations that are kept in memory.
    pub catalogue_bytes: usize,
}

/// The rate limits; `None` for one that is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateConfig {
    /// The limit of each caller.
    pub caller: Option<Rate>,
    /// The limit of all callers of one organization together.
    pub organization: Option<Rate>,
}

/// The settings of `convene serve`.
#[derive(Debug)]
pub struct ServeConfig {
    pub log: LogConfig,
    /// The export of traces; `None` if there is none.
    pub traces: Option<TraceSettings>,
    pub database: DatabaseConfig,
    /// The address to listen on; port 0 lets the system choose one.
    pub listen: SocketAddr,
    /// The address of the probes and the metrics, if they have one of their own; port 0 lets the system choose one.
    pub probe_listen: Option<SocketAddr>,
    /// The purpose of a server.
    pub profile: Profile,
    /// Allows documents to ask for the schema.
    pub introspection: bool,
    /// Serves GraphiQL at `/`.
    pub graphiql: bool,
    /// The only documents that run; `None` if any document may run.
    pub trusted_documents: Option<TrustedDocuments>,
    /// The way in which callers authenticate.
    pub auth: AuthConfig,
    /// The origins whose pages may call the server from a browser.
    pub origins: AllowedOrigins,
    /// The limits of requests in flight.
    pub in_flight: InFlightLimits,
    pub rates: RateConfig,
    pub http: HttpLimits,
    pub documents: DocumentLimits,
    /// The number of threads that handle requests.
    pub workers: usize,
    /// The time between the failure of the readiness probe and the end of accepting connections.
    pub drain_time: Duration,
    /// The time for requests in flight to finish at a shutdown.
    pub shutdown_time: Duration,
}

impl LogConfig {
    /// Reads the profile and the filter.
    ///
    /// # Errors
    ///
    /// All settings that cannot be used.
    pub fn read(environment: &Environment) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(environment);
        let log = log(&mut reader);
        reader.finish(log)
    }
}

impl DatabaseConfig {
    /// Reads the connection string and the name of the database.
    ///
    /// # Errors
    ///
    /// All settings that are missing or cannot be used.
    pub fn read(environment: &Environment) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(environment);
        let database = database(&mut reader);
        reader.finish(database)
    }
}

impl RateConfig {
    #[must_use]
    pub fn limits(&self) -> RateLimits {
        RateLimits::new(self.caller, self.organization)
    }
}

impl ServeConfig {
    /// The options of the HTTP server.
    #[must_use]
    pub fn server_options(&self) -> ServerOptions {
        let Self { http: limits, workers, drain_time, shutdown_time, .. } = *self;
        ServerOptions { limits, workers, drain_time, shutdown_time }
    }

    /// Returns true if a caller of the demo data may be given away: only this machine reaches a development server.
    #[must_use]
    pub fn has_demo_caller(&self) -> bool {
        self.profile == Profile::Development && self.listen.ip().is_loopback()
    }

    /// The warnings about these settings, which can be used.
    #[must_use]
    pub fn warnings(&self, environment: &Environment) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.probe_listen.is_none() && !self.listen.ip().is_loopback() {
            warnings.push(
                "CONVENE_PROBE_LISTEN is not set: other machines get 404 for /livez, /readyz and /metrics"
                    .to_owned(),
            );
        }
        if !matches!(self.auth, AuthConfig::Headers) {
            return warnings;
        }
        if self.profile == Profile::Production {
            warnings.push(
                "CONVENE_AUTH is headers: whoever reaches CONVENE_LISTEN, also through a proxy, may act as anybody"
                    .to_owned(),
            );
        }
        let ignored = auth::given_settings(&Reader::new(environment));
        if !ignored.is_empty() {
            warnings.push(format!(
                "CONVENE_AUTH is headers: these settings have no effect: {}",
                ignored.join(", ")
            ));
        }
        warnings
    }

    /// Reads all settings.
    ///
    /// # Errors
    ///
    /// All settings that are missing, cannot be used, or contradict one another.
    pub fn read(environment: &Environment) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(environment);
        let config = serve(&mut reader);
        reader.finish(config)
    }
}

/// The address on which `convene serve` answers probes.
///
/// # Errors
///
/// `CONVENE_PROBE_LISTEN`, or `CONVENE_LISTEN` without it, is not an address with a port.
pub fn probe_address(environment: &Environment) -> Result<SocketAddr, ConfigError> {
    let mut reader = Reader::new(environment);
    let address = match probe_listen(&mut reader) {
        Some(Some(address)) => Some(address),
        Some(None) => listen(&mut reader),
        None => None,
    };
    reader.finish(address)
}

/// The token issuer for `convene token`, with the secret, issuer and audience with which the server verifies tokens.
///
/// # Errors
///
/// A missing or too short `CONVENE_JWT_SECRET`, as the other kinds of keys cannot sign, or settings of other claims.
pub fn token_issuer(environment: &Environment) -> Result<TokenIssuer, ConfigError> {
    let mut reader = Reader::new(environment);
    let token_issuer = auth::token_issuer(&mut reader);
    reader.finish(token_issuer)
}

fn serve(reader: &mut Reader<'_>) -> Option<ServeConfig> {
    let log = log(reader);
    let traces = traces(reader);
    let database = database(reader);
    let client_listen = listen(reader);
    let probe_listen = probe_listen(reader);
    if let (Some(clients), Some(Some(probes))) = (client_listen, probe_listen)
        && clients == probes
        && probes.port() != 0
    {
        reader.problem::<()>(
            "CONVENE_PROBE_LISTEN",
            "must differ from CONVENE_LISTEN; by default it is the same",
        );
    }
    let profile = profile(reader);
    if let (Some(Profile::Production), Some(database)) = (profile, &database)
        && is_direct(database.uri.expose_secret())
    {
        reader.problem::<()>(
            "CONVENE_MONGODB_URI",
            "must not have directConnection=true in production: the server would reach one member only, also after another \
             one has become the primary",
        );
    }
    let is_development = profile.map(|profile| profile == Profile::Development);
    let introspection = switch(reader, "CONVENE_INTROSPECTION", is_development);
    let graphiql = switch(reader, "CONVENE_GRAPHIQL", is_development);
    let auth = auth::read(reader);
    if let (Some(AuthConfig::Headers), Some(listen)) = (&auth, client_listen)
        && !listen.ip().is_loopback()
    {
        reader.problem::<()>(
            "CONVENE_AUTH",
            "is headers, which believes every caller; that is refused on any address but a loopback one such as \
             127.0.0.1",
        );
    }
    let origins = origins(reader);
    let in_flight = in_flight(reader);
    let rates = rates(reader);
    let http = http(reader);
    let documents = documents(reader);
    let trusted_documents = trusted_documents(reader, &documents.unwrap_or_default());
    let workers = match reader.optional("CONVENE_WORKERS") {
        None => Some(std::thread::available_parallelism().map_or(2, usize::from)),
        Some(_) => reader.number("CONVENE_WORKERS", 1..=256),
    };
    let drain_time = reader.seconds("CONVENE_SHUTDOWN_DELAY", 0..=60);
    let shutdown_time = reader.seconds("CONVENE_SHUTDOWN_TIMEOUT", 1..=600);
    if let (Some(shutdown), Some(http)) = (shutdown_time, &http)
        && shutdown < http.request_time
    {
        reader.problem::<()>(
            "CONVENE_SHUTDOWN_TIMEOUT",
            "must not be shorter than CONVENE_REQUEST_TIMEOUT: requests in flight would be cut off",
        );
    }
    Some(ServeConfig {
        log: log?,
        traces: traces?,
        database: database?,
        listen: client_listen?,
        probe_listen: probe_listen?,
        profile: profile?,
        introspection: introspection?,
        graphiql: graphiql?,
        trusted_documents,
        auth: auth?,
        origins: origins?,
        in_flight: in_flight?,
        rates: rates?,
        http: http?,
        documents: documents?,
        workers: workers?,
        drain_time: drain_time?,
        shutdown_time: shutdown_time?,
    })
}

fn switch(reader: &mut Reader<'_>, name: &'static str, default: Option<bool>) -> Option<bool> {
    match reader.optional(name).as_deref() {
        None => default,
        Some("on") => Some(true),
        Some("off") => Some(false),
        Some(_) => reader.problem(name, "must be on or off"),
    }
}

fn trusted_documents(reader: &mut Reader<'_>, limits: &DocumentLimits) -> Option<TrustedDocuments> {
    const NAME: &str = "CONVENE_TRUSTED_DOCUMENTS";
    let folder = reader.optional(NAME)?;
    if folder.contains("://") {
        return reader.problem(NAME, "must name a folder by its path, and has a URL");
    }
    let (documents, unreadable) = TrustedDocuments::read(Path::new(&folder));
    if documents.is_empty() && unreadable.is_empty() {
        return reader.problem(NAME, "names a folder without .graphql files");
    }
    for problem in unreadable {
        reader.problem::<()>(NAME, format!("names a folder with a problem: {problem}"));
    }
    for problem in check_documents(&documents, limits) {
        reader.problem::<()>(NAME, format!("has a document that cannot run: {problem}"));
    }
    Some(documents)
}

/// What an address must be.
const ADDRESS: &str = "an address and a port such as 127.0.0.1:8080";

fn listen(reader: &mut Reader<'_>) -> Option<SocketAddr> {
    reader.parsed("CONVENE_LISTEN", ADDRESS)
}

/// `Some(None)` if probes have no address of their own.
fn probe_listen(reader: &mut Reader<'_>) -> Option<Option<SocketAddr>> {
    const NAME: &str = "CONVENE_PROBE_LISTEN";
    if !reader.is_given(NAME) {
        return Some(None);
    }
    reader.parsed(NAME, ADDRESS).map(Some)
}

fn profile(reader: &mut Reader<'_>) -> Option<Profile> {
    match reader.value("CONVENE_PROFILE")?.as_str() {
        "production" => Some(Profile::Production),
        "development" => Some(Profile::Development),
        _ => reader.problem("CONVENE_PROFILE", "must be production or development"),
    }
}

fn log(reader: &mut Reader<'_>) -> Option<LogConfig> {
    let filter = log_filter(reader);
    let format = match profile(reader)? {
        Profile::Production => LogFormat::Json,
        Profile::Development => LogFormat::Readable,
    };
    Some(LogConfig { format, filter: filter? })
}

/// Reads the filter of the log. A word alone must be a level: the library takes an unknown word for a target, so that a
/// misspelt level would turn the log off.
fn log_filter(reader: &mut Reader<'_>) -> Option<String> {
    const NAME: &str = "CONVENE_LOG";
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let text = reader.value(NAME)?;
    let directives: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_known = |directive: &&str| {
        let (target, level) = directive.rsplit_once('=').unwrap_or(("any", directive));
        !target.is_empty() && LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level))
    };
    match directives.iter().find(|directive| !is_known(directive)) {
        None => Some(directives.join(",")),
        Some(unknown) => {
            let levels = LEVELS.join(", ");
            reader.problem(NAME, format!("has {unknown:?}, which is no level ({levels}) and no target=level"))
        }
    }
}

/// `Some(None)` without an address of a collector.
#[expect(clippy::option_option, reason = "the outer one is for a problem, the inner one is the setting")]
fn traces(reader: &mut Reader<'_>) -> Option<Option<TraceSettings>> {
    const COLLECTOR: &str = "CONVENE_OTLP_ENDPOINT";
    const RATIO: &str = "CONVENE_TRACE_RATIO";
    let ratio = reader.parsed::<f64>(RATIO, "a number from 0 to 1").and_then(|ratio| {
        if (0.0..=1.0).contains(&ratio) {
            Some(ratio)
        } else {
            reader.problem(RATIO, "must be a number from 0 to 1")
        }
    });
    let roots = roots::roots(reader, "CONVENE_OTLP_CA");
    let Some(collector) = reader.optional(COLLECTOR) else { return ratio.map(|_| None) };
    let is_address = collector.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(host::is_complete)
            && uri.query().is_none()
    });
    let collector = if is_address {
        Some(collector)
    } else {
        reader.problem(COLLECTOR, "must be an address such as http://127.0.0.1:4318")
    };
    Some(Some(TraceSettings { collector: collector?, roots: roots?, ratio: ratio? }))
}

fn database(reader: &mut Reader<'_>) -> Option<DatabaseConfig> {
    let uri = reader.required("CONVENE_MONGODB_URI").and_then(|uri| {
        let uri = reader.secret("CONVENE_MONGODB_URI", uri)?;
        let servers = ["mongodb://", "mongodb+srv://"].iter().find_map(|scheme| uri.strip_prefix(scheme));
        let servers = servers.and_then(|rest| rest.split(['/', '?']).next());
        match servers.map(|servers| servers.rsplit('@').next()) {
            None => reader.problem("CONVENE_MONGODB_URI", "must begin with mongodb:// or mongodb+srv://"),
            Some(Some("")) => reader.problem("CONVENE_MONGODB_URI", "names no server"),
            Some(_) => match reader.check_uri(&uri) {
                Ok(()) => Some(SecretString::from(uri)),
                Err(reason) => reader.problem("CONVENE_MONGODB_URI", format!("is not usable: {reason}")),
            },
        }
    });
    let name = reader.value("CONVENE_DATABASE").and_then(|name| {
        if ["admin", "config", "local"].iter().any(|reserved| reserved.eq_ignore_ascii_case(&name)) {
            return reader.problem(
                "CONVENE_DATABASE",
                "must not be admin, config or local, which are databases of MongoDB itself",
            );
        }
        // MongoDB's own rule: at most 63 bytes, and none of these characters.
        if name.len() <= 63 && !name.contains(['/', '\\', '.', ' ', '"', '$', '*', '<', '>', ':', '|', '?']) {
            Some(name)
        } else {
            reader.problem("CONVENE_DATABASE", "is not a name that MongoDB accepts")
        }
    });
    let days: Option<u64> = reader.number("CONVENE_ACTIVITY_RETENTION_DAYS", 1..=10_000);
    let activity_retention = days.map(|days| Duration::from_secs(days * 86_400));
    let catalogue_bytes = reader.number("CONVENE_CATALOGUE_BYTES", 0..=64 << 30);
    Some(DatabaseConfig {
        uri: uri?,
        name: name?,
        activity_retention: activity_retention?,
        catalogue_bytes: catalogue_bytes?,
    })
}

/// Tests whether a connection string is for one member on another machine instead of its replica set.
fn is_direct(uri: &str) -> bool {
    let (servers, options) = uri.split_once('?').unwrap_or_default();
    let servers = servers.split_once("://").map_or(servers, |(_, servers)| servers);
    let server = servers.split('/').next().and_then(|servers| servers.rsplit('@').next()).unwrap_or_default();
    if is_on_this_machine(server) {
        return false;
    }
    options.split('&').filter_map(|option| option.split_once('=')).any(|(name, value)| {
        name.eq_ignore_ascii_case("directConnection") && value.eq_ignore_ascii_case("true")
    })
}

/// Tests whether a server of a connection string is a loopback address or a Unix socket.
fn is_on_this_machine(server: &str) -> bool {
    let host = match server.strip_prefix('[') {
        Some(address) => address.split(']').next(),
        None => server.split(':').next(),
    };
    let host = host.unwrap_or_default();
    let is_loopback = host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    is_loopback || host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().starts_with("%2f")
}

fn origins(reader: &mut Reader<'_>) -> Option<AllowedOrigins> {
    match reader.optional("CONVENE_CORS_ORIGINS") {
        None => Some(AllowedOrigins::default()),
        Some(text) => reader.check("CONVENE_CORS_ORIGINS", text.parse()),
    }
}

fn rates(reader: &mut Reader<'_>) -> Option<RateConfig> {
    let caller = rate(reader, "CONVENE_RATE_LIMIT");
    let organization = rate(reader, "CONVENE_TENANT_RATE_LIMIT");
    Some(RateConfig { caller: caller?, organization: organization? })
}

/// `Some(None)` for a limit that is disabled.
#[expect(clippy::option_option, reason = "the outer one is for a problem, the inner one is the setting")]
fn rate(reader: &mut Reader<'_>, setting: &'static str) -> Option<Option<Rate>> {
    match reader.value(setting)?.as_str() {
        "off" => Some(None),
        _ => reader.parsed(setting, "off, or a number of requests a second such as 100/s").map(Some),
    }
}

fn in_flight(reader: &mut Reader<'_>) -> Option<InFlightLimits> {
    const MAX: usize = 1_000_000;
    let caller = reader.number("CONVENE_IN_FLIGHT_LIMIT", 1..=MAX);
    let organization = reader.number("CONVENE_TENANT_IN_FLIGHT_LIMIT", 1..=MAX);
    let process = reader.number("CONVENE_PROCESS_IN_FLIGHT_LIMIT", 1..=MAX);
    Some(InFlightLimits { caller: caller?, organization: organization?, process: process? })
}

fn http(reader: &mut Reader<'_>) -> Option<HttpLimits> {
    let body_bytes = reader.number("CONVENE_BODY_LIMIT", 1_024..=16 * 1_024 * 1_024);
    let body_time = reader.seconds("CONVENE_BODY_TIMEOUT", 1..=60);
    let request_time = reader.seconds("CONVENE_REQUEST_TIMEOUT", 1..=120);
    if let (Some(body), Some(request)) = (body_time, request_time)
        && body >= request
    {
        reader.problem::<()>(
            "CONVENE_BODY_TIMEOUT",
            "must be shorter than CONVENE_REQUEST_TIMEOUT: a slow client would get 503 instead of 408",
        );
    }
    let connections = reader.number("CONVENE_CONNECTION_LIMIT", 1..=1_000_000);
    let connections_per_address = reader.number("CONVENE_ADDRESS_CONNECTION_LIMIT", 1..=1_000_000);
    Some(HttpLimits {
        connections: connections?,
        connections_per_address: connections_per_address?,
        body_bytes: body_bytes?,
        body_time: body_time?,
        request_time: request_time?,
        ..HttpLimits::default()
    })
}

fn documents(reader: &mut Reader<'_>) -> Option<DocumentLimits> {
    let cost = reader.number("CONVENE_QUERY_COST_LIMIT", 100..=1_000_000);
    // More would come near the nesting that the parser refuses.
    let depth = reader.number("CONVENE_QUERY_DEPTH_LIMIT", 3..=20);
    Some(DocumentLimits { cost: cost?, depth: depth?, ..DocumentLimits::default() })
}
