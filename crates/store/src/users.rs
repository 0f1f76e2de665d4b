//! The table `users`: local profiles.

use crate::error::Doing;
use crate::{Store, StoreError};
use amoozgar_types::UtcMs;
use amoozgar_types::id::UserId;
use amoozgar_types::ipc::User;
use rusqlite::{OptionalExtension, Row, params};

impl Store {
    /// Adds a profile. `password_hash` decides whether signing in asks for a password.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] where a profile has the name, letter case aside.
    pub fn insert_user(
        &self,
        user: &User,
        password_hash: Option<&str>,
        now: UtcMs,
    ) -> Result<(), StoreError> {
        self.write("add the profile", |transaction| {
            let taken: bool = transaction
                .query_row(
                    "SELECT EXISTS (SELECT 1 FROM users WHERE name = ?1)",
                    [&user.name],
                    |row| row.get(0),
                )
                .doing("look the name up")?;
            if taken {
                return Err(StoreError::NameTaken {
                    name: user.name.clone(),
                });
            }
            transaction
                .execute(
                    "INSERT INTO users (user_id, name, password_hash, created_ms, updated_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![
                        user.user_id.as_str(),
                        user.name,
                        password_hash,
                        user.created_ms,
                        now
                    ],
                )
                .doing("add the profile")?;
            Ok(())
        })
    }

    /// Every profile, oldest first.
    pub fn list_users(&self) -> Result<Vec<User>, StoreError> {
        self.connection()
            .prepare_cached("SELECT * FROM users ORDER BY created_ms, user_id")
            .and_then(|mut statement| statement.query_map([], read_user)?.collect())
            .doing("list the profiles")
    }

    /// One profile.
    pub fn user(&self, user_id: &UserId) -> Result<Option<User>, StoreError> {
        self.connection()
            .query_row(
                "SELECT * FROM users WHERE user_id = ?1",
                [user_id.as_str()],
                read_user,
            )
            .optional()
            .doing("read the profile")
    }

    /// The hash of a profile's password, where it has one.
    pub fn password_hash(&self, user_id: &UserId) -> Result<Option<String>, StoreError> {
        self.connection()
            .query_row(
                "SELECT password_hash FROM users WHERE user_id = ?1",
                [user_id.as_str()],
                |row| row.get(0),
            )
            .optional()
            .map(Option::flatten)
            .doing("read the profile")
    }

    /// Whether a profile has this name, letter case aside.
    pub fn name_taken(&self, name: &str) -> Result<bool, StoreError> {
        self.connection()
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM users WHERE name = ?1)",
                [name],
                |row| row.get(0),
            )
            .doing("look the name up")
    }
}

fn read_user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        user_id: UserId::new(row.get::<_, String>("user_id")?),
        name: row.get("name")?,
        has_password: row.get::<_, Option<String>>("password_hash")?.is_some(),
        created_ms: row.get("created_ms")?,
    })
}
