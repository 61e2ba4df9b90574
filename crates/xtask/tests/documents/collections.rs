//! ARCHITECTURE shows each collection with an example that has all required fields, and with its indexes and their keys.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::assert_none;
use crate::repository::Repository;

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const SCHEMA: &str = "crates/infrastructure-mongo/src/schema/";
/// The functions that make the validator of a collection.
const VALIDATORS: [&str; 3] = ["documents", "documents_where", "object"];
/// The functions that make an index.
const INDEXES: [&str; 5] = ["index", "partial", "unique", "unique_among", "expiring"];

/// A collection: its required fields, and its indexes with their keys.
#[derive(Debug, PartialEq)]
struct Collection {
    required: Vec<String>,
    indexes: Vec<(String, Vec<String>)>,
}

impl Collection {
    fn of_source(text: &str) -> Self {
        let tokens: TokenStream = text.parse().unwrap();
        let validators = calls(tokens.clone(), &VALIDATORS);
        // Objects within documents come first.
        let validator = validators.iter().find(|(name, _)| name != "object").or(validators.first());
        let fields = validator.and_then(|(_, arguments)| group(arguments, Delimiter::Bracket));
        let fields = fields.into_iter().flatten().filter_map(|token| match token {
            TokenTree::Group(field) => string(&field.stream().into_iter().next()?),
            _ => None,
        });
        let indexes = calls(tokens, &INDEXES).into_iter().map(|(_, arguments)| {
            let name = arguments.clone().into_iter().next().unwrap();
            let name = string(&name).or_else(|| constant(text, &name.to_string())).unwrap();
            let keys = group(&arguments, Delimiter::Brace).unwrap();
            (name, keys.into_iter().filter_map(|token| string(&token)).collect())
        });
        Self { required: fields.collect(), indexes: indexes.collect() }
    }

    /// Reads the section of a collection: the names of the fields in its first example, and the table of its indexes.
    fn of_section(text: &str) -> Self {
        let example = text.split("```").nth(1).unwrap_or_default();
        let names = example.split('"').collect::<Vec<_>>();
        let fields = names.windows(2).filter(|pair| pair[1].starts_with(':')).map(|pair| pair[0].to_owned());
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
        let indexes = rows.map(|(name, rest)| {
            let keys = rest.split(" |").next().unwrap_or_default().split('`').skip(1).step_by(2);
            (name.to_owned(), keys.filter(|key| !key.starts_with("CONVENE_")).map(str::to_owned).collect())
        });
        Self { required: fields.collect(), indexes: indexes.collect() }
    }
}

/// The arguments of the calls of these functions.
fn calls(tokens: TokenStream, functions: &[&str]) -> Vec<(String, TokenStream)> {
    let mut found = Vec::new();
    let mut last = String::new();
    for token in tokens {
        if let TokenTree::Group(group) = &token {
            if group.delimiter() == Delimiter::Parenthesis && functions.contains(&last.as_str()) {
                found.push((last, group.stream()));
            }
            found.extend(calls(group.stream(), functions));
        }
        last = token.to_string();
    }
    found
}

/// The content of the first group with this delimiter.
fn group(tokens: &TokenStream, delimiter: Delimiter) -> Option<TokenStream> {
    tokens.clone().into_iter().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == delimiter => Some(group.stream()),
        _ => None,
    })
}

fn string(token: &TokenTree) -> Option<String> {
    Some(token.to_string().strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

fn constant(text: &str, name: &str) -> Option<String> {
    let (_, value) = text.split_once(&format!("const {name}: &str = \""))?;
    Some(value.split_once('"')?.0.to_owned())
}

/// The collections of the schema, with their names.
fn collections(repository: &Repository) -> impl Iterator<Item = (&str, Collection)> {
    repository.sources().filter(|(_, text)| text.contains(": CollectionSchema = ")).filter_map(
        |(path, text)| {
            let name = path.strip_prefix(SCHEMA)?.strip_suffix(".rs")?;
            Some((name, Collection::of_source(text)))
        },
    )
}

fn differences(repository: &Repository) -> Vec<String> {
    let architecture = repository.text(ARCHITECTURE).unwrap_or_default();
    let mut found = Vec::new();
    for (name, collection) in collections(repository) {
        let Some((_, section)) = architecture.split_once(&format!("\n#### `{name}`\n")) else {
            found.push(format!("{ARCHITECTURE} does not describe {name}"));
            continue;
        };
        let section = Collection::of_section(section.split("\n##").next().unwrap_or_default());
        let missing = collection.required.iter().filter(|field| !section.required.contains(field));
        found.extend(missing.map(|field| format!("the example of {name} lacks {field}")));
        let in_code = collection.indexes.iter().filter(|index| !section.indexes.contains(index));
        found.extend(in_code.map(|(index, keys)| format!("{name}: {index} is on {}", keys.join(", "))));
        let documented = section.indexes.iter().filter(|index| !collection.indexes.contains(index));
        found
            .extend(documented.map(|(index, keys)| format!("{name}: {index} is not on {}", keys.join(", "))));
    }
    found
}

#[test]
fn architecture_shows_the_fields_and_indexes_of_each_collection() {
    let repository = Repository::read();
    let agendas = Collection::of_source(repository.text(&format!("{SCHEMA}agendas.rs")).unwrap());
    let by_id = ("by_id".to_owned(), ["organization", "_id"].map(str::to_owned).into());
    assert_eq!(
        agendas,
        Collection {
            required: ["_id", "organization", "busy"].map(str::to_owned).into(),
            indexes: vec![by_id]
        }
    );
    assert_none(&differences(&repository));
}

#[test]
fn architecture_states_the_number_of_indexes() {
    let repository = Repository::read();
    let collections: Vec<_> = collections(&repository).map(|(_, collection)| collection).collect();
    // MongoDB makes an index of `_id` itself. Each collection and each index is a file.
    let indexes = collections.iter().map(|collection| collection.indexes.len() + 1).sum::<usize>();
    let files = collections.len() + indexes;
    let sentence = format!("{} collections and {indexes} indexes are {files} files each", collections.len());
    assert!(repository.text(ARCHITECTURE).unwrap().contains(&sentence), "{sentence}");
}

#[test]
fn differences_of_a_collection_are_found() {
    let code = r#"
        const UNIQUE: &str = "one_per_number";
        static ISSUES: CollectionSchema = CollectionSchema {
            validator: || {
                let inner = object(&[("inner", text())], &[]);
                documents(&[("_id", id()), ("number", int()), inner], &[("optional", date())])
            },
            indexes: |_| vec![
                unique(UNIQUE, doc! { "organization": 1, "number": 1 }),
                index("by_time", doc! { "organization": 1, "at": -1 }),
                expiring("expires", doc! { "at": 1 }, RETENTION),
            ],
        };"#;
    let section = "\n#### `issues`\n\n```json\n{ \"_id\": \"iss_1\" }\n```\n\n| index | keys | purpose |\n|---|---|---|\n\
                   | `one_per_number` | `organization`, unique | x |\n| `expires` | `at`, expires after `CONVENE_DAYS` | `y` |\n";
    let members = "static MEMBERS: CollectionSchema = CollectionSchema {};";
    let files = [
        (ARCHITECTURE, section),
        ("crates/infrastructure-mongo/src/schema/issues.rs", code),
        ("crates/infrastructure-mongo/src/schema/members.rs", members),
    ];
    assert_eq!(
        differences(&Repository::of(&files)),
        [
            "the example of issues lacks number",
            "issues: one_per_number is on organization, number",
            "issues: by_time is on organization, at",
            "issues: one_per_number is not on organization",
            "ARCHITECTURE.md does not describe members",
        ]
    );
}
