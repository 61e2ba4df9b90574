//! Random fields and values that fit the schema.

use convene_stress::corpus::Ids;
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};

use crate::{
    request::{Argument, Field, Request},
    schema::{Member, Reference, Schema},
};

/// The nested fields of a random selection.
const DEPTH: usize = 6;
const SIZES: [usize; 8] = [0, 1, 3, 20, 100, 366, 732, 5_000];
const PAGES: [i64; 5] = [1, 20, 50, 100, 100];
/// Matches nothing, some texts, or nearly all texts of the corpus.
const SEARCHES: [&str; 5] = ["zzzqxy", "lorem", "e", "dolor sit amet", "\u{1f600}"];

pub(crate) struct Generator<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) ids: &'a Ids,
    pub(crate) random: StdRng,
}

impl Generator<'_> {
    pub(crate) fn request(&mut self) -> Request {
        match self.random.random_range(0..10) {
            0 => self.rest(),
            1 => Request::Mutation(self.root("Mutation")),
            _ => Request::Query(self.root("Query")),
        }
    }

    fn root(&mut self, kind: &str) -> Vec<Field> {
        let count = self.random.random_range(1..=3);
        (0..count).filter_map(|_| self.field(kind, DEPTH)).collect()
    }

    /// A random field of this type; `None` if it has no fields.
    pub(crate) fn field(&mut self, kind: &str, depth: usize) -> Option<Field> {
        let schema = self.schema;
        let field = schema.fields(kind).choose(&mut self.random)?;
        Some(self.selected(field, depth))
    }

    /// All fields of this type, and all fields inside them, down to this depth. Pages have this size.
    pub(crate) fn all_fields(&mut self, kind: &str, depth: usize, page: i64) -> Vec<Field> {
        let schema = self.schema;
        let is_leaf = |field: &&Member| schema.fields(field.kind.innermost()).is_empty();
        let fields = schema.fields(kind).iter().filter(|field| depth > 0 || is_leaf(field));
        let mut all = Vec::new();
        for field in fields {
            let mut field = self.selected(field, 0);
            let kind = field.on.as_ref().unwrap_or(&field.kind).clone();
            let inside = if depth > 0 { self.all_fields(&kind, depth - 1, page) } else { Vec::new() };
            if !inside.is_empty() {
                field.fields = inside;
            }
            for argument in field.arguments.iter_mut().filter(|argument| argument.name == "first") {
                argument.value = json!(page);
            }
            all.push(field);
        }
        all
    }

    fn selected(&mut self, field: &Member, depth: usize) -> Field {
        let schema = self.schema;
        let kind = field.kind.innermost().to_owned();
        let possible = schema.get(&kind).and_then(|kind| kind.possible().choose(&mut self.random));
        let on = possible.map(|kind| kind.name.clone());
        let object = on.as_ref().unwrap_or(&kind).clone();
        let mut fields = Vec::new();
        if !schema.fields(&object).is_empty() {
            let count = if depth == 0 { 0 } else { self.random.random_range(1..=5) };
            fields.extend((0..count).filter_map(|_| self.field(&object, depth - 1)));
            if fields.is_empty() {
                fields.push(leaf("__typename"));
            }
        }
        let arguments = field.args.iter().filter(|argument| self.is_given(argument));
        let arguments: Vec<_> = arguments.collect();
        let arguments = arguments.into_iter().map(|argument| self.argument(argument)).collect();
        Field { name: field.name.clone(), arguments, kind, on, fields }
    }

    fn is_given(&mut self, member: &Member) -> bool {
        // A cursor that fits is unlikely.
        member.kind.is_required() || member.name != "after" && self.random.random_bool(0.6)
    }

    fn argument(&mut self, argument: &Member) -> Argument {
        let value = self.value(&argument.name, &argument.kind);
        Argument { name: argument.name.clone(), kind: argument.kind.text(), value }
    }

    /// A random value for an argument or a field of an input.
    pub(crate) fn value(&mut self, name: &str, kind: &Reference) -> Value {
        let one = kind.innermost();
        if !kind.is_list() {
            return self.single(name, one);
        }
        let size = SIZES.choose(&mut self.random).copied().unwrap_or_default();
        if size <= 100 {
            return (0..size).map(|_| self.single(name, one)).collect();
        }
        Value::Array(vec![self.single(name, one); size])
    }

    fn single(&mut self, name: &str, kind: &str) -> Value {
        let schema = self.schema;
        if let Some(kind) = schema.get(kind)
            && !(kind.inputs().is_empty() && kind.values().is_empty())
        {
            if let Some(value) = kind.values().choose(&mut self.random) {
                return json!(value.name);
            }
            let given = kind.inputs().iter().filter(|field| self.is_given(field)).collect::<Vec<_>>();
            let fields =
                given.into_iter().map(|field| (field.name.clone(), self.value(&field.name, &field.kind)));
            return Value::Object(fields.collect::<Map<_, _>>());
        }
        match kind {
            "Int" if name == "first" => json!(PAGES.choose(&mut self.random)),
            "Int" => json!(self.random.random_range(0..=1_000)),
            "Boolean" => json!(self.random.random_bool(0.5)),
            "ID" => json!(self.ids.choose(name, &mut self.random)),
            "DateTime" if name == "from" => json!("2031-01-01T00:00:00Z"),
            "DateTime" => json!(["2031-01-08T00:00:00Z", "2032-01-01T00:00:00Z"].choose(&mut self.random)),
            "LocalDateTime" => {
                let hour = self.random.random_range(0..24);
                json!(format!("2031-01-{:02}T{hour:02}:00:00", self.random.random_range(1..29)))
            }
            "Duration" => json!(["PT1H", "P31D", "PT1M"].choose(&mut self.random)),
            "TimeZone" => json!(["UTC", "Europe/Paris", "America/St_Johns"].choose(&mut self.random)),
            _ => json!(self.text(name)),
        }
    }

    fn text(&mut self, name: &str) -> String {
        if name == "idempotencyKey" {
            return format!("fuzz-{}", self.random.random::<u64>());
        }
        if name == "search" {
            return SEARCHES.choose(&mut self.random).copied().unwrap_or_default().to_owned();
        }
        let characters = [1, 50, 200, 10_000, 50_000].choose(&mut self.random).copied().unwrap_or_default();
        let character =
            ["a", "\u{1f600}", "\"", "\u{e9}"].choose(&mut self.random).copied().unwrap_or_default();
        character.repeat(characters)
    }

    fn rest(&mut self) -> Request {
        if self.random.random_bool(0.7) {
            let states = self.random.random_range(0..=110);
            let mut query = format!("first={}", PAGES.choose(&mut self.random).copied().unwrap_or(100));
            for number in 0..states {
                query.push_str(["&status=OPEN", "&priority=MEDIUM", "&status=DONE"][number % 3]);
            }
            return Request::Rest { method: "GET", path: format!("/api/issues?{query}"), body: None };
        }
        let mut body = json!({ "title": self.text("title"), "description": self.text("description") });
        for number in 0..SIZES.choose(&mut self.random).copied().unwrap_or_default() {
            body[format!("unknown{number}")] = json!([[], {}]);
        }
        Request::Rest { method: "POST", path: "/api/issues".to_owned(), body: Some(body) }
    }
}

pub(crate) fn leaf(name: &str) -> Field {
    Field { name: name.to_owned(), arguments: Vec::new(), kind: String::new(), on: None, fields: Vec::new() }
}
