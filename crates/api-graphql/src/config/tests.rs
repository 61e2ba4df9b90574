use rstest::rstest;

use super::*;

const MINIMAL: [(&str, &str); 2] = [
    ("CONVENE_MONGODB_URI", "mongodb://localhost/?replicaSet=rs0"),
    ("CONVENE_JWT_SECRET", "0123456789abcdef0123456789abcdef"),
];

fn read(more: &[(&str, &str)]) -> Result<ServeConfig, ConfigError> {
    let mut pairs: std::collections::BTreeMap<&str, &str> = MINIMAL.into();
    pairs.extend(more.iter().copied());
    ServeConfig::read(&Environment::from_pairs(pairs))
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
    let environment = Environment::from_pairs([
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
        ("CONVENE_CATALOGUE_MEMORY", "many"),
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
      CONVENE_CATALOGUE_MEMORY must be a number from 0 to 65536
      CONVENE_LISTEN must be an address and a port such as 127.0.0.1:8080, and is "nowhere"
      CONVENE_INTROSPECTION must be on or off
      CONVENE_GRAPHIQL must be on or off
      CONVENE_JWT_SECRET has 5 bytes; HS256 needs at least 32 (try `openssl rand -base64 48`)
      CONVENE_IN_FLIGHT_LIMIT must be a number from 1 to 1000000
      CONVENE_RATE_LIMIT must be off, or a number of requests a second such as 100/s, and is "many"
      CONVENE_BODY_LIMIT must be a number from 1024 to 16777216
      CONVENE_REQUEST_TIMEOUT must be a number from 1s to 120s
      CONVENE_CONNECTION_LIMIT must be a number from 1 to 1000000
      CONVENE_WORKERS must be a number from 1 to 256
    "#);
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
    assert!(read(&[("CONVENE_JWT_SECRET", "")]).is_err());
    assert!(read(&[("CONVENE_JWT_PUBLIC_KEY", "/no/such/file")]).is_err());
    assert!(read(&[("CONVENE_JWT_SECRET", ""), ("CONVENE_AUTH", "headers")]).is_ok());
}

#[test]
fn a_secret_comes_from_a_file_without_its_line_break() {
    let path = std::env::temp_dir().join(format!("convene-config-test-{}", std::process::id()));
    std::fs::write(&path, "0123456789abcdef0123456789abcdef\n").unwrap();
    let file = path.to_str().unwrap();
    let alone = read(&[("CONVENE_JWT_SECRET", ""), ("CONVENE_JWT_SECRET_FILE", file)]);
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
#[case("development", "", "127.0.0.1:8080", true, true)]
#[case::for_other_machines("development", "", "0.0.0.0:8080", true, false)]
#[case("development", "off", "127.0.0.1:8080", false, true)]
#[case("production", "", "127.0.0.1:8080", false, false)]
#[case("production", "on", "127.0.0.1:8080", true, false)]
fn graphiql_has_the_demo_caller_in_development_on_this_machine_only(
    #[case] profile: &str,
    #[case] setting: &str,
    #[case] listen: &str,
    #[case] graphiql: bool,
    #[case] demo_caller: bool,
) {
    let settings = [("CONVENE_PROFILE", profile), ("CONVENE_GRAPHIQL", setting), ("CONVENE_LISTEN", listen)];
    let config = read(&settings).unwrap();
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

#[test]
fn misspelt_settings_are_found() {
    let environment = Environment::from_pairs([("CONVENE_LISTNE", "x"), ("CONVENE_JWT_SECRET_FILE", "y")]);
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
