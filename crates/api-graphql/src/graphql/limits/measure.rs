//! Measures a parsed document in one walk: every selection is visited once, fragments included.

use std::collections::{HashMap, HashSet};

use juniper::{
    DefaultScalarValue, Definition, Document, InputValue, Operation, OperationType, SchemaType, Selection,
    Variables,
    meta::{self, MetaType},
};

use super::{
    DocumentLimits, Excess, arguments::Inputs, page_size, page_size::Arguments, price::Price, prices,
    prices::Length,
};
use crate::graphql::document;

type Scalar = DefaultScalarValue;

/// The properties of a document that the limits refer to.
#[derive(Debug)]
pub struct Inspection {
    /// The price of the selected operation, or the maximum price of all operations if none is selected.
    pub price: Price,
    /// The type of the selected operation; `None` if it does not exist or the request is ambiguous.
    pub operation: Option<OperationType>,
    /// The limits that the document exceeds.
    pub excesses: Vec<Excess>,
    /// True if any part of the document selects `__schema` or `__type`.
    pub introspects: bool,
    /// The number of operations.
    pub operations: usize,
}

/// The size of a selection, including the fragments that it spreads.
#[derive(Clone, Copy, Default)]
struct Size {
    /// The price of the fields that are resolved once.
    once: Price,
    /// The price of the fields that are resolved for each item of the enclosing page.
    each: Price,
    depth: usize,
    /// The number of nested lists of introspection.
    lists: usize,
    fields: usize,
}

struct Walk<'d> {
    schema: &'d SchemaType<Scalar>,
    fragments: HashMap<&'d str, (&'d str, &'d [Selection<'d, Scalar>])>,
    measured: HashMap<&'d str, Size>,
    open: HashSet<&'d str>,
    variables: Variables<Scalar>,
    inputs: Inputs,
    aliases: usize,
    directives: usize,
    introspects: bool,
    /// The number of nested fields inside `__schema` and `__type`.
    introspection_depth: usize,
    /// The number of nested lists inside `__schema` and `__type`.
    introspection_lists: usize,
}

/// Measures a document in time linear in its length.
#[must_use]
pub fn inspect(
    document: &Document<'_, Scalar>,
    schema: &SchemaType<Scalar>,
    operation_name: Option<&str>,
    variables: &Variables<Scalar>,
    limits: &DocumentLimits,
) -> Inspection {
    let operations: Vec<&Operation<'_, Scalar>> = document::operations(document).collect();
    let mut walk = Walk::new(document, schema, with_defaults(variables, &operations));

    let sizes: Vec<Size> = operations.iter().map(|operation| walk.operation(operation)).collect();
    for definition in document {
        if let Definition::Fragment(fragment) = definition {
            // Validation also visits fragments that no operation uses.
            walk.directives += fragment.item.directives.as_ref().map_or(0, Vec::len);
            let _unused = walk.fragment(fragment.item.name.item);
        }
    }

    let mut candidates = operations
        .iter()
        .zip(&sizes)
        .filter(|(operation, _)| operation_name.is_none() || document::has_name(operation, operation_name));
    // Validation refuses several operations of one name.
    let selected = candidates.next().filter(|_| operation_name.is_some() || candidates.next().is_none());
    let price = match selected {
        Some((_, size)) => size.once,
        None => sizes.iter().map(|size| size.once).max_by_key(|price| price.cost).unwrap_or_default(),
    };
    Inspection {
        price,
        operation: selected.map(|(operation, _)| operation.operation_type),
        excesses: excesses(&walk, &sizes, price, limits),
        introspects: walk.introspects,
        operations: operations.len(),
    }
}

fn excesses(walk: &Walk<'_>, sizes: &[Size], price: Price, limits: &DocumentLimits) -> Vec<Excess> {
    // Fragments on the types of introspection can only be used inside it.
    let of_data = walk.measured.iter().filter(|(name, _)| !walk.is_on_introspection(name));
    let deepest = sizes.iter().chain(of_data.map(|(_, size)| size)).map(|size| size.depth).max().unwrap_or(0);
    let most_fields = sizes.iter().map(|size| size.fields).max().unwrap_or(0);
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    [
        ("depth", count(limits.depth), count(deepest)),
        ("introspectionDepth", count(limits.introspection_depth), count(walk.introspection_depth)),
        ("introspectionLists", count(limits.introspection_lists), count(walk.introspection_lists)),
        ("aliases", count(limits.aliases), count(walk.aliases)),
        ("rootFields", count(limits.root_fields), count(most_fields)),
        ("directives", count(limits.directives), count(walk.directives)),
        ("cost", limits.cost, price.cost),
        ("bytes", limits.bytes, price.bytes),
    ]
    .into_iter()
    .filter(|(_, allowed, actual)| actual > allowed)
    .map(|(limit, allowed, actual)| Excess { limit, allowed, actual: Some(actual) })
    .collect()
}

/// Returns the given variables, completed with the defaults in the document. If the operations have different numbers
/// as a default, the largest one counts, so that a fragment that they share is measured only once.
fn with_defaults(given: &Variables<Scalar>, operations: &[&Operation<'_, Scalar>]) -> Variables<Scalar> {
    let mut variables = given.clone();
    for operation in operations {
        let Some(definitions) = &operation.variables_definition else { continue };
        for (name, definition) in &definitions.item.items {
            let Some(default) = &definition.default_value else { continue };
            if given.contains_key(name.item) {
                continue;
            }
            let known = variables.entry(name.item.into()).or_insert_with(|| default.item.clone());
            if let (InputValue::Scalar(Scalar::Int(old)), InputValue::Scalar(Scalar::Int(new))) =
                (known, &default.item)
            {
                *old = (*old).max(*new);
            }
        }
    }
    variables
}

fn is_list(kind: &juniper::Type) -> bool {
    kind.to_string().starts_with('[')
}

impl<'d> Walk<'d> {
    fn new(
        document: &'d Document<'d, Scalar>,
        schema: &'d SchemaType<Scalar>,
        variables: Variables<Scalar>,
    ) -> Self {
        let fragments = document.iter().filter_map(|definition| match definition {
            Definition::Fragment(fragment) => Some((
                fragment.item.name.item,
                (fragment.item.type_condition.item, fragment.item.selection_set.as_slice()),
            )),
            Definition::Operation(_) => None,
        });
        Self {
            schema,
            fragments: fragments.collect(),
            measured: HashMap::new(),
            open: HashSet::new(),
            inputs: Inputs::new(&variables),
            variables,
            aliases: 0,
            directives: 0,
            introspects: false,
            introspection_depth: 0,
            introspection_lists: 0,
        }
    }

    fn operation(&mut self, operation: &'d Operation<'d, Scalar>) -> Size {
        self.directives += operation.directives.as_ref().map_or(0, Vec::len);
        for (_, definition) in operation.variables_definition.iter().flat_map(|all| &all.item.items) {
            self.directives += definition.directives.as_ref().map_or(0, Vec::len);
        }
        let root = match operation.operation_type {
            OperationType::Query => Some(self.schema.concrete_query_type()),
            OperationType::Mutation => self.schema.concrete_mutation_type(),
            OperationType::Subscription => self.schema.concrete_subscription_type(),
        };
        self.selections(&operation.selection_set, root)
    }

    fn selections(
        &mut self,
        selections: &'d [Selection<'d, Scalar>],
        parent: Option<&'d MetaType<Scalar>>,
    ) -> Size {
        let mut total = Size::default();
        for selection in selections {
            let size = self.selection(selection, parent);
            total.once += size.once;
            total.each += size.each;
            total.fields = total.fields.saturating_add(size.fields);
            total.depth = total.depth.max(size.depth);
            total.lists = total.lists.max(size.lists);
        }
        total
    }

    fn selection(
        &mut self,
        selection: &'d Selection<'d, Scalar>,
        parent: Option<&'d MetaType<Scalar>>,
    ) -> Size {
        match selection {
            Selection::Field(field) => {
                let field = &field.item;
                let name = field.name.item;
                self.aliases += usize::from(field.alias.is_some());
                self.directives += field.directives.as_ref().map_or(0, Vec::len);
                let definition = parent.and_then(|parent| parent.field_by_name(name));
                let kind = definition
                    .and_then(|field| self.schema.concrete_type_by_name(field.field_type.innermost_name()));
                let inside = match &field.selection_set {
                    Some(selections) => self.selections(selections, kind),
                    None => Size::default(),
                };
                let introspects = matches!(name, "__schema" | "__type");
                if introspects {
                    self.introspects = true;
                    self.introspection_depth = self.introspection_depth.max(inside.depth);
                    self.introspection_lists = self.introspection_lists.max(inside.lists);
                }
                let arguments = field.arguments.as_ref().map_or(&[][..], |arguments| &arguments.item.items);
                let key = field.alias.as_ref().map_or(name, |alias| alias.item);
                let kind = parent.and_then(|parent| parent.name()).map_or("", |name| name.as_str());
                let is_list = prices::is_list_of_introspection(kind, name);
                let (once, each) = self.price((kind, name, key), definition, arguments, inside);
                Size {
                    once,
                    each,
                    // The queries of common tools are deeply nested, so that introspection has a limit of its own.
                    depth: if introspects { 1 } else { inside.depth + 1 },
                    lists: if introspects { 0 } else { inside.lists + usize::from(is_list) },
                    fields: 1,
                }
            }
            Selection::InlineFragment(fragment) => {
                self.directives += fragment.item.directives.as_ref().map_or(0, Vec::len);
                let condition = fragment.item.type_condition.as_ref();
                let kind = match condition {
                    Some(condition) => self.schema.concrete_type_by_name(condition.item),
                    None => parent,
                };
                self.selections(&fragment.item.selection_set, kind)
            }
            Selection::FragmentSpread(spread) => {
                self.directives += spread.item.directives.as_ref().map_or(0, Vec::len);
                self.fragment(spread.item.name.item)
            }
        }
    }

    /// Returns the price of a field: the part that is due once, and the part for each item of the enclosing page.
    /// The first argument has the names of the type and the field, and the key in the response.
    fn price(
        &self,
        (kind, name, key): (&str, &str, &str),
        definition: Option<&meta::Field<Scalar>>,
        arguments: &Arguments<'_>,
        inside: Size,
    ) -> (Price, Price) {
        let value = definition.map_or(prices::UNKNOWN, |definition| prices::value(kind, definition));
        let page = page_size::items(name, definition, arguments, &self.variables);
        let loaded = definition.map_or(Price::default(), prices::loaded);
        let item = prices::key(key.len()) + value + inside.once + (inside.each + loaded) * page.unwrap_or(1);
        let item = if matches!(name, "__schema" | "__type") { prices::introspection(item) } else { item };
        let call = definition.map_or(Price::default(), |_| prices::call(kind, name));
        let filter = arguments.iter().any(|(name, _)| name.item == "filter").then(|| prices::filter(kind));
        let work = self.inputs.price(arguments) + call + filter.unwrap_or_default();
        let own = prices::UNKNOWN + work;
        match definition.filter(|definition| is_list(&definition.field_type)) {
            None => (work + item, Price::default()),
            Some(_) => match prices::length(kind, name) {
                _ if page.is_some() => (own + item * page.unwrap_or(1), Price::default()),
                None | Some(Length::One) => (own + item, Price::default()),
                Some(Length::Most(items)) => (own + item * items, Price::default()),
                Some(Length::Page) => (own, item),
            },
        }
    }

    fn is_on_introspection(&self, fragment: &str) -> bool {
        self.fragments.get(fragment).is_some_and(|(condition, _)| condition.starts_with("__"))
    }

    /// Returns the size of a fragment, which is measured once. An unknown fragment, or one that spreads itself, has no
    /// size because validation refuses it.
    fn fragment(&mut self, name: &'d str) -> Size {
        if let Some(size) = self.measured.get(name) {
            return *size;
        }
        let Some((condition, selections)) = self.fragments.get(name).copied() else { return Size::default() };
        if !self.open.insert(name) {
            return Size::default();
        }
        let kind = self.schema.concrete_type_by_name(condition);
        let size = self.selections(selections, kind);
        self.open.remove(name);
        self.measured.insert(name, size);
        size
    }
}
