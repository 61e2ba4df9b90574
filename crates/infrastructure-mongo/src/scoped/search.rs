use bson::{Document, doc};
use convene_domain::text::SearchText;

/// The documents that have the text in any of these fields, whatever its case.
pub(crate) fn contains(fields: &[&str], text: &SearchText) -> Document {
    let pattern = literal(text.as_str());
    let anywhere: Vec<Document> =
        fields.iter().map(|&field| doc! { field: { "$regex": &pattern, "$options": "i" } }).collect();
    doc! { "$or": anywhere }
}

/// A regular expression that matches the text and nothing else.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        // In PCRE, a backslash takes away the meaning of any ASCII character that is no letter or digit.
        if character.is_ascii() && !character.is_ascii_alphanumeric() {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_has_a_meaning() {
        assert_eq!(literal("a.*(b)|[c] 50% é\\E"), r"a\.\*\(b\)\|\[c\]\ 50\%\ é\\E");
    }
}
