#![allow(clippy::unwrap_used)]
use super::{ask, at_start};
use crate::db::Db;
use crate::hold::Hold;
use crate::hold::tests::settled;
use crate::paths::{Paths, place};
use crate::secrets::{Secrets, tests::Memory};
use amoozgar_store::Store;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Bench {
    dir: TempDir,
    secrets: Secrets,
}

impl Bench {
    /// A data folder with a dataset in it.
    fn new() -> Self {
        let bench = Self {
            dir: tempfile::tempdir().unwrap(),
            secrets: Secrets::new(Box::<Memory>::default()),
        };
        fs::create_dir_all(bench.root().join("datasets")).unwrap();
        fs::write(bench.root().join("datasets/mine.txt"), "x").unwrap();
        bench
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn paths(&self) -> Paths {
        let paths = Paths::resolve(Some(self.root())).unwrap();
        paths.create().unwrap();
        paths
    }

    fn db(&self) -> Db {
        Db::new(Store::open(&self.paths().database(), 1).unwrap().store)
    }

    fn start(&self) -> Paths {
        at_start(self.paths(), &self.secrets).unwrap()
    }

    fn is_whole(&self) -> bool {
        self.root().join("datasets/mine.txt").is_file()
    }
}

fn left(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn everything_of_ours_goes_and_what_is_others_stays() {
    let bench = Bench::new();
    let (root, elsewhere) = (bench.root(), bench.dir.path().join("big"));
    fs::create_dir_all(elsewhere.join("jobs/a")).unwrap();
    fs::write(elsewhere.join(place::MARK), "").unwrap();
    fs::write(elsewhere.join("mine.txt"), "not the program's").unwrap();
    for name in ["amoozgar.db.replaced-1", "mine.txt"] {
        fs::write(root.join(name), "x").unwrap();
    }
    let pointer = serde_json::json!({ "place": elsewhere });
    fs::write(root.join("place.json"), pointer.to_string()).unwrap();
    let db = bench.db();
    let paths = bench.start();
    assert!(elsewhere.join("jobs").is_dir(), "nothing was asked for");
    ask(&paths, &db, &Hold::new(&paths).settled().unwrap()).unwrap();
    drop(db);
    let paths = bench.start();
    assert_eq!(paths.place(), root, "where everything begins");
    assert_eq!(left(&elsewhere), ["mine.txt"], "the other place");
    assert_eq!(left(&root), ["datasets", "jobs", "logs", "mine.txt"]);
}

#[test]
fn a_file_of_the_marks_name_that_is_not_the_programs_removes_nothing() {
    let bench = Bench::new();
    drop(bench.db());
    let mark = bench.root().join("wipe");
    for text in [
        "",
        "everything\n",
        "{}",
        r#"{"nonce":""}"#,
        r#"{"nonce":"0123456789abcdef"}"#,
    ] {
        fs::write(&mark, text).unwrap();
        bench.start();
        assert!(bench.is_whole(), "`{text}`");
        assert_eq!(fs::read_to_string(&mark).unwrap(), text, "it is somebody's");
    }
}

#[test]
fn a_mark_of_another_database_and_one_without_a_sound_database_remove_nothing() {
    let other = Bench::new();
    let db = other.db();
    ask(&other.paths(), &db, &settled()).unwrap();
    let theirs = fs::read(other.root().join("wipe")).unwrap();
    drop(db);

    let bench = Bench::new();
    let db = bench.db();
    ask(&bench.paths(), &db, &settled()).unwrap();
    drop(db);
    let ours = fs::read(bench.root().join("wipe")).unwrap();
    let database = bench.paths().database();
    let sound = fs::read(&database).unwrap();
    fs::write(bench.root().join("wipe"), theirs).unwrap();
    bench.start();
    assert!(bench.is_whole(), "a nonce of another wish");
    fs::write(bench.root().join("wipe"), ours).unwrap();
    fs::write(&database, "no database").unwrap();
    bench.start();
    assert!(bench.is_whole(), "it cannot be confirmed");
    fs::remove_file(&database).unwrap();
    bench.start();
    assert!(bench.is_whole() && !database.exists(), "nor without one");
    fs::write(&database, sound).unwrap();
    bench.start();
    assert!(!bench.is_whole(), "the same mark, confirmed");
}

#[test]
fn a_folder_that_the_pointer_names_but_that_is_no_place_loses_nothing() {
    let bench = Bench::new();
    let theirs = bench.dir.path().join("projects");
    fs::create_dir_all(theirs.join("models/work")).unwrap();
    let pointer = serde_json::json!({ "left": theirs });
    fs::write(bench.root().join("place.json"), pointer.to_string()).unwrap();
    let db = bench.db();
    ask(&bench.paths(), &db, &settled()).unwrap();
    drop(db);
    bench.start();
    assert!(!bench.is_whole(), "what is ours goes");
    assert!(theirs.join("models/work").is_dir(), "what is theirs stays");
}
