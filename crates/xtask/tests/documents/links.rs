//! Relative links lead to files, folders, headings and lines that exist.

use crate::assert_none;
use crate::markdown::Document;
use crate::repository::Repository;

fn broken_links(repository: &Repository) -> Vec<String> {
    let mut found = Vec::new();
    for (path, document) in repository.documents() {
        let relative = document
            .links
            .iter()
            .filter(|link| !link.text.contains("://") && !link.text.starts_with("mailto:"));
        for link in relative {
            if let Some(problem) = problem(repository, path, &link.text) {
                found.push(format!("{path}:{}: {} {problem}", link.line, link.text));
            }
        }
        let undefined = document.undefined_labels.iter();
        found
            .extend(undefined.map(|label| format!("{path}:{}: [{}] is not defined", label.line, label.text)));
    }
    found
}

fn problem(repository: &Repository, document: &str, link: &str) -> Option<&'static str> {
    let (target, fragment) = link.split_once('#').map_or((link, None), |(target, part)| (target, Some(part)));
    let target = if target.is_empty() { Some(document.to_owned()) } else { resolved(document, target) };
    let Some(target) = target else {
        return Some("leads out of the repository");
    };
    let Some(text) = repository.text(&target) else {
        return match (repository.is_folder(&target), fragment) {
            (false, _) => Some("does not exist"),
            (true, Some(_)) => Some("is a folder without headings"),
            (true, None) => None,
        };
    };
    let fragment = fragment?;
    if target.ends_with(".md") {
        let is_known = Document::parse(text).anchors().iter().any(|anchor| anchor == fragment);
        (!is_known).then_some("has no such heading")
    } else {
        let lines = text.lines().count();
        let mut ends = fragment.split('-').map(|end| end.strip_prefix('L')?.parse::<usize>().ok());
        (!ends.all(|end| end.is_some_and(|line| (1..=lines).contains(&line)))).then_some("has no such line")
    }
}

/// The path from the root of the repository; none if it leads out of it.
fn resolved(document: &str, target: &str) -> Option<String> {
    let folder = match document.rsplit_once('/') {
        Some((folder, _)) if !target.starts_with('/') => folder,
        _ => "",
    };
    let mut parts = Vec::new();
    for part in folder.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[test]
fn every_link_leads_somewhere() {
    assert_none(&broken_links(&Repository::read()));
}

#[test]
fn good_links_are_accepted() {
    let document = "# Top\n[a](b.md) [b](../docs/b.md#two-words) [c](#top) [d](../src/c.rs#L1-L2) [e](../src) [f](/src/c.rs#L2)\n\
                    [g](https://example.com/x#y) [h][label] [mail](mailto:a@example.com) `[i](gone.md)` [x]\n\n\
                    ```md\n[j](gone.md)\n```\n\n[label]: b.md\n";
    let files = [("docs/a.md", document), ("docs/b.md", "## Two words"), ("src/c.rs", "one\ntwo\n")];
    assert_none(&broken_links(&Repository::of(&files)));
}

#[test]
fn each_kind_of_broken_link_is_found() {
    let document = "[a](gone.md)\n[b](b.md#gone)\n[c](#gone)\n[d](../src/c.rs#L3)\n[e](../../out.md)\n[f](../src#x)\n\
                    [g][gone]\n![h](Gone.png)\n[i][label]\n[j](B.md)\n[k](../src/c.rs#gone)\n\n[label]: <gone.md>\n";
    let files = [("docs/a.md", document), ("docs/b.md", "## Two words"), ("src/c.rs", "one\ntwo\n")];
    let found = broken_links(&Repository::of(&files));
    assert_eq!(
        found,
        [
            "docs/a.md:1: gone.md does not exist",
            "docs/a.md:2: b.md#gone has no such heading",
            "docs/a.md:3: #gone has no such heading",
            "docs/a.md:4: ../src/c.rs#L3 has no such line",
            "docs/a.md:5: ../../out.md leads out of the repository",
            "docs/a.md:6: ../src#x is a folder without headings",
            "docs/a.md:8: Gone.png does not exist",
            "docs/a.md:9: gone.md does not exist",
            "docs/a.md:10: B.md does not exist",
            "docs/a.md:11: ../src/c.rs#gone has no such line",
            "docs/a.md:7: [gone] is not defined",
        ]
    );
}
