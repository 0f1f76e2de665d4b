use crate::support::{Fixture, NOW, dara, sara};
use amoozgar_store::{Store, StoreError, StoredSession};
use amoozgar_types::UtcMs;
use amoozgar_types::id::{SessionId, UserId};

fn session(id: &str, user_id: UserId, token: Option<&str>, expires_ms: UtcMs) -> StoredSession {
    StoredSession {
        session_id: SessionId::new(id),
        user_id,
        token_hash: token.map(str::to_owned),
        created_ms: NOW,
        last_seen_ms: NOW,
        expires_ms,
    }
}

fn add(store: &Store, session: &StoredSession) {
    store.insert_session(session).unwrap();
}

#[test]
fn a_session_lasts_until_its_hour_and_a_sign_of_life_moves_it() {
    let fixture = Fixture::with_users();
    let store = &fixture.store;
    let id = SessionId::new("s1");
    add(store, &session("s1", sara(), Some("hash"), NOW + 100));
    assert!(
        store.session(&id, NOW + 99).unwrap().is_some(),
        "it lasts until then"
    );
    assert_eq!(
        store.session(&id, NOW + 100).unwrap(),
        None,
        "and not a moment longer"
    );
    assert_eq!(
        store.session_by_token("hash", NOW + 100).unwrap(),
        None,
        "its token opens nothing any more either"
    );
    store.renew_session(&id, NOW + 50, NOW + 150).unwrap();
    let renewed = store.session_by_token("hash", NOW + 100).unwrap().unwrap();
    assert_eq!(renewed.expires_ms, NOW + 150, "it was used at 50");
    assert_eq!(renewed.last_seen_ms, NOW + 50, "and that is kept");
}

#[test]
fn a_session_that_was_seen_last_in_the_future_is_over() {
    let fixture = Fixture::with_users();
    let store = &fixture.store;
    let lasts = 30 * 86_400_000;
    add(store, &session("s1", sara(), Some("hash"), NOW + lasts));
    let back = |by_ms: UtcMs| {
        let now = NOW - by_ms;
        let found = store.session_by_token("hash", now).unwrap();
        assert_eq!(
            found.is_some(),
            store.session(&SessionId::new("s1"), now).unwrap().is_some(),
            "by its id as by its token"
        );
        found.is_some()
    };
    assert!(back(2_000), "clocks are corrected by seconds");
    assert!(
        !back(86_400_000),
        "one that was set back makes no session last longer"
    );
    assert_eq!(
        store.prune_sessions(NOW - 86_400_000).unwrap(),
        0,
        "nor does a start bring it back"
    );
}

#[test]
fn at_a_start_only_what_the_keyring_can_bring_back_is_left() {
    let fixture = Fixture::with_users();
    let store = &fixture.store;
    add(store, &session("window", sara(), None, NOW + 100));
    add(store, &session("old", sara(), Some("a"), NOW - 1));
    add(store, &session("kept", dara(), Some("b"), NOW + 100));
    assert_eq!(store.prune_sessions(NOW).unwrap(), 1, "one is left");
    assert!(
        store.session_by_token("b", NOW).unwrap().is_some(),
        "the remembered one"
    );
}

#[test]
fn a_session_is_ended_by_its_owner_alone_and_by_a_new_password() {
    let fixture = Fixture::with_users();
    let store = &fixture.store;
    for id in ["s1", "s2"] {
        add(store, &session(id, sara(), None, NOW + 100));
    }
    add(store, &session("other", dara(), None, NOW + 100));
    assert!(
        matches!(
            store.delete_session(&dara(), &SessionId::new("s1")),
            Err(StoreError::NotFound { .. })
        ),
        "another user's session is as good as absent"
    );
    store
        .set_password(&sara(), Some("$argon2id$new"), Some("s2"), NOW)
        .unwrap();
    let left = store.sessions(&sara(), NOW).unwrap();
    assert_eq!(
        left.iter()
            .map(|session| session.session_id.as_str())
            .collect::<Vec<_>>(),
        ["s2"],
        "the session that changed the password goes on, the others have ended"
    );
    assert_eq!(
        store.sessions(&dara(), NOW).unwrap().len(),
        1,
        "nobody else's has"
    );
}
