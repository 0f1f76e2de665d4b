use crate::support::{Fixture, NOW, user};
use amoozgar_store::{Store, StoreError};
use rusqlite::Connection;
use std::fs;
use std::sync::Arc;

#[test]
fn a_new_database_is_strict_logged_ahead_and_minds_its_foreign_keys() {
    let fixture = Fixture::new();
    let raw = Connection::open(fixture.path()).unwrap();
    let mode: String = raw
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal", "readers never wait for the writer");
    let loose: Vec<String> = raw
        .prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND NOT strict AND name NOT LIKE 'sqlite_%'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(loose, Vec::<String>::new(), "every table is STRICT");
}

#[test]
fn a_newer_database_is_refused_and_left_as_it_is() {
    let fixture = Fixture::with_users();
    let path = fixture.path();
    let Fixture { folder, store } = fixture;
    drop(store);
    let raw = Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 900).unwrap();
    raw.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    drop(raw);
    let before = fs::read(&path).unwrap();
    let error = Store::open(&path, NOW).unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found: 900, .. }),
        "the version is named: {error}"
    );
    assert_eq!(fs::read(&path).unwrap(), before, "not a byte was changed");
    drop(folder);
}

#[test]
fn a_file_that_is_no_database_is_set_aside_whole_and_a_fresh_one_made() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("amoozgar.db");
    let junk = "این پایگاه داده نیست ".repeat(500);
    fs::write(&path, &junk).unwrap();
    let opened = Store::open(&path, NOW).unwrap();
    let kept = opened.set_aside.expect("it is reported");
    assert_eq!(
        fs::read_to_string(&kept).unwrap(),
        junk,
        "every byte is kept"
    );
    opened
        .store
        .insert_user(&user("u1", "سارا"), None, NOW)
        .expect("the fresh one works");
    drop(opened.store);
    let again = Store::open(&path, NOW).unwrap();
    assert_eq!(again.set_aside, None, "the fresh one is sound");
    assert_eq!(again.store.list_users().unwrap().len(), 1, "and kept");
}

#[test]
fn a_database_with_a_torn_page_is_set_aside_and_two_never_share_a_name() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("amoozgar.db");
    let mut kept = Vec::new();
    for _ in 0..2 {
        let store = Store::open(&path, NOW).unwrap().store;
        store.insert_user(&user("u1", "سارا"), None, NOW).unwrap();
        drop(store);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[4096..middle].fill(0xAB);
        fs::write(&path, bytes).unwrap();
        let opened = Store::open(&path, NOW).unwrap();
        kept.push(opened.set_aside.expect("the damage is seen"));
        assert!(
            opened.store.list_users().unwrap().is_empty(),
            "the fresh one is empty"
        );
        drop(opened.store);
        fs::remove_file(&path).unwrap();
    }
    assert_ne!(kept[0], kept[1], "same clock, two names");
    assert!(kept.iter().all(|path| path.exists()), "both are kept");
}

#[test]
fn a_missing_folder_is_made_and_a_folder_in_the_files_place_is_an_error_not_damage() {
    let folder = tempfile::TempDir::new().unwrap();
    Store::open(&folder.path().join("a/b/amoozgar.db"), NOW).expect("folders are made");
    let taken = folder.path().join("taken.db");
    fs::create_dir(&taken).unwrap();
    Store::open(&taken, NOW).expect_err("a folder cannot be opened");
    assert!(taken.is_dir(), "and is left where it is");
}

#[test]
fn threads_share_one_store() {
    let store = Arc::new(Fixture::new());
    let writers: Vec<_> = (0..4)
        .map(|number| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || {
                store
                    .store
                    .insert_user(
                        &user(&format!("u{number}"), &format!("نفر {number}")),
                        None,
                        NOW,
                    )
                    .unwrap();
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(store.store.list_users().unwrap().len(), 4, "none was lost");
}
