//! The table `recovery_codes`: hashes of codes that each open a profile once.

use crate::error::Doing;
use crate::{Store, StoreError};
use amoozgar_types::UtcMs;
use amoozgar_types::id::UserId;
use amoozgar_types::user::RecoveryStatus;
use rusqlite::params;

impl Store {
    /// Replaces a profile's codes.
    pub fn set_recovery_codes(
        &self,
        user_id: &UserId,
        hashes: &[String],
        now: UtcMs,
    ) -> Result<(), StoreError> {
        self.write("save the recovery codes", |transaction| {
            transaction
                .execute(
                    "DELETE FROM recovery_codes WHERE user_id = ?1",
                    [user_id.as_str()],
                )
                .doing("remove the old recovery codes")?;
            for hash in hashes {
                transaction
                    .execute(
                        "INSERT INTO recovery_codes (user_id, code_hash, created_ms)
                         VALUES (?1, ?2, ?3)",
                        params![user_id.as_str(), hash, now],
                    )
                    .doing("save a recovery code")?;
            }
            Ok(())
        })
    }

    /// The hashes of the codes that can still be used.
    pub fn recovery_hashes(&self, user_id: &UserId) -> Result<Vec<String>, StoreError> {
        self.connection()
            .prepare_cached("SELECT code_hash FROM recovery_codes WHERE user_id = ?1")
            .and_then(|mut statement| {
                statement
                    .query_map([user_id.as_str()], |row| row.get(0))?
                    .collect()
            })
            .doing("read the recovery codes")
    }

    /// Uses a code up. Answers whether it was there: of two who try the same code, one succeeds.
    pub fn use_recovery_code(&self, user_id: &UserId, hash: &str) -> Result<bool, StoreError> {
        let removed = self
            .connection()
            .execute(
                "DELETE FROM recovery_codes WHERE user_id = ?1 AND code_hash = ?2",
                [user_id.as_str(), hash],
            )
            .doing("use the recovery code up")?;
        Ok(removed == 1)
    }

    /// How many codes are left, and from when they are.
    pub fn recovery_status(&self, user_id: &UserId) -> Result<RecoveryStatus, StoreError> {
        self.connection()
            .query_row(
                "SELECT count(*), max(created_ms) FROM recovery_codes WHERE user_id = ?1",
                [user_id.as_str()],
                |row| {
                    Ok(RecoveryStatus {
                        n_left: row.get(0)?,
                        created_ms: row.get(1)?,
                    })
                },
            )
            .doing("count the recovery codes")
    }
}
