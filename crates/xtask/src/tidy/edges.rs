//! The edges between crates that docs/architecture.md promises, asked of `cargo tree`.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::process::{self, root};

/// What a crate may and must not depend on.
struct Rule {
    package: &'static str,
    /// The crate's folder; a rule for a folder that is absent is skipped.
    folder: &'static str,
    /// If given, all that it may name in its manifest.
    only: Option<&'static [&'static str]>,
    /// What must not be anywhere below it; a name that ends in `*` is a prefix.
    never: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        package: "amoozgar-types",
        folder: "crates/types",
        only: Some(&["serde", "thiserror"]),
        never: &[],
    },
    Rule {
        package: "amoozgar-text",
        folder: "crates/text",
        only: Some(&["icu_calendar", "unicode-normalization"]),
        never: &["tokio", "tauri*", "reqwest", "rusqlite", "memmap2"],
    },
    Rule {
        package: "amoozgar-data",
        folder: "crates/data",
        only: Some(&[
            "amoozgar-text",
            "amoozgar-types",
            "encoding_rs",
            "serde",
            "serde_json",
            "thiserror",
        ]),
        never: &["tauri*", "tokio*", "candle-*", "rusqlite", "reqwest"],
    },
    Rule {
        package: "amoozgar-engine",
        folder: "crates/engine",
        only: None,
        never: &[
            "amoozgar-store",
            "amoozgar-hub",
            "tauri*",
            "tokio*",
            "rusqlite",
            "reqwest",
        ],
    },
    Rule {
        package: "amoozgar-store",
        folder: "crates/store",
        only: None,
        never: &[
            "amoozgar-data",
            "amoozgar-engine",
            "amoozgar-hub",
            "tauri*",
            "tokio*",
            "candle-*",
            "reqwest",
        ],
    },
    Rule {
        package: "amoozgar-hub",
        folder: "crates/hub",
        only: None,
        never: &[
            "amoozgar-data",
            "amoozgar-engine",
            "amoozgar-store",
            "amoozgar-text",
            "tauri*",
            "candle-*",
            "rusqlite",
        ],
    },
    Rule {
        package: "amoozgar-ui",
        folder: "ui",
        only: None,
        never: &[
            "amoozgar",
            "amoozgar-data",
            "amoozgar-engine",
            "amoozgar-hub",
            "amoozgar-store",
            "tauri*",
        ],
    },
];

/// Adds a violation for each edge that must not be.
pub fn check(violations: &mut Vec<String>) -> Result<()> {
    for rule in RULES {
        if !root().join(rule.folder).join("Cargo.toml").is_file() {
            continue;
        }
        let direct = dependencies(rule.package, Depth::Direct)?;
        let all = dependencies(rule.package, Depth::All)?;
        violations.extend(broken(rule, &direct, &all));
    }
    Ok(())
}

fn broken(rule: &Rule, direct: &BTreeSet<String>, all: &BTreeSet<String>) -> Vec<String> {
    let beyond = direct
        .iter()
        .filter(|name| rule.only.is_some_and(|only| !only.contains(&name.as_str())))
        .map(|name| format!("`{}` may not depend on `{name}`", rule.package));
    let forbidden = all
        .iter()
        .filter(|name| rule.never.iter().any(|pattern| matches(pattern, name)))
        .map(|name| format!("`{name}` must not be below `{}`", rule.package));
    beyond.chain(forbidden).collect()
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

/// How far down the tree.
#[derive(Clone, Copy)]
enum Depth {
    Direct,
    All,
}

/// Names below a package on every system, itself left out.
fn dependencies(package: &str, depth: Depth) -> Result<BTreeSet<String>> {
    let mut command = process::cargo();
    command
        .args(["tree", "--edges", "normal", "--prefix", "none"])
        .args(["--format", "{p}", "--target", "all", "--package", package]);
    if let Depth::Direct = depth {
        command.args(["--depth", "1"]);
    }
    let tree = process::output(&mut command, "list dependencies")?;
    Ok(tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != package)
        .map(str::to_owned)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn an_edge_that_is_not_allowed_is_named() {
        let rule = Rule {
            package: "a",
            folder: "a",
            only: Some(&["serde"]),
            never: &["tokio*"],
        };
        let found = broken(
            &rule,
            &set(&["serde", "libc"]),
            &set(&["serde", "libc", "tokio-util"]),
        );
        assert_eq!(
            found,
            vec![
                "`a` may not depend on `libc`".to_owned(),
                "`tokio-util` must not be below `a`".to_owned()
            ],
            "one direct, one below"
        );
    }
}
