//! Query strings.

/// The names and values of a query string; `None` if one of them is not UTF-8. A value with a replacement for what cannot be read
/// would be another one.
pub(crate) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    str::from_utf8(&decoded(text)).ok()?;
    serde_urlencoded::from_str(text).ok()
}

/// The bytes of a text with `%FF` and the like.
fn decoded(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let rest = match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                part.get(2..).unwrap_or_default()
            }
            // A single sign stands for itself.
            None => part,
        };
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a=caf%C3%A9&b=x+y", Some(&[("a", "caf\u{e9}"), ("b", "x y")]))]
    #[case("a=50%&b=%zz%+1", Some(&[("a", "50%"), ("b", "%zz% 1")]))]
    #[case::value("a=%FF&b=c", None)]
    #[case::name("%ff=1", None)]
    #[case::cut_off("a=%C3&b=%A9", None)]
    #[case::surrogate("a=%ED%A0%80", None)]
    fn only_utf_8_is_read(#[case] text: &str, #[case] expected: Option<&[(&str, &str); 2]>) {
        let expected =
            expected.map(|pairs| pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
        assert_eq!(pairs(text), expected);
    }
}
