use rstest::rstest;

use super::*;

const MINIMAL: [(&str, &str); 2] = [
    ("CONVENE_MONGODB_URI", "mongodb://localhost/?replicaSet=rs0"),
    ("CONVENE_JWT_SECRET", "0123456789abcdef0123456789abcdef"),
];

/// An environment with these variables only, and any connection string.
fn environment<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Environment {
    let variables = pairs.into_iter().map(|(name, value)| (name.into(), value.into()));
    Environment::of(variables, |_| Ok(()))
}

fn read(more: &[(&str, &str)]) -> Result<ServeConfig, ConfigError> {
    read_with(&MINIMAL, more)
}

fn without_secret(more: &[(&str, &str)]) -> Result<ServeConfig, ConfigError> {
    read_with(&MINIMAL[..1], more)
}

fn read_with(minimal: &[(&str, &str)], more: &[(&str, &str)]) -> Result<ServeConfig, ConfigError> {
    // A later value replaces an earlier one.
    ServeConfig::read(&environment(minimal.iter().chain(more).copied()))
}

#[test]
fn the_defaults_are_those_of_the_table() {
    let config = read(&[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.database.name, "convene");
    assert_eq!(config.database.activity_retention, Duration::from_secs(400 * 86_400));
    assert_eq!(config.database.catalogue_bytes, 256 << 20);
    assert_eq!(config.profile, Profile::Production);
    assert!(!config.introspection);
    assert_eq!(config.log, LogConfig { format: LogFormat::Json, filter: "info".to_owned() });
    assert_eq!(config.in_flight, InFlightLimits::default());
    assert_eq!(config.http, HttpLimits::default());
    assert_eq!(config.documents, DocumentLimits::default());
    let rates = [config.rates.caller, config.rates.organization].map(|rate| rate.unwrap().to_string());
    assert_eq!(rates, ["100/s", "1000/s"]);
}

#[test]
fn all_problems_are_reported_at_once() {
    let environment = environment([
        ("CONVENE_LISTEN", "nowhere"),
        ("CONVENE_JWT_SECRET", "short"),
        ("CONVENE_PROFILE", "test"),
        ("CONVENE_RATE_LIMIT", "many"),
        ("CONVENE_BODY_LIMIT", "-1"),
        ("CONVENE_IN_FLIGHT_LIMIT", "0"),
        ("CONVENE_CONNECTION_LIMIT", "+4"),
        ("CONVENE_REQUEST_TIMEOUT", "10"),
        ("CONVENE_DATABASE", "a.b"),
        ("CONVENE_ACTIVITY_RETENTION_DAYS", "0"),
        ("CONVENE_CATALOGUE_BYTES", "many"),
        ("CONVENE_WORKERS", "0"),
        ("CONVENE_INTROSPECTION", "maybe"),
        ("CONVENE_GRAPHIQL", "yes"),
    ]);
    insta::assert_snapshot!(ServeConfig::read(&environment).unwrap_err(), @r#"
    the settings cannot be used:
      CONVENE_PROFILE must be production or development
      CONVENE_MONGODB_URI is missing
      CONVENE_DATABASE is not a name that MongoDB accepts
      CONVENE_ACTIVITY_RETENTION_DAYS must be a number from 1 to 10000
      CONVENE_CATALOGUE_BYTES must be a number from 0 to 68719476736
      CONVENE_LISTEN must be an address and a port such as 127.0.0.1:8080, and is "nowhere"
      CONVENE_INTROSPECTION must be on or off
      CONVENE_GRAPHIQL must be on or off
      CONVENE_JWT_SECRET has 5 bytes; HS256 needs at least 32 (try `openssl rand -base64 48`)
      CONVENE_IN_FLIGHT_LIMIT must be a number from 1 to 1000000
      CONVENE_RATE_LIMIT must be off, or a number of requests a second such as 100/s, and is "many"
      CONVENE_BODY_LIMIT must be a number from 1024 to 16777216
      CONVENE_REQUEST_TIMEOUT must be a number of seconds with its unit, from 1s to 120s
      CONVENE_CONNECTION_LIMIT must be a number from 1 to 1000000
      CONVENE_WORKERS must be a number from 1 to 256
    "#);
}

/// Most of them have a default, which may allow more than the setting was meant to.
#[rstest]
fn an_empty_setting_is_refused_by_its_name(#[values("", " ", "\t\n")] empty: &str) {
    for setting in SETTINGS {
        let (name, file) = (setting.name, format!("{}_FILE", setting.name));
        let problems = read(&[(name, empty)]).unwrap_err().problems;
        let expected =
            Problem { setting: name, reason: "is empty: give it a value, or remove it".to_owned() };
        assert_eq!(problems, [expected], "{name}");
        let error = read(&[(&file, empty)]).unwrap_err().to_string();
        assert!(error.contains(&format!("{name} has an empty {file}: ")), "{error}");
    }
}

#[rstest]
#[case("127.0.0.1:0", true)]
#[case("[::1]:8080", true)]
#[case("0.0.0.0:8080", false)]
#[case("192.168.1.7:8080", false)]
#[case("[::]:8080", false)]
fn headers_mode_stays_on_this_machine(#[case] listen: &str, #[case] accepted: bool) {
    let config = read(&[("CONVENE_AUTH", "headers"), ("CONVENE_LISTEN", listen)]);
    assert_eq!(config.is_ok(), accepted);
    if let Err(error) = config {
        assert_eq!(error.problems.len(), 1);
        assert_eq!(error.problems[0].setting, "CONVENE_AUTH");
    }
}

#[test]
fn exactly_one_key_is_needed() {
    assert!(without_secret(&[]).is_err());
    assert!(read(&[("CONVENE_JWT_PUBLIC_KEY", "/no/such/file")]).is_err());
    assert!(without_secret(&[("CONVENE_AUTH", "headers")]).is_ok());
}

#[rstest]
#[case("CONVENE_JWT_JWKS", "https://id.example.org/keys", None)]
#[case("CONVENE_JWT_JWKS", "http://localhost:8080/keys", None)]
#[case("CONVENE_JWT_JWKS", "http://id.example.org/keys", Some("must begin with https://"))]
#[case("CONVENE_JWT_JWKS", "file:///etc/keys.json", Some("is not a URL such as"))]
#[case("CONVENE_JWT_JWKS", "https://me:secret@id.example.org/keys", Some("must not contain credentials"))]
#[case("CONVENE_JWT_JWKS", "/no/such/file", Some("names a file that cannot be read"))]
#[case("CONVENE_JWT_JWKS", "{\"keys\":[]}", Some("holds no signing key"))]
#[case("CONVENE_JWT_PUBLIC_KEY", "https://id.example.org/key.pem", Some("must name a file by its path"))]
#[case("CONVENE_JWT_SECRET_FILE", "https://id.example.org/secret", Some("must name a file by its path"))]
#[case(
    "CONVENE_JWT_SECRET_FILE",
    "/no/such/secret",
    Some("CONVENE_JWT_SECRET is given by CONVENE_JWT_SECRET_FILE, which names a file that cannot be read")
)]
#[case("CONVENE_JWT_PROVIDERS", "https://id.example.org/providers", Some("is not a list of providers"))]
#[case("CONVENE_JWT_CA", "https://id.example.org/ca.pem", Some("must name a file by its path"))]
#[case("CONVENE_JWT_ISSUER", "https://id.example.org/realms/convene", None)]
#[case("CONVENE_JWT_ISSUER", "http://id.example.org", Some("must begin with https://"))]
fn a_url_is_never_taken_for_a_file(#[case] name: &str, #[case] value: &str, #[case] problem: Option<&str>) {
    match (without_secret(&[(name, value)]), problem) {
        (Ok(config), None) => {
            let AuthConfig::Jwt(verifier) = config.auth else { panic!("tokens") };
            assert_eq!(verifier.remote_keys().count(), 1);
        }
        (Err(error), Some(problem)) => assert!(error.to_string().contains(problem), "{error}"),
        (result, _) => panic!("{result:?}"),
    }
}

#[test]
fn the_folder_of_trusted_documents_is_no_url() {
    let error = read(&[("CONVENE_TRUSTED_DOCUMENTS", "https://example.org/documents")]).unwrap_err();
    assert!(error.to_string().contains("must name a folder by its path, and has a URL"), "{error}");
}

#[test]
fn all_problems_of_a_list_of_providers_are_reported_at_once() {
    let list = r#"
- { issuer: "https://a", audience: a, userClaim: "/a~b", operatorValue: x }
- { issuer: "https://a", audience: " ", jwks: "http://a/keys", organizationClaim: "" }
- { issuer: b, audience: b, jwks: "{\"keys\": []}", operatorClaim: "/~" }
- { issuer: c, audience: c }
"#;
    insta::assert_snapshot!(without_secret(&[("CONVENE_JWT_PROVIDERS", list)]).unwrap_err(), @r#"
    the settings cannot be used:
      CONVENE_JWT_PROVIDERS has a problem in provider 1: userClaim is not a JSON Pointer: write ~1 for a slash and ~0 for a tilde in a name
      CONVENE_JWT_PROVIDERS has a problem in provider 1: operatorValue needs operatorClaim
      CONVENE_JWT_PROVIDERS has a problem in provider 2: audience is empty
      CONVENE_JWT_PROVIDERS has a problem in provider 2: organizationClaim is empty
      CONVENE_JWT_PROVIDERS has a problem in provider 2: issuer is that of another provider
      CONVENE_JWT_PROVIDERS has a problem in provider 2: jwks must begin with https://; http:// is allowed for localhost and loopback addresses only
      CONVENE_JWT_PROVIDERS has a problem in provider 3: jwks holds no signing key for RS256, PS256, ES256 or EdDSA
      CONVENE_JWT_PROVIDERS has a problem in provider 3: operatorClaim is not a JSON Pointer: write ~1 for a slash and ~0 for a tilde in a name
      CONVENE_JWT_PROVIDERS has a problem in provider 4: issuer is not a URL such as https://id.example.org/keys
    "#);
}

#[rstest]
#[case("- { issuer: \"https://a\", audience: a, audiences: b }", "unknown field `audiences`")]
#[case("- { issuer: \"https://a\" }", "missing field `audience`")]
#[case("[]", "must have from 1 to 16 providers, and has 0")]
#[case("- 7", "is not a list of providers")]
fn a_list_of_another_form_is_refused(#[case] list: &str, #[case] problem: &str) {
    let error = without_secret(&[("CONVENE_JWT_PROVIDERS", list)]).unwrap_err().to_string();
    assert!(error.contains(problem), "{error}");
}

/// An absent prefix, list or mark has a meaning that allows more.
#[rstest]
fn an_empty_field_of_a_provider_is_refused(
    #[values(
        "audience",
        "jwks",
        "userClaim",
        "userPrefix",
        "organizationClaim",
        "organizations",
        "operatorClaim",
        "operatorValue"
    )]
    field: &str,
    #[values("", "\"\"", "\" \"", "~", "null")] empty: &str,
) {
    let others = [("issuer", "https://a"), ("audience", "a"), ("operatorClaim", "roles")];
    let others = others.iter().filter(|(name, _)| *name != field);
    let others: String = others.map(|(name, value)| format!("  {name}: {value}\n")).collect();
    let list = format!("-\n{others}  {field}: {empty}\n");
    let error = without_secret(&[("CONVENE_JWT_PROVIDERS", &list)]).unwrap_err().to_string();
    assert!(error.contains(field), "{list}{error}");
}

#[test]
fn a_list_of_providers_excludes_the_settings_of_one() {
    let list = ("CONVENE_JWT_PROVIDERS", "- { issuer: \"https://a\", audience: a }");
    assert!(without_secret(&[list]).is_ok());
    for other in
        ["CONVENE_JWT_SECRET", "CONVENE_JWT_ISSUER", "CONVENE_JWT_USER_CLAIM", "CONVENE_JWT_OPERATOR_VALUE"]
    {
        let error = without_secret(&[list, (other, "0123456789abcdef0123456789abcdef")]).unwrap_err();
        assert_eq!(error.problems[0].reason, format!("and {other} exclude one another"));
    }
}

#[rstest]
#[case("0s", true)]
#[case("60s", true)]
#[case("61s", false)]
#[case("5", false)]
#[case("-1s", false)]
fn the_leeway_is_bounded(#[case] leeway: &str, #[case] accepted: bool) {
    assert_eq!(read(&[("CONVENE_JWT_LEEWAY", leeway)]).is_ok(), accepted);
}

/// One run names all settings that have to be corrected.
#[rstest]
fn a_problem_of_authentication_hides_no_other(#[values("jwt", "none")] auth: &str) {
    let wrong = [
        ("CONVENE_JWT_SECRET", "short", "has 5 bytes"),
        ("CONVENE_JWT_PUBLIC_KEY", "/no/such/key", "names a file"),
        ("CONVENE_JWT_JWKS", "{}", ""),
        ("CONVENE_JWT_ISSUER", "", "is empty"),
        ("CONVENE_JWT_AUDIENCE", "", "is empty"),
        ("CONVENE_JWT_USER_CLAIM", "/~2", "is not a JSON Pointer"),
        ("CONVENE_JWT_LEEWAY", "61s", "must be a number of seconds with its unit, from 0s to 60s"),
        ("CONVENE_JWT_CA", "/no/such/file", "names a file"),
        ("CONVENE_JWT_PROVIDERS", "[", "is not a list of providers"),
        ("CONVENE_JWT_PROVIDERS", "[", "exclude one another"),
        ("CONVENE_PROFILE", "test", "must be production or development"),
        ("CONVENE_LOG", "x=loud", "has \"x=loud\""),
    ];
    let settings: Vec<_> = wrong.iter().map(|(setting, value, _)| (*setting, *value)).collect();
    let error = without_secret(&[&settings[..], &[("CONVENE_AUTH", auth)]].concat()).unwrap_err();
    for (setting, _, reason) in wrong {
        let is_named = error
            .problems
            .iter()
            .any(|problem| problem.setting == setting && problem.reason.contains(reason));
        assert!(is_named, "{setting} {reason}: {error}");
    }
    let of_mode = error.problems.iter().filter(|problem| problem.setting == "CONVENE_AUTH").count();
    assert_eq!(of_mode, usize::from(auth == "none"));
    let alone = without_secret(&[("CONVENE_AUTH", "none")]).unwrap_err();
    assert_eq!(alone.problems.len(), 1, "no key is missing: {alone}");
}

#[test]
fn a_problem_of_claims_does_not_hide_a_short_secret() {
    let settings = [("CONVENE_JWT_SECRET", "short"), ("CONVENE_JWT_USER_CLAIM", "oid")];
    let error = token_issuer(&environment(settings)).map(drop).unwrap_err();
    assert_eq!(error.problems.len(), 2, "{error}");
}

/// Mostly, a variable in the setting is not defined.
#[rstest]
#[case("CONVENE_JWT_ISSUER", "https://")]
#[case("CONVENE_JWT_ISSUER", "https:///realms/convene")]
#[case("CONVENE_JWT_ISSUER", "https://.example.org")]
#[case("CONVENE_JWT_JWKS", "https://:8443/keys")]
#[case("CONVENE_JWT_PROVIDERS", "- { issuer: \"https://\", audience: a }")]
#[case("CONVENE_OTLP_ENDPOINT", "http://:4318")]
#[case("CONVENE_OTLP_ENDPOINT", "http://.example.org:4318")]
#[case("CONVENE_CORS_ORIGINS", "http://:3000")]
#[case("CONVENE_MONGODB_URI", "mongodb://")]
#[case("CONVENE_MONGODB_URI", "mongodb:///convene?replicaSet=rs0")]
#[case("CONVENE_MONGODB_URI", "mongodb+srv://user:password@/")]
fn a_url_without_a_host_is_refused(#[case] setting: &str, #[case] url: &str) {
    let error = without_secret(&[(setting, url)]).unwrap_err();
    assert!(error.problems.iter().any(|problem| problem.setting == setting), "{error}");
}

#[rstest]
#[case("info", true)]
#[case("OFF", true)]
#[case("warn,security=warn", true)]
#[case("info, hyper=debug", true)]
#[case("inof", false)]
#[case("nonsense!!", false)]
#[case("convene_api_graphql", false)]
#[case("info,debgu", false)]
#[case("info,security=wran", false)]
#[case("info,", false)]
#[case("=info", false)]
#[case("info,security=", false)]
fn the_log_filter_has_levels_and_targets_with_levels(#[case] filter: &str, #[case] accepted: bool) {
    match read(&[("CONVENE_LOG", filter)]) {
        Ok(config) => assert!(accepted, "{:?}", config.log),
        Err(error) => {
            assert!(!accepted && error.problems.len() == 1, "{error}");
            assert!(error.to_string().contains("off, error, warn, info, debug, trace"), "{error}");
        }
    }
}

#[rstest]
fn the_databases_of_mongodb_itself_are_refused(#[values("admin", "local", "config", "Admin")] name: &str) {
    let error = read(&[("CONVENE_DATABASE", name)]).unwrap_err().to_string();
    assert!(error.contains("CONVENE_DATABASE must not be admin, config or local"), "{error}");
    assert!(read(&[("CONVENE_DATABASE", "admin2")]).is_ok());
}

#[test]
fn all_problems_of_trusted_documents_are_reported_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("1.graphql"), "{ nope }").unwrap();
    std::fs::write(path.join("2.graphql"), "{").unwrap();
    std::fs::write(path.join("3.graphql"), [0xff]).unwrap();
    std::os::unix::fs::symlink(path.join("missing"), path.join("4.graphql")).unwrap();
    let trusted = ("CONVENE_TRUSTED_DOCUMENTS", path.to_str().unwrap());
    let error = read(&[trusted, ("CONVENE_WORKERS", "0")]).unwrap_err();
    assert_eq!(error.problems.len(), 5, "{error}");
    for named in ["1.graphql", "2.graphql", "3.graphql", "4.graphql", "CONVENE_WORKERS"] {
        assert!(error.to_string().contains(named), "{named}: {error}");
    }
}

#[test]
fn tokens_are_only_issued_with_the_claims_that_they_have() {
    let issue = |more: &[(&str, &str)]| {
        let pairs = MINIMAL.into_iter().chain(more.iter().copied());
        token_issuer(&environment(pairs)).map(drop)
    };
    assert_eq!(issue(&[]), Ok(()));
    let error = issue(&[("CONVENE_JWT_USER_CLAIM", "oid")]).unwrap_err();
    assert!(error.to_string().contains("issues tokens with sub, org and operator only"), "{error}");
}

#[test]
fn a_secret_comes_from_a_file_without_its_line_break() {
    let path = std::env::temp_dir().join(format!("convene-config-test-{}", std::process::id()));
    std::fs::write(&path, "0123456789abcdef0123456789abcdef\n").unwrap();
    let file = path.to_str().unwrap();
    let alone = without_secret(&[("CONVENE_JWT_SECRET_FILE", file)]);
    let both = read(&[("CONVENE_JWT_SECRET_FILE", file)]);
    std::fs::remove_file(&path).unwrap();
    assert!(alone.is_ok());
    assert_eq!(both.unwrap_err().problems[0].reason, "and CONVENE_JWT_SECRET_FILE exclude one another");
}

#[test]
fn development_turns_introspection_and_readable_logs_on() {
    let config = read(&[("CONVENE_PROFILE", "development")]).unwrap();
    assert!(config.introspection);
    assert_eq!(config.log.format, LogFormat::Readable);
    let config = read(&[("CONVENE_PROFILE", "development"), ("CONVENE_INTROSPECTION", "off")]).unwrap();
    assert!(!config.introspection);
}

#[rstest]
#[case("development", None, "127.0.0.1:8080", true, true)]
#[case::for_other_machines("development", None, "0.0.0.0:8080", true, false)]
#[case("development", Some("off"), "127.0.0.1:8080", false, true)]
#[case("production", None, "127.0.0.1:8080", false, false)]
#[case("production", Some("on"), "127.0.0.1:8080", true, false)]
fn graphiql_has_the_demo_caller_in_development_on_this_machine_only(
    #[case] profile: &str,
    #[case] setting: Option<&str>,
    #[case] listen: &str,
    #[case] graphiql: bool,
    #[case] demo_caller: bool,
) {
    let setting = setting.map(|value| ("CONVENE_GRAPHIQL", value));
    let settings = [("CONVENE_PROFILE", profile), ("CONVENE_LISTEN", listen)];
    let config = read(&settings.into_iter().chain(setting).collect::<Vec<_>>()).unwrap();
    assert_eq!((config.graphiql, config.has_demo_caller()), (graphiql, demo_caller));
}

#[test]
fn each_of_the_two_rate_limits_can_be_turned_off() {
    let set = |settings: &[_]| {
        let RateConfig { caller, organization } = read(settings).unwrap().rates;
        (caller.is_some(), organization.is_some())
    };
    let (callers_off, tenants_off) = (("CONVENE_RATE_LIMIT", "off"), ("CONVENE_TENANT_RATE_LIMIT", "off"));
    assert_eq!(set(&[callers_off]), (false, true));
    assert_eq!(set(&[tenants_off]), (true, false));
    assert_eq!(set(&[callers_off, tenants_off]), (false, false));
}

#[test]
fn neither_errors_nor_debug_output_show_a_secret() {
    let canary = "canary-canary-canary-canary-canary";
    let uri = format!("mongodb://user:{canary}@localhost");
    let config = read(&[("CONVENE_JWT_SECRET", canary), ("CONVENE_MONGODB_URI", &uri)]).unwrap();
    assert!(!format!("{config:?}").contains("canary"));
    let error = read(&[("CONVENE_JWT_SECRET", "canary"), ("CONVENE_MONGODB_URI", "canary")]).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("canary"));
}

#[rstest]
#[case::production("production", "headers", &[], &["may act as anybody"])]
#[case::development("development", "headers", &[], &[])]
#[case::with_settings_of_tokens(
    "production",
    "headers",
    &[("CONVENE_JWT_SECRET_FILE", "/secret"), ("CONVENE_JWT_LEEWAY", "1s")],
    &["may act as anybody", "these settings have no effect: CONVENE_JWT_SECRET, CONVENE_JWT_LEEWAY"],
)]
#[case::in_development("development", "headers", &[("CONVENE_JWT_CA", "x")], &["these settings have no effect: CONVENE_JWT_CA"])]
#[case::tokens("production", "jwt", &[("CONVENE_JWT_LEEWAY", "1s")], &[])]
fn the_mode_of_headers_causes_warnings(
    #[case] profile: &str,
    #[case] auth: &str,
    #[case] of_tokens: &[(&str, &str)],
    #[case] warnings: &[&str],
) {
    let mut settings = vec![
        ("CONVENE_MONGODB_URI", "mongodb://localhost"),
        ("CONVENE_PROFILE", profile),
        ("CONVENE_AUTH", auth),
    ];
    if auth == "jwt" {
        settings.push(("CONVENE_JWT_SECRET", "0123456789abcdef0123456789abcdef"));
    }
    settings.extend(of_tokens);
    let environment = environment(settings);
    let found = ServeConfig::read(&environment).unwrap().warnings(&environment);
    assert_eq!(found.len(), warnings.len(), "{found:?}");
    for (found, expected) in found.iter().zip(warnings) {
        assert!(found.contains(expected), "{found}");
    }
}

#[rstest]
#[case("CONVENE_BODY_TIMEOUT", "10s", "CONVENE_REQUEST_TIMEOUT", "10s", true)]
#[case("CONVENE_BODY_TIMEOUT", "9s", "CONVENE_REQUEST_TIMEOUT", "10s", false)]
#[case::long("CONVENE_BODY_TIMEOUT", "60s", "CONVENE_REQUEST_TIMEOUT", "30s", true)]
#[case("CONVENE_SHUTDOWN_TIMEOUT", "9s", "CONVENE_REQUEST_TIMEOUT", "10s", true)]
#[case("CONVENE_SHUTDOWN_TIMEOUT", "10s", "CONVENE_REQUEST_TIMEOUT", "10s", false)]
fn times_that_contradict_each_other_are_refused(
    #[case] name: &str,
    #[case] value: &str,
    #[case] other: &str,
    #[case] other_value: &str,
    #[case] is_refused: bool,
) {
    let problems = read(&[(name, value), (other, other_value)]).err().map(|error| error.problems);
    let problem = problems.map(|problems| (problems.len(), problems[0].setting));
    assert_eq!(problem, is_refused.then_some((1, name)));
}

#[rstest]
#[case("0.0.0.0:8080", None, true)]
#[case("192.0.2.1:8080", None, true)]
#[case("192.0.2.1:8080", Some("127.0.0.1:8081"), false)]
#[case("127.0.0.1:8080", None, false)]
fn probes_that_other_machines_cannot_reach_cause_a_warning(
    #[case] listen: &str,
    #[case] probes: Option<&str>,
    #[case] is_warned: bool,
) {
    let probes = probes.map(|probes| ("CONVENE_PROBE_LISTEN", probes));
    let settings = MINIMAL.into_iter().chain([("CONVENE_LISTEN", listen)]).chain(probes);
    let environment = environment(settings);
    let warnings = ServeConfig::read(&environment).unwrap().warnings(&environment);
    assert_eq!(warnings.len(), usize::from(is_warned), "{warnings:?}");
    assert!(warnings.iter().all(|warning| warning.contains("CONVENE_PROBE_LISTEN")));
}

#[test]
fn misspelt_settings_are_found() {
    let environment = environment([("CONVENE_LISTNE", "x"), ("CONVENE_JWT_SECRET_FILE", "y")]);
    assert_eq!(environment.unknown(), ["CONVENE_LISTNE"]);
}

#[test]
fn the_help_names_every_setting() {
    let help = help();
    for setting in SETTINGS {
        assert!(help.contains(setting.name), "{}", setting.name);
    }
}

#[test]
fn a_folder_of_trusted_documents_must_have_documents() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let trusted = |path: &str| read(&[("CONVENE_TRUSTED_DOCUMENTS", path)]);
    let problem = trusted(path).unwrap_err().to_string();
    assert!(problem.contains("CONVENE_TRUSTED_DOCUMENTS names a folder without .graphql files"), "{problem}");
    let missing = trusted(&format!("{path}/missing")).unwrap_err().to_string();
    assert!(missing.contains("missing cannot be read"), "{missing}");
    std::fs::write(folder.path().join("a.graphql"), "{ organization { slug } }").unwrap();
    assert!(trusted(path).unwrap().trusted_documents.is_some());
    assert!(read(&[]).unwrap().trusted_documents.is_none());
}

#[test]
fn a_secret_in_a_file_may_begin_with_a_slash() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "/is the first character of this secret\n").unwrap();
    let settings = [("CONVENE_JWT_SECRET_FILE", file.to_str().unwrap())];
    assert!(without_secret(&settings).is_ok());
}

/// The path of a secret's file is no secret.
#[rstest]
#[case("CONVENE_JWT_SECRET", "/run/secrets/convene-production-jwt-secret")]
#[case("CONVENE_JWT_SECRET", "src/../src/../src/../src/config/tests.rs")]
#[case("CONVENE_JWT_SECRET", "file:///run/secrets/convene-production-jwt-secret")]
#[case("CONVENE_MONGODB_URI", "/run/secrets/convene-uri")]
fn a_path_is_not_taken_for_a_secret(#[case] name: &str, #[case] path: &str) {
    let expected = format!("must not name a file; {name}_FILE does");
    let error = read(&[(name, path)]).unwrap_err();
    assert_eq!(error.problems.len(), 1, "{error}");
    assert_eq!((error.problems[0].setting, &error.problems[0].reason), (name, &expected));
    if name == "CONVENE_JWT_SECRET" {
        let error = token_issuer(&environment([(name, path)])).map(drop).unwrap_err();
        assert_eq!(error.problems[0].reason, expected);
    }
}

#[rstest]
#[case("production", "mongodb://db-1/?directConnection=true", true)]
#[case("production", "mongodb://db-1/?replicaSet=rs0&DirectConnection=TRUE", true)]
#[case("production", "mongodb://db-1/?replicaSet=rs0&directConnection=false", false)]
#[case("production", "mongodb://me:secret@db-1/convene?directConnection=true", true)]
#[case("production", "mongodb://me:secret@127.0.0.1:27017/?directConnection=true", false)]
#[case("production", "mongodb://localhost.db.example/?directConnection=true", true)]
#[case("production", "mongodb://[::1]:27017/?directConnection=true", false)]
#[case("production", "mongodb://%2Frun%2Fmongodb.sock/?directConnection=true", false)]
#[case("development", "mongodb://db-1/?directConnection=true", false)]
fn one_member_is_not_the_database_of_production(
    #[case] profile: &str,
    #[case] uri: &str,
    #[case] is_refused: bool,
) {
    let reasons = match read(&[("CONVENE_PROFILE", profile), ("CONVENE_MONGODB_URI", uri)]) {
        Ok(_) => Vec::new(),
        Err(error) => error.problems.into_iter().map(|problem| problem.reason).collect(),
    };
    let expected = "must not have directConnection=true in production: the server would reach one member only, also after \
                    another one has become the primary";
    assert_eq!(reasons, if is_refused { vec![expected.to_owned()] } else { Vec::new() });
}
