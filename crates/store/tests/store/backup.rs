use crate::support::{Fixture, NOW, job_id, sara};
use amoozgar_store::{Store, StoreError, inspect, prepare_restore, take_restored};
use amoozgar_types::job::JobStatus;
use rusqlite::Connection;

#[test]
fn a_back_up_made_while_the_database_is_in_use_holds_everything_and_comes_back() {
    let fixture = Fixture::with_job("j1", JobStatus::Completed);
    let copy = fixture.folder.path().join("پشتیبان.db");
    let size = fixture.store.back_up(&copy).unwrap();
    assert_eq!(size, std::fs::metadata(&copy).unwrap().len(), "its bytes");
    fixture.store.delete_job(&sara(), &job_id("j1")).unwrap();
    let found = inspect(&copy).unwrap();
    assert_eq!((found.n_users, found.n_jobs), (2, 1), "what it holds");
    assert_eq!(found.latest_ms, Some(NOW), "its latest row");

    prepare_restore(&fixture.path(), &copy).unwrap();
    let path = fixture.path();
    let Fixture { folder, store } = fixture;
    drop(store);
    let kept = take_restored(&path, NOW).unwrap().unwrap();
    let store = Store::open(&path, NOW).unwrap().store;
    assert!(
        store.job(&sara(), &job_id("j1")).unwrap().is_some(),
        "the deleted run is back"
    );
    let before = Store::open(&kept, NOW).unwrap().store;
    assert!(
        before.job(&sara(), &job_id("j1")).unwrap().is_none(),
        "what was in force is kept aside"
    );
    assert_eq!(take_restored(&path, NOW).unwrap(), None, "once");
    drop(folder);
}

#[test]
fn what_is_damaged_newer_or_no_database_of_ours_never_takes_its_place() {
    let fixture = Fixture::with_users();
    let folder = fixture.folder.path().to_owned();
    let garbage = folder.join("garbage.db");
    std::fs::write(&garbage, b"not a database at all, only some words").unwrap();
    let foreign = folder.join("foreign.db");
    Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE x (y TEXT); PRAGMA user_version = 1;")
        .unwrap();
    let newer = folder.join("newer.db");
    fixture.store.back_up(&newer).unwrap();
    Connection::open(&newer)
        .unwrap()
        .pragma_update(None, "user_version", 9999)
        .unwrap();
    let cut = folder.join("cut.db");
    fixture.store.back_up(&cut).unwrap();
    let bytes = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    for path in [&garbage, &foreign, &cut] {
        let error = prepare_restore(&fixture.path(), path).unwrap_err();
        assert!(
            matches!(error, StoreError::Damaged { .. }),
            "{}: {error}",
            path.display()
        );
    }
    let error = prepare_restore(&fixture.path(), &newer).unwrap_err();
    assert!(matches!(error, StoreError::Newer { .. }), "{error}");
    let missing = prepare_restore(&fixture.path(), &folder.join("none.db")).unwrap_err();
    assert!(matches!(missing, StoreError::Io { .. }), "{missing}");
    assert_eq!(
        take_restored(&fixture.path(), NOW).unwrap(),
        None,
        "nothing waits to take the place"
    );
}

#[test]
fn a_back_up_over_an_older_one_replaces_it_as_a_whole() {
    let fixture = Fixture::with_users();
    let copy = fixture.folder.path().join("copy.db");
    std::fs::write(&copy, b"an older copy").unwrap();
    fixture.store.back_up(&copy).unwrap();
    assert_eq!(inspect(&copy).unwrap().n_users, 2, "the new one");
    let left = std::fs::read_dir(fixture.folder.path())
        .unwrap()
        .filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().ends_with(".partial")
        })
        .count();
    assert_eq!(left, 0, "no unfinished copy is left");
}

#[test]
fn a_copy_of_a_database_in_use_is_restored_with_what_lies_in_its_log() {
    let fixture = Fixture::with_job("j1", JobStatus::Completed);
    // As a file manager copies it while the program runs, and onto a medium without write access.
    let medium = tempfile::TempDir::new().unwrap();
    let copy = medium.path().join("amoozgar.db");
    for companion in ["", "-wal"] {
        let name = format!("amoozgar.db{companion}");
        let to = medium.path().join(&name);
        std::fs::copy(fixture.folder.path().join(&name), &to).unwrap();
        let mut permissions = std::fs::metadata(&to).unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&to, permissions).unwrap();
    }
    let log = std::fs::metadata(medium.path().join("amoozgar.db-wal"));
    assert!(log.unwrap().len() > 0, "the run is in the log alone");
    fixture.store.delete_job(&sara(), &job_id("j1")).unwrap();
    prepare_restore(&fixture.path(), &copy).unwrap();
    let path = fixture.path();
    let Fixture { folder, store } = fixture;
    drop(store);
    take_restored(&path, NOW).unwrap().unwrap();
    let about = std::fs::metadata(&path).unwrap();
    assert!(!about.permissions().readonly(), "it can be written");
    let store = Store::open(&path, NOW).unwrap().store;
    assert!(
        store.job(&sara(), &job_id("j1")).unwrap().is_some(),
        "with what lay in its log"
    );
    store.delete_job(&sara(), &job_id("j1")).unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".restored"))
        .collect();
    assert!(left.is_empty(), "nothing is left of it: {left:?}");
}

#[cfg(unix)]
#[test]
fn the_database_and_every_copy_of_it_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::with_job("j1", JobStatus::Completed);
    let copy = fixture.folder.path().join("copy.db");
    fixture.store.back_up(&copy).unwrap();
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o644)).unwrap();
    prepare_restore(&fixture.path(), &copy).unwrap();
    fixture.store.back_up(&copy).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(fixture.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "`{}`", entry.file_name().display());
        seen += 1;
    }
    assert!(seen >= 4, "database, log, copy and what waits: {seen}");
}

#[test]
fn a_program_that_ends_leaves_no_log_behind() {
    let fixture = Fixture::with_job("j1", JobStatus::Completed);
    let log = fixture.folder.path().join("amoozgar.db-wal");
    assert!(std::fs::metadata(&log).unwrap().len() > 0, "it was written");
    fixture.store.settle().unwrap();
    assert_eq!(std::fs::metadata(&log).unwrap().len(), 0, "it is empty");
    let alone = fixture.folder.path().join("alone.db");
    std::fs::copy(fixture.path(), &alone).unwrap();
    assert_eq!(inspect(&alone).unwrap().n_jobs, 1, "the file has it all");
}
