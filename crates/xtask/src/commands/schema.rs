//! `cargo xtask schema`: writes or checks docs/schema.graphql.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, bail, ensure};

use crate::child;
use crate::interrupt::Interrupt;
use crate::output::print_line;
use crate::workspace::Workspace;

/// The arguments of `cargo xtask schema`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Fail if the file differs from the schema of the code, and do not write it.
    #[arg(long)]
    check: bool,
}

/// Builds `convene` and writes or compares the file.
pub(crate) fn execute(arguments: &Arguments, interrupt: &Interrupt) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let mut build = workspace.cargo();
    build.args(["build", "--workspace", "--bin", "convene", "--locked"]);
    ensure!(child::run(&mut build, interrupt)?.success(), "convene does not build");
    if arguments.check {
        check(&workspace)?;
        print_line("docs/schema.graphql is up to date.");
    } else {
        let path = path(&workspace);
        fs::write(&path, served(&workspace)?).with_context(|| format!("cannot write {}", path.display()))?;
        print_line(format!("Wrote {}.", path.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares the file with the schema of the debug build.
///
/// # Errors
/// The error shows the first line that differs.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let written = fs::read_to_string(path(workspace)).context("cannot read docs/schema.graphql")?;
    let served = served(workspace)?;
    match first_difference(&written, &served) {
        None => Ok(()),
        Some((line, written, served)) => bail!(
            "docs/schema.graphql differs from the code in line {line}:\n  file: {written}\n  code: {served}\n\
             If the change is intended, run `cargo xtask schema` and commit the file."
        ),
    }
}

fn path(workspace: &Workspace) -> PathBuf {
    workspace.root().join("docs/schema.graphql")
}

fn served(workspace: &Workspace) -> anyhow::Result<String> {
    let output =
        Command::new(workspace.convene("debug")).arg("schema").output().context("cannot start convene")?;
    ensure!(output.status.success(), "convene schema: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8(output.stdout)?)
}

/// The number of the first line that differs, and that line of both texts.
fn first_difference<'text>(left: &'text str, right: &'text str) -> Option<(usize, &'text str, &'text str)> {
    if left == right {
        return None;
    }
    const END: &str = "(the text ends)";
    let mut lines = (left.split('\n'), right.split('\n'));
    (1..).map(|number| (number, lines.0.next(), lines.1.next())).find_map(|(number, left, right)| {
        (left != right).then(|| (number, left.unwrap_or(END), right.unwrap_or(END)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_shown() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some((2, "b", "c")));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some((2, "", "b")));
        assert_eq!(first_difference("a", "a\n"), Some((2, "(the text ends)", "")));
    }
}
