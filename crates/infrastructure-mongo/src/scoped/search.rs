use bson::{Document, doc};
use convene_domain::text::SearchText;

/// Makes the filter of documents that contain the text in any of these fields, ignoring case.
pub(crate) fn contains(fields: &[&str], text: &SearchText) -> Document {
    let pattern = literal(text.as_str());
    let conditions: Vec<Document> =
        fields.iter().map(|&field| doc! { field: { "$regex": &pattern, "$options": "i" } }).collect();
    doc! { "$or": conditions }
}

/// Makes a regular expression that matches the text literally.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        // In PCRE, a backslash escapes any ASCII character that is not a letter or a digit.
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
    fn special_characters_are_escaped() {
        assert_eq!(literal("a.*(b)|[c] 50% é\\E"), r"a\.\*\(b\)\|\[c\]\ 50\%\ é\\E");
    }
}
