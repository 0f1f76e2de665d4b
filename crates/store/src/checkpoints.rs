//! The table `checkpoints`: what a run can go on from. The folders are the engine's; this is the
//! list.

use crate::column::{count, int};
use crate::error::Doing;
use crate::{Store, StoreError};
use amoozgar_types::event::CheckpointRecord;
use amoozgar_types::id::JobId;
use rusqlite::params;

impl Store {
    /// Adds a checkpoint, forgets those it replaced, and lets one alone be the best.
    pub fn insert_checkpoint(
        &self,
        job_id: &JobId,
        checkpoint: &CheckpointRecord,
    ) -> Result<(), StoreError> {
        self.write("save the checkpoint", |transaction| {
            for path in &checkpoint.removed {
                transaction
                    .execute(
                        "DELETE FROM checkpoints WHERE job_id = ?1 AND path = ?2",
                        [job_id.as_str(), path],
                    )
                    .doing("forget a removed checkpoint")?;
            }
            if checkpoint.best {
                transaction
                    .execute(
                        "UPDATE checkpoints SET best = 0 WHERE job_id = ?1 AND best = 1",
                        [job_id.as_str()],
                    )
                    .doing("mark the best checkpoint")?;
            }
            transaction
                .execute(
                    "INSERT INTO checkpoints (job_id, path, step, size_bytes, best)
                     VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (job_id, path) DO UPDATE SET step = excluded.step,
                         size_bytes = excluded.size_bytes, best = excluded.best",
                    params![
                        job_id.as_str(),
                        checkpoint.path,
                        int(checkpoint.step),
                        int(checkpoint.size_bytes),
                        checkpoint.best,
                    ],
                )
                .doing("save the checkpoint")?;
            Ok(())
        })
    }

    /// Forgets a checkpoint whose folder is gone.
    pub fn delete_checkpoint(&self, job_id: &JobId, path: &str) -> Result<(), StoreError> {
        self.connection()
            .execute(
                "DELETE FROM checkpoints WHERE job_id = ?1 AND path = ?2",
                [job_id.as_str(), path],
            )
            .doing("forget the checkpoint")?;
        Ok(())
    }

    /// Kept checkpoints, latest first; their `removed` is empty.
    pub fn checkpoints(&self, job_id: &JobId) -> Result<Vec<CheckpointRecord>, StoreError> {
        self.connection()
            .prepare_cached(
                "SELECT step, path, size_bytes, best FROM checkpoints WHERE job_id = ?1
                 ORDER BY step DESC, path DESC",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([job_id.as_str()], |row| {
                        Ok(CheckpointRecord {
                            step: count(row, "step")?,
                            path: row.get("path")?,
                            size_bytes: count(row, "size_bytes")?,
                            best: row.get("best")?,
                            removed: Vec::new(),
                        })
                    })?
                    .collect()
            })
            .doing("read the checkpoints")
    }
}
