//! Which of the two media types an answer is written as (RFC 9110, section 12.5.1; GraphQL over HTTP, section 5).

use actix_web::http::header::{ACCEPT, HeaderMap};

/// The media type of an answer. They differ in the status of a request that does not get as far as being executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`, for older clients: such a request is answered with 200 and a list of errors.
    Json,
    /// `application/graphql-response+json`: such a request is answered with 400.
    GraphqlResponse,
}

impl MediaType {
    /// The value of `Content-Type`.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }

    const fn essence(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::GraphqlResponse => "application/graphql-response+json",
        }
    }
}

/// How closely an entry of `Accept` fits, and how much it is wanted (in thousandths).
type Fit = (u8, u16);

/// The media type that the client prefers; `None` where it wants neither. A client that does not say, or takes
/// anything, gets plain JSON; one that wants both equally and names the newer type gets that.
pub(super) fn negotiate(headers: &HeaderMap) -> Option<MediaType> {
    let mut entries = Vec::new();
    for value in headers.get_all(ACCEPT) {
        let value = value.to_str().ok()?;
        entries.extend(value.split(',').map(str::trim).filter(|entry| !entry.is_empty()));
    }
    if entries.is_empty() {
        return Some(MediaType::Json);
    }
    let fit =
        |wanted: MediaType| entries.iter().filter_map(|entry| fit(entry, wanted)).max_by_key(|fit| fit.0);
    let json = fit(MediaType::Json).filter(|(_, quality)| *quality > 0);
    let response = fit(MediaType::GraphqlResponse).filter(|(_, quality)| *quality > 0);
    match (json, response) {
        (None, None) => None,
        (Some(_), None) => Some(MediaType::Json),
        (None, Some(_)) => Some(MediaType::GraphqlResponse),
        (Some((_, json)), Some((closeness, response))) => {
            let named = closeness == CLOSENESS_EXACT;
            let newer = response > json || (response == json && named);
            Some(if newer { MediaType::GraphqlResponse } else { MediaType::Json })
        }
    }
}

const CLOSENESS_EXACT: u8 = 2;

/// How an entry fits a media type; `None` where it does not, or is malformed.
fn fit(entry: &str, wanted: MediaType) -> Option<Fit> {
    let mut parts = entry.split(';').map(str::trim);
    let range = parts.next()?.to_ascii_lowercase();
    let closeness = match range.as_str() {
        "*/*" => 0,
        "application/*" => 1,
        exact if exact == wanted.essence() => CLOSENESS_EXACT,
        _ => return None,
    };
    let mut quality = 1000;
    for parameter in parts {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => quality = thousandths(value)?,
            "charset" if !value.eq_ignore_ascii_case("utf-8") => return None,
            _ => {}
        }
    }
    Some((closeness, quality))
}

/// A quality value: 0 to 1 with at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let decimals: u16 = format!("{decimals:0<3}").parse().ok()?;
    match (whole, decimals) {
        ("0", decimals) => Some(decimals),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use rstest::rstest;

    use super::{
        MediaType::{GraphqlResponse, Json},
        *,
    };

    #[rstest]
    #[case(&[], Some(Json))]
    #[case(&["*/*"], Some(Json))]
    #[case(&["application/*"], Some(Json))]
    #[case(&["application/json"], Some(Json))]
    #[case(&["application/json; charset=utf-8"], Some(Json))]
    #[case(&["application/json; charset=iso-8859-1"], None)]
    #[case(&["application/graphql-response+json"], Some(GraphqlResponse))]
    #[case(&["application/graphql-response+json, application/json"], Some(GraphqlResponse))]
    #[case(&["application/json, application/graphql-response+json"], Some(GraphqlResponse))]
    #[case(&["application/graphql-response+json;q=0.5, application/json"], Some(Json))]
    #[case(&["application/graphql-response+json", "application/json;q=0.9"], Some(GraphqlResponse))]
    #[case(&["*/*, application/json;q=0"], Some(GraphqlResponse))]
    #[case(&["application/json;q=0"], None)]
    #[case(&["text/html, */*;q=0.1"], Some(Json))]
    #[case(&["text/html"], None)]
    #[case(&["application/json;q=2"], None)]
    #[case(&["APPLICATION/JSON"], Some(Json))]
    fn the_preferred_type_is_chosen(#[case] values: &[&str], #[case] expected: Option<MediaType>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, HeaderValue::from_str(value).unwrap());
        }
        assert_eq!(negotiate(&headers), expected);
    }
}
