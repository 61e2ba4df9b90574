//! The resolved dependency graph.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::process::Command;

use serde_json::Value;

/// The packages of a workspace and all their dependencies.
pub(crate) struct Graph {
    metadata: Value,
}

/// A direct dependency of a package of the workspace.
pub(crate) struct Direct {
    pub(crate) package: String,
    pub(crate) dependency: String,
    /// The package needs it not only for its tests.
    pub(crate) beyond_tests: bool,
}

impl Graph {
    pub(crate) fn of_this_workspace() -> Self {
        let rustc = Command::new("rustc").arg("-vV").output().unwrap();
        let text = String::from_utf8(rustc.stdout).unwrap();
        let host = text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        // Only packages for this platform, because those of other platforms may not be downloaded.
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self::from_metadata(serde_json::from_slice(&output.stdout).unwrap())
    }

    pub(crate) fn from_metadata(metadata: Value) -> Self {
        Self { metadata }
    }

    /// The names of the packages of the workspace.
    pub(crate) fn members(&self) -> BTreeSet<String> {
        let names = self.names();
        array(&self.metadata["workspace_members"]).map(|id| names[id.as_str().unwrap()].to_owned()).collect()
    }

    /// The direct dependencies of the packages of the workspace.
    pub(crate) fn direct(&self) -> Vec<Direct> {
        let members = self.members();
        array(&self.metadata["packages"])
            .filter(|package| members.contains(package["name"].as_str().unwrap()))
            .flat_map(|package| {
                array(&package["dependencies"]).map(|dependency| Direct {
                    package: text(package, "name"),
                    dependency: text(dependency, "name"),
                    beyond_tests: dependency["kind"] != "dev",
                })
            })
            .collect()
    }

    /// The shortest chain of normal dependencies from one package to another.
    pub(crate) fn chain(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let names = self.names();
        let nodes: BTreeMap<&str, &Value> = array(&self.metadata["resolve"]["nodes"])
            .map(|node| (node["id"].as_str().unwrap(), node))
            .collect();
        let start = names.iter().find(|(_, name)| **name == from).map(|(id, _)| *id)?;
        let mut seen = BTreeSet::from([start]);
        let mut queue = VecDeque::from([vec![start]]);
        while let Some(path) = queue.pop_front() {
            let last = *path.last().unwrap();
            if names[last] == to {
                return Some(path.iter().map(|id| names[id].to_owned()).collect());
            }
            for dependency in array(&nodes[last]["deps"]) {
                let normal = array(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
                let id = dependency["pkg"].as_str().unwrap();
                if normal && seen.insert(id) {
                    queue.push_back([path.as_slice(), &[id]].concat());
                }
            }
        }
        None
    }

    fn names(&self) -> BTreeMap<&str, &str> {
        array(&self.metadata["packages"])
            .map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap()))
            .collect()
    }
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap().to_owned()
}
