//! The text of the schema.

use convene_api_graphql::graphql::schema;

#[test]
fn the_schema_in_docs_is_what_is_served() {
    let written = include_str!("../../../../docs/schema.graphql");
    assert!(written == schema::sdl(), "run `cargo xtask schema` and commit docs/schema.graphql");
}

#[test]
fn everything_is_described() {
    let sdl = schema::sdl();
    let lines: Vec<&str> = sdl.lines().map(str::trim).collect();
    let mut undescribed = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| lines.get(index)).unwrap_or(&"");
        let declares_type = ["type ", "input ", "enum ", "interface ", "scalar "];
        let described = before.ends_with('"') || line.starts_with('"');
        if declares_type.iter().any(|keyword| line.starts_with(keyword)) && !described {
            undescribed.push(*line);
        }
    }
    assert!(undescribed.is_empty(), "{undescribed:?}");
}
