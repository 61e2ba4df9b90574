//! The trace of the caller: the header `traceparent` of W3C Trace Context, section 3.2.
//!
//! The propagator of OpenTelemetry is not used: it accepts malformed headers, such as versions in upper case and numbers with
//! a sign.

use actix_web::http::header::HeaderMap;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

const HEADER: &str = "traceparent";

/// The length of a header of version 00, in bytes: two digits, 32, 16 and two, with hyphens between them.
const LENGTH: usize = 55;

/// The span of the caller that the request belongs to; `None` if there is none, or its form is not valid.
pub(super) fn caller_span(headers: &HeaderMap) -> Option<SpanContext> {
    let mut values = headers.get_all(HEADER);
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    parse(value)
}

fn parse(value: &str) -> Option<SpanContext> {
    let (known, further) = value.split_at_checked(LENGTH)?;
    let parts: Vec<&str> = known.split('-').collect();
    let [version, trace, span, flags] = parts.as_slice() else { return None };
    let has_form = [(version, 2), (trace, 32), (span, 16), (flags, 2)]
        .into_iter()
        .all(|(part, length)| part.len() == length && part.bytes().all(is_lowercase_hex));
    // Later versions may have further parts.
    let is_complete = further.is_empty() || (*version != "00" && further.starts_with('-'));
    if !has_form || !is_complete || *version == "ff" {
        return None;
    }
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    Some(SpanContext::new(trace, span, flags, true, TraceState::NONE)).filter(SpanContext::is_valid)
}

const fn is_lowercase_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::sampled("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some(true))]
    #[case::not_sampled("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", Some(false))]
    #[case::unknown_flags("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe", Some(false))]
    #[case::later_version("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what", Some(true))]
    #[case::later_version_without_hyphen("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01what", None)]
    #[case::further_part("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what", None)]
    #[case::hyphen_at_the_end("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-", None)]
    #[case::invalid_version("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None)]
    #[case::no_trace("00-00000000000000000000000000000000-00f067aa0ba902b7-01", None)]
    #[case::no_span("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", None)]
    #[case::capitals("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", None)]
    #[case::sign("00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None)]
    #[case::short("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", None)]
    #[case::moved_hyphen("00-4bf92f3577b34da6a3ce929d0e0e47361-0f067aa0ba902b7-01", None)]
    #[case::not_ascii("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b\u{e9}-01", None)]
    #[case::empty("", None)]
    fn only_a_valid_header_names_a_trace(#[case] header: &str, #[case] sampled: Option<bool>) {
        let span = parse(header);
        assert_eq!(span.as_ref().map(SpanContext::is_sampled), sampled);
        if let Some(span) = span {
            assert_eq!(span.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        }
    }

    #[test]
    fn of_several_headers_none_is_valid() {
        let name = HeaderName::from_static(HEADER);
        let value = HeaderValue::from_static("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let mut headers = HeaderMap::new();
        assert!(caller_span(&headers).is_none());
        headers.append(name.clone(), value.clone());
        assert!(caller_span(&headers).is_some());
        headers.append(name, value);
        assert!(caller_span(&headers).is_none());
    }
}
