//! The root certificates of other servers, as a setting names them.

use std::path::Path;

use super::environment::Reader;
use crate::outgoing::Roots;

/// The certificates in a setting or in the file that it names; by default those of Mozilla.
pub(super) fn roots(reader: &mut Reader<'_>, setting: &'static str) -> Option<Roots> {
    let Some(text) = reader.optional(setting) else { return Some(Roots::default()) };
    let pem = if text.contains("-----BEGIN") { text } else { reader.file(setting, Path::new(&text))? };
    reader.check(setting, pem.parse())
}
