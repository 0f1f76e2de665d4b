use crate::support::{Fixture, NOW, dara, sara};

fn codes(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_code_can_be_used_once_and_by_its_owner() {
    let fixture = Fixture::with_users();
    let store = &fixture.store;
    store
        .set_recovery_codes(&sara(), &codes(&["a", "b"]), NOW)
        .unwrap();
    assert!(
        !store.use_recovery_code(&dara(), "a").unwrap(),
        "another profile's code is none"
    );
    assert!(store.use_recovery_code(&sara(), "a").unwrap(), "once");
    assert!(!store.use_recovery_code(&sara(), "a").unwrap(), "not twice");
    let status = store.recovery_status(&sara()).unwrap();
    assert_eq!(status.n_left, 1, "the other is left");
    assert_eq!(status.created_ms, Some(NOW), "from the day it was made");
}

#[test]
fn new_codes_end_the_old_ones_and_a_removed_password_ends_all() {
    let fixture = Fixture::with_users();
    let store = &fixture.store;
    store
        .set_recovery_codes(&sara(), &codes(&["a", "b"]), NOW)
        .unwrap();
    store
        .set_recovery_codes(&sara(), &codes(&["c"]), NOW + 1)
        .unwrap();
    assert_eq!(
        store.recovery_hashes(&sara()).unwrap(),
        ["c"],
        "the new one alone"
    );
    store.set_password(&sara(), None, None, NOW + 2).unwrap();
    assert_eq!(
        store.recovery_status(&sara()).unwrap().n_left,
        0,
        "there is no password to recover"
    );
}
