//! The paths of this clone, and calls of cargo.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

/// The workspace, from `cargo metadata`.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    metadata: Value,
}

/// A benchmark of the workspace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Benchmark {
    /// The package of the benchmark.
    pub(crate) package: String,
    /// The name, as in `cargo bench --bench NAME`.
    pub(crate) name: String,
}

impl Workspace {
    /// Reads the metadata of the clone in which cargo runs this program. It may have been built from another clone that has the
    /// same target folder.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let package =
            std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let output = Command::new(cargo_program())
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(package)
            .output()
            .context("cannot start cargo")?;
        ensure!(
            output.status.success(),
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let metadata: Value = serde_json::from_slice(&output.stdout)?;
        let folder = |key: &str| {
            metadata[key].as_str().map(PathBuf::from).with_context(|| format!("cargo metadata has no {key}"))
        };
        Ok(Self { root: folder("workspace_root")?, target: folder("target_directory")?, metadata })
    }

    /// The folder of the root `Cargo.toml`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder for the state of `cargo xtask run`: data, log, secret.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.join(".convene")
    }

    /// Cargo's target folder.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The path of `convene` in the given profile folder (`debug`, `demo` or `release`).
    pub(crate) fn convene(&self, profile: &str) -> PathBuf {
        self.target.join(profile).join("convene")
    }

    /// A cargo command without arguments, in the root of the workspace. It has the environment of a command in a shell: with the
    /// variables of this package, build scripts that read them run again, and most of the dependencies are compiled anew each time
    /// `cargo xtask` follows another cargo command.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(cargo_program());
        command.current_dir(&self.root);
        let names = std::env::vars_os().map(|(name, _)| name);
        for name in names.filter(|name| name.to_str().is_some_and(is_of_package)) {
            command.env_remove(name);
        }
        command
    }

    /// Returns true if the cargo subcommand (`nextest`, `deny`, `machete`) is installed.
    pub(crate) fn has_subcommand(&self, name: &str) -> bool {
        self.cargo().args([name, "--version"]).output().is_ok_and(|output| output.status.success())
    }

    /// All benchmarks, sorted by name.
    pub(crate) fn benchmarks(&self) -> Vec<Benchmark> {
        benchmarks(&self.metadata)
    }
}

/// Tests for a variable that `cargo run` sets about the package of the program.
fn is_of_package(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix))
}

fn cargo_program() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn benchmarks(metadata: &Value) -> Vec<Benchmark> {
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        for target in package["targets"].as_array().into_iter().flatten() {
            let kinds = target["kind"].as_array().into_iter().flatten();
            if let (Some(package), Some(name)) = (package["name"].as_str(), target["name"].as_str())
                && kinds.into_iter().any(|kind| kind == "bench")
            {
                found.push(Benchmark { package: package.to_owned(), name: name.to_owned() });
            }
        }
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_commands_have_no_variables_of_this_package() {
        let workspace = Workspace::find().unwrap();
        let command = workspace.cargo();
        let removed: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).collect();
        for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR"] {
            assert!(std::env::var_os(name).is_some(), "the test runs under cargo");
            assert!(removed.iter().any(|(removed, _)| *removed == name), "{name}");
        }
    }

    #[test]
    fn benchmarks_are_the_bench_targets() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "outer", "targets": [
                { "name": "outer", "kind": ["lib"] },
                { "name": "slow", "kind": ["bench"] },
            ] },
            { "name": "inner", "targets": [{ "name": "fast", "kind": ["bench"] }] },
        ] });
        let expected = [("inner", "fast"), ("outer", "slow")]
            .map(|(package, name)| Benchmark { package: package.to_owned(), name: name.to_owned() });
        assert_eq!(benchmarks(&metadata), expected);
    }

    #[test]
    fn find_returns_the_clone() {
        let workspace = Workspace::find().unwrap();
        assert!(workspace.root().join("Cargo.lock").is_file());
        assert!(workspace.target().is_absolute());
    }
}
