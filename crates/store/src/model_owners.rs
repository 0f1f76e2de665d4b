//! The table `model_owners`: who brought what all profiles of this computer share.

use crate::error::Doing;
use crate::{Store, StoreError};
use amoozgar_types::id::UserId;
use amoozgar_types::model_ref::ModelRef;
use rusqlite::{Connection, OptionalExtension, params};

impl Store {
    /// Writes down that a user brought a model, where nobody brought it before.
    pub fn claim_model(&self, user_id: &UserId, model: &ModelRef) -> Result<(), StoreError> {
        claim(&self.connection(), user_id, model)
    }

    /// Whether it was this user who brought a model.
    pub fn brought_model(&self, user_id: &UserId, model: &ModelRef) -> Result<bool, StoreError> {
        let found = self
            .connection()
            .query_row(
                "SELECT 1 FROM model_owners WHERE model = ?1 AND user_id = ?2",
                params![key(model), user_id.as_str()],
                |_| Ok(()),
            )
            .optional()
            .doing("look up who brought a model")?;
        Ok(found.is_some())
    }

    /// Forgets who brought a model that is gone.
    pub fn disclaim_model(&self, model: &ModelRef) -> Result<(), StoreError> {
        self.connection()
            .execute("DELETE FROM model_owners WHERE model = ?1", [key(model)])
            .doing("forget who brought a model")
            .map(drop)
    }
}

/// [`Store::claim_model`] within a transaction.
pub(crate) fn claim(
    connection: &Connection,
    user_id: &UserId,
    model: &ModelRef,
) -> Result<(), StoreError> {
    connection
        .execute(
            "INSERT OR IGNORE INTO model_owners (model, user_id) VALUES (?1, ?2)",
            params![key(model), user_id.as_str()],
        )
        .doing("write down who brought a model")
        .map(drop)
}

/// What names a model in the table; the migration writes the same.
fn key(model: &ModelRef) -> String {
    match model {
        ModelRef::Hub { repo, kind } => format!("{}:{repo}", kind.as_str()),
        ModelRef::Imported { name } => format!("imported:{name}"),
        ModelRef::Trained { job_id } => format!("run:{job_id}"),
    }
}
