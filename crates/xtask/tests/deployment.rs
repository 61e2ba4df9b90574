//! Tests that the container image, the compose files, the workflows and the documents agree.
//!
//! Each rule is a function from texts to violations. One test applies all rules to this repository, and others apply
//! each rule to a bad example.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and so do its helpers")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The variables that the program reads with `option_env!` while it is built.
const COMPILER_VARIABLES: [&str; 1] = ["REVISION"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Reads all files of a folder whose names end in this way, as one text.
fn read_all(folder: &str, end: &str) -> String {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts = paths.iter().filter(|path| path.to_string_lossy().ends_with(end));
    texts.map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// The parts between `start` and the next character that `accepts` refuses.
fn words<'a>(text: &'a str, start: &'a str, accepts: fn(char) -> bool) -> impl Iterator<Item = &'a str> {
    text.split(start)
        .skip(1)
        .map(move |rest| rest.split(|letter| !accepts(letter)).next().unwrap_or_default())
}

fn is_version(letter: char) -> bool {
    letter.is_ascii_digit() || letter == '.'
}

/// The layer of dependencies needs the manifest of every crate, because Cargo reads the whole workspace.
fn missing_manifests(workspace: &str, dockerfile: &str) -> Vec<String> {
    let members = words(workspace, "\"crates/", |letter| letter != '"');
    members
        .map(|member| format!("COPY crates/{member}/Cargo.toml crates/{member}/"))
        .filter(|line| !dockerfile.lines().any(|it| it == line))
        .map(|line| format!("docker/Dockerfile lacks: {line}"))
        .collect()
}

/// The image, CI and releases are built with the Rust version of the workspace.
fn other_rust_versions(workspace: &str, dockerfile: &str, workflows: &str) -> Vec<String> {
    let expected = words(workspace, "rust-version = \"", is_version).next().unwrap();
    let images = words(dockerfile, "FROM rust:", is_version);
    let toolchains = words(workflows, " toolchain: ", is_version);
    images
        .chain(toolchains)
        .filter(|version| *version != expected && !version.starts_with(&format!("{expected}.")))
        .map(|version| format!("Rust {version} instead of {expected}"))
        .collect()
}

/// Settings in the image and in the compose files are documented. Others are variables of the scripts for
/// MongoDB, of a compose file (`${CONVENE_...}`), or of the compiler.
fn unknown_settings(deployment: &str, settings: &str, scripts: &str) -> Vec<String> {
    let is_name = |letter: char| letter.is_ascii_uppercase() || letter == '_';
    let used: BTreeSet<&str> = words(deployment, "CONVENE_", is_name).collect();
    used.into_iter()
        .filter(|name| {
            let setting = name.strip_suffix("_FILE").unwrap_or(name);
            !settings.contains(&format!("| `CONVENE_{setting}` |"))
                && !scripts.contains(&format!("'CONVENE_{setting}'"))
                && !scripts.contains(&format!("process.env.CONVENE_{setting} "))
                && !deployment.contains(&format!("${{CONVENE_{name}:"))
                && !COMPILER_VARIABLES.contains(name)
        })
        .map(|name| format!("CONVENE_{name} is neither a setting nor a variable of a script"))
        .collect()
}

/// Files that workflows name exist.
fn missing_files(workflows: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    workflows
        .split(|letter: char| letter.is_whitespace() || "\"':=,;()".contains(letter))
        .map(|word| word.trim_start_matches("./"))
        .filter(|word| ["docker/", "docs/", ".ci/", "crates/"].iter().any(|start| word.starts_with(start)))
        // The names of actions and of images are no paths.
        .filter(|word| !word.contains('@') && !word.contains('*'))
        .filter(|word| !exists(word))
        .map(|word| format!("a workflow names {word}, which does not exist"))
        .collect()
}

/// Actions are named by commit, because a tag can be moved to other code. The comment tells the version to people and
/// to Dependabot.
fn actions_without_commit(workflows: &str) -> Vec<String> {
    words(workflows, "uses: ", |letter| letter != '\n')
        .filter(|action| !is_pinned(action))
        .map(|action| format!("an action is not named by its commit and version: {action}"))
        .collect()
}

fn is_pinned(action: &str) -> bool {
    action.split_once('@').and_then(|(_name, rest)| rest.split_once(" # v")).is_some_and(
        |(commit, _version)| commit.len() == 40 && commit.chars().all(|letter| letter.is_ascii_hexdigit()),
    )
}

#[test]
fn the_deployment_agrees_with_itself() {
    let (workspace, dockerfile) = (read("Cargo.toml"), read("docker/Dockerfile"));
    let (workflows, settings) = (read_all(".github/workflows", ".yml"), read("docs/operations/settings.md"));
    let (compose, scripts) = (read_all("docker", ".yaml"), read_all("docker/mongo", ".js"));
    let violations = [
        missing_manifests(&workspace, &dockerfile),
        other_rust_versions(&workspace, &dockerfile, &workflows),
        unknown_settings(&(dockerfile.clone() + &compose), &settings, &scripts),
        missing_files(&workflows, |path| root().join(path).exists()),
        actions_without_commit(&workflows),
    ]
    .concat();
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn a_crate_without_its_manifest_in_the_image_is_found() {
    let found =
        missing_manifests("members = [\"crates/new\"]", "COPY crates/newer/Cargo.toml crates/newer/\n");
    assert_eq!(found, ["docker/Dockerfile lacks: COPY crates/new/Cargo.toml crates/new/"]);
}

#[test]
fn another_version_of_rust_is_found() {
    let found = other_rust_versions(
        "rust-version = \"1.95\"",
        "FROM rust:1.96-trixie AS build",
        "with:\n  toolchain: 1.95.0\n  toolchain: 1.94.1\n",
    );
    assert_eq!(found, ["Rust 1.96 instead of 1.95", "Rust 1.94.1 instead of 1.95"]);
}

#[test]
fn a_setting_that_does_not_exist_is_found() {
    let (settings, script) =
        ("| `CONVENE_LISTEN` |", "process.env.CONVENE_WAIT ?? 0; password('CONVENE_PASSWORD')");
    let known =
        "CONVENE_LISTEN CONVENE_LISTEN_FILE CONVENE_WAIT CONVENE_PASSWORD_FILE ${CONVENE_IMAGE:-convene}";
    assert!(unknown_settings(known, settings, script).is_empty());
    assert_eq!(unknown_settings("CONVENE_LISTN: x", settings, script).len(), 1);
}

#[test]
fn a_file_that_does_not_exist_is_found() {
    let found = missing_files("run: docker/gone.sh && .ci/run\nuses: docker/login-action@v3", |path| {
        path == ".ci/run"
    });
    assert_eq!(found, ["a workflow names docker/gone.sh, which does not exist"]);
}

#[test]
fn an_action_that_is_named_by_a_tag_is_found() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let workflow = format!("- uses: a/b@{commit} # v1\n- uses: a/b@v1\n- uses: a/b@{commit}\n");
    let problem = "an action is not named by its commit and version: a/b@";
    assert_eq!(actions_without_commit(&workflow), [format!("{problem}v1"), format!("{problem}{commit}")]);
}
