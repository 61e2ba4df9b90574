//! The settings of the memory allocator.

use std::{env, os::unix::process::CommandExt, process::Command};

/// Freed memory is returned to the system after 10 ms instead of a second, and the system gives no huge pages, of which a
/// single value in use keeps 2 MiB.
const SETTINGS: [(&str, &str); 2] = [("MIMALLOC_PURGE_DELAY", "10"), ("MIMALLOC_ALLOW_THP", "0")];

/// Executes the program again with those settings that are not in its environment. The allocator reads them before the
/// program begins, and offers no other way without unsafe code.
///
/// Returns if nothing is missing, or if the system refuses. The program then runs with more memory.
pub(super) fn set() {
    let missing =
        SETTINGS.iter().filter(|(name, _)| env::var_os(name).is_none()).copied().collect::<Vec<_>>();
    let mut arguments = env::args_os();
    if let (false, Some(name), Ok(program)) = (missing.is_empty(), arguments.next(), env::current_exe()) {
        let _refused = Command::new(program).arg0(name).args(arguments).envs(missing).exec();
    }
}
