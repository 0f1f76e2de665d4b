use crate::support::{Fixture, NOW, dara, sara};
use amoozgar_types::settings::{Appearance, Contrast, Settings, Theme};

#[test]
fn settings_are_each_users_own_and_default_until_saved() {
    let fixture = Fixture::with_users();
    let chosen = Settings {
        theme: Theme::Dark,
        appearance: Appearance {
            contrast: Contrast::More,
            text_scale: 150,
        },
        threads: Some(3),
        keep_in_tray: false,
        native_notifications: false,
        tray_hint_shown: true,
        ..Settings::default()
    };
    fixture
        .store
        .set_settings(&sara(), &Settings::default(), NOW)
        .unwrap();
    fixture.store.set_settings(&sara(), &chosen, NOW).unwrap();
    let fixture = fixture.reopened();
    assert_eq!(
        fixture.store.settings(&sara()).unwrap(),
        chosen,
        "the last save holds"
    );
    assert_eq!(
        fixture.store.settings(&dara()).unwrap(),
        Settings::default(),
        "another user's are untouched"
    );
}

#[test]
fn settings_of_an_unknown_user_are_refused_and_old_keys_fall_back() {
    let fixture = Fixture::with_users();
    fixture
        .store
        .set_settings(
            &amoozgar_types::id::UserId::new("nobody"),
            &Settings::default(),
            NOW,
        )
        .expect_err("the foreign key is on");
    let raw = rusqlite::Connection::open(fixture.path()).unwrap();
    raw.execute(
        "INSERT INTO user_settings VALUES ('sara', '{\"theme\":\"light\",\"gone\":1}', 0)",
        [],
    )
    .unwrap();
    let settings = fixture.store.settings(&sara()).unwrap();
    assert_eq!(settings.theme, Theme::Light, "known keys are read");
    assert!(settings.keep_in_tray, "missing keys have their defaults");
}
