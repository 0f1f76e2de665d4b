//! The contract between interface and shell (`types::ipc`) is for those two alone: no library crate
//! imports it, and within `crates/types` no module of the domain does.

use std::path::Path;

/// Crates that know the domain's words and nothing of the bridge.
const BEYOND: &[&str] = &["crates/data", "crates/engine", "crates/hub", "crates/store"];
/// Where the contract itself is, and the file that names it.
const CONTRACT: &[&str] = &["crates/types/src/ipc", "crates/types/src/ipc.rs"];
const ROOT: &str = "crates/types/src/lib.rs";

/// Adds a violation for each line that names the contract where it must not be known.
pub fn check(file: &Path, text: &str, violations: &mut Vec<String>) {
    let domain = file.starts_with("crates/types")
        && !CONTRACT.iter().any(|part| file.starts_with(part))
        && file != Path::new(ROOT);
    if !domain && !BEYOND.iter().any(|part| file.starts_with(part)) {
        return;
    }
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        if super::words(code).any(|word| word == "ipc") {
            violations.push(format!(
                "`{}:{}` names the contract `ipc`; the domain's types are in modules of `types`",
                file.display(),
                index + 1
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n_violations(file: &str, text: &str) -> usize {
        let mut violations = Vec::new();
        check(Path::new(file), text, &mut violations);
        violations.len()
    }

    #[test]
    fn the_contract_is_for_the_interface_and_the_shell() {
        let import = "use amoozgar_types::ipc::NewRun;\n";
        for file in ["crates/store/src/jobs.rs", "crates/engine/src/base.rs"] {
            assert_eq!(n_violations(file, import), 1, "`{file}` may not");
        }
        for file in ["ui/src/main.rs", "src-tauri/src/lib.rs"] {
            assert_eq!(n_violations(file, import), 0, "`{file}` may");
        }
    }

    #[test]
    fn the_contract_imports_the_domain_and_not_the_other_way_round() {
        let import = "use crate::ipc::NewRun;\n";
        assert_eq!(n_violations("crates/types/src/job.rs", import), 1, "domain");
        assert_eq!(
            n_violations("crates/types/src/ipc/training.rs", import),
            0,
            "within the contract"
        );
        assert_eq!(
            n_violations("crates/types/src/job.rs", "// unlike ipc\n"),
            0,
            "a comment may speak of it"
        );
    }
}
