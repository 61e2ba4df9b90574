//! The parts of a Markdown document that rules compare.

use std::cell::RefCell;
use std::collections::BTreeMap;

use pulldown_cmark::{BrokenLink, Event, LinkType, Options, Parser, Tag, TagEnd};

/// A document in the dialect of GitHub.
#[derive(Default)]
pub(crate) struct Document {
    /// Headings, paragraphs, items of lists and cells of tables, without code blocks.
    pub(crate) blocks: Vec<Block>,
    pub(crate) links: Vec<Found>,
    /// Code within lines of text.
    pub(crate) code: Vec<Found>,
    /// The lines of code blocks.
    pub(crate) code_lines: Vec<Found>,
    /// References `[text][label]` to labels that are not defined.
    pub(crate) undefined_labels: Vec<Found>,
}

/// A part of a line.
pub(crate) struct Found {
    pub(crate) line: usize,
    pub(crate) text: String,
}

pub(crate) struct Block {
    pub(crate) kind: Kind,
    pub(crate) line: usize,
    /// The text as a reader sees it.
    pub(crate) text: String,
    /// The text without code.
    pub(crate) prose: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A heading of this level.
    Heading(usize),
    Paragraph,
    Item,
    Cell,
}

impl Document {
    pub(crate) fn parse(text: &str) -> Self {
        let line_of = |offset: usize| text[..offset].matches('\n').count() + 1;
        let undefined = RefCell::new(Vec::new());
        let note = |link: BrokenLink<'_>| {
            // A text in brackets alone is no reference.
            if matches!(link.link_type, LinkType::Reference | LinkType::Collapsed) {
                let found = Found { line: line_of(link.span.start), text: link.reference.into_string() };
                undefined.borrow_mut().push(found);
            }
            None
        };
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
        let parser = Parser::new_with_broken_link_callback(text, options, Some(note));
        let mut document = Self::default();
        let mut is_code_block = false;
        for (event, range) in parser.into_offset_iter() {
            let line = line_of(range.start);
            match event {
                Event::Start(Tag::CodeBlock(_)) => is_code_block = true,
                Event::End(TagEnd::CodeBlock) => is_code_block = false,
                Event::Start(Tag::Link { link_type: LinkType::Email, .. }) => {}
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push(Found { line, text: dest_url.into_string() });
                }
                Event::Start(tag) => document.start(&tag, line),
                Event::Text(text) if is_code_block => {
                    let lines = (line..).zip(text.lines());
                    document
                        .code_lines
                        .extend(lines.map(|(line, text)| Found { line, text: text.to_owned() }));
                }
                Event::Text(text) => document.add(&text, &text),
                Event::SoftBreak | Event::HardBreak => document.add(" ", " "),
                Event::Code(code) => {
                    document.add(&code, "`");
                    document.code.push(Found { line, text: code.replace('\n', " ") });
                }
                _ => {}
            }
        }
        document.undefined_labels = undefined.into_inner();
        document
    }

    /// Begins a block, unless the tag is only a part of one.
    fn start(&mut self, tag: &Tag<'_>, line: usize) {
        let kind = match tag {
            Tag::Heading { level, .. } => Kind::Heading(*level as usize),
            Tag::Item => Kind::Item,
            Tag::TableCell => Kind::Cell,
            // The first paragraph of an item is the item.
            Tag::Paragraph
                if self.blocks.last().is_some_and(|last| last.kind == Kind::Item && last.text.is_empty()) =>
            {
                return;
            }
            Tag::Paragraph | Tag::MetadataBlock(_) => Kind::Paragraph,
            _ => return,
        };
        self.blocks.push(Block { kind, line, text: String::new(), prose: String::new() });
    }

    fn add(&mut self, text: &str, prose: &str) {
        if let Some(block) = self.blocks.last_mut() {
            block.text.push_str(text);
            block.prose.push_str(prose);
        }
    }

    /// The anchors that GitHub gives the headings: letters, digits, underscores and hyphens of the text in lower case, with
    /// hyphens for spaces, and a number for each repetition.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let mut uses = BTreeMap::<String, usize>::new();
        let headings = self.blocks.iter().filter(|block| matches!(block.kind, Kind::Heading(_)));
        let anchors = headings.map(|heading| {
            let kept = |letter: &char| letter.is_alphanumeric() || "_- ".contains(*letter);
            let text = heading.text.trim().to_lowercase();
            let anchor: String = text.chars().filter(kept).collect::<String>().replace(' ', "-");
            let earlier = uses.entry(anchor.clone()).or_default();
            *earlier += 1;
            if *earlier == 1 { anchor } else { format!("{anchor}-{}", *earlier - 1) }
        });
        anchors.collect()
    }

    /// The blocks of the section with this heading of level two, up to the next one.
    pub(crate) fn section(&self, heading: &str) -> Vec<&Block> {
        let is_heading = |block: &&Block| block.kind == Kind::Heading(2);
        let after = self.blocks.iter().skip_while(|block| !(is_heading(block) && block.text == heading));
        after.skip(1).take_while(|block| !is_heading(block)).collect()
    }
}

#[test]
fn anchors_are_those_of_github() {
    let text = "# A `code` name, and _more_: (100 %)\n## Same\n\n```sh\n# No heading\n```\n\nSame\n----\n\n### [Linked](x.md)'s\n";
    assert_eq!(Document::parse(text).anchors(), ["a-code-name-and-more-100-", "same", "same-1", "linkeds"]);
}

#[test]
fn blocks_links_and_code_are_found() {
    let document = Document::parse(
        "---\nname: x\n---\n\n# Title\n\n- an `a\\|b` item\n  of [two](x.md) lines\n\n  and more\n\n\
         | `a\\|b` | ![picture][p] [y][z] [w] |\n|---|---|\n\n```sh\n[no](link)\n```\n\n[p]: p.png\n",
    );
    let blocks: Vec<_> = document.blocks.iter().map(|block| (block.kind, block.prose.as_str())).collect();
    assert_eq!(
        blocks,
        [
            (Kind::Paragraph, "name: x\n"),
            (Kind::Heading(1), "Title"),
            (Kind::Item, "an ` item of two lines"),
            (Kind::Paragraph, "and more"),
            (Kind::Cell, "`"),
            (Kind::Cell, "picture [y][z] [w]"),
        ]
    );
    let texts =
        |found: &[Found]| found.iter().map(|found| (found.line, found.text.clone())).collect::<Vec<_>>();
    let expected = |found: &[(usize, &str)]| {
        found.iter().map(|(line, text)| (*line, (*text).to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(texts(&document.links), expected(&[(8, "x.md"), (12, "p.png")]));
    assert_eq!(texts(&document.code), expected(&[(7, "a\\|b"), (12, "a|b")]));
    assert_eq!(texts(&document.code_lines), expected(&[(16, "[no](link)")]));
    assert_eq!(texts(&document.undefined_labels), expected(&[(12, "z")]));
}
