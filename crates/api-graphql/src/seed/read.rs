//! Reading demo data files.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    check::{OrganizationSeed, check},
    file::Parts,
    problem::{Problems, Reporter},
};

/// Reads a file, or all `.yaml` files of a folder in the order of their names.
///
/// # Errors
/// All problems of the files, including files and folders that cannot be read.
pub fn read(path: &Path) -> Result<Vec<OrganizationSeed>, Problems> {
    let mut problems = Vec::new();
    let mut seeds: Vec<OrganizationSeed> = Vec::new();
    let mut file_of_slug = HashMap::new();
    let unreadable = |path: &Path, error: &io::Error| {
        let mut reporter = Reporter::of_file(path.display().to_string());
        reporter.report(format_args!("cannot be read: {error}"));
        reporter.into_problems()
    };
    for file in files(path).map_err(|error| Problems(unreadable(path, &error)))? {
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) => {
                problems.extend(unreadable(&file, &error));
                continue;
            }
        };
        let name = file.display().to_string();
        match parse(&name, &text) {
            Ok(seed) => {
                if let Some(other) = file_of_slug.insert(seed.slug.clone(), name.clone()) {
                    let mut reporter = Reporter::of_file(name);
                    reporter.item("organization").report("slug", format_args!("is also the slug of {other}"));
                    problems.extend(reporter.into_problems());
                }
                seeds.push(seed);
            }
            Err(Problems(of_file)) => problems.extend(of_file),
        }
    }
    if seeds.is_empty() && problems.is_empty() {
        let mut reporter = Reporter::of_file(path.display().to_string());
        reporter.report("contains no .yaml file");
        problems = reporter.into_problems();
    }
    if problems.is_empty() { Ok(seeds) } else { Err(Problems(problems)) }
}

/// Reads the text of a file. `name` is the name of the file in problems.
pub(super) fn parse(name: &str, text: &str) -> Result<OrganizationSeed, Problems> {
    let mut reporter = Reporter::of_file(name);
    let seed = Parts::parse(text, &mut reporter).and_then(|parts| check(name, parts, &mut reporter));
    let problems = reporter.into_problems();
    seed.filter(|_| problems.is_empty()).ok_or(Problems(problems))
}

fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries: Vec<PathBuf> =
        fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    let is_seed = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "yaml" || kind == "yml");
    let mut files: Vec<PathBuf> = entries.into_iter().filter(is_seed).collect();
    files.sort_unstable();
    Ok(files)
}
