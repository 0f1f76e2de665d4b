//! What the environment names: each case in a process of its own, since a process has one environment.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::process::Command;

/// What a process with these variables, and no other of the Hub, finds.
fn found(variables: &[(&str, &Path)]) -> (String, String) {
    let mut all = vec![("XDG_CACHE_HOME", Path::new("/nowhere"))];
    all.extend(variables);
    found_with(&all)
}

/// What a process with these variables alone finds.
fn found_with(variables: &[(&str, &Path)]) -> (String, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for name in [
        "HF_HOME",
        "HF_HUB_CACHE",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN",
        "HF_TOKEN",
        "HF_TOKEN_PATH",
        "HUGGINGFACE_HUB_CACHE",
        "XDG_CACHE_HOME",
    ] {
        command.env_remove(name);
    }
    let output = command
        .args(["--exact", "what_is_found_is_said", "--nocapture"])
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let after = |mark: &str| {
        let line = said.lines().find_map(|line| line.split_once(mark));
        line.unwrap().1.to_owned()
    };
    (after("token="), after("cache="))
}

#[test]
#[allow(clippy::print_stdout)]
fn what_is_found_is_said() {
    let token = amoozgar_hub::named_token();
    println!();
    println!(
        "token={}",
        token.as_ref().map_or("", |token| token.expose())
    );
    let cache = amoozgar_hub::named_cache().unwrap_or_default();
    println!("cache={}", cache.display());
}

#[test]
fn the_token_is_the_variable_s_then_a_named_file_s_then_the_home_s() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    let named = home.join("named");
    std::fs::write(home.join("token"), "hf_home\n").unwrap();
    std::fs::write(&named, "hf_named\n").unwrap();
    let variable = ("HF_TOKEN", Path::new("hf_variable"));
    let file = ("HF_TOKEN_PATH", named.as_path());
    let at_home = ("HF_HOME", home);
    for (variables, token) in [
        (vec![], ""),
        (vec![at_home], "hf_home"),
        (vec![at_home, file], "hf_named"),
        (vec![at_home, file, variable], "hf_variable"),
    ] {
        assert_eq!(found(&variables).0, token, "with {variables:?}");
        let mut unasked = variables;
        unasked.push(("HF_HUB_DISABLE_IMPLICIT_TOKEN", Path::new("1")));
        assert_eq!(found(&unasked).0, "", "nothing is taken unasked");
    }
}

#[test]
fn a_cache_is_named_by_its_variable_then_by_the_home() {
    let cache = ("HF_HUB_CACHE", Path::new("/a"));
    let old = ("HUGGINGFACE_HUB_CACHE", Path::new("/b"));
    let home = ("HF_HOME", Path::new("/c"));
    let at_home = home.1.join("hub").display().to_string();
    for (variables, path) in [
        (vec![], ""),
        (vec![home], at_home.as_str()),
        (vec![home, old], "/b"),
        (vec![home, old, cache], "/a"),
        (
            vec![home, ("HF_HUB_CACHE", Path::new(""))],
            at_home.as_str(),
        ),
    ] {
        assert_eq!(found(&variables).1, path, "with {variables:?}");
    }
}

#[test]
fn without_any_variable_the_token_lies_below_the_user_s_own_folder() {
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join(".cache/huggingface");
    std::fs::create_dir_all(&kept).unwrap();
    std::fs::write(kept.join("token"), "hf_own\n").unwrap();
    let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    let (token, _) = found_with(&[(home, dir.path())]);
    assert_eq!(token, "hf_own", "as `{home}` names it");
}
