//! Pages of the table `training_jobs`: with ten thousand runs, no list is read as a whole.

use crate::error::Doing;
use crate::jobs::read_record;
use crate::{Store, StoreError};
use amoozgar_types::id::UserId;
use amoozgar_types::job::JobStatus;
use amoozgar_types::job::{JobGroup, JobPage, JobQuery};
use rusqlite::{Connection, named_params};

/// The most runs of one answer.
const MOST: u32 = 200;

impl Store {
    /// A page of a user's jobs, latest first.
    pub fn job_page(&self, user_id: &UserId, query: &JobQuery) -> Result<JobPage, StoreError> {
        let connection = self.connection();
        // The index holds everything that is filtered and sorted by, so that only the rows of the page
        // are read, however many there are.
        let matching = format!(
            "FROM training_jobs INDEXED BY training_jobs_by_state
             WHERE user_id = :user_id AND status IN ({})
             AND (:search = '' OR name LIKE :search ESCAPE '\\' OR dataset_name LIKE :search ESCAPE '\\')",
            statuses(query.group)
        );
        let search = like(query.search.trim());
        let jobs = connection
            .prepare_cached(&format!(
                "SELECT * FROM training_jobs WHERE job_id IN (
                     SELECT job_id {matching}
                     ORDER BY created_ms DESC, job_id DESC LIMIT :limit OFFSET :offset)
                 ORDER BY created_ms DESC, job_id DESC"
            ))
            .and_then(|mut statement| {
                statement
                    .query_map(
                        named_params! {
                            ":user_id": user_id.as_str(),
                            ":search": search,
                            ":limit": query.limit.clamp(1, MOST),
                            ":offset": query.offset,
                        },
                        read_record,
                    )?
                    .collect()
            })
            .doing("list the jobs")?;
        let n_matching = connection
            .prepare_cached(&format!("SELECT count(*) {matching}"))
            .and_then(|mut statement| {
                statement.query_row(
                    named_params! { ":user_id": user_id.as_str(), ":search": search },
                    |row| row.get(0),
                )
            })
            .doing("count the jobs")?;
        Ok(JobPage {
            jobs,
            n_matching,
            n_all: number(
                &connection,
                "SELECT count(*) FROM training_jobs WHERE user_id = ?1",
                &[user_id.as_str()],
            )?,
            n_completed: number(
                &connection,
                "SELECT count(*) FROM training_jobs
                 WHERE user_id = ?1 AND status = 'completed'",
                &[user_id.as_str()],
            )?,
            n_queued: number(
                &connection,
                "SELECT count(*) FROM training_jobs WHERE status = 'queued'",
                &[],
            )?,
        })
    }
}

fn number(connection: &Connection, sql: &str, params: &[&str]) -> Result<u32, StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement.query_row(rusqlite::params_from_iter(params), |row| row.get(0))
        })
        .doing("count the jobs")
}

/// The group's states as a list for SQL; they are names of ours, never what a person wrote.
fn statuses(group: JobGroup) -> String {
    JobStatus::ALL
        .iter()
        .filter(|status| group.contains(**status))
        .map(|status| format!("'{}'", status.as_str()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A pattern that finds `text` anywhere; empty where it is.
fn like(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
