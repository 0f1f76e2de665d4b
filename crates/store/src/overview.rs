//! What the dashboard asks of the jobs: how many are in which state, which changed last, and where
//! their folders are.

use crate::column::{count, named};
use crate::error::Doing;
use crate::{Store, StoreError, jobs};
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::job::{JobRecord, JobStatus};
use rusqlite::params;

/// A job's folder, with what decides about what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFolder {
    /// Which job.
    pub job_id: JobId,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub status: JobStatus,
    /// Its folder.
    pub job_dir: String,
}

impl Store {
    /// How many of a user's jobs are in each state that occurs, in the order of a job's life.
    pub fn jobs_by_status(&self, user_id: &UserId) -> Result<Vec<(JobStatus, u64)>, StoreError> {
        let counted: Vec<(String, u64)> = self
            .connection()
            .prepare_cached(
                "SELECT status, count(*) AS n FROM training_jobs WHERE user_id = ?1 GROUP BY status",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([user_id.as_str()], |row| {
                        Ok((row.get("status")?, count(row, "n")?))
                    })?
                    .collect()
            })
            .doing("count the jobs")?;
        Ok(JobStatus::ALL
            .iter()
            .filter_map(|status| {
                let (_, n) = counted.iter().find(|(name, _)| name == status.as_str())?;
                Some((*status, *n))
            })
            .collect())
    }

    /// A user's jobs that changed last, latest first.
    pub fn recent_jobs(&self, user_id: &UserId, limit: u32) -> Result<Vec<JobRecord>, StoreError> {
        self.connection()
            .prepare_cached(
                "SELECT * FROM training_jobs WHERE user_id = ?1
                 ORDER BY updated_ms DESC, job_id DESC LIMIT ?2",
            )
            .and_then(|mut statement| {
                statement
                    .query_map(params![user_id.as_str(), limit], jobs::read_record)?
                    .collect()
            })
            .doing("list the latest jobs")
    }

    /// The folders of a user's jobs, oldest first.
    pub fn job_folders(&self, user_id: &UserId) -> Result<Vec<JobFolder>, StoreError> {
        self.connection()
            .prepare_cached(
                "SELECT job_id, name, status, job_dir FROM training_jobs WHERE user_id = ?1
                 ORDER BY created_ms, job_id",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([user_id.as_str()], |row| {
                        Ok(JobFolder {
                            job_id: JobId::new(row.get::<_, String>("job_id")?),
                            name: row.get("name")?,
                            status: named(row, "status", JobStatus::parse)?,
                            job_dir: row.get("job_dir")?,
                        })
                    })?
                    .collect()
            })
            .doing("list the jobs' folders")
    }

    /// Every folder that belongs to a job, whoever's it is.
    pub fn all_job_dirs(&self) -> Result<Vec<String>, StoreError> {
        self.connection()
            .prepare_cached("SELECT job_dir FROM training_jobs")
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .doing("list the jobs' folders")
    }
}
