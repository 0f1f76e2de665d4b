//! The table `wipe_wish`: by what the file that asks for the removal of everything is told from any other
//! file of that name.

use crate::error::Doing;
use crate::{Store, StoreError};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::path::Path;

impl Store {
    /// Writes down what the nonce in the file that asks must hash to.
    pub fn wish_to_wipe(&self, nonce_hash: &str) -> Result<(), StoreError> {
        self.connection()
            .execute(
                "INSERT INTO wipe_wish (only, nonce_hash) VALUES (1, ?1)
                 ON CONFLICT (only) DO UPDATE SET nonce_hash = excluded.nonce_hash",
                [nonce_hash],
            )
            .doing("write the wish down")?;
        Ok(())
    }
}

/// What was written down in the database at `path`, which nobody has open; `None` where nothing was. Makes
/// nothing and changes nothing.
///
/// # Errors
/// Where the database is damaged, or older than the table.
pub fn wished_to_wipe(path: &Path) -> Result<Option<String>, StoreError> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|connection| {
            connection
                .query_row("SELECT nonce_hash FROM wipe_wish", [], |row| row.get(0))
                .optional()
        })
        .doing("look for the wish to remove everything")
}
