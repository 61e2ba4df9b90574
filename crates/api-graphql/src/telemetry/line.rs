//! The formats of log lines. Each line that is written for a request has its id, always in the same place.

use std::fmt::{self, Debug, Write};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Compact, Format, Writer},
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

use super::record::RequestRecord;

/// Lines of JSON: time, level, request id, trace id, message, the fields of the line, and its target.
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        writer.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut writer)?;
        write!(writer, "\",\"level\":\"{}\"", event.metadata().level())?;
        RequestRecord::with_current(|record| {
            write!(writer, ",\"request_id\":\"{}\"", record.id())?;
            record.trace().map_or(Ok(()), |trace| write!(writer, ",\"trace_id\":\"{trace}\""))
        })
        .unwrap_or(Ok(()))?;
        let mut fields = JsonFields { writer: &mut writer, result: Ok(()) };
        event.record(&mut fields);
        fields.result?;
        write_name(&mut writer, "target")?;
        write_text(&mut writer, event.metadata().target())?;
        writer.write_str("}\n")
    }
}

/// Writes fields as members of an object that is not empty.
struct JsonFields<'w, W> {
    writer: &'w mut W,
    result: fmt::Result,
}

impl<W: Write> JsonFields<'_, W> {
    fn write(&mut self, field: &Field, value: impl FnOnce(&mut W) -> fmt::Result) {
        if self.result.is_ok() {
            self.result = write_name(self.writer, field.name()).and_then(|()| value(self.writer));
        }
    }
}

impl<W: Write> Visit for JsonFields<'_, W> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.write(field, |writer| {
            if value.is_finite() { write!(writer, "{value}") } else { writer.write_str("null") }
        });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, |writer| write!(writer, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, |writer| write!(writer, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field, |writer| write!(writer, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, |writer| write_text(writer, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, |writer| {
            writer.write_char('"')?;
            write!(Escaped(writer), "{value:?}")?;
            writer.write_char('"')
        });
    }
}

fn write_name(writer: &mut impl Write, name: &str) -> fmt::Result {
    writer.write_char(',')?;
    write_text(writer, name)?;
    writer.write_char(':')
}

fn write_text(writer: &mut impl Write, text: &str) -> fmt::Result {
    writer.write_char('"')?;
    Escaped(writer).write_str(text)?;
    writer.write_char('"')
}

/// Writes text as a part of a JSON string (RFC 8259, section 7).
struct Escaped<'w, W>(&'w mut W);

impl<W: Write> Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(position) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\')
        {
            let (plain, special) = rest.split_at(position);
            self.0.write_str(plain)?;
            // All of these characters have one byte.
            let (special, after) = special.split_at(1);
            match special {
                "\"" => self.0.write_str("\\\"")?,
                "\\" => self.0.write_str("\\\\")?,
                "\n" => self.0.write_str("\\n")?,
                control => {
                    control.bytes().try_for_each(|byte| write!(self.0, "\\u{byte:04x}"))?;
                }
            }
            rest = after;
        }
        self.0.write_str(rest)
    }
}

/// Lines for people: the compact format, and the request id at the end.
pub(super) struct ReadableLines(Format<Compact>);

impl ReadableLines {
    pub(super) fn new(is_coloured: bool) -> Self {
        Self(Format::default().compact().with_ansi(is_coloured))
    }
}

impl<S, N> FormatEvent<S, N> for ReadableLines
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(line.trim_end_matches('\n'))?;
        RequestRecord::with_current(|record| write!(writer, " request_id={}", record.id()))
            .unwrap_or(Ok(()))?;
        writer.write_char('\n')
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    proptest! {
        #[test]
        fn text_is_escaped_so_that_it_is_read_unchanged(text: String) {
            let mut written = String::new();
            write_text(&mut written, &text).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), Value::String(text));
            prop_assert!(!written.contains('\n'));
        }
    }
}
