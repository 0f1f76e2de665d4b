#![allow(clippy::unwrap_used)]
use super::Room;
use crate::db::Db;
use crate::hold::tests::settled;
use crate::paths::Paths;
use amoozgar_store::Store;
use amoozgar_types::ErrorCode;
use amoozgar_types::id::UserId;
use amoozgar_types::storage::{Caution, CleanupTarget};
use amoozgar_types::user::{Role, User};
use std::fs;
use std::path::Path;

fn user(id: &str, role: Role) -> User {
    User {
        user_id: UserId::new(id),
        name: id.to_owned(),
        role,
        has_password: false,
        created_ms: 1,
    }
}

fn room(root: &Path, role: Role) -> Room {
    let paths = Paths::resolve(Some(root.to_owned())).unwrap();
    paths.create().unwrap();
    let store = Store::open(&paths.database(), 1).unwrap().store;
    let first = user("first", Role::Administrator);
    let second = user("second", Role::User);
    store.insert_user(&first, None, 1).unwrap();
    store.insert_user(&second, None, 1).unwrap();
    Room {
        db: Db::new(store),
        paths,
        user: if role == Role::Administrator {
            first
        } else {
            second
        },
    }
}

fn fill(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, b"0123456789").unwrap();
}

#[test]
fn what_belongs_to_no_run_is_an_administrators_to_remove() {
    let folder = tempfile::tempdir().unwrap();
    let room = room(folder.path(), Role::Administrator);
    fill(&room.paths.jobs().join("gone/checkpoints/a"));
    let repository = room.paths.hub_cache().join("models--owner--name");
    fill(&repository.join(".amoozgar/abc.part"));
    fill(&repository.join("blobs/whole"));
    let items = room.list().unwrap();
    assert_eq!(items.len(), 2, "both are offered: {items:?}");
    let partial = items.iter().find(|item| item.name == "owner/name").unwrap();
    assert_eq!(
        partial.caution,
        Some(Caution::StartsAnew),
        "it is said what that costs"
    );
    let held = room.hold(&repository.join(".amoozgar")).unwrap();
    assert_eq!(
        room.list().unwrap().len(),
        1,
        "a download under way is not offered"
    );
    drop(held);
    let targets: Vec<_> = items.into_iter().map(|item| item.target).collect();
    let outcome = room.remove(&targets, &settled()).unwrap();
    assert_eq!(outcome.n_removed, 2, "both are removed");
    assert_eq!(outcome.freed_bytes, 20, "and their room is told");
    assert!(
        repository.join("blobs/whole").is_file(),
        "what was there whole stays"
    );
    let again = room.remove(&targets, &settled()).unwrap();
    assert_eq!(
        (again.n_removed, again.n_skipped),
        (0, 2),
        "what is gone is skipped"
    );
}

#[test]
fn a_plain_user_is_offered_nothing_of_everyones_and_cannot_name_it_either() {
    let folder = tempfile::tempdir().unwrap();
    let room = room(folder.path(), Role::User);
    fill(&room.paths.jobs().join("gone/log.txt"));
    assert!(room.list().unwrap().is_empty(), "nothing is offered");
    let target = CleanupTarget::OrphanFolder {
        folder: "gone".to_owned(),
    };
    assert_eq!(
        room.remove(&[target], &settled()).unwrap_err().code,
        ErrorCode::NotPermitted,
        "and nothing is removed by its name"
    );
}

#[test]
fn a_name_that_leads_elsewhere_removes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let room = room(folder.path(), Role::Administrator);
    fill(&folder.path().join("datasets/mine.txt"));
    for name in ["../datasets", "", ".", "/"] {
        let target = CleanupTarget::OrphanFolder {
            folder: name.to_owned(),
        };
        assert_eq!(
            room.remove(&[target], &settled()).unwrap().n_removed,
            0,
            "`{name}`"
        );
    }
    assert!(
        folder.path().join("datasets/mine.txt").is_file(),
        "nothing outside of the runs' folder is touched"
    );
}
