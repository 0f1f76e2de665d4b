#![allow(clippy::unwrap_used)]
use super::{Moving, keeps_modes, look, relocate};
use crate::db::Db;
use crate::hold::Hold;
use crate::hold::tests::held;
use crate::paths::Paths;
use crate::paths::place::HALF;
use crate::storage::place;
use amoozgar_hub::{Control, Copied, Stop, Watch};
use amoozgar_store::Store;
use amoozgar_types::ErrorCode;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

struct Bench {
    dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        bench.paths().create().unwrap();
        bench.write("jobs/a/final/model.safetensors", &vec![7; (3 << 20) + 5]);
        bench.write("jobs/a/job.json", b"{}");
        bench.write("datasets/حافظ.txt", "الا یا ایها الساقی".as_bytes());
        bench.write("hub/models--a--b/blobs/1234", b"weights");
        fs::create_dir_all(bench.root().join("hub/models--a--b/snapshots/c")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(
            "../../blobs/1234",
            bench.root().join("hub/models--a--b/snapshots/c/model"),
        )
        .unwrap();
        bench
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn to(&self) -> PathBuf {
        self.dir.path().join("big")
    }

    fn paths(&self) -> Paths {
        Paths::resolve(Some(self.root())).unwrap()
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn refusal(paths: &Paths, to: &Path) -> ErrorCode {
    look(paths, to).unwrap_err().code
}

#[test]
fn everything_is_there_after_a_move_and_the_old_place_until_it_is_let_go_of() {
    let bench = Bench::new();
    let moved = relocate(&bench.paths(), &bench.to(), &Watch::default(), &held()).unwrap();
    assert_eq!(moved, Moving::Done);
    let paths = bench.paths();
    assert_eq!(paths.place(), bench.to(), "what the next start reads");
    assert!(paths.place_is_there(), "the place is marked as one");
    let model = paths.jobs().join("a/final/model.safetensors");
    assert_eq!(fs::read(model).unwrap(), vec![7; (3 << 20) + 5]);
    #[cfg(unix)]
    assert_eq!(
        fs::read(paths.hub().join("models--a--b/snapshots/c/model")).unwrap(),
        b"weights",
        "links lead on"
    );
    assert!(
        bench.root().join("jobs/a/job.json").is_file(),
        "the old place is kept"
    );
    assert_eq!(
        look(&paths, &bench.dir.path().join("third"))
            .unwrap_err()
            .code,
        ErrorCode::InvalidState,
        "not again before that is let go of"
    );
    place::let_go(&paths, &Hold::new(&paths).settled().unwrap()).unwrap();
    assert!(!bench.root().join("jobs").exists(), "now it is gone");
    assert!(bench.to().join("jobs/a/job.json").is_file());
    assert_eq!(bench.paths().place_left(), None);

    // And home again.
    let back = relocate(&bench.paths(), &bench.root(), &Watch::default(), &held()).unwrap();
    assert_eq!(back, Moving::Done);
    assert_eq!(bench.paths().place(), bench.root());
    let settled = Hold::new(&bench.paths()).settled().unwrap();
    place::let_go(&bench.paths(), &settled).unwrap();
    assert!(!bench.to().exists(), "an empty folder is not left behind");
}

#[test]
fn a_folder_that_cannot_take_everything_is_refused_before_anything_is_copied() {
    let bench = Bench::new();
    let paths = bench.paths();
    let taken = bench.dir.path().join("taken");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("mine"), "").unwrap();
    assert_eq!(refusal(&paths, &taken), ErrorCode::FolderNotEmpty);
    assert_eq!(
        refusal(&paths, &bench.root().join("jobs/new")),
        ErrorCode::FolderInside
    );
    assert_eq!(
        refusal(&paths, &bench.root().join("new")),
        ErrorCode::FolderInside
    );
    assert_eq!(refusal(&paths, bench.dir.path()), ErrorCode::FolderInside);
    assert_eq!(refusal(&paths, &bench.root()), ErrorCode::InvalidField);
    assert_eq!(
        refusal(&paths, &bench.dir.path().join("no/such/folder")),
        ErrorCode::FileNotFound
    );
    #[cfg(target_os = "linux")]
    assert!(look(&paths, Path::new("/proc/here")).is_err());
}

#[test]
fn a_stopped_move_leaves_nothing_and_changes_nothing() {
    let bench = Bench::new();
    let control = Control::new();
    for after in [1, 4 << 20] {
        let watch = Watch {
            told: {
                let control = control.clone();
                Arc::new(move |copied: &Copied| {
                    if copied.done_bytes >= after {
                        control.stop(Stop::Cancel);
                    }
                })
            },
            control: control.clone(),
            ..Watch::default()
        };
        let moved = relocate(&bench.paths(), &bench.to(), &watch, &held()).unwrap();
        assert_eq!(moved, Moving::Stopped);
        let left = fs::read_dir(bench.to()).unwrap().count();
        assert_eq!(left, 0, "nothing is left of it");
        assert_eq!(bench.paths().place(), bench.root(), "all is as before");
    }
}

#[test]
fn what_a_crash_left_half_is_begun_anew() {
    let bench = Bench::new();
    fs::create_dir_all(bench.to().join("jobs/b")).unwrap();
    fs::write(bench.to().join("jobs/b/half"), "x").unwrap();
    fs::write(bench.to().join(HALF), "x").unwrap();
    relocate(&bench.paths(), &bench.to(), &Watch::default(), &held()).unwrap();
    assert!(!bench.to().join("jobs/b").exists(), "the half is gone");
    assert!(bench.to().join("jobs/a/job.json").is_file());
}

#[test]
fn a_place_that_is_not_there_is_not_taken_for_an_empty_one() {
    let bench = Bench::new();
    relocate(&bench.paths(), &bench.to(), &Watch::default(), &held()).unwrap();
    fs::rename(bench.to(), bench.dir.path().join("unplugged")).unwrap();
    let paths = bench.paths();
    assert!(!paths.place_is_there());
    paths.create().unwrap();
    assert!(!bench.to().exists(), "nothing is made where the disk was");
    let hold = Hold::new(&paths);
    assert!(hold.is_held());
    let refused = hold.settled().unwrap_err();
    assert_eq!(refused.code, ErrorCode::PlaceMissing);
    fs::rename(bench.dir.path().join("unplugged"), bench.to()).unwrap();
    assert!(!hold.is_held(), "plugged in again, it goes on");
}

#[test]
fn the_database_follows_the_place_and_a_moved_data_folder() {
    let bench = Bench::new();
    let open = |paths: &Paths| Db::new(Store::open(&paths.database(), 0).unwrap().store);
    let paths = bench.paths();
    let db = open(&paths);
    place::follow(&paths, &db).unwrap();
    let root = bench.root().display().to_string();
    assert_eq!(db.now(Store::place).unwrap(), Some(root));
    relocate(&paths, &bench.to(), &Watch::default(), &held()).unwrap();
    let paths = bench.paths();
    place::follow(&paths, &db).unwrap();
    let to = bench.to().display().to_string();
    assert_eq!(db.now(Store::place).unwrap(), Some(to));
}

#[test]
fn while_a_move_is_under_way_nothing_else_changes_the_place() {
    let bench = Bench::new();
    let hold = Hold::new(&bench.paths());
    let held = hold.begin().unwrap();
    assert_eq!(hold.settled().unwrap_err().code, ErrorCode::PlaceMoving);
    assert!(hold.begin().is_err(), "one at a time");
    drop(held);
    assert!(hold.settled().is_ok());
    hold.begin().unwrap().keep();
    assert!(hold.is_moving(), "until the program ends");
}

#[cfg(unix)]
#[test]
fn a_moved_file_is_closed_to_others_and_a_disk_without_modes_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let file = bench.root().join("jobs/a/job.json");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let load = look(&bench.paths(), &bench.to()).unwrap();
    assert!(load.is_private, "this disk keeps modes");
    // As on FAT: what is set is forgotten, and everybody may read.
    assert!(!keeps_modes(&file, |_| Ok(())));
    relocate(&bench.paths(), &bench.to(), &Watch::default(), &held()).unwrap();
    let copy = bench.to().join("jobs/a/job.json");
    let mode = fs::metadata(copy).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the copy, whatever the old one had");
}
