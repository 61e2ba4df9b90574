//! Content negotiation between the two media types of a response (RFC 9110, section 12.5.1; GraphQL over HTTP,
//! section 5).

use actix_web::{
    HttpMessage,
    http::header::{ACCEPT, Accept, Header, HeaderValue, Quality},
    mime::{self, Mime},
};

/// The media type of a response. The types differ in the status of a request that is refused before its execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`, for older clients: the status of a refused request is 200.
    Json,
    /// `application/graphql-response+json`: the status of a refused request is 400.
    GraphqlResponse,
}

impl MediaType {
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

/// Returns the media type that the client prefers; `None` if it accepts neither. A client without a preference receives
/// plain JSON; a client that accepts both equally and names the newer type receives the newer type.
pub(super) fn negotiate(request: &impl HttpMessage) -> Option<MediaType> {
    if request.headers().get_all(ACCEPT).all(HeaderValue::is_empty) {
        return Some(MediaType::Json);
    }
    let Accept(ranges) = Accept::parse(request).ok()?;
    let preference = |wanted: MediaType| {
        let fitting =
            ranges.iter().filter_map(|range| Some((specificity(&range.item, wanted)?, range.quality)));
        fitting.max_by_key(|(specificity, _)| *specificity).filter(|(_, quality)| *quality > Quality::ZERO)
    };
    match (preference(MediaType::Json), preference(MediaType::GraphqlResponse)) {
        (None, None) => None,
        (Some(_), None) => Some(MediaType::Json),
        (None, Some(_)) => Some(MediaType::GraphqlResponse),
        (Some((_, json)), Some((specificity, response))) => {
            let newer = response > json || (response == json && specificity == EXACT);
            Some(if newer { MediaType::GraphqlResponse } else { MediaType::Json })
        }
    }
}

const EXACT: u8 = 2;

/// Returns the specificity of a range for a media type; `None` if the range does not include the type.
fn specificity(range: &Mime, wanted: MediaType) -> Option<u8> {
    if range.get_param(mime::CHARSET).is_some_and(|charset| charset != mime::UTF_8) {
        return None;
    }
    match range.essence_str() {
        "*/*" => Some(0),
        "application/*" => Some(1),
        exact => (exact == wanted.essence()).then_some(EXACT),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
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
        let request = values
            .iter()
            .fold(TestRequest::default(), |request, value| request.append_header((ACCEPT, *value)));
        assert_eq!(negotiate(&request.to_http_request()), expected);
    }
}
