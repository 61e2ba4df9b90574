//! The limits of the errors in one response.

/// The maximum number of errors in one response. An invalid document can have thousands, and the first ones explain the
/// others.
pub const MAX_ERRORS: usize = 10;

/// The maximum length of an error message in characters. Messages quote the document, which may be one huge name.
pub const MAX_MESSAGE_LENGTH: usize = 500;

/// The maximum number of invalid parts of an input that one response lists, beyond the first one of each field. The
/// response says how many it leaves out.
pub const MAX_PROBLEMS: usize = 20;

/// The maximum number of positions in the document that one error lists.
pub const MAX_LOCATIONS: usize = 10;

/// Cuts a message after [`MAX_MESSAGE_LENGTH`] characters.
#[must_use]
pub fn shortened(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE_LENGTH) {
        message.truncate(end);
        message.push('…');
    }
    message
}
