//! The table `training_jobs`: one row per run.
//!
//! Who owns a job, what it learns and how it runs is settled when it is made; [`Store::update_job`]
//! leaves those columns alone. Places in the queue are kept by the module `queue`.

use crate::column::{
    LossColumn, count, count_or_null, from_json, from_json_or_null, int, loss_or_null, named,
    to_json,
};
use crate::error::Doing;
use crate::{Store, StoreError, queue};
use amoozgar_types::TrainSpec;
use amoozgar_types::id::{DatasetId, JobId, UserId};
use amoozgar_types::job::{JobRecord, JobStatus};
use amoozgar_types::spec::{Method, SizePreset, Task};
use rusqlite::{Connection, OptionalExtension, Params, Row, named_params};

/// A job with what only the program needs to know of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredJob {
    /// Whose it is.
    pub owner: UserId,
    /// What lists show.
    pub record: JobRecord,
    /// The specification it runs by.
    pub spec: TrainSpec,
    /// Its folder.
    pub job_dir: String,
}

impl Store {
    /// Adds a job. A queued one goes to the place it names, or to the queue's end.
    pub fn insert_job(
        &self,
        owner: &UserId,
        record: &JobRecord,
        spec: &TrainSpec,
        job_dir: &str,
    ) -> Result<(), StoreError> {
        let spec = to_json("specification", spec)?;
        let preset = preset_name(record.preset);
        let error = record
            .error
            .as_ref()
            .map(|error| to_json("error", error))
            .transpose()?;
        self.write("add the job", |transaction| {
            let queue_position = match (record.status, record.queue_position) {
                (JobStatus::Queued, Some(position)) => Some(position),
                (JobStatus::Queued, None) => Some(queue::next_position(transaction)?),
                _ => None,
            };
            transaction
                .execute(
                    "INSERT INTO training_jobs (job_id, user_id, name, status, queue_position,
                         dataset_id, dataset_name, preset, progress, epoch, step, total_steps,
                         n_parameters, loss, val_loss, bits_per_byte, tokens_per_s, eta_s,
                         diverged_step, chosen_fell_step, error, pid, model_dir, job_dir, spec, created_ms, started_ms, updated_ms,
                         finished_ms, task, method, base_name)
                     VALUES (:job_id, :user_id, :name, :status, :queue_position, :dataset_id,
                         :dataset_name, :preset, :progress, :epoch, :step, :total_steps,
                         :n_parameters, :loss, :val_loss, :bits_per_byte, :tokens_per_s, :eta_s,
                         :diverged_step, :chosen_fell_step, :error, :pid, :model_dir, :job_dir, :spec, :created_ms, :started_ms,
                         :updated_ms, :finished_ms, :task, :method, :base_name)",
                    named_params! {
                        ":job_id": record.job_id.as_str(),
                        ":user_id": owner.as_str(),
                        ":name": record.name,
                        ":status": record.status.as_str(),
                        ":queue_position": queue_position,
                        ":dataset_id": record.dataset_id.as_ref().map(DatasetId::as_str),
                        ":dataset_name": record.dataset_name,
                        ":preset": preset,
                        ":progress": record.progress,
                        ":epoch": record.epoch,
                        ":step": int(record.step),
                        ":total_steps": int(record.total_steps),
                        ":n_parameters": int(record.n_parameters),
                        ":loss": loss_or_null(record.loss),
                        ":val_loss": loss_or_null(record.val_loss),
                        ":bits_per_byte": record.bits_per_byte,
                        ":tokens_per_s": record.tokens_per_s,
                        ":eta_s": record.eta_s,
                        ":diverged_step": record.diverged_step.map(int),
                        ":chosen_fell_step": record.chosen_fell_step.map(int),
                        ":error": error,
                        ":pid": record.pid,
                        ":model_dir": record.model_dir,
                        ":job_dir": job_dir,
                        ":spec": spec,
                        ":created_ms": record.created_ms,
                        ":started_ms": record.started_ms,
                        ":updated_ms": record.updated_ms,
                        ":finished_ms": record.finished_ms,
                        ":task": record.task.as_str(),
                        ":method": record.method.as_str(),
                        ":base_name": record.base_name,
                    },
                )
                .doing("add the job")?;
            Ok(())
        })
    }

    /// A user's jobs, latest first.
    pub fn jobs(&self, user_id: &UserId) -> Result<Vec<JobRecord>, StoreError> {
        self.connection()
            .prepare_cached(
                "SELECT * FROM training_jobs WHERE user_id = ?1
                 ORDER BY created_ms DESC, job_id DESC",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([user_id.as_str()], read_record)?
                    .collect()
            })
            .doing("list the jobs")
    }

    /// One of a user's jobs.
    pub fn job(&self, user_id: &UserId, job_id: &JobId) -> Result<Option<StoredJob>, StoreError> {
        let job = self.job_unscoped(job_id)?;
        Ok(job.filter(|job| job.owner == *user_id))
    }

    /// One job, whoever's it is: for the queue and the worker's reader.
    pub fn job_unscoped(&self, job_id: &JobId) -> Result<Option<StoredJob>, StoreError> {
        self.connection()
            .query_row(
                "SELECT * FROM training_jobs WHERE job_id = ?1",
                [job_id.as_str()],
                read_stored,
            )
            .optional()
            .doing("read the job")
    }

    /// Writes what changes while a job lives. The place in the queue is the store's own: a job that
    /// is queued again goes to the end unless the record names a place, one that stays queued keeps
    /// its place, any other has none.
    ///
    /// # Errors
    /// [`StoreError::InvalidTransition`] where the row's status may not become the record's.
    pub fn update_job(&self, record: &JobRecord) -> Result<(), StoreError> {
        let error = record
            .error
            .as_ref()
            .map(|error| to_json("error", error))
            .transpose()?;
        self.write("update the job", |transaction| {
            let (from, place) = queue::status_and_place(transaction, &record.job_id)?;
            if from != record.status && !from.may_become(record.status) {
                return Err(StoreError::InvalidTransition {
                    job_id: record.job_id.to_string(),
                    from,
                    to: record.status,
                });
            }
            let queue_position = match (record.status, from) {
                (JobStatus::Queued, JobStatus::Queued) => place,
                (JobStatus::Queued, _) => Some(match record.queue_position {
                    Some(position) => position,
                    None => queue::next_position(transaction)?,
                }),
                _ => None,
            };
            transaction
                .execute(
                    "UPDATE training_jobs SET name = :name, status = :status,
                         queue_position = :queue_position, progress = :progress, epoch = :epoch,
                         step = :step, total_steps = :total_steps, n_parameters = :n_parameters,
                         loss = :loss, val_loss = :val_loss, bits_per_byte = :bits_per_byte,
                         tokens_per_s = :tokens_per_s, eta_s = :eta_s,
                         diverged_step = :diverged_step, chosen_fell_step = :chosen_fell_step,
                         error = :error, pid = :pid,
                         model_dir = :model_dir, started_ms = :started_ms,
                         updated_ms = :updated_ms, finished_ms = :finished_ms
                     WHERE job_id = :job_id",
                    named_params! {
                        ":job_id": record.job_id.as_str(),
                        ":name": record.name,
                        ":status": record.status.as_str(),
                        ":queue_position": queue_position,
                        ":progress": record.progress,
                        ":epoch": record.epoch,
                        ":step": int(record.step),
                        ":total_steps": int(record.total_steps),
                        ":n_parameters": int(record.n_parameters),
                        ":loss": loss_or_null(record.loss),
                        ":val_loss": loss_or_null(record.val_loss),
                        ":bits_per_byte": record.bits_per_byte,
                        ":tokens_per_s": record.tokens_per_s,
                        ":eta_s": record.eta_s,
                        ":diverged_step": record.diverged_step.map(int),
                        ":chosen_fell_step": record.chosen_fell_step.map(int),
                        ":error": error,
                        ":pid": record.pid,
                        ":model_dir": record.model_dir,
                        ":started_ms": record.started_ms,
                        ":updated_ms": record.updated_ms,
                        ":finished_ms": record.finished_ms,
                    },
                )
                .doing("update the job")?;
            if from == JobStatus::Queued && record.status != JobStatus::Queued {
                queue::close_gaps(transaction)?;
            }
            Ok(())
        })
    }

    /// Every job that a process belongs to, or belonged to when the program last ended.
    pub fn live_jobs(&self) -> Result<Vec<StoredJob>, StoreError> {
        select(
            &self.connection(),
            "SELECT * FROM training_jobs
             WHERE status IN ('starting', 'loading', 'running', 'paused')
             ORDER BY started_ms, job_id",
            [],
        )
        .doing("list the live jobs")
    }

    /// Removes one of a user's jobs with its curves, samples and checkpoints.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is not the user's.
    pub fn delete_job(&self, user_id: &UserId, job_id: &JobId) -> Result<(), StoreError> {
        self.write("remove the job", |transaction| {
            let removed = transaction
                .execute(
                    "DELETE FROM training_jobs WHERE job_id = ?1 AND user_id = ?2",
                    [job_id.as_str(), user_id.as_str()],
                )
                .doing("remove the job")?;
            if removed == 0 {
                return Err(StoreError::not_found("job", job_id));
            }
            queue::close_gaps(transaction)
        })
    }
}

pub(crate) fn select(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> rusqlite::Result<Vec<StoredJob>> {
    connection
        .prepare_cached(sql)?
        .query_map(params, read_stored)?
        .collect()
}

fn read_stored(row: &Row<'_>) -> rusqlite::Result<StoredJob> {
    Ok(StoredJob {
        owner: UserId::new(row.get::<_, String>("user_id")?),
        record: read_record(row)?,
        spec: from_json(row, "spec")?,
        job_dir: row.get("job_dir")?,
    })
}

pub(crate) fn read_record(row: &Row<'_>) -> rusqlite::Result<JobRecord> {
    let loss = |column| {
        row.get::<_, Option<LossColumn>>(column)
            .map(|loss| loss.map(|loss| loss.0))
    };
    Ok(JobRecord {
        job_id: JobId::new(row.get::<_, String>("job_id")?),
        name: row.get("name")?,
        status: named(row, "status", JobStatus::parse)?,
        queue_position: row.get("queue_position")?,
        dataset_id: row
            .get::<_, Option<String>>("dataset_id")?
            .map(DatasetId::new),
        dataset_name: row.get("dataset_name")?,
        preset: named(row, "preset", |name| {
            SizePreset::ALL
                .iter()
                .copied()
                .find(|preset| preset_name(*preset) == name)
        })?,
        task: named(row, "task", |name| {
            Task::ALL.iter().copied().find(|task| task.as_str() == name)
        })?,
        method: named(row, "method", |name| {
            Method::ALL
                .iter()
                .copied()
                .find(|method| method.as_str() == name)
        })?,
        base_name: row.get("base_name")?,
        progress: row.get("progress")?,
        epoch: row.get("epoch")?,
        step: count(row, "step")?,
        total_steps: count(row, "total_steps")?,
        n_parameters: count(row, "n_parameters")?,
        loss: loss("loss")?,
        val_loss: loss("val_loss")?,
        bits_per_byte: row.get("bits_per_byte")?,
        tokens_per_s: row.get("tokens_per_s")?,
        eta_s: row.get("eta_s")?,
        diverged_step: count_or_null(row, "diverged_step")?,
        chosen_fell_step: count_or_null(row, "chosen_fell_step")?,
        error: from_json_or_null(row, "error")?,
        pid: row.get("pid")?,
        model_dir: row.get("model_dir")?,
        created_ms: row.get("created_ms")?,
        started_ms: row.get("started_ms")?,
        updated_ms: row.get("updated_ms")?,
        finished_ms: row.get("finished_ms")?,
    })
}

fn preset_name(preset: SizePreset) -> &'static str {
    match preset {
        SizePreset::Tiny => "tiny",
        SizePreset::Small => "small",
        SizePreset::Medium => "medium",
    }
}
