//! The files of GraphiQL. `clients/graphiql/build.js` makes them from pinned packages.

use std::{
    io::{self, Read},
    sync::OnceLock,
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{
        ACCEPT_ENCODING, AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, ContentEncoding, ETag, Encoding,
        EntityTag, Header, IfNoneMatch, VARY,
    },
    web,
};
use bytes::Bytes;
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use crate::http::{error::HttpError, methods};

/// The address of a file contains its hash, so its content never changes.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// The number of hexadecimal digits of a hash in addresses and entity tags.
const HASH_LENGTH: usize = 16;

/// A compressed file, and its text for the rare clients that do not accept compressed content.
pub(super) struct Asset {
    name: &'static str,
    media_type: &'static str,
    compressed: &'static [u8],
    hash: String,
    text: OnceLock<Bytes>,
}

/// The files of the page.
pub(super) struct Assets {
    pub(super) script: web::Data<Asset>,
    pub(super) style: web::Data<Asset>,
    pub(super) licenses: web::Data<Asset>,
}

impl Assets {
    pub(super) fn new() -> Self {
        let asset = |name, media_type, compressed| web::Data::new(Asset::new(name, media_type, compressed));
        Self {
            script: asset(
                "graphiql.js",
                "text/javascript; charset=utf-8",
                include_bytes!("../../../assets/graphiql/graphiql.js.gz"),
            ),
            style: asset(
                "graphiql.css",
                "text/css; charset=utf-8",
                include_bytes!("../../../assets/graphiql/graphiql.css.gz"),
            ),
            licenses: asset(
                "LICENSES.txt",
                "text/plain; charset=utf-8",
                include_bytes!("../../../assets/graphiql/LICENSES.txt.gz"),
            ),
        }
    }

    pub(super) fn routes(&self, config: &mut web::ServiceConfig) {
        for asset in [&self.script, &self.style, &self.licenses] {
            let resource = web::resource(asset.path()).app_data(asset.clone());
            config.service(resource.route(methods::get().to(send)).default_service(web::to(super::only_get)));
        }
    }
}

impl Asset {
    fn new(name: &'static str, media_type: &'static str, compressed: &'static [u8]) -> Self {
        let mut hash: String = Sha256::digest(compressed).iter().map(|byte| format!("{byte:02x}")).collect();
        hash.truncate(HASH_LENGTH);
        Self { name, media_type, compressed, hash, text: OnceLock::new() }
    }

    /// The address of the file.
    pub(super) fn path(&self) -> String {
        format!("/graphiql/{}/{}", self.hash, self.name)
    }

    fn text(&self) -> io::Result<Bytes> {
        if let Some(text) = self.text.get() {
            return Ok(text.clone());
        }
        let mut text = Vec::new();
        GzDecoder::new(self.compressed).read_to_end(&mut text)?;
        Ok(self.text.get_or_init(|| text.into()).clone())
    }
}

async fn send(request: HttpRequest, asset: web::Data<Asset>) -> HttpResponse {
    let is_compressed = accepts_gzip(&request);
    // The two forms are different representations (RFC 9110, section 8.8.3.3).
    let form = if is_compressed { "gzip" } else { "text" };
    let tag = EntityTag::new_strong(format!("{}-{form}", asset.hash));
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, IMMUTABLE))
        .insert_header((VARY, ACCEPT_ENCODING.as_str()))
        .insert_header(ETag(tag.clone()));
    if is_known(&request, &tag) {
        return response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
    }
    response.content_type(asset.media_type);
    if is_compressed {
        response.insert_header((CONTENT_ENCODING, ContentEncoding::Gzip));
        return response.body(Bytes::from_static(asset.compressed));
    }
    match asset.text() {
        Ok(text) => response.body(text),
        Err(_) => HttpError::internal().response(&request),
    }
}

fn accepts_gzip(request: &HttpRequest) -> bool {
    if !request.headers().contains_key(ACCEPT_ENCODING) {
        return false;
    }
    let accepted = AcceptEncoding::parse(request).ok();
    let forms = [Encoding::gzip(), Encoding::identity()];
    accepted.and_then(|accepted| accepted.negotiate(forms.iter())) == Some(Encoding::gzip())
}

/// Returns true if the client has this representation (RFC 9110, section 13.1.2).
fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}
