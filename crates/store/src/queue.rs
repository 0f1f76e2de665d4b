//! Who is next: places in the queue, from 0 and without gaps, over all users.

use crate::error::Doing;
use crate::{Store, StoreError, StoredJob, jobs};
use amoozgar_types::id::JobId;
use amoozgar_types::job::JobStatus;
use rusqlite::{Connection, OptionalExtension, params};

impl Store {
    /// Every queued job, the next one first.
    pub fn queued_jobs(&self) -> Result<Vec<StoredJob>, StoreError> {
        jobs::select(
            &self.connection(),
            "SELECT * FROM training_jobs WHERE status = 'queued'
             ORDER BY queue_position, created_ms, job_id",
            [],
        )
        .doing("list the queue")
    }

    /// The place after the last queued job.
    pub fn next_queue_position(&self) -> Result<u32, StoreError> {
        next_position(&self.connection())
    }

    /// Moves a queued job to `position`, or to the end where the queue is shorter.
    ///
    /// # Errors
    /// [`StoreError::NotQueued`] where the job is in another state.
    pub fn reorder(&self, job_id: &JobId, position: u32) -> Result<(), StoreError> {
        self.write("reorder the queue", |transaction| {
            let (status, _) = status_and_place(transaction, job_id)?;
            if status != JobStatus::Queued {
                return Err(StoreError::NotQueued {
                    job_id: job_id.to_string(),
                    status,
                });
            }
            let mut order = queued_ids(transaction)?;
            order.retain(|queued| queued != job_id.as_str());
            let place = order.len().min(position as usize);
            order.insert(place, job_id.as_str().to_owned());
            number(transaction, &order)
        })
    }
}

pub(crate) fn next_position(connection: &Connection) -> Result<u32, StoreError> {
    connection
        .query_row(
            "SELECT coalesce(max(queue_position) + 1, 0) FROM training_jobs
             WHERE status = 'queued'",
            [],
            |row| row.get(0),
        )
        .doing("read the queue's length")
}

pub(crate) fn status_and_place(
    connection: &Connection,
    job_id: &JobId,
) -> Result<(JobStatus, Option<u32>), StoreError> {
    connection
        .query_row(
            "SELECT status, queue_position FROM training_jobs WHERE job_id = ?1",
            [job_id.as_str()],
            |row| {
                let status = crate::column::named(row, "status", JobStatus::parse)?;
                Ok((status, row.get("queue_position")?))
            },
        )
        .optional()
        .doing("read the job's status")?
        .ok_or_else(|| StoreError::not_found("job", job_id))
}

pub(crate) fn close_gaps(connection: &Connection) -> Result<(), StoreError> {
    number(connection, &queued_ids(connection)?)
}

fn queued_ids(connection: &Connection) -> Result<Vec<String>, StoreError> {
    connection
        .prepare_cached(
            "SELECT job_id FROM training_jobs WHERE status = 'queued'
             ORDER BY queue_position, created_ms, job_id",
        )
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .doing("list the queue")
}

fn number(connection: &Connection, order: &[String]) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("UPDATE training_jobs SET queue_position = ?2 WHERE job_id = ?1")
        .doing("number the queue")?;
    for (place, job_id) in (0_u32..).zip(order) {
        statement
            .execute(params![job_id, place])
            .doing("number the queue")?;
    }
    Ok(())
}
