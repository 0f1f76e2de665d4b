use crate::support::{Fixture, NOW, dara, job_id, sara, user};
use amoozgar_store::{Attempt, StoreError};
use amoozgar_types::id::UserId;
use amoozgar_types::job::JobStatus;
use amoozgar_types::user::Role;

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

#[test]
fn the_first_profile_is_administrator_and_the_last_administrator_stays() {
    let fixture = Fixture::with_users();
    let store = &fixture.store;
    let roles = || -> Vec<Role> {
        let users = store.list_users().unwrap();
        users.into_iter().map(|user| user.role).collect()
    };
    // Both were made at the same time: the order is that of their ids.
    assert_eq!(
        roles(),
        [Role::User, Role::Administrator],
        "sara came first and looks after the others"
    );
    let last = |outcome: Result<_, StoreError>| {
        matches!(outcome, Err(StoreError::LastAdministrator { .. }))
    };
    assert!(
        last(store.set_role(&sara(), Role::User, NOW).map(drop)),
        "somebody has to look after the profiles"
    );
    assert!(
        last(store.delete_user(&sara())),
        "so she cannot be removed either"
    );
    store.set_role(&dara(), Role::Administrator, NOW).unwrap();
    store.set_role(&sara(), Role::User, NOW).unwrap();
    assert!(
        last(store.delete_user(&dara())),
        "now it is the other who stays"
    );
    store.delete_user(&sara()).unwrap();
    assert_eq!(store.list_users().unwrap().len(), 1, "she is gone");
}

#[test]
fn a_profile_goes_with_everything_that_is_its_but_not_while_it_trains() {
    let fixture = Fixture::with_job("j1", JobStatus::Completed);
    let store = &fixture.store;
    store.set_role(&dara(), Role::Administrator, NOW).unwrap();
    fixture.add_job("sara", "j2", JobStatus::Queued);
    assert!(
        matches!(
            store.delete_user(&sara()),
            Err(StoreError::UserHasLiveJob { .. })
        ),
        "a queued run still needs its owner"
    );
    let mut queued = store.job(&sara(), &job_id("j2")).unwrap().unwrap().record;
    queued.status = JobStatus::Stopped;
    store.update_job(&queued).unwrap();
    store.delete_user(&sara()).unwrap();
    assert_eq!(
        store.job_unscoped(&job_id("j1")).unwrap(),
        None,
        "the runs went along"
    );
}

#[test]
fn wrong_tries_cost_more_and_more_also_after_a_restart_and_a_right_one_ends_that() {
    let fixture = Fixture::with_users();
    let attempt = |fixture: &Fixture, now| fixture.store.begin_attempt(&sara(), now).unwrap();
    for _ in 0..3 {
        assert_eq!(attempt(&fixture, NOW), Attempt::Allowed, "three are free");
    }
    assert_eq!(
        attempt(&fixture, NOW),
        Attempt::Wait(5_000),
        "then one waits"
    );
    let fixture = fixture.reopened();
    assert_eq!(
        attempt(&fixture, NOW + 1_000),
        Attempt::Wait(4_000),
        "a restart does not shorten it, and asking does not lengthen it"
    );
    assert_eq!(
        attempt(&fixture, NOW + 5_000),
        Attempt::Allowed,
        "the time has passed"
    );
    assert_eq!(
        attempt(&fixture, NOW + 5_000),
        Attempt::Wait(10_000),
        "the next costs twice as much"
    );
    let mut now = NOW + 5_000;
    for _ in 0..20 {
        if let Attempt::Wait(wait_ms) = attempt(&fixture, now) {
            assert!(wait_ms <= 900_000, "{wait_ms} is more than a quarter hour");
            now += wait_ms;
        }
    }
    let earlier = NOW - 86_400_000;
    for set_back in [earlier, earlier - 1] {
        assert_eq!(
            attempt(&fixture, set_back),
            Attempt::Wait(900_000),
            "a clock that was set back gives no try for nothing"
        );
    }
    assert_eq!(
        attempt(&fixture, earlier + 900_000),
        Attempt::Allowed,
        "and shuts nobody out for longer"
    );
    fixture.store.attempt_succeeded(&sara()).unwrap();
    for _ in 0..3 {
        assert_eq!(attempt(&fixture, now), Attempt::Allowed, "free again");
    }
    assert_eq!(
        fixture.store.begin_attempt(&dara(), now).unwrap(),
        Attempt::Allowed,
        "another profile pays for nothing"
    );
}

#[test]
fn a_profile_can_be_renamed_but_not_to_a_name_that_is_taken() {
    let fixture = Fixture::with_users();
    let renamed = fixture.store.rename_user(&sara(), "پروین", NOW).unwrap();
    assert_eq!(renamed.name, "پروین", "the new name is answered");
    fixture.store.rename_user(&sara(), "پروین", NOW).unwrap();
    assert!(
        matches!(
            fixture.store.rename_user(&sara(), "دارا", NOW),
            Err(StoreError::NameTaken { .. })
        ),
        "one's own name is free, another's is not"
    );
}
