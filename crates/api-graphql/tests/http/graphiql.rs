//! GraphiQL at `/`: headers, compression, caching, and the pages that get the demo caller.

use std::{collections::BTreeMap, sync::Arc};

use convene_api_graphql::http::graphiql;
use reqwest::{Method, Response};
use rstest::rstest;

use super::support::{Setup, TestServer};

const FILES: [(&str, &str); 3] = [
    ("graphiql.js", "text/javascript; charset=utf-8"),
    ("graphiql.css", "text/css; charset=utf-8"),
    ("LICENSES.txt", "text/plain; charset=utf-8"),
];

fn server(demo_headers: Option<graphiql::DemoHeaders>) -> TestServer {
    TestServer::start(Setup { more_routes: Arc::new(graphiql::routes(demo_headers)), ..Setup::default() })
}

fn demo() -> Option<graphiql::DemoHeaders> {
    Some(Arc::new(|| BTreeMap::from([("Authorization", "Bearer </script>demo".to_owned())])))
}

async fn get(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Response {
    send(server, Method::GET, path, headers).await
}

async fn send(server: &TestServer, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = server.client().request(method, server.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

/// The addresses of the files, as the page names them.
async fn files(server: &TestServer) -> Vec<(String, &'static str)> {
    let page = get(server, "/", &[]).await.text().await.unwrap();
    let address = |name: &str| {
        let (before, _) = page.split_once(name).unwrap();
        format!("{}{name}", before.rsplit('"').next().unwrap())
    };
    FILES.map(|(name, media_type)| (address(name), media_type)).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_loads_nothing_from_other_hosts() {
    let response = get(&server(demo()), "/", &[]).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    for forbidden in ["unsafe", "http", "*", "blob"] {
        assert!(!policy.contains(forbidden), "{policy}");
    }
    let page = response.text().await.unwrap();
    assert!(!page.contains("http"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_compressed_and_kept_by_the_browser() {
    let server = server(None);
    for (path, media_type) in files(&server).await {
        let compressed = get(&server, &path, &[("accept-encoding", "gzip, deflate, br")]).await;
        assert_eq!(compressed.status(), 200, "{path}");
        for (name, value) in [
            ("content-encoding", "gzip"),
            ("content-type", media_type),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("vary", "accept-encoding"),
        ] {
            assert_eq!(compressed.headers()[name], value, "{path}");
        }
        let tag = compressed.headers()["etag"].to_str().unwrap().to_owned();
        let compressed = compressed.bytes().await.unwrap();
        assert!(compressed.starts_with(&[0x1f, 0x8b]), "{path}");

        let headers = [("accept-encoding", "gzip"), ("if-none-match", tag.as_str())];
        let known = get(&server, &path, &headers).await;
        assert_eq!(known.status(), 304, "{path}");
        assert_eq!(known.headers()["etag"], tag);
        assert!(known.bytes().await.unwrap().is_empty());

        for encoding in ["identity", "br", "gzip;q=0"] {
            let plain = get(&server, &path, &[("accept-encoding", encoding)]).await;
            assert_eq!(plain.status(), 200);
            assert!(!plain.headers().contains_key("content-encoding"), "{path} as {encoding}");
            assert_ne!(plain.headers()["etag"], tag);
            assert!(plain.bytes().await.unwrap().len() > 2 * compressed.len(), "{path} as {encoding}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_its_files_can_only_be_read() {
    let server = server(None);
    let files = files(&server).await.into_iter().map(|(path, _)| path);
    for path in files.chain(["/".to_owned()]) {
        let head = send(&server, Method::HEAD, &path, &[]).await;
        assert_eq!(head.status(), 200, "{path}");
        assert_ne!(head.headers()["content-length"], "0");
        let post = send(&server, Method::POST, &path, &[]).await;
        assert_eq!(post.status(), 405, "{path}");
        assert_eq!(post.headers()["allow"], "GET, HEAD");
    }
    assert_eq!(get(&server, "/graphiql/0123456789abcdef/graphiql.js", &[]).await.status(), 404);
}

#[rstest]
#[case::of_a_person_on_this_machine(&[("host", "127.0.0.1:8080")], true)]
#[case::by_name(&[("host", "localhost")], true)]
#[case::by_the_address_of_ipv6(&[("host", "[::1]:8080")], true)]
#[case::from_another_machine(&[("host", "convene.example")], false)]
#[case::by_dns_rebinding(&[("host", "localhost.evil.example:8080")], false)]
#[case::of_a_script_of_another_page(&[("origin", "http://evil.example")], false)]
#[case::with_a_forged_host(&[("host", "evil.example"), ("x-forwarded-host", "localhost")], false)]
#[tokio::test(flavor = "multi_thread")]
async fn only_a_visit_on_this_machine_has_the_demo_caller(
    #[case] headers: &[(&str, &str)],
    #[case] is_filled_in: bool,
) {
    let page = get(&server(demo()), "/", headers).await.text().await.unwrap();
    let expected = match is_filled_in {
        // The settings cannot end their element.
        true => r#"{"headers":{"Authorization":"Bearer \u003c/script>demo"}}"#,
        false => r#"{"headers":null}"#,
    };
    assert!(page.contains(expected), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_routes_nothing_is_at_the_address() {
    let server = TestServer::start(Setup::default());
    assert_eq!(get(&server, "/", &[]).await.status(), 404);
}
