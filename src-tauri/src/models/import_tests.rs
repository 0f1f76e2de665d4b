#![allow(clippy::unwrap_used)]
use super::super::half::file_name;
use super::{Form, folder, form_of, gguf, is_stop, model_name};
use crate::hold::tests::settled;
use crate::paths::Paths;
use amoozgar_hub::{Copied, Stop, Watch};
use amoozgar_types::ErrorCode;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

fn model(dir: &Path) -> PathBuf {
    let from = dir.join("مدل من");
    fs::create_dir_all(from.join("1_Pooling")).unwrap();
    fs::write(from.join("config.json"), r#"{"model_type":"bert"}"#).unwrap();
    fs::write(from.join("model.safetensors"), vec![7; (9 << 20) + 1]).unwrap();
    fs::write(from.join("1_Pooling/config.json"), "{}").unwrap();
    from
}

fn bench() -> (TempDir, Paths, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::resolve(Some(dir.path().join("data"))).unwrap();
    let from = model(dir.path());
    (dir, paths, from)
}

#[test]
fn a_folder_is_imported_whole_and_a_second_one_gets_a_name_of_its_own() {
    let (_dir, paths, from) = bench();
    assert_eq!(form_of(&from).unwrap(), Form::Model);
    let first = folder(&paths, &from, &Watch::default(), &settled()).unwrap();
    assert_eq!(first[0].name, "مدل من");
    assert_eq!(first[0].architecture.as_deref(), Some("bert"));
    assert_eq!(first[0].n_files, 3, "with what lies in folders");
    let second = folder(&paths, &from, &Watch::default(), &settled()).unwrap();
    assert_eq!(second[0].name, "مدل من 2", "nothing is overwritten");
}

#[test]
fn a_name_that_people_gave_becomes_one_that_every_system_takes() {
    let (_dir, paths, _) = bench();
    for (name, taken) in [
        ("شعر حافظ", "شعر حافظ"),
        ("نثر/نظم: «۱۴۰۳»", "نثر-نظم- «۱۴۰۳»"),
        ("..", "model"),
        (" .پنهان. ", "پنهان"),
        ("con", "model con"),
    ] {
        assert_eq!(file_name(&paths, name), taken, "`{name}`");
    }
    assert_eq!(file_name(&paths, &"ی".repeat(500)).chars().count(), 100);
}

/// Calls `once` when the first bytes were copied.
fn in_between(once: impl Fn() + Send + Sync + 'static) -> Watch {
    let called = AtomicBool::new(false);
    Watch {
        told: Arc::new(move |copied: &Copied| {
            if copied.done_bytes > 0 && !called.swap(true, Ordering::SeqCst) {
                once();
            }
        }),
        ..Watch::default()
    }
}

#[test]
fn two_imports_at_once_leave_each_other_alone() {
    let (dir, paths, from) = bench();
    let (other, within) = (model(&dir.path().join("other")), paths.clone());
    fs::write(other.join("model.safetensors"), "another").unwrap();
    let watch = in_between(move || {
        let second = folder(&within, &other, &Watch::default(), &settled()).unwrap();
        assert_eq!(
            second[0].n_files, 3,
            "the second one came while the first did"
        );
    });
    let first = folder(&paths, &from, &watch, &settled()).unwrap();
    assert_eq!(first[0].n_files, 3, "nothing of the first is gone");
    let weights = |name: &str| fs::read(paths.models().join(name).join("model.safetensors"));
    assert_eq!(weights(&first[0].name).unwrap().len(), (9 << 20) + 1);
    assert_eq!(weights("مدل من").unwrap(), b"another", "it was there first");
    assert_eq!(fs::read_dir(paths.models()).unwrap().count(), 2, "no half");
}

#[test]
fn programs_stay_behind_and_a_folder_without_room_is_refused_before_a_byte_is_copied() {
    let (_dir, paths, from) = bench();
    for name in ["pytorch_model.bin", "modeling_own.py", "1_Pooling/x.pkl"] {
        fs::write(from.join(name), "runs when it is loaded").unwrap();
    }
    let told = Arc::new(AtomicBool::new(false));
    let full = Watch {
        told: {
            let told = Arc::clone(&told);
            Arc::new(move |_: &Copied| told.store(true, Ordering::SeqCst))
        },
        free_space: Arc::new(|_: &Path| Ok(9 << 20)),
        ..Watch::default()
    };
    let failure = folder(&paths, &from, &full, &settled()).unwrap_err();
    assert_eq!(failure.code, ErrorCode::DiskFull, "{failure}");
    assert!(failure.params.needed > failure.params.found, "{failure:?}");
    assert!(!told.load(Ordering::SeqCst), "nothing was begun");
    let imported = folder(&paths, &from, &Watch::default(), &settled()).unwrap();
    assert_eq!(imported[0].n_files, 3, "weights and configurations alone");
    let came = paths.models().join("مدل من");
    assert!(!came.join("pytorch_model.bin").exists() && !came.join("modeling_own.py").exists());
}

#[test]
fn a_stopped_import_leaves_nothing() {
    let (_dir, paths, from) = bench();
    let control = amoozgar_hub::Control::new();
    let watch = Watch {
        told: {
            let control = control.clone();
            Arc::new(move |copied: &Copied| {
                if copied.done_bytes > 0 {
                    control.stop(Stop::Cancel);
                }
            })
        },
        control,
        ..Watch::default()
    };
    let failure = folder(&paths, &from, &watch, &settled()).unwrap_err();
    assert!(is_stop(&failure), "{failure}");
    let left = fs::read_dir(paths.models()).unwrap().count();
    assert_eq!(left, 0, "not even a half of it");
}

#[test]
fn what_is_no_model_is_refused_and_a_cache_is_known_by_its_folders() {
    let (dir, _, _) = bench();
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    assert_eq!(
        form_of(&empty).unwrap_err().code,
        ErrorCode::InvalidModel,
        "an empty folder"
    );
    assert_eq!(
        form_of(&dir.path().join("none")).unwrap_err().code,
        ErrorCode::FileNotFound,
        "no folder at all"
    );
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let repo = dir.path().join("home/hub/models--a--b");
    fs::create_dir_all(repo.join("snapshots").join(commit)).unwrap();
    fs::create_dir_all(repo.join("blobs")).unwrap();
    fs::create_dir_all(repo.join("refs")).unwrap();
    fs::write(repo.join("refs/main"), commit).unwrap();
    fs::write(
        repo.join("snapshots").join(commit).join("config.json"),
        "{}",
    )
    .unwrap();
    for path in [
        repo.clone(),
        repo.join("snapshots").join(commit),
        dir.path().join("home/hub"),
        dir.path().join("home"),
    ] {
        assert_eq!(form_of(&path).unwrap(), Form::Cache, "{}", path.display());
    }
}

#[cfg(unix)]
#[test]
fn nothing_from_outside_of_a_folder_comes_in_with_it() {
    let (dir, paths, from) = bench();
    let secret = dir.path().join("id_ed25519");
    fs::write(&secret, "secret").unwrap();
    std::os::unix::fs::symlink(&secret, from.join("README.md")).unwrap();
    let failure = folder(&paths, &from, &Watch::default(), &settled()).unwrap_err();
    assert_eq!(failure.code, ErrorCode::UnsafePath, "{failure}");
    fs::remove_file(from.join("README.md")).unwrap();
    std::os::unix::fs::symlink(".", from.join("again")).unwrap();
    let failure = folder(&paths, &from, &Watch::default(), &settled()).unwrap_err();
    assert_eq!(failure.code, ErrorCode::UnsafePath, "a ring: {failure}");
    assert!(!paths.models().exists(), "nothing was copied");
}

#[test]
fn a_file_of_gguf_is_called_as_people_call_the_model_and_parts_keep_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::resolve(Some(dir.path().join("data"))).unwrap();
    let blob = dir.path().join("sha256-00ff");
    fs::write(&blob, "GGUF of another program").unwrap();
    let watch = Watch::default();
    let models = gguf(&paths, &[blob], "gemma3:270m", &watch, &settled()).unwrap();
    assert_eq!(
        models[0].name, "gemma3-270m",
        "`:` is no character of a file's name everywhere"
    );
    let inside = paths.models().join("gemma3-270m/gemma3-270m.gguf");
    assert_eq!(fs::read(inside).unwrap(), b"GGUF of another program");

    let parts: Vec<_> = (1..=2)
        .map(|number| dir.path().join(format!("big-0000{number}-of-00002.gguf")))
        .collect();
    for part in &parts {
        fs::write(part, "GGUF").unwrap();
    }
    let name = model_name(&parts[0].display().to_string());
    assert_eq!(name, "big", "a part's number is none of the model's name");
    assert_eq!(model_name("owner/repo-GGUF/file.gguf"), "file");
    assert_eq!(model_name("someone/qwen2.5:0.5b"), "qwen2.5:0.5b");
    let models = gguf(&paths, &parts, &name, &watch, &settled()).unwrap();
    assert_eq!(models[0].n_files, 2);
    assert!(paths.models().join("big/big-00002-of-00002.gguf").is_file());
}
