//! The table `user_settings`: one JSON object per user.

use crate::column::{from_json, to_json};
use crate::error::Doing;
use crate::{Store, StoreError};
use amoozgar_types::UtcMs;
use amoozgar_types::id::UserId;
use amoozgar_types::settings::Settings;
use rusqlite::{OptionalExtension, params};

impl Store {
    /// A user's settings; the defaults where none were saved.
    pub fn settings(&self, user_id: &UserId) -> Result<Settings, StoreError> {
        self.connection()
            .query_row(
                "SELECT settings FROM user_settings WHERE user_id = ?1",
                [user_id.as_str()],
                |row| from_json(row, "settings"),
            )
            .optional()
            .map(Option::unwrap_or_default)
            .doing("read the settings")
    }

    /// Replaces a user's settings.
    pub fn set_settings(
        &self,
        user_id: &UserId,
        settings: &Settings,
        now: UtcMs,
    ) -> Result<(), StoreError> {
        let settings = to_json("settings", settings)?;
        self.connection()
            .execute(
                "INSERT INTO user_settings (user_id, settings, updated_ms) VALUES (?1, ?2, ?3)
                 ON CONFLICT (user_id) DO UPDATE
                 SET settings = excluded.settings, updated_ms = excluded.updated_ms",
                params![user_id.as_str(), settings, now],
            )
            .doing("save the settings")?;
        Ok(())
    }
}
