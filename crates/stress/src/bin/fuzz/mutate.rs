//! Variations of a request.

use rand::{Rng, seq::IndexedRandom};
use serde_json::json;

use crate::{
    generate::{Generator, leaf},
    request::{Field, Request},
};

/// The nested fields of a new part.
const NEW_DEPTH: usize = 3;

impl Generator<'_> {
    /// A variation of a request, which may take parts of another one.
    pub(crate) fn vary(&mut self, request: &Request, other: &Request) -> Request {
        let mut varied = request.clone();
        for _ in 0..self.random.random_range(1..=4) {
            match (&mut varied, other) {
                (Request::Query(fields), Request::Query(donor)) => self.vary_fields("Query", fields, donor),
                (Request::Query(fields), _) => self.vary_fields("Query", fields, &[]),
                (Request::Mutation(fields), Request::Mutation(donor)) => {
                    self.vary_fields("Mutation", fields, donor);
                }
                (Request::Mutation(fields), _) => self.vary_fields("Mutation", fields, &[]),
                (Request::Rest { .. }, _) => return self.request(),
            }
        }
        varied
    }

    fn vary_fields(&mut self, root: &str, fields: &mut Vec<Field>, donor: &[Field]) {
        let count = fields.iter().map(Field::count).sum::<usize>();
        let chosen = self.random.random_range(0..=count);
        let (kind, fields) = match chosen.checked_sub(1).and_then(|position| nth(fields, position)) {
            Some(field) => {
                if self.random.random_bool(0.4) && !field.arguments.is_empty() {
                    return self.vary_argument(root, field);
                }
                (field.on.clone().unwrap_or_else(|| field.kind.clone()), &mut field.fields)
            }
            None => (root.to_owned(), fields),
        };
        match self.random.random_range(0..6) {
            0 if fields.len() > 1 => drop(fields.remove(self.random.random_range(0..fields.len()))),
            1 | 2 => {
                // The copy gets an alias.
                if let Some(field) = fields.choose(&mut self.random).cloned() {
                    fields.push(field);
                }
            }
            3 if !donor.is_empty() => {
                let of_kind = |field: &Field| field.on.as_ref().unwrap_or(&field.kind) == &kind;
                let parts: Vec<&Field> = donor.iter().flat_map(all).filter(|field| of_kind(field)).collect();
                match parts.choose(&mut self.random) {
                    Some(part) => *fields = part.fields.clone(),
                    None if kind == root => fields.extend(donor.choose(&mut self.random).cloned()),
                    None => {}
                }
            }
            4 => *fields = self.all_fields(&kind, 1, 100),
            _ => fields.extend(self.field(&kind, NEW_DEPTH)),
        }
        if fields.is_empty() && !self.schema.fields(&kind).is_empty() {
            fields.push(leaf("__typename"));
        }
    }

    fn vary_argument(&mut self, root: &str, field: &mut Field) {
        let schema = self.schema;
        let number = self.random.random_range(0..field.arguments.len());
        let argument = &mut field.arguments[number];
        if argument.name == "first" {
            argument.value = json!([1, 10, 40, 100, 100].choose(&mut self.random));
            return;
        }
        // The definition is found by its name: fields of one name have the same arguments in this schema, nearly.
        let kinds = [root, "Event", "Occurrence", "Member", "Viewer"];
        let definitions = kinds.iter().flat_map(|kind| schema.fields(kind));
        let same = definitions.filter(|definition| definition.name == field.name);
        let kind = same.flat_map(|definition| &definition.args).find(|one| one.name == argument.name);
        if let Some(kind) = kind.filter(|kind| kind.kind.text() == argument.kind) {
            argument.value = self.value(&argument.name, &kind.kind);
        }
    }
}

/// The field at this position, counted from the root downwards.
fn nth(fields: &mut [Field], mut position: usize) -> Option<&mut Field> {
    for field in fields {
        let count = field.count();
        if position == 0 {
            return Some(field);
        }
        if position < count {
            return nth(&mut field.fields, position - 1);
        }
        position -= count;
    }
    None
}

fn all(field: &Field) -> Vec<&Field> {
    std::iter::once(field).chain(field.fields.iter().flat_map(all)).collect()
}
