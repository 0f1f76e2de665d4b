#![allow(clippy::unwrap_used, missing_docs)]
mod support;

use amoozgar_store::StoreError;
use amoozgar_types::id::UserId;
use support::{Fixture, NOW, user};

#[test]
fn a_profile_and_its_hash_survive_a_restart_and_the_flag_follows_the_hash() {
    let fixture = Fixture::new();
    fixture
        .store
        .insert_user(&user("u1", "سارا"), Some("$argon2id$x"), NOW)
        .unwrap();
    fixture
        .store
        .insert_user(&user("u2", "دارا"), None, NOW)
        .unwrap();
    let store = fixture.reopened();
    let users = store.store.list_users().unwrap();
    assert_eq!(users.len(), 2, "both profiles are kept");
    assert!(users[0].has_password, "the first has a hash");
    assert!(!users[1].has_password, "the second has none");
    let id = UserId::new("u1");
    assert_eq!(
        store.store.password_hash(&id).unwrap().as_deref(),
        Some("$argon2id$x"),
        "the hash is what was saved"
    );
    assert_eq!(
        store.store.password_hash(&UserId::new("u2")).unwrap(),
        None,
        "no hash is no hash"
    );
    assert_eq!(
        store.store.user(&id).unwrap().as_ref(),
        Some(&users[0]),
        "one profile reads as in the list"
    );
    assert_eq!(
        store.store.user(&UserId::new("nobody")).unwrap(),
        None,
        "an unknown id is nobody"
    );
}

#[test]
fn two_profiles_never_share_a_name() {
    let fixture = Fixture::new();
    fixture
        .store
        .insert_user(&user("u1", "Sara"), None, NOW)
        .unwrap();
    assert!(
        fixture.store.name_taken("sara").unwrap(),
        "letter case does not make another name"
    );
    assert!(
        !fixture.store.name_taken("dara").unwrap(),
        "this one is free"
    );
    let error = fixture
        .store
        .insert_user(&user("u2", "SARA"), None, NOW)
        .unwrap_err();
    assert!(
        matches!(&error, StoreError::NameTaken { name } if name == "SARA"),
        "the error says which name: {error}"
    );
    assert_eq!(
        fixture.store.list_users().unwrap().len(),
        1,
        "nothing was added"
    );
}
