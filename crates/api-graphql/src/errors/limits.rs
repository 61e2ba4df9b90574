//! The limits of the errors in one response.

use std::{collections::HashSet, hash::Hash};

/// The maximum number of errors in one response. An invalid document can have thousands, and the first ones explain the
/// others.
pub const MAX_ERRORS: usize = 10;

/// The maximum length of an error message in characters. Messages quote the document, which may be one huge name.
pub const MAX_MESSAGE_LENGTH: usize = 500;

/// The maximum number of invalid parts of an input that one response lists, beyond the first one of each field. The
/// response says how many it leaves out.
pub const MAX_PROBLEMS: usize = 20;

/// The fields of the largest input, with those of the objects in it.
pub const MAX_INPUT_FIELDS: usize = 33;

/// The maximum number of positions in the document that one error lists.
pub const MAX_LOCATIONS: usize = 10;

/// Keeps the first problem of each field, and as many further ones as `number` problems in all allow, in their order. Returns the
/// number of those that it leaves out.
pub(crate) fn keep_first_of_each<T, F: Eq + Hash>(
    problems: &mut Vec<T>,
    number: usize,
    field: impl Fn(&T) -> F,
) -> usize {
    let all = problems.len();
    let fields: HashSet<F> = problems.iter().map(&field).collect();
    let (mut further, mut known) = (number.saturating_sub(fields.len()), HashSet::new());
    problems.retain(|problem| {
        let is_first = known.insert(field(problem));
        let is_kept = is_first || further > 0;
        further = further.saturating_sub(usize::from(!is_first));
        is_kept
    });
    all - problems.len()
}

/// Cuts a message after [`MAX_MESSAGE_LENGTH`] characters.
#[must_use]
pub fn shortened(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE_LENGTH) {
        message.truncate(end);
        message.push('…');
    }
    message
}
