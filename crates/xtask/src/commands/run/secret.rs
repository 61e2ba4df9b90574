//! The secret of the tokens of a development server.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// Twice the minimum for HS256.
const BYTES: usize = 64;

/// Returns the file with the secret in the folder `state`. A missing file is created with random content, readable
/// by its owner only.
///
/// The file is kept, so that tokens of an earlier run stay valid.
pub(super) fn ensure(state: &Path) -> anyhow::Result<PathBuf> {
    let path = state.join("jwt-secret");
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(mut file) => file.write_all(random()?.as_bytes())?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).with_context(|| format!("cannot create {}", path.display())),
    }
    Ok(path)
}

fn random() -> anyhow::Result<String> {
    let mut bytes = [0; BYTES];
    File::open("/dev/urandom")?.read_exact(&mut bytes).context("cannot read /dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_random_private_and_kept() {
        let state = tempfile::tempdir().unwrap();
        let path = ensure(state.path()).unwrap();
        let secret = fs::read_to_string(&path).unwrap();
        assert_eq!(secret.len(), 2 * BYTES);
        assert_ne!(secret, random().unwrap());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(ensure(state.path()).unwrap(), path);
        assert_eq!(fs::read_to_string(path).unwrap(), secret);
    }
}
