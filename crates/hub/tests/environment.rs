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
    let said = said_with(variables);
    (after(&said, "token="), after(&said, "cache="))
}

fn after(said: &str, mark: &str) -> String {
    let line = said.lines().find_map(|line| line.split_once(mark));
    line.unwrap().1.to_owned()
}

fn said_with(variables: &[(&str, &Path)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for name in [
        "HF_ENDPOINT",
        "HF_HOME",
        "HF_HUB_CACHE",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN",
        "HF_HUB_OFFLINE",
        "HF_TOKEN",
        "HF_TOKEN_PATH",
        "HUGGINGFACE_HUB_CACHE",
        "HUGGING_FACE_HUB_TOKEN",
        "TRANSFORMERS_OFFLINE",
        "XDG_CACHE_HOME",
    ] {
        command.env_remove(name);
    }
    let output = command
        .args(["--exact", "what_is_found_is_said", "--nocapture"])
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
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
    let endpoint = amoozgar_hub::named_endpoint().unwrap_or_default();
    println!("endpoint={endpoint}");
    println!("access={:?}", amoozgar_hub::named_access());
}

#[test]
fn line_ends_and_spaces_around_a_token_do_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    std::fs::write(&file, "\u{feff}hf_abc\r\ndef\r\n").unwrap();
    for (name, value, token) in [
        ("HF_TOKEN", "hf_abcdefghij\n", "hf_abcdefghij"),
        ("HF_TOKEN", "  hf_abcdefghij\r\n", "hf_abcdefghij"),
        ("HF_TOKEN", " \n", ""),
        ("HUGGING_FACE_HUB_TOKEN", "hf_old\n", "hf_old"),
        ("HF_TOKEN_PATH", file.to_str().unwrap(), "hf_abcdef"),
        ("HF_TOKEN_PATH", dir.path().to_str().unwrap(), ""),
        #[cfg(unix)]
        ("HF_TOKEN_PATH", "/dev/zero", ""),
    ] {
        let found = found(&[(name, Path::new(value))]).0;
        assert_eq!(found, token, "of {name}={value:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_tilde_and_variables_in_a_path_are_replaced_as_the_python_client_does() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    std::fs::create_dir(home.join("hf")).unwrap();
    std::fs::write(home.join("hf/token"), "hf_of_home").unwrap();
    let below = |path: &str| home.join(path).display().to_string();
    for (name, value, cache, token) in [
        ("HF_HOME", "~/hf", below("hf/hub"), "hf_of_home"),
        ("HF_HOME", "$HOME/hf\r\n", below("hf/hub"), "hf_of_home"),
        ("HF_HUB_CACHE", "~/cache", below("cache"), ""),
        ("HF_HUB_CACHE", "${HOME}/$WHICH-1", below("this-1"), ""),
        ("HUGGINGFACE_HUB_CACHE", "~", home.display().to_string(), ""),
        (
            "HF_HUB_CACHE",
            "/a/~/$NONE/${NONE}/$",
            "/a/~/$NONE/${NONE}/$".into(),
            "",
        ),
        ("HF_HUB_CACHE", "~root/cache", "/root/cache".into(), ""),
        (
            "HF_HUB_CACHE",
            "~nobody-of-this-name/c",
            "~nobody-of-this-name/c".into(),
            "",
        ),
        ("HF_TOKEN_PATH", "~/hf/token", String::new(), "hf_of_home"),
    ] {
        let found = found(&[
            ("HOME", home),
            ("WHICH", Path::new("this")),
            (name, Path::new(value)),
        ]);
        assert_eq!(found, (token.to_owned(), cache), "of {name}={value:?}");
    }
    let caches = [("HOME", home), ("XDG_CACHE_HOME", Path::new("~/caches"))];
    std::fs::create_dir_all(home.join("caches/huggingface")).unwrap();
    std::fs::write(home.join("caches/huggingface/token"), "hf_of_caches").unwrap();
    assert_eq!(found_with(&caches).0, "hf_of_caches");
}

#[test]
fn a_switch_is_on_for_the_python_client_s_words_alone() {
    for (value, access) in [
        ("1", "Offline"),
        ("true", "Offline"),
        ("YES\n", "Offline"),
        ("on", "Offline"),
        ("0", "Online"),
        ("false", "Online"),
        ("", "Online"),
    ] {
        for name in ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"] {
            let said = said_with(&[(name, Path::new(value))]);
            assert_eq!(after(&said, "access="), access, "of {name}={value:?}");
        }
        let token = ("HF_TOKEN", Path::new("hf_a"));
        let found = found(&[("HF_HUB_DISABLE_IMPLICIT_TOKEN", Path::new(value)), token]).0;
        assert_eq!(found.is_empty(), access == "Offline", "by {value:?}");
    }
    let said = said_with(&[("HF_ENDPOINT", Path::new(" https://m.example/hf/\n"))]);
    assert_eq!(after(&said, "endpoint="), "https://m.example/hf/");
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
