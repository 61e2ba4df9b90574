//! The modules of a crate and which of them use which.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::iter::Peekable;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree, token_stream::IntoIter};

/// The names from the crate's root to a module; empty for the root itself.
pub(crate) type Path = Vec<String>;

/// The modules of one crate, without those that only tests have.
///
/// A module uses another if one of its paths leads there. A path is followed through imports: `super::Name` uses the
/// sibling that defines `Name` if the parent only imports it, and the parent if the parent defines it. A module does not
/// use the children that it merely declares and re-exports.
pub(crate) struct Modules(BTreeMap<Path, Module>);

#[derive(Default)]
struct Module {
    /// The imports of the module, by name.
    imports: BTreeMap<String, Import>,
    /// The paths in the rest of the code.
    paths: Vec<Path>,
    only_for_tests: Vec<String>,
}

struct Import {
    path: Path,
    is_public: bool,
}

impl Modules {
    /// Reads the files of a crate, each with its path below `src`.
    pub(crate) fn read(files: &[(&str, &str)]) -> Self {
        let mut modules = BTreeMap::<Path, Module>::new();
        for (file, text) in files {
            let module = modules.entry(module_of(file)).or_default();
            module.read(text.parse::<TokenStream>().unwrap().into_iter());
        }
        let only_for_tests: Vec<Path> = modules
            .iter()
            .flat_map(|(path, module)| module.only_for_tests.iter().map(|name| child(path, name)))
            .collect();
        modules.retain(|path, _| !only_for_tests.iter().any(|tests| path.starts_with(tests)));
        Self(modules)
    }

    /// The modules that have children.
    pub(crate) fn parents(&self) -> BTreeSet<&[String]> {
        self.0.keys().filter_map(|path| path.split_last()).map(|(_, parent)| parent).collect()
    }

    /// The cycles among the children of a module, each as a line. A child includes all that is below it.
    pub(crate) fn cycles(&self, parent: &[String]) -> Vec<String> {
        let mut graph = BTreeMap::<&[String], BTreeMap<&[String], String>>::new();
        for (user, used) in self.uses() {
            let node = |path: &Path| {
                let (known, _) = self.0.get_key_value(path)?;
                known.get(..=parent.len()).filter(|_| known.starts_with(parent))
            };
            if let (Some(from), Some(to)) = (node(&user), node(&used))
                && from != to
            {
                let reason = format!("{} uses {}", name(&user), name(&used));
                graph.entry(from).or_default().entry(to).or_insert(reason);
            }
        }
        let mut reported = BTreeSet::new();
        let mut cycles = Vec::new();
        for &start in graph.keys() {
            if let Some(cycle) = shortest_cycle(&graph, start).filter(|_| !reported.contains(start)) {
                let steps = cycle.windows(2).map(|step| graph[step[0]][step[1]].as_str());
                cycles.push(steps.collect::<Vec<_>>().join(", "));
                reported.extend(cycle);
            }
        }
        cycles
    }

    fn uses(&self) -> Vec<(Path, Path)> {
        let mut uses = Vec::new();
        for (path, module) in &self.0 {
            let imports = module.imports.values().filter(|import| {
                let is_facade = self.resolve(path, &import.path).is_some_and(|used| used.starts_with(path));
                !(import.is_public && is_facade)
            });
            let used = imports.map(|import| &import.path).chain(&module.paths);
            uses.extend(used.filter_map(|used| Some((path.clone(), self.resolve(path, used)?))));
        }
        uses
    }

    /// The module that defines what `path` names in the module `place`; `None` if it is not of this crate.
    fn resolve(&self, place: &Path, path: &[String]) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        let mut module = match first.as_str() {
            "crate" => Path::new(),
            "self" => place.clone(),
            "super" => place.split_last()?.1.to_vec(),
            name => Some(child(place, name)).filter(|child| self.0.contains_key(child))?,
        };
        let mut rest = rest.iter();
        while let Some(name) = rest.next() {
            let inner = if name == "super" { module.split_last()?.1.to_vec() } else { child(&module, name) };
            if !self.0.contains_key(&inner) {
                // A name that is imported from itself is a macro or an item beside a module of the same name.
                let import = self.0.get(&module)?.imports.get(name).filter(|import| import.path != path);
                let further = import.map(|import| [&import.path, rest.as_slice()].concat());
                return further.and_then(|further| self.resolve(&module, &further)).or(Some(module));
            }
            module = inner;
        }
        Some(module)
    }
}

impl Module {
    fn read(&mut self, tokens: IntoIter) {
        let mut tokens = tokens.peekable();
        let mut is_public = false;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) if is_test_attribute(&group) => self.skip_item(&mut tokens),
                TokenTree::Group(group) => self.read(group.stream().into_iter()),
                TokenTree::Ident(word) if word == "pub" => {
                    is_public = true;
                    tokens.next_if(is_parenthesized);
                    continue;
                }
                TokenTree::Ident(word) if word == "use" => self.read_import(&[], &mut tokens, is_public),
                TokenTree::Ident(word) => {
                    let mut path = vec![word.to_string()];
                    while let Some(name) = next_segment(&mut tokens) {
                        path.push(name);
                    }
                    self.paths.push(path);
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            is_public = false;
        }
    }

    /// Reads one tree of a `use`, up to the comma or semicolon behind it.
    fn read_import(&mut self, prefix: &[String], tokens: &mut Peekable<IntoIter>, is_public: bool) {
        let mut path = prefix.to_vec();
        let mut name = None;
        for token in tokens {
            match token {
                TokenTree::Ident(word) if word == "as" => name = Some(String::new()),
                TokenTree::Ident(word) if name.is_some() => name = Some(word.to_string()),
                TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Group(group) => {
                    let mut inside = group.stream().into_iter().peekable();
                    while inside.peek().is_some() {
                        self.read_import(&path, &mut inside, is_public);
                    }
                    return;
                }
                TokenTree::Punct(sign) if sign.as_char() == ':' => {}
                TokenTree::Punct(sign) if sign.as_char() == '*' => name = Some(String::from("*")),
                TokenTree::Punct(_) | TokenTree::Literal(_) => break,
            }
        }
        if let Some(name) = name.or_else(|| path.last().cloned()) {
            self.imports.insert(name, Import { path, is_public });
        }
    }

    fn skip_item(&mut self, tokens: &mut Peekable<IntoIter>) {
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(word) if word == "mod" => {
                    self.only_for_tests.extend(tokens.peek().map(ToString::to_string));
                }
                TokenTree::Punct(sign) if sign.as_char() == ';' => break,
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
                _ => {}
            }
        }
    }
}

/// The name behind the next `::`, if there is one.
fn next_segment(tokens: &mut Peekable<IntoIter>) -> Option<String> {
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(sign) if sign.as_char() == ':');
    tokens.next_if(is_colon)?;
    tokens.next_if(is_colon)?;
    let name = tokens.next_if(|token| matches!(token, TokenTree::Ident(_)))?;
    Some(name.to_string())
}

fn is_test_attribute(group: &Group) -> bool {
    group.delimiter() == Delimiter::Bracket
        && group.stream().to_string().split_whitespace().collect::<String>() == "cfg(test)"
}

fn is_parenthesized(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis)
}

fn module_of(file: &str) -> Path {
    let module = file.trim_end_matches(".rs");
    let module = module.strip_suffix("mod").unwrap_or(module);
    let names = module.split('/').filter(|name| !["", "lib", "main"].contains(name));
    names.map(str::to_owned).collect()
}

fn child(parent: &[String], name: &str) -> Path {
    [parent, &[name.to_owned()]].concat()
}

fn name(module: &[String]) -> String {
    [&[String::from("crate")], module].concat().join("::")
}

fn shortest_cycle<'g>(
    graph: &BTreeMap<&'g [String], BTreeMap<&'g [String], String>>,
    start: &'g [String],
) -> Option<Vec<&'g [String]>> {
    let mut seen = BTreeSet::new();
    let mut walks = VecDeque::from([vec![start]]);
    while let Some(walk) = walks.pop_front() {
        for &next in graph.get(walk.last()?).into_iter().flat_map(BTreeMap::keys) {
            let further = [walk.as_slice(), &[next]].concat();
            if next == start {
                return Some(further);
            }
            if seen.insert(next) {
                walks.push_back(further);
            }
        }
    }
    None
}
