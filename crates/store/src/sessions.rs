//! The table `sessions`: who is signed in until when. A remembered session is found by the hash of
//! the token that the system's keyring holds; the token itself is never here.

use crate::error::Doing;
use crate::{Store, StoreError};
use amoozgar_types::UtcMs;
use amoozgar_types::id::{SessionId, UserId};
use rusqlite::{OptionalExtension, Row, params};

/// How far in the future a session may have been seen last: clocks are corrected by seconds. Of one that was
/// seen later than that nobody knows how old it is, since the clock was set back; it counts as expired.
const CLOCK_SLACK_MS: UtcMs = 5 * 60_000;

/// A session as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Its id.
    pub session_id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// The hash of its token, where it is remembered.
    pub token_hash: Option<String>,
    /// When it began.
    pub created_ms: UtcMs,
    /// When it was last used.
    pub last_seen_ms: UtcMs,
    /// When it ends if nothing happens.
    pub expires_ms: UtcMs,
}

impl Store {
    /// Adds a session.
    pub fn insert_session(&self, session: &StoredSession) -> Result<(), StoreError> {
        self.connection()
            .execute(
                "INSERT INTO sessions (session_id, user_id, token_hash, created_ms, last_seen_ms,
                     expires_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    session.session_id.as_str(),
                    session.user_id.as_str(),
                    session.token_hash,
                    session.created_ms,
                    session.last_seen_ms,
                    session.expires_ms,
                ],
            )
            .doing("save the session")?;
        Ok(())
    }

    /// One session that has not expired.
    pub fn session(
        &self,
        session_id: &SessionId,
        now: UtcMs,
    ) -> Result<Option<StoredSession>, StoreError> {
        self.connection()
            .query_row(
                "SELECT * FROM sessions
                 WHERE session_id = ?1 AND expires_ms > ?2 AND last_seen_ms <= ?3",
                params![session_id.as_str(), now, now + CLOCK_SLACK_MS],
                read_session,
            )
            .optional()
            .doing("read the session")
    }

    /// The session that a token with this hash brings back, unless it has expired.
    pub fn session_by_token(
        &self,
        token_hash: &str,
        now: UtcMs,
    ) -> Result<Option<StoredSession>, StoreError> {
        self.connection()
            .query_row(
                "SELECT * FROM sessions
                 WHERE token_hash = ?1 AND expires_ms > ?2 AND last_seen_ms <= ?3",
                params![token_hash, now, now + CLOCK_SLACK_MS],
                read_session,
            )
            .optional()
            .doing("read the session")
    }

    /// A user's sessions that have not expired, last used first.
    pub fn sessions(&self, user_id: &UserId, now: UtcMs) -> Result<Vec<StoredSession>, StoreError> {
        self.connection()
            .prepare_cached(
                "SELECT * FROM sessions
                 WHERE user_id = ?1 AND expires_ms > ?2 AND last_seen_ms <= ?3
                 ORDER BY last_seen_ms DESC, session_id DESC",
            )
            .and_then(|mut statement| {
                statement
                    .query_map(
                        params![user_id.as_str(), now, now + CLOCK_SLACK_MS],
                        read_session,
                    )?
                    .collect()
            })
            .doing("list the sessions")
    }

    /// Notes that a session is in use, and until when it then lasts.
    pub fn renew_session(
        &self,
        session_id: &SessionId,
        now: UtcMs,
        expires_ms: UtcMs,
    ) -> Result<(), StoreError> {
        self.connection()
            .execute(
                "UPDATE sessions SET last_seen_ms = ?2, expires_ms = ?3 WHERE session_id = ?1",
                params![session_id.as_str(), now, expires_ms],
            )
            .doing("renew the session")?;
        Ok(())
    }

    /// Ends one of a user's sessions.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is not the user's.
    pub fn delete_session(
        &self,
        user_id: &UserId,
        session_id: &SessionId,
    ) -> Result<(), StoreError> {
        let removed = self
            .connection()
            .execute(
                "DELETE FROM sessions WHERE session_id = ?1 AND user_id = ?2",
                [session_id.as_str(), user_id.as_str()],
            )
            .doing("end the session")?;
        if removed == 0 {
            return Err(StoreError::not_found("session", session_id));
        }
        Ok(())
    }

    /// Removes what has expired and what no token brings back: at a start, no window is open yet.
    /// Answers how many remembered sessions are left.
    pub fn prune_sessions(&self, now: UtcMs) -> Result<u32, StoreError> {
        self.write("prune the sessions", |transaction| {
            transaction
                .execute(
                    "DELETE FROM sessions
                     WHERE expires_ms <= ?1 OR last_seen_ms > ?2 OR token_hash IS NULL",
                    [now, now + CLOCK_SLACK_MS],
                )
                .doing("prune the sessions")?;
            transaction
                .query_row("SELECT count(*) FROM sessions", [], |row| row.get(0))
                .doing("count the sessions")
        })
    }
}

fn read_session(row: &Row<'_>) -> rusqlite::Result<StoredSession> {
    Ok(StoredSession {
        session_id: SessionId::new(row.get::<_, String>("session_id")?),
        user_id: UserId::new(row.get::<_, String>("user_id")?),
        token_hash: row.get("token_hash")?,
        created_ms: row.get("created_ms")?,
        last_seen_ms: row.get("last_seen_ms")?,
        expires_ms: row.get("expires_ms")?,
    })
}
