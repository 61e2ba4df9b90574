//! GraphiQL, an editor for GraphQL in the browser, at `/` (ADR 25).
//!
//! All files are in the program. The page loads nothing from other hosts, and its content security policy allows neither
//! inline scripts nor evaluated ones.

mod assets;

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CONTENT_SECURITY_POLICY, HOST, ORIGIN},
    web,
};

use self::assets::Assets;
use super::{error::HttpError, methods};

const PAGE: &str = include_str!("page.html");

/// The editor needs pictures from its style sheet (`data:`).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The headers that authenticate a caller of the demo data. They are made for each page, because tokens expire.
pub type DemoHeaders = Arc<dyn Fn() -> BTreeMap<&'static str, String> + Send + Sync>;

struct Page {
    /// The page up to its settings, and the rest.
    parts: (String, String),
    demo_headers: Option<DemoHeaders>,
}

/// The routes of the page and its files. With `demo_headers`, the page has them filled in.
pub fn routes(demo_headers: Option<DemoHeaders>) -> impl Fn(&mut web::ServiceConfig) + Send + Sync {
    let assets = Assets::new();
    let html = PAGE
        .replace("{script}", &assets.script.path())
        .replace("{style}", &assets.style.path())
        .replace("{licenses}", &assets.licenses.path());
    let (before, after) = html.split_once("{settings}").unwrap_or((&html, ""));
    let page = web::Data::new(Page { parts: (before.to_owned(), after.to_owned()), demo_headers });
    move |config| {
        let resource = web::resource("/").app_data(page.clone());
        config.service(resource.route(methods::get().to(show)).default_service(web::to(only_get)));
        assets.routes(config);
    }
}

async fn only_get(request: HttpRequest) -> HttpResponse {
    HttpError::method_not_allowed("GET, HEAD").response(&request)
}

async fn show(request: HttpRequest, page: web::Data<Page>) -> HttpResponse {
    let demo_headers = page.demo_headers.as_ref().filter(|_| is_visit(&request)).map(|headers| headers());
    // `<` could end the element in which the settings are.
    let settings = serde_json::json!({ "headers": demo_headers }).to_string().replace('<', "\\u003c");
    let (before, after) = &page.parts;
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body([before, settings.as_str(), after].concat())
}

/// Returns true if a person on this machine opens the page. A script of another page has an `Origin`, or, by DNS
/// rebinding, another name as `Host`.
fn is_visit(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    !headers.contains_key(ORIGIN) && ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}
