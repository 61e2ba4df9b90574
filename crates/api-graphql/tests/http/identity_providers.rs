//! Identity providers that publish their keys: rotation, outages, odd answers, and several of them at once.

use std::{sync::Arc, time::Duration};

use convene_api_graphql::{
    auth::{
        ClaimRules, IdentityProvider, KeyLocation, KeySource, ProviderClient, RefreshTimes, RemoteKeys,
        TokenVerifier,
    },
    outgoing::Roots,
};
use reqwest::{Response, header::AUTHORIZATION};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::support::{
    Setup, TestServer, log,
    provider::{Answer, Provider},
    signer::{Signer, key_set},
};

/// Times that make a test fast: no scheduled refresh, and a short pause.
const TIMES: RefreshTimes = RefreshTimes {
    interval: Duration::from_secs(600),
    pause: Duration::from_millis(200),
    first_retry: Duration::from_millis(50),
    longest_retry: Duration::from_millis(200),
    max_age: Duration::from_secs(600),
    wait: Duration::from_secs(6),
};

/// A server, and the tasks that keep its keys.
struct Served {
    server: TestServer,
    _refreshes: JoinSet<()>,
}

fn location(provider: &Provider) -> KeyLocation {
    KeyLocation::KeySet(provider.url("/keys").parse().unwrap())
}

/// A server for the issuers at these locations, each with its times.
fn serve(issuers: &[(&str, KeyLocation, RefreshTimes)], rates: Option<(u32, u32)>) -> Served {
    // The first fetch may fail before the server starts.
    log::capture();
    let client = ProviderClient::new(&Roots::default());
    let mut refreshes = JoinSet::new();
    let providers = issuers.iter().map(|(issuer, location, times)| {
        let keys = Arc::new(RemoteKeys::new((*issuer).to_owned(), client.clone(), location.clone(), *times));
        refreshes.spawn(Arc::clone(&keys).keep());
        let rules = ClaimRules::new((*issuer).to_owned(), "convene".to_owned());
        IdentityProvider { rules, keys: KeySource::Remote(keys) }
    });
    let verifier = Arc::new(TokenVerifier::new(providers.collect()));
    Served { server: TestServer::start(Setup { verifier, rates, ..Setup::default() }), _refreshes: refreshes }
}

fn serve_one(provider: &Provider, times: RefreshTimes) -> Served {
    serve(&[("convene", location(provider), times)], None)
}

impl Served {
    async fn ask(&self, token: &str) -> Response {
        let request = self.server.client().post(self.server.url("/graphql"));
        let request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        request.json(&json!({"query": "{ organization }"})).send().await.unwrap()
    }

    async fn status(&self, token: &str) -> u16 {
        self.ask(token).await.status().as_u16()
    }

    /// Waits until the token is answered with this status.
    async fn becomes(&self, token: &str, status: u16) {
        let mut last = 0;
        for _ in 0..400 {
            last = self.status(token).await;
            if last == status {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the status is {last} instead of {status}");
    }
}

async fn after_the_pause() {
    tokio::time::sleep(TIMES.pause + Duration::from_millis(50)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_fetched_with_the_first_token_that_names_it() {
    let (old, new) = (Signer::ed25519("old"), Signer::p256("new"));
    let provider = Provider::start(Answer::Json(key_set(&[&old]))).await;
    let served = serve_one(&provider, TIMES);
    served.becomes(&old.token(&json!({})), 200).await;

    // A fetch by schedule, here the one at the start, begins no pause.
    provider.answer(Answer::Json(key_set(&[&old, &new])));
    assert_eq!(served.status(&new.token(&json!({}))).await, 200);
    assert_eq!(served.status(&old.token(&json!({}))).await, 200);
    assert_eq!(provider.requests(), 2);

    // The old key is removed, and noticed with the next refresh.
    after_the_pause().await;
    provider.answer(Answer::Json(key_set(&[&new])));
    assert_eq!(served.status(&Signer::p256("other").token(&json!({}))).await, 401);
    assert_eq!(served.status(&old.token(&json!({}))).await, 401);
    assert_eq!(served.status(&new.token(&json!({}))).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_refreshed_without_requests() {
    let (old, new) = (Signer::ed25519("old"), Signer::ed25519("new"));
    let provider = Provider::start(Answer::Json(key_set(&[&old]))).await;
    let served = serve_one(&provider, RefreshTimes { interval: Duration::from_millis(100), ..TIMES });
    served.becomes(&old.token(&json!({})), 200).await;
    provider.answer(Answer::Json(key_set(&[&new])));
    served.becomes(&old.token(&json!({})), 401).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_changes_its_type_is_fetched_again() {
    let (before, after) = (Signer::ed25519("main"), Signer::p256("main"));
    let provider = Provider::start(Answer::Json(key_set(&[&before]))).await;
    let served = serve_one(&provider, TIMES);
    served.becomes(&before.token(&json!({})), 200).await;
    after_the_pause().await;
    provider.answer(Answer::Json(key_set(&[&after])));
    assert_eq!(served.status(&after.token(&json!({}))).await, 200);
    after_the_pause().await;
    assert_eq!(served.status(&before.token(&json!({}))).await, 401);
}

#[rstest]
#[case("RS256")]
#[case("PS256")]
#[tokio::test(flavor = "multi_thread")]
async fn rsa_keys_have_the_one_algorithm_that_they_state(#[case] algorithm: &'static str) {
    let signer = Signer::rsa("rsa", algorithm);
    let provider = Provider::start(Answer::Json(key_set(&[&signer]))).await;
    let served = serve_one(&provider, TIMES);
    served.becomes(&signer.token(&json!({})), 200).await;
    for other in ["RS256", "PS256"].map(|other| Signer::rsa("rsa", other)) {
        let expected =
            if other.token(&json!({})).split('.').next() == signer.token(&json!({})).split('.').next() {
                200
            } else {
                401
            };
        assert_eq!(served.status(&other.token(&json!({}))).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_known_keys_stay_valid_during_an_outage_until_they_are_too_old() {
    let signer = Signer::ed25519("main");
    let provider = Provider::start(Answer::Json(key_set(&[&signer]))).await;
    let times = RefreshTimes { max_age: Duration::from_secs(3), ..TIMES };
    let served = serve_one(&provider, times);
    let token = signer.token(&json!({}));
    served.becomes(&token, 200).await;

    provider.answer(Answer::status("500 Internal Server Error", ""));
    after_the_pause().await;
    // A token with an unknown key makes the provider be asked. Nobody can tell whether it is valid.
    assert_eq!(served.status(&Signer::ed25519("new").token(&json!({}))).await, 503);
    assert_eq!(served.status(&token).await, 200);
    served.becomes(&token, 503).await;

    provider.answer(Answer::Json(key_set(&[&signer])));
    served.becomes(&token, 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_a_provider_without_known_keys_may_be_repeated_later() {
    let signer = Signer::ed25519("main");
    let provider = Provider::start(Answer::Close).await;
    let issuer = "https://unreachable.example.org";
    let served = serve(&[(issuer, location(&provider), TIMES)], None);
    let token = signer.token(&json!({"iss": issuer}));
    let response = served.ask(&token).await;
    assert_eq!(response.status(), 503);
    let retry_after: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&retry_after));
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{body}");

    // Tokens that are not valid whatever the keys are.
    for changes in [
        json!({"iss": "https://other"}),
        json!({"iss": issuer, "exp": 1}),
        json!({"iss": issuer, "aud": "x"}),
    ] {
        assert_eq!(served.status(&signer.token(&changes)).await, 401, "{changes}");
    }

    tokio::time::sleep(Duration::from_millis(500)).await;
    provider.answer(Answer::Json(key_set(&[&signer])));
    served.becomes(&token, 200).await;
    let lines = log::text();
    let lines: Vec<_> = lines.lines().filter(|line| line.contains(issuer)).collect();
    let warnings = lines.iter().filter(|line| line.contains("cannot be fetched")).count();
    assert_eq!((warnings, lines.len()), (1, 2), "one line for each change of state: {lines:?}");
}

#[rstest]
#[case::no_answer(Answer::Silence)]
#[case::endless_and_slow(Answer::Drip)]
#[case::endless_and_fast(Answer::Flood)]
#[case::huge(Answer::Json(format!("{{\"keys\":[],\"padding\":\"{}\"}}", "x".repeat(100_000_000))))]
#[case::many_keys(Answer::Json(json!({"keys": vec![Signer::ed25519("main").jwk(); 10_000]}).to_string()))]
#[case::some_keys_too_many(Answer::Json(json!({"keys": vec![Signer::ed25519("main").jwk(); 101]}).to_string()))]
#[case::no_keys(Answer::Json("{\"keys\":[]}".to_owned()))]
#[case::nested(Answer::Json(format!("{{\"keys\":{}{}}}", "[".repeat(9_000), "]".repeat(9_000))))]
#[case::html(Answer::Json("<html><body>Sign in</body></html>".to_owned()))]
#[case::not_http(Answer::Raw("SSH-2.0-OpenSSH_9.2\r\n".to_owned()))]
#[case::cut_off(Answer::Raw("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"keys\":[".to_owned()))]
#[case::redirect(Answer::status("302 Found", "location: https://id.example.org/keys\r\n"))]
#[case::permanent_redirect(Answer::status("308 Permanent Redirect", "location: /keys2\r\n"))]
#[case::not_found(Answer::status("404 Not Found", ""))]
#[case::no_content(Answer::status("204 No Content", ""))]
#[case::large_head(Answer::Raw(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(10_000_000))))]
#[tokio::test(flavor = "multi_thread")]
async fn an_odd_answer_changes_nothing(#[case] odd: Answer) {
    let signer = Signer::ed25519("main");
    let provider = Provider::start(Answer::Json(key_set(&[&signer]))).await;
    let served = serve_one(&provider, TIMES);
    let token = signer.token(&json!({}));
    served.becomes(&token, 200).await;
    after_the_pause().await;

    provider.answer(odd);
    assert_eq!(served.status(&Signer::ed25519("new").token(&json!({}))).await, 503);
    assert!(provider.requests() >= 2);
    assert_eq!(served.status(&token).await, 200);

    // The provider recovers, and so does the server.
    let new = Signer::ed25519("new");
    provider.answer(Answer::Json(key_set(&[&new])));
    served.becomes(&new.token(&json!({})), 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_keys_neither_flood_the_provider_nor_delay_other_callers() {
    let signer = Signer::ed25519("main");
    let keys = key_set(&[&signer]);
    let provider = Provider::start(Answer::Json(keys.clone())).await;
    let times = RefreshTimes { pause: Duration::from_secs(600), wait: Duration::from_secs(1), ..TIMES };
    let served = Arc::new(serve_one(&provider, times));
    let token = signer.token(&json!({}));
    served.becomes(&token, 200).await;
    let before = provider.requests();

    let unknown = |number: usize| Signer::ed25519(&format!("unknown-{number}")).token(&json!({}));
    let mut attack = JoinSet::new();
    for sender in 0..20 {
        let (served, tokens) =
            (Arc::clone(&served), (0..50).map(|number| unknown(50 * sender + number)).collect::<Vec<_>>());
        attack.spawn(async move {
            for token in tokens {
                assert_eq!(served.status(&token).await, 401);
            }
        });
    }
    for _ in 0..20 {
        assert_eq!(served.status(&token).await, 200);
    }
    attack.join_all().await;
    assert_eq!(provider.requests(), before + 1, "one fetch for all");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_with_unknown_keys_share_one_fetch_and_only_some_wait_for_it() {
    let signer = Signer::ed25519("main");
    let keys = key_set(&[&signer]);
    let provider = Provider::start(Answer::Json(keys.clone())).await;
    let served = Arc::new(serve_one(&provider, TIMES));
    let token = signer.token(&json!({}));
    served.becomes(&token, 200).await;
    after_the_pause().await;

    provider.answer(Answer::Late(Duration::from_secs(2), keys));
    let mut attack = JoinSet::new();
    for number in 0..300 {
        let served = Arc::clone(&served);
        let token = Signer::ed25519(&format!("unknown-{number}")).token(&json!({}));
        attack.spawn(async move { served.status(&token).await });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    // Those with a known key do not wait.
    let began = std::time::Instant::now();
    assert_eq!(served.status(&token).await, 200);
    assert!(began.elapsed() < Duration::from_millis(1_400));
    let statuses = attack.join_all().await;
    let refused = statuses.iter().filter(|&&status| status == 503).count();
    assert!(statuses.iter().all(|status| [401, 503].contains(status)), "{statuses:?}");
    assert!(refused >= 100, "{refused} did not wait");
    assert_eq!(provider.requests(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_a_provider_is_charged_to_nobody() {
    let known = Signer::ed25519("main");
    let (without_keys, outdated) =
        (Provider::start(Answer::Close).await, Provider::start(Answer::Json(key_set(&[&known]))).await);
    let issuers = [("https://down", location(&without_keys), TIMES), ("convene", location(&outdated), TIMES)];
    let served = serve(&issuers, Some((1, 100)));
    served.becomes(&known.token(&json!({})), 200).await;
    outdated.answer(Answer::Close);
    after_the_pause().await;
    for token in
        [known.token(&json!({"iss": "https://down"})), Signer::ed25519("new").token(&json!({"sub": "bob"}))]
    {
        for _ in 0..20 {
            let response = served.ask(&token).await;
            assert!(response.headers().contains_key("retry-after") && response.status() == 503);
            let body: Value = response.json().await.unwrap();
            assert_eq!(body["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{body}");
        }
    }
    assert!(without_keys.requests() + outdated.requests() < 30, "requests do not make the server ask");

    // The limit of rejected tokens is that of the client's address, and is still whole.
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(served.status(&known.token(&json!({"iss": "https://down", "aud": "x"}))).await);
    }
    assert_eq!(statuses[..2], [401, 401]);
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_cannot_speak_for_another_one() {
    let (ours, theirs) = (Signer::ed25519("ours"), Signer::ed25519("theirs"));
    let first = Provider::start(Answer::Json(key_set(&[&ours]))).await;
    let second = Provider::start(Answer::Json(key_set(&[&theirs]))).await;
    let issuers = [("https://ours", location(&first), TIMES), ("https://theirs", location(&second), TIMES)];
    let served = serve(&issuers, None);
    let as_ours = json!({"iss": "https://ours"});
    let as_theirs = json!({"iss": "https://theirs"});
    served.becomes(&ours.token(&as_ours), 200).await;
    served.becomes(&theirs.token(&as_theirs), 200).await;

    // A token with the `kid` of another issuer, and one that claims the `iss` of another issuer.
    assert_eq!(served.status(&theirs.token(&as_ours)).await, 401);
    assert_eq!(served.status(&ours.token(&as_theirs)).await, 401);
    let impostor = Signer::ed25519("ours");
    assert_eq!(served.status(&impostor.token(&as_ours)).await, 401);
    assert_eq!(served.status(&ours.token(&json!({"iss": "https://ours/"}))).await, 401);
    assert_eq!(served.status(&ours.token(&json!({"iss": ["https://ours"]}))).await, 401);

    // The outage of one does not concern the other.
    second.answer(Answer::Close);
    after_the_pause().await;
    assert_eq!(served.status(&Signer::ed25519("new").token(&as_theirs)).await, 503);
    assert_eq!(served.status(&Signer::ed25519("new").token(&as_ours)).await, 401);
    assert_eq!(served.status(&ours.token(&as_ours)).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_of_an_issuer_names_its_keys() {
    let signer = Signer::p256("main");
    let keys = Provider::start(Answer::Json(key_set(&[&signer]))).await;
    let configuration = Provider::start(Answer::Close).await;
    let issuer = configuration.url("/realms/convene");
    let document =
        |issuer: &str, keys: &str| Answer::Json(json!({"issuer": issuer, "jwks_uri": keys}).to_string());
    configuration.answer(document("https://another", &keys.url("/keys")));
    let served = serve(&[(&issuer, KeyLocation::discovered(&issuer).unwrap(), TIMES)], None);
    let token = signer.token(&json!({"iss": issuer}));
    assert_eq!(served.status(&token).await, 503);
    configuration.answer(document(&issuer, "http://keys.example.org/"));
    tokio::time::sleep(TIMES.longest_retry * 2).await;
    assert_eq!((served.status(&token).await, keys.requests()), (503, 0));
    configuration.answer(document(&issuer, &keys.url("/keys")));
    served.becomes(&token, 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn algorithms_of_another_kind_are_refused_without_asking_the_provider() {
    let signer = Signer::rsa("main", "RS256");
    let provider = Provider::start(Answer::Json(key_set(&[&signer]))).await;
    let served = serve_one(&provider, TIMES);
    served.becomes(&signer.token(&json!({})), 200).await;
    after_the_pause().await;
    let claims = super::support::tokens::claims(&json!({})).to_string();
    let public = include_str!("../data/rsa.public.pem");
    let modulus = signer.jwk()["n"].as_str().unwrap().to_owned();
    for secret in [public, public.trim(), &modulus, ""] {
        for id in ["main", "other"] {
            let forged = super::support::tokens::sign(&json!({"alg": "HS256", "kid": id}), &claims, secret);
            assert_eq!(served.status(&forged).await, 401);
        }
    }
    for header in [
        json!({"alg": "none", "kid": "main"}),
        json!({"alg": "RS384", "kid": "main"}),
        json!({"alg": "RS256", "kid": "new", "crit": ["exp"]}),
        json!({"alg": "RS256", "kid": "new", "typ": "dpop+jwt"}),
        json!({"alg": "RS256", "kid": 7}),
        json!({"alg": "RS256", "jku": provider.url("/other"), "kid": "new"}),
        json!({"alg": "RS256", "jwk": signer.jwk(), "kid": "new"}),
    ] {
        let token = signer.sign(&header, &super::support::tokens::claims(&json!({})));
        assert_eq!(served.status(&token).await, 401, "{header}");
    }
    assert_eq!(provider.requests(), 1);
}
