//! The table `users`: local profiles, their roles, and how often a wrong password was given.

use crate::column::{count, named};
use crate::error::Doing;
use crate::{Store, StoreError, needs};
use amoozgar_types::UtcMs;
use amoozgar_types::id::UserId;
use amoozgar_types::user::{Role, User, UserOverview};
use rusqlite::{OptionalExtension, Row, Transaction, params};

/// Wrong tries that cost nothing but their own time.
const FREE_ATTEMPTS: u32 = 3;
/// What the next one costs; each further one costs twice as much.
const FIRST_DELAY_MS: UtcMs = 5_000;
/// What one costs at most.
const MOST_DELAY_MS: UtcMs = 15 * 60_000;

/// Whether a password or code may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It may; it counts as wrong until [`Store::attempt_succeeded`].
    Allowed,
    /// Not before this many milliseconds have passed.
    Wait(UtcMs),
}

impl Store {
    /// Adds a profile; the first is an administrator whatever `user` says. `password_hash` decides
    /// whether signing in asks for a password. Answers the profile as it is kept.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] where a profile has the name, letter case aside.
    pub fn insert_user(
        &self,
        user: &User,
        password_hash: Option<&str>,
        now: UtcMs,
    ) -> Result<User, StoreError> {
        self.write("add the profile", |transaction| {
            refuse_taken(transaction, &user.name, None)?;
            let role = if administrators(transaction)? == 0 {
                Role::Administrator
            } else {
                user.role
            };
            transaction
                .execute(
                    "INSERT INTO users (user_id, name, role, password_hash, created_ms, updated_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        user.user_id.as_str(),
                        user.name,
                        role_name(role),
                        password_hash,
                        user.created_ms,
                        now
                    ],
                )
                .doing("add the profile")?;
            Ok(User {
                role,
                has_password: password_hash.is_some(),
                ..user.clone()
            })
        })
    }

    /// Every profile, oldest first.
    pub fn list_users(&self) -> Result<Vec<User>, StoreError> {
        self.connection()
            .prepare_cached("SELECT * FROM users ORDER BY created_ms, user_id")
            .and_then(|mut statement| statement.query_map([], read_user)?.collect())
            .doing("list the profiles")
    }

    /// Every profile with its share of this computer, oldest first.
    pub fn user_overviews(&self) -> Result<Vec<UserOverview>, StoreError> {
        self.connection()
            .prepare_cached(
                "SELECT *,
                     (SELECT count(*) FROM training_jobs j WHERE j.user_id = u.user_id) AS n_jobs,
                     (SELECT count(*) FROM datasets d WHERE d.user_id = u.user_id) AS n_datasets,
                     (SELECT max(last_seen_ms) FROM sessions s WHERE s.user_id = u.user_id)
                         AS last_seen_ms
                 FROM users u ORDER BY created_ms, user_id",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| {
                        Ok(UserOverview {
                            user: read_user(row)?,
                            n_jobs: count(row, "n_jobs")?,
                            n_datasets: count(row, "n_datasets")?,
                            last_seen_ms: row.get("last_seen_ms")?,
                        })
                    })?
                    .collect()
            })
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

    /// Gives a profile another name.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] where another profile has it, [`StoreError::NotFound`] where there
    /// is no such profile.
    pub fn rename_user(
        &self,
        user_id: &UserId,
        name: &str,
        now: UtcMs,
    ) -> Result<User, StoreError> {
        self.write("rename the profile", |transaction| {
            refuse_taken(transaction, name, Some(user_id))?;
            transaction
                .execute(
                    "UPDATE users SET name = ?2, updated_ms = ?3 WHERE user_id = ?1",
                    params![user_id.as_str(), name, now],
                )
                .doing("rename the profile")?;
            required(transaction, user_id)
        })
    }

    /// Gives a profile another password, or none; without one there is nothing to recover, and the
    /// codes go. Wrong tries are forgotten. Every session ends, but for the one to keep.
    pub fn set_password(
        &self,
        user_id: &UserId,
        password_hash: Option<&str>,
        keep_session: Option<&str>,
        now: UtcMs,
    ) -> Result<User, StoreError> {
        self.write("change the password", |transaction| {
            transaction
                .execute(
                    "UPDATE users SET password_hash = ?2, failed_attempts = 0, next_attempt_ms = 0,
                         updated_ms = ?3 WHERE user_id = ?1",
                    params![user_id.as_str(), password_hash, now],
                )
                .doing("change the password")?;
            if password_hash.is_none() {
                transaction
                    .execute(
                        "DELETE FROM recovery_codes WHERE user_id = ?1",
                        [user_id.as_str()],
                    )
                    .doing("remove the recovery codes")?;
            }
            transaction
                .execute(
                    "DELETE FROM sessions WHERE user_id = ?1 AND session_id IS NOT ?2",
                    params![user_id.as_str(), keep_session],
                )
                .doing("end the sessions")?;
            required(transaction, user_id)
        })
    }

    /// Changes what a profile may do.
    ///
    /// # Errors
    /// [`StoreError::LastAdministrator`] where nobody would be left to look after the profiles.
    pub fn set_role(&self, user_id: &UserId, role: Role, now: UtcMs) -> Result<User, StoreError> {
        self.write("change the role", |transaction| {
            let user = required(transaction, user_id)?;
            if role != Role::Administrator {
                refuse_last_administrator(transaction, &user)?;
            }
            transaction
                .execute(
                    "UPDATE users SET role = ?2, updated_ms = ?3 WHERE user_id = ?1",
                    params![user_id.as_str(), role_name(role), now],
                )
                .doing("change the role")?;
            Ok(User { role, ..user })
        })
    }

    /// Removes a profile with everything that is its. The files are the caller's to remove.
    ///
    /// # Errors
    /// [`StoreError::LastAdministrator`], [`StoreError::UserHasLiveJob`] while a run of its has not
    /// ended, and [`StoreError::InUse`] while another's run needs a dataset that it shares.
    pub fn delete_user(&self, user_id: &UserId) -> Result<(), StoreError> {
        self.write("remove the profile", |transaction| {
            let user = required(transaction, user_id)?;
            refuse_last_administrator(transaction, &user)?;
            let live: bool = transaction
                .query_row(
                    "SELECT EXISTS (SELECT 1 FROM training_jobs WHERE user_id = ?1
                     AND status IN ('queued', 'starting', 'loading', 'running', 'paused'))",
                    [user_id.as_str()],
                    |row| row.get(0),
                )
                .doing("look for live runs")?;
            if live {
                return Err(StoreError::UserHasLiveJob {
                    user_id: user_id.to_string(),
                });
            }
            needs::refuse_datasets_needed_by_others(transaction, user_id)?;
            transaction
                .execute("DELETE FROM users WHERE user_id = ?1", [user_id.as_str()])
                .doing("remove the profile")?;
            Ok(())
        })
    }

    /// Asks whether a password or code of a profile may be tried now, and counts the try as wrong
    /// before it is made: neither a second window nor a power cut gives one for free.
    pub fn begin_attempt(&self, user_id: &UserId, now: UtcMs) -> Result<Attempt, StoreError> {
        self.write("count the attempt", |transaction| {
            let (failed, next_ms): (u32, UtcMs) = transaction
                .query_row(
                    "SELECT failed_attempts, next_attempt_ms FROM users WHERE user_id = ?1",
                    [user_id.as_str()],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()
                .doing("read the attempts")?
                .ok_or_else(|| StoreError::not_found("profile", user_id))?;
            let (wait, delay) = (next_ms - now, delay_ms(failed));
            if wait > delay {
                // The clock was set back. The whole wait begins anew: it shuts nobody out for years, and
                // gives nobody a try for nothing.
                transaction
                    .execute(
                        "UPDATE users SET next_attempt_ms = ?2 WHERE user_id = ?1",
                        params![user_id.as_str(), now + delay],
                    )
                    .doing("begin the wait anew")?;
            }
            if wait > 0 && delay > 0 {
                return Ok(Attempt::Wait(wait.min(delay)));
            }
            let failed = failed.saturating_add(1);
            transaction
                .execute(
                    "UPDATE users SET failed_attempts = ?2, next_attempt_ms = ?3 WHERE user_id = ?1",
                    params![user_id.as_str(), failed, now + delay_ms(failed)],
                )
                .doing("count the attempt")?;
            Ok(Attempt::Allowed)
        })
    }

    /// The password or code was right: wrong tries before it are forgotten.
    pub fn attempt_succeeded(&self, user_id: &UserId) -> Result<(), StoreError> {
        self.connection()
            .execute(
                "UPDATE users SET failed_attempts = 0, next_attempt_ms = 0 WHERE user_id = ?1",
                [user_id.as_str()],
            )
            .doing("forget the attempts")?;
        Ok(())
    }
}

/// What the try after `failed` wrong ones has to wait.
fn delay_ms(failed: u32) -> UtcMs {
    match failed.checked_sub(FREE_ATTEMPTS) {
        None => 0,
        Some(beyond) => FIRST_DELAY_MS
            .checked_shl(beyond.min(16))
            .unwrap_or(MOST_DELAY_MS)
            .min(MOST_DELAY_MS),
    }
}

fn refuse_taken(
    transaction: &Transaction<'_>,
    name: &str,
    but_for: Option<&UserId>,
) -> Result<(), StoreError> {
    let taken: bool = transaction
        .query_row(
            "SELECT EXISTS (SELECT 1 FROM users WHERE name = ?1 AND user_id IS NOT ?2)",
            params![name, but_for.map(UserId::as_str)],
            |row| row.get(0),
        )
        .doing("look the name up")?;
    if taken {
        return Err(StoreError::NameTaken {
            name: name.to_owned(),
        });
    }
    Ok(())
}

fn refuse_last_administrator(transaction: &Transaction<'_>, user: &User) -> Result<(), StoreError> {
    if user.role == Role::Administrator && administrators(transaction)? < 2 {
        return Err(StoreError::LastAdministrator {
            user_id: user.user_id.to_string(),
        });
    }
    Ok(())
}

fn administrators(transaction: &Transaction<'_>) -> Result<u32, StoreError> {
    transaction
        .query_row(
            "SELECT count(*) FROM users WHERE role = 'administrator'",
            [],
            |row| row.get(0),
        )
        .doing("count the administrators")
}

fn required(transaction: &Transaction<'_>, user_id: &UserId) -> Result<User, StoreError> {
    transaction
        .query_row(
            "SELECT * FROM users WHERE user_id = ?1",
            [user_id.as_str()],
            read_user,
        )
        .optional()
        .doing("read the profile")?
        .ok_or_else(|| StoreError::not_found("profile", user_id))
}

fn read_user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        user_id: UserId::new(row.get::<_, String>("user_id")?),
        name: row.get("name")?,
        role: named(row, "role", |name| match name {
            "administrator" => Some(Role::Administrator),
            "user" => Some(Role::User),
            _ => None,
        })?,
        has_password: row.get::<_, Option<String>>("password_hash")?.is_some(),
        created_ms: row.get("created_ms")?,
    })
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Administrator => "administrator",
        Role::User => "user",
    }
}
