//! The order of the modules within a crate: a module imports what stands below it and nothing above.
//!
//! A table lists a crate's layers, the lowest first. A path such as `train::setup` may stand in another
//! layer than the rest of its folder; the longest entry that fits a module counts. Modules of one layer
//! do not import each other. What is imported is read off `crate::`, `super::` and `self::` paths.

mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::root;
use paths::{Import, Module};

/// The layers of one crate.
struct Table {
    /// The crate's sources.
    src: &'static str,
    /// The crate's root in `src`, which declares the modules and may name them all.
    entry: &'static str,
    /// Modules of each layer, the lowest first.
    layers: &'static [&'static [&'static str]],
}

const TABLES: &[Table] = &[ENGINE, SHELL];

const ENGINE: Table = Table {
    src: "crates/engine/src",
    entry: "lib.rs",
    layers: &[
        &["error"],
        &["control", "files", "memory", "random", "threads"],
        &["gguf", "python_json"],
        &["kernels"],
        &["weights", "tokenizer"],
        &["tape"],
        &["model"],
        &["setup"],
        &["load"],
        &["infer", "candle", "preview", "about"],
        &["export"],
        &[
            "train::optimizer",
            "train::schedule",
            "train::token_cache",
            "train::trained",
        ],
        &["train::packing", "train::run_plan"],
        &["plan"],
        &["train"],
        &["check", "recipe"],
    ],
};

const SHELL: Table = Table {
    src: "src-tauri/src",
    entry: "lib.rs",
    layers: &[
        &[
            "clock",
            "error",
            "events",
            "pages",
            "signals",
            "test_rows",
            "transfer",
            "words",
        ],
        &["db", "exit", "files"],
        &["paths"],
        &["hold", "logging", "secrets"],
        &["network", "process"],
        &["machine"],
        &["accounts", "datasets", "downloads"],
        &["models"],
        &["jobs"],
        &["chat", "system"],
        &["storage"],
        &["state"],
        &["window"],
        &["commands"],
        &["cli"],
        &["main"],
    ],
};

/// Adds a violation for each import that goes up, for each module that stands in no layer, and for files
/// that import each other in a ring.
pub fn check(violations: &mut Vec<String>) -> Result<()> {
    for table in TABLES {
        let src = root().join(table.src);
        let read = |file: &Path| {
            fs::read_to_string(src.join(file))
                .with_context(|| format!("could not read `{}/{}`", table.src, file.display()))
        };
        let entry = read(Path::new(table.entry))?;
        let exports = paths::exports(&entry);
        let mut files = BTreeMap::new();
        for file in sources(&src)? {
            if file != Path::new(table.entry) {
                let text = read(&file)?;
                violations.extend(broken(table, &exports, &file, &text));
                files.insert(module_of(&file), text);
            }
        }
        violations.extend(ring(table, &files));
    }
    Ok(())
}

/// Sources below `src`, relative to it, in order.
fn sources(src: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(src.join(&folder))? {
            let path = folder.join(entry?.file_name());
            if src.join(&path).is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// What is wrong with one file's imports. `exports` leads the names of the crate's root to their modules.
fn broken(
    table: &Table,
    exports: &BTreeMap<String, Module>,
    file: &Path,
    text: &str,
) -> Vec<String> {
    let module = module_of(file);
    let name = format!("{}/{}", table.src, file.display());
    let Some(own) = table.place(&module) else {
        return vec![format!(
            "`{name}` stands in no layer (crates/xtask/src/tidy/layers.rs)"
        )];
    };
    paths::imports(&module, text)
        .into_iter()
        .filter_map(|Import { line, path }| {
            let path = match exports.get(path.first()?) {
                Some(target) if table.place(&path).is_none() => target.clone(),
                _ => path,
            };
            let other = table.place(&path)?;
            let fits = other.entry == own.entry || other.layer < own.layer;
            (!fits).then(|| {
                format!(
                    "`{name}:{line}` imports `{}`: `{}` stands below `{}` or beside it",
                    path.join("::"),
                    own.entry,
                    other.entry,
                )
            })
        })
        .collect()
}

/// Files that import each other, directly or through others. What a file takes by its folder's name counts
/// as the folder's own file. `files` are the sources by their modules.
fn ring(table: &Table, files: &BTreeMap<Module, String>) -> Option<String> {
    let holder = |path: &[String]| {
        (1..=path.len())
            .rev()
            .find_map(|n| files.get_key_value(path.get(..n)?))
            .map(|(module, _)| module)
    };
    let mut edges: BTreeMap<&Module, BTreeSet<&Module>> = files
        .iter()
        .map(|(module, text)| {
            let imports = paths::imports(module, text);
            let targets = imports.iter().filter_map(|import| holder(&import.path));
            (module, targets.filter(|other| *other != module).collect())
        })
        .collect();
    // What imports nothing that is left is in no ring, and neither is what nothing left imports.
    loop {
        let imported: BTreeSet<&Module> = edges.values().flatten().copied().collect();
        let n_before = edges.len();
        edges.retain(|module, targets| !targets.is_empty() && imported.contains(module));
        let left: BTreeSet<&Module> = edges.keys().copied().collect();
        for targets in edges.values_mut() {
            targets.retain(|target| left.contains(target));
        }
        if edges.len() == n_before {
            break;
        }
    }
    let names: Vec<String> = edges.keys().map(|module| module.join("::")).collect();
    (!names.is_empty()).then(|| {
        format!(
            "`{}` has a ring of imports: {}",
            table.src,
            names.join(", ")
        )
    })
}

/// Where a module stands.
struct Place {
    layer: usize,
    entry: &'static str,
}

impl Table {
    /// The longest entry that `path` begins with.
    fn place(&self, path: &[String]) -> Option<Place> {
        let fits = |entry: &str| {
            let mut rest = path.iter();
            entry
                .split("::")
                .all(|part| rest.next().is_some_and(|name| name == part))
        };
        self.layers
            .iter()
            .enumerate()
            .flat_map(|(layer, entries)| entries.iter().map(move |&entry| Place { layer, entry }))
            .filter(|place| fits(place.entry))
            .max_by_key(|place| place.entry.split("::").count())
    }
}

/// The module that a source file is.
fn module_of(file: &Path) -> Module {
    let mut module: Module = file
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if module.last().is_some_and(|name| name == "mod") {
        module.pop();
    }
    module
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table = Table {
        src: "src",
        entry: "lib.rs",
        layers: &[
            &["error"],
            &["tape"],
            &["model", "candle"],
            &["train::setup"],
            &["plan"],
            &["train"],
        ],
    };

    fn found(file: &str, text: &str) -> usize {
        let exports =
            paths::exports("pub use error::Failure;\npub use model::{Model, load as open};\n");
        broken(&TABLE, &exports, Path::new(file), text).len()
    }

    #[test]
    fn an_import_from_above_is_found_however_it_is_written() {
        assert_eq!(found("tape.rs", "use crate::model::Cache;"), 1, "a path");
        assert_eq!(
            found(
                "tape.rs",
                "use crate::{error::Failure, model::{self, Cache}};"
            ),
            2,
            "in a group"
        );
        assert_eq!(
            found("tape/node.rs", "use super::super::model::Cache;"),
            1,
            "by the parents"
        );
        assert_eq!(
            found("tape.rs", "fn f() { crate::plan::run() }"),
            1,
            "in a body"
        );
        assert_eq!(
            found("tape.rs", "use crate::Model;"),
            1,
            "by the root's name"
        );
        assert_eq!(
            found("tape.rs", "use crate::open;"),
            1,
            "by the root's other name"
        );
        assert_eq!(
            found("model.rs", "use crate::candle::Graph;"),
            1,
            "beside it"
        );
        assert_eq!(
            found("train/setup.rs", "use super::run::Session;"),
            1,
            "from its own folder"
        );
        assert_eq!(
            found("plan.rs", "mod tests { use crate::train::run; }"),
            1,
            "in tests"
        );
    }

    #[test]
    fn what_stands_below_may_be_imported() {
        let text = "//! As crate::train does.\nuse crate::{Failure, Model, tape::Tape};\n\
                    use crate::train::setup;\nconst A: &str = \"crate::train\";\n\
                    fn f<'a>(x: &'a str) -> char { '\"' }\nmod tests { use super::estimate; }\n";
        assert_eq!(
            found("plan/footprint.rs", text),
            0,
            "all of it is below or its own"
        );
        assert_eq!(
            found("train/run.rs", "use super::setup::X;\nuse crate::plan;"),
            0,
            "the top"
        );
    }

    #[test]
    fn a_module_that_stands_nowhere_is_found() {
        assert_eq!(found("helpers.rs", ""), 1, "it is in no layer");
    }

    fn ring_of(sources: &[(&str, &str)]) -> Option<String> {
        let files = sources
            .iter()
            .map(|(file, text)| (module_of(Path::new(file)), (*text).to_owned()))
            .collect();
        ring(&TABLE, &files)
    }

    #[test]
    fn files_that_import_each_other_through_a_third_are_a_ring() {
        let ring = ring_of(&[
            ("train.rs", "use self::run::Run;"),
            ("train/run.rs", "use super::batch::Batch;"),
            (
                "train/batch.rs",
                "use crate::{error::Failure, train::step::Step};",
            ),
            ("train/step.rs", "use crate::train::run::Run;"),
            ("error.rs", ""),
        ]);
        assert_eq!(
            ring.as_deref(),
            Some("`src` has a ring of imports: train::batch, train::run, train::step"),
            "neither who stands above nor who stands below it"
        );
    }

    #[test]
    fn a_folder_that_passes_on_what_its_files_make_is_no_ring() {
        let ring = ring_of(&[
            (
                "train.rs",
                "mod run;\npub use run::Run;\npub trait Observer {}\n",
            ),
            ("train/run.rs", "use super::Observer;"),
            ("plan.rs", "use crate::train::Run;"),
        ]);
        assert_eq!(ring, None, "the folder's file names its own files only");
    }
}
