//! A short form of a request for a table: repeated parts are counted, and long values are cut.

use serde_json::Value;

use crate::request::{Field, Request};

/// The characters of a short form. A form with all levels is often longer, so the innermost ones are left out first.
const MAX_CHARACTERS: usize = 200;
const MAX_DEPTH: usize = 12;
/// The fields without selections, and the items, that are named. More of them are counted.
const NAMED: usize = 3;
/// The characters of a text that are shown.
const TEXT: usize = 12;

/// The levels of a form: of selections, and of the values of arguments.
#[derive(Clone, Copy)]
struct Detail {
    depth: usize,
    values: usize,
}

/// Returns the short form. It is not a valid request: the complete ones are in files.
pub(crate) fn shorten(request: &Request) -> String {
    let details = [MAX_DEPTH, 1, 0].into_iter().flat_map(|values| {
        let depths = (1..=MAX_DEPTH).rev().filter(move |depth| values < MAX_DEPTH || *depth > 2);
        depths.map(move |depth| Detail { depth, values })
    });
    let mut last = String::new();
    for detail in details {
        last = with_detail(request, detail);
        if last.chars().count() <= MAX_CHARACTERS {
            return last;
        }
    }
    last.chars().take(MAX_CHARACTERS - 1).chain(['\u{2026}']).collect()
}

fn with_detail(request: &Request, detail: Detail) -> String {
    match request {
        Request::Query(fields) => selection(fields, detail),
        Request::Mutation(fields) => format!("mutation {}", selection(fields, detail)),
        Request::Rest { method, path, body } => {
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            let parameters = counted(query.split('&').filter(|one| !one.is_empty()).map(str::to_owned));
            let query =
                if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
            let body = body.as_ref().map(|body| format!(" {}", value(body, detail.values)));
            format!("{method} {path}{query}{}", body.unwrap_or_default())
        }
    }
}

fn selection(fields: &[Field], detail: Detail) -> String {
    if detail.depth == 0 {
        return match fields.iter().map(Field::count).sum() {
            1 => "{ 1 field }".to_owned(),
            count => format!("{{ {count} fields }}"),
        };
    }
    let is_plain = |field: &&Field| field.fields.is_empty() && field.arguments.is_empty();
    let (plain, others): (Vec<_>, Vec<_>) = fields.iter().partition(is_plain);
    let mut parts = counted(plain.iter().map(|field| field.name.clone()));
    if parts.len() > NAMED {
        parts = vec![format!("{} fields", plain.len())];
    }
    parts.extend(counted(others.into_iter().map(|one| field(one, detail))));
    format!("{{ {} }}", parts.join(" "))
}

fn field(field: &Field, detail: Detail) -> String {
    let arguments =
        field.arguments.iter().map(|one| format!("{}: {}", one.name, value(&one.value, detail.values)));
    let arguments = arguments.collect::<Vec<_>>().join(", ");
    let arguments = if arguments.is_empty() { arguments } else { format!("({arguments})") };
    let inside = if field.fields.is_empty() {
        String::new()
    } else {
        format!(" {}", selection(&field.fields, Detail { depth: detail.depth - 1, ..detail }))
    };
    format!("{}{arguments}{inside}", field.name)
}

fn value(value: &Value, depth: usize) -> String {
    match value {
        Value::String(text) => short_text(text),
        Value::Array(items) if depth == 0 || items.len() > NAMED => {
            let first = items.first().map(|first| self::value(first, depth.saturating_sub(1)));
            format!("[{} \u{d7}{}]", first.unwrap_or_default(), items.len())
        }
        Value::Array(items) => {
            format!(
                "[{}]",
                items.iter().map(|item| self::value(item, depth - 1)).collect::<Vec<_>>().join(", ")
            )
        }
        Value::Object(fields) if depth == 0 || fields.len() > 2 * NAMED => {
            format!("{{{} fields}}", fields.len())
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, one)| format!("{name}: {}", self::value(one, depth - 1)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn short_text(text: &str) -> String {
    let length = text.chars().count();
    let first = text.chars().next().unwrap_or_default();
    if length <= TEXT {
        format!("{text:?}")
    } else if text.chars().all(|one| one == first) {
        format!("{:?} \u{d7}{length}", first.to_string())
    } else {
        format!("{:?}", text.chars().take(TEXT).chain(['\u{2026}']).collect::<String>())
    }
}

/// Each part once, in the order of their first occurrence, with their number.
fn counted(parts: impl Iterator<Item = String>) -> Vec<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for part in parts {
        match counts.iter_mut().find(|(known, _)| *known == part) {
            Some((_, count)) => *count += 1,
            None => counts.push((part, 1)),
        }
    }
    let shown = |(part, count)| if count == 1 { part } else { format!("{part} \u{d7}{count}") };
    counts.into_iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{generate::leaf, request::Argument};

    fn argument(name: &str, value: Value) -> Argument {
        Argument { name: name.to_owned(), kind: String::new(), value }
    }

    #[test]
    fn repeated_parts_are_counted_and_long_values_cut() {
        let cursors = Field { fields: vec![leaf("cursor"); 5], ..leaf("edges") };
        let many = ["id", "title", "description", "status"].map(leaf).to_vec();
        let nodes = Field { fields: many, ..leaf("nodes") };
        let filter = json!({ "search": "e", "assignees": vec!["mbr_00000000000000000000"; 100] });
        let arguments = vec![
            argument("first", json!(100)),
            argument("filter", filter),
            argument("after", json!("a".repeat(50_000))),
        ];
        let events = Field { arguments, fields: vec![cursors, nodes], ..leaf("events") };
        assert_eq!(
            shorten(&Request::Query(vec![events.clone(), events])),
            "{ events(first: 100, filter: {assignees: [\"mbr_00000000\u{2026}\" \u{d7}100], search: \"e\"}, after: \"a\" \u{d7}50000) \
             { edges { cursor \u{d7}5 } nodes { 4 fields } } \u{d7}2 }"
        );
        let path = format!("/api/issues?first=100{}", "&status=OPEN".repeat(37));
        let rest = Request::Rest { method: "GET", path, body: None };
        assert_eq!(shorten(&rest), "GET /api/issues?first=100&status=OPEN \u{d7}37");
    }

    #[test]
    fn the_innermost_levels_and_the_values_are_left_out_of_a_long_form() {
        let level = |inside: Vec<Field>| {
            (0..8).map(|number| Field { fields: inside.clone(), ..leaf(&format!("field{number}")) }).collect()
        };
        let shown = shorten(&Request::Mutation(level(level(vec![leaf("id")]))));
        assert!(shown.starts_with("mutation { field0 { 16 fields } field1 { 16 fields }"), "{shown}");
        let input = json!({ "title": "a".repeat(100), "location": "b", "dates": vec!["2031-01-01"; 366] });
        let arguments = vec![argument("input", input)];
        let roots = (0..5).map(|number| {
            let arguments = arguments.clone();
            Field { arguments, fields: vec![leaf("id")], ..leaf(&format!("create{number}")) }
        });
        let shown = shorten(&Request::Query(roots.collect()));
        assert!(shown.starts_with("{ create0(input: {3 fields}) { id } create1(input:"), "{shown}");
        let wide = (0..100).map(|number| Field { fields: vec![leaf("id")], ..leaf(&format!("f{number}")) });
        let shown = shorten(&Request::Query(wide.collect()));
        assert!(
            shown.starts_with("{ f0 { 1 field } f1 { 1 field }") && shown.ends_with('\u{2026}'),
            "{shown}"
        );
        assert_eq!(shown.chars().count(), MAX_CHARACTERS);
    }
}
