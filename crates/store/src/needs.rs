//! What runs still need that have not come to their end: the text that they learn and the model that they go
//! on from.
//!
//! A run needs them while it waits or works, and as long as it can go on from something that it has done. One
//! that ended before its first step, and one that is complete, needs nothing any more.

use crate::error::Doing;
use crate::{Store, StoreError};
use amoozgar_types::id::{DatasetId, JobId, UserId};
use rusqlite::{Connection, OptionalExtension, params};

/// That a run waits or works.
const AT_WORK: &str = "status IN ('queued', 'starting', 'loading', 'running', 'paused')";
/// That a run has ended before its end, with something to go on from.
const CAN_GO_ON: &str = "status IN ('stopped', 'interrupted', 'failed') AND step > 0";

/// A run that goes on from a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUse {
    /// Which run.
    pub job_id: JobId,
    /// What people call it.
    pub run: String,
    /// Whose it is, as people know them.
    pub owner: String,
    /// The folder of the model.
    pub base_model: String,
}

impl Store {
    /// Every run, whoever's it is, that still needs the model that it goes on from.
    pub fn base_uses(&self) -> Result<Vec<BaseUse>, StoreError> {
        let sql = format!(
            "SELECT job_id, training_jobs.name AS run, users.name AS owner,
                 spec ->> 'base_model' AS base_model
             FROM training_jobs JOIN users USING (user_id)
             WHERE (({AT_WORK}) OR ({CAN_GO_ON})) AND spec ->> 'base_model' IS NOT NULL
             ORDER BY training_jobs.created_ms, job_id"
        );
        self.connection()
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| {
                        Ok(BaseUse {
                            job_id: JobId::new(row.get::<_, String>("job_id")?),
                            run: row.get("run")?,
                            owner: row.get("owner")?,
                            base_model: row.get("base_model")?,
                        })
                    })?
                    .collect()
            })
            .doing("look for runs that go on from a model")
    }
}

/// Refuses where a run at work, or another user's that can go on, needs the dataset of `owner`. What one's
/// own ended runs could go on with is one's own to remove.
pub(crate) fn refuse_needed_dataset(
    connection: &Connection,
    owner: &UserId,
    dataset_id: &DatasetId,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT training_jobs.name, users.name FROM training_jobs JOIN users USING (user_id)
         WHERE dataset_id = ?2 AND (({AT_WORK}) OR (user_id <> ?1 AND {CAN_GO_ON}))
         ORDER BY user_id = ?1, training_jobs.created_ms LIMIT 1"
    );
    let needed = first(
        connection,
        &sql,
        params![owner.as_str(), dataset_id.as_str()],
    )?;
    refuse("dataset", dataset_id.as_str(), needed)
}

/// Refuses where another user's run needs one of the datasets of `owner`, all of which would go.
pub(crate) fn refuse_datasets_needed_by_others(
    connection: &Connection,
    owner: &UserId,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT training_jobs.name, users.name FROM training_jobs
         JOIN datasets USING (dataset_id) JOIN users ON users.user_id = training_jobs.user_id
         WHERE datasets.user_id = ?1 AND training_jobs.user_id <> ?1 AND (({AT_WORK}) OR ({CAN_GO_ON}))
         ORDER BY training_jobs.created_ms LIMIT 1"
    );
    let needed = first(connection, &sql, params![owner.as_str()])?;
    refuse("profile", owner.as_str(), needed)
}

fn first(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Option<(String, String)>, StoreError> {
    connection
        .query_row(sql, params, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .doing("look for runs that need it")
}

fn refuse(
    what: &'static str,
    id: &str,
    needed: Option<(String, String)>,
) -> Result<(), StoreError> {
    needed.map_or(Ok(()), |(run, owner)| {
        Err(StoreError::InUse {
            what,
            id: id.to_owned(),
            run,
            owner,
        })
    })
}
