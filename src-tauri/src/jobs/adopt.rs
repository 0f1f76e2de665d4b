//! Runs whose folder is there and whose row is not: after an older back-up of the database took its place.
//! The folder has what makes a row: job.json, metrics.jsonl, the checkpoints, and `final/` where the run is
//! complete. What only the database knew is lost: samples, and whose the run was.

use super::record::METRICS_FILE;
use crate::clock::now_ms;
use crate::db::Db;
use crate::error::{self, io_error};
use crate::files;
use crate::files::within;
use crate::hold::Settled;
use crate::models;
use crate::paths::{JOB_FILE, LOG_FILE, Paths};
use crate::process::{RunLock, worker};
use amoozgar_types::event::CheckpointRecord;
use amoozgar_types::id::{DatasetId, JobId, UserId};
use amoozgar_types::job::{JobRecord, JobStatus, MetricPoint, ValidationPoint};
use amoozgar_types::spec::SizePreset;
use amoozgar_types::{ApiError, TrainEvent, TrainSpec, UtcMs};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// A specification is far shorter.
const MOST_SPEC_BYTES: u64 = 1 << 20;
/// A line of metrics is far shorter.
const MOST_LINE_BYTES: u64 = 64 << 10;
/// Points that are written at once.
const BATCH: usize = 2000;
/// Of a log, where its beginning says what the run was going to do.
const HEAD_BYTES: u64 = 64 << 10;
/// Lines of a log's end that are looked through for the same.
const TAIL_LINES: usize = 4000;

/// What people call the run in a folder; `None` where it is no run's.
pub fn name_of(dir: &Path) -> Option<String> {
    spec_of(dir).map(|spec| spec.name)
}

/// Makes the row of the run in `folder` anew, as `owner`'s, with its curves and checkpoints. Blocks.
///
/// # Errors
/// `NotFound` where there is no such run without a row, `RunAtWork` where a process trains it.
pub fn adopt(
    db: &Db,
    paths: &Paths,
    owner: &UserId,
    folder: &str,
    _settled: &Settled,
) -> Result<JobRecord, ApiError> {
    let job_id = JobId::new(folder);
    let dir = paths.jobs().join(folder);
    let is_known = db.now(|store| store.job_unscoped(&job_id))?.is_some();
    let is_folder = fs::symlink_metadata(&dir).is_ok_and(|about| about.is_dir());
    if is_known || !is_folder || dir.parent() != Some(paths.jobs().as_path()) {
        return Err(error::not_found());
    }
    if !within::is_inside(&paths.jobs(), &dir) {
        return Err(error::not_found());
    }
    let spec = spec_of(&dir).ok_or_else(error::not_found)?;
    let _lock = RunLock::take(&dir)?;
    let mut record = record(db, owner, job_id, &dir, &spec)?;
    let job_dir = dir.display().to_string();
    db.now(|store| store.insert_job(owner, &record, &spec, &job_dir))?;
    let filled =
        fill(db, &dir, &mut record).and_then(|()| db.now(|store| store.update_job(&record)));
    if let Err(failure) = filled {
        // A row without its curves would never be offered again.
        db.now(|store| store.delete_job(owner, &record.job_id))?;
        return Err(failure);
    }
    tracing::info!(job_id = %record.job_id, "a run is on the list again");
    Ok(record)
}

fn spec_of(dir: &Path) -> Option<TrainSpec> {
    let path = dir.join(JOB_FILE);
    let about = fs::symlink_metadata(&path).ok()?;
    if !about.is_file() || about.len() > MOST_SPEC_BYTES {
        return None;
    }
    worker::read_spec(&path).ok()
}

/// The row as far as it follows from the folder alone.
fn record(
    db: &Db,
    owner: &UserId,
    job_id: JobId,
    dir: &Path,
    spec: &TrainSpec,
) -> Result<JobRecord, ApiError> {
    let made_ms = uuid::Uuid::parse_str(job_id.as_str())
        .ok()
        .and_then(|id| id.get_timestamp())
        .and_then(|made| {
            let (seconds, nanos) = made.to_unix();
            UtcMs::try_from(seconds * 1000 + u64::from(nanos) / 1_000_000).ok()
        });
    let created_ms = made_ms
        .or_else(|| changed_ms(&dir.join(JOB_FILE)))
        .unwrap_or_else(now_ms);
    let ended_ms = changed_ms(&dir.join(LOG_FILE)).unwrap_or(created_ms);
    let model = dir.join("final");
    let is_complete = model.join("config.json").is_file() && models::has_weights(&model);
    let has_begun = dir.join(METRICS_FILE).is_file() || !checkpoints(dir, None).is_empty();
    let dataset = dataset(db, owner, spec)?;
    let (total_steps, n_parameters) = planned(dir).unwrap_or_default();
    let train = Path::new(&spec.dataset.train);
    let queued = JobRecord::queued(
        job_id,
        &spec.name,
        &train.file_stem().unwrap_or_default().to_string_lossy(),
        preset(spec),
        created_ms,
    );
    Ok(JobRecord {
        status: if is_complete {
            JobStatus::Completed
        } else if has_begun {
            JobStatus::Interrupted
        } else {
            JobStatus::Stopped
        },
        dataset_name: match &dataset {
            Some((_, name)) => name.clone(),
            None => queued.dataset_name,
        },
        dataset_id: dataset.map(|(id, _)| id),
        task: spec.task,
        method: spec.method,
        base_name: spec.base_model.as_deref().map(base_name),
        total_steps,
        n_parameters,
        model_dir: is_complete.then(|| model.display().to_string()),
        started_ms: has_begun.then_some(created_ms),
        updated_ms: ended_ms,
        finished_ms: Some(ended_ms),
        ..queued
    })
}

/// Reads curves and checkpoints into the database, and what the row says of them into `record`.
fn fill(db: &Db, dir: &Path, record: &mut JobRecord) -> Result<(), ApiError> {
    let best_step = read_metrics(db, dir, record)?;
    let checkpoints = checkpoints(dir, best_step);
    for checkpoint in &checkpoints {
        db.now(|store| store.insert_checkpoint(&record.job_id, checkpoint))?;
        record.step = record.step.max(checkpoint.step);
    }
    if record.status == JobStatus::Completed {
        record.total_steps = record.total_steps.max(record.step);
        record.progress = 100.0;
    } else if record.total_steps > 0 {
        let share = record.step as f64 / record.total_steps as f64;
        record.progress = (share * 100.0).min(100.0);
    }
    Ok(())
}

/// Answers the step of the best validation.
fn read_metrics(db: &Db, dir: &Path, record: &mut JobRecord) -> Result<Option<u64>, ApiError> {
    let path = dir.join(METRICS_FILE);
    let mut lines = match File::open(&path) {
        Ok(file) => BufReader::new(file),
        Err(failure) if failure.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(failure) => return Err(io_error(&path, &failure)),
    };
    let (mut train, mut validation, mut best) = (Vec::new(), Vec::new(), None);
    let mut line = Vec::new();
    let mut n_unread = 0_u64;
    loop {
        line.clear();
        let n = lines
            .by_ref()
            .take(MOST_LINE_BYTES)
            .read_until(b'\n', &mut line)
            .map_err(|failure| io_error(&path, &failure))?;
        if n > 0 {
            match serde_json::from_slice(&line) {
                Ok(TrainEvent::Step(step)) => {
                    record.step = step.step;
                    record.epoch = step.epoch;
                    record.loss = Some(step.loss);
                    train.push(MetricPoint {
                        step: step.step,
                        epoch: step.epoch,
                        loss: step.loss,
                        lr: step.lr,
                        grad_norm: step.grad_norm,
                        tokens_per_s: step.tokens_per_s,
                        preference: step.preference,
                    });
                }
                Ok(TrainEvent::Validation(found)) => {
                    // A complete run shows the measure of its final model, which is the best.
                    if found.best || record.status != JobStatus::Completed {
                        record.val_loss = Some(found.val_loss);
                        record.bits_per_byte = Some(found.bits_per_byte);
                    }
                    if found.best {
                        best = Some(found.step);
                    }
                    validation.push(ValidationPoint {
                        step: found.step,
                        val_loss: found.val_loss,
                        bits_per_byte: found.bits_per_byte,
                        classes: found.classes,
                        preference: found.preference,
                    });
                }
                // The last line of a run that was killed may be cut.
                _ => n_unread += 1,
            }
        }
        if n == 0 || train.len() + validation.len() >= BATCH {
            db.now(|store| store.append_metrics(&record.job_id, &train, &validation))?;
            train.clear();
            validation.clear();
        }
        if n == 0 {
            break;
        }
    }
    if n_unread > 0 {
        tracing::warn!(n_unread, path = %path.display(), "lines of metrics cannot be read");
    }
    Ok(best)
}

/// The whole checkpoints of a run, earliest first.
fn checkpoints(dir: &Path, best_step: Option<u64>) -> Vec<CheckpointRecord> {
    let mut found: Vec<CheckpointRecord> = fs::read_dir(dir.join("checkpoints"))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter(|entry| entry.path().join("state.json").is_file())
        .filter_map(|entry| {
            let name = entry.file_name();
            let step = name.to_str()?.strip_prefix("step-")?.parse().ok()?;
            Some(CheckpointRecord {
                step,
                path: entry.path().display().to_string(),
                size_bytes: files::size_of(&entry.path()),
                best: best_step == Some(step),
                removed: Vec::new(),
            })
        })
        .collect();
    found.sort_by_key(|checkpoint| checkpoint.step);
    found
}

/// Steps in all and trained weights, as the run's log told them when it last began.
fn planned(dir: &Path) -> Option<(u64, u64)> {
    let path = dir.join(LOG_FILE);
    let mut head = Vec::new();
    File::open(&path)
        .and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head))
        .ok()?;
    let head = String::from_utf8_lossy(&head);
    let tail = files::tail(&path, TAIL_LINES).unwrap_or_default();
    head.lines()
        .chain(tail.iter().map(String::as_str))
        .rev()
        .find_map(plan_in)
}

/// Of «… started at step 0 of 120: 4567 parameters, …».
fn plan_in(line: &str) -> Option<(u64, u64)> {
    let (_, plan) = line.split_once(" started at step ")?;
    let (_, plan) = plan.split_once(" of ")?;
    let (total_steps, plan) = plan.split_once(": ")?;
    let (n_parameters, _) = plan.split_once(" parameters")?;
    Some((total_steps.parse().ok()?, n_parameters.parse().ok()?))
}

/// The dataset that `owner` may use whose text the run learns.
fn dataset(
    db: &Db,
    owner: &UserId,
    spec: &TrainSpec,
) -> Result<Option<(DatasetId, String)>, ApiError> {
    for listed in db.now(|store| store.datasets(owner))? {
        let found = db.now(|store| store.dataset(owner, &listed.dataset_id))?;
        if found.is_some_and(|found| found.train_path == spec.dataset.train) {
            return Ok(Some((listed.dataset_id, listed.name)));
        }
    }
    Ok(None)
}

/// The name of the model in a folder: the repository's where it lies in a cache of the Hub.
fn base_name(dir: &str) -> String {
    let dir = PathBuf::from(dir);
    let repository = dir.iter().find_map(|part| {
        let name = part.to_str()?.strip_prefix("models--")?;
        Some(name.replacen("--", "/", 1))
    });
    repository.unwrap_or_else(|| {
        let name = dir.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    })
}

fn preset(spec: &TrainSpec) -> SizePreset {
    SizePreset::ALL
        .iter()
        .copied()
        .find(|preset| {
            let shape = preset.model();
            (shape.n_layers, shape.d_model) == (spec.model.n_layers, spec.model.d_model)
        })
        .unwrap_or_default()
}

fn changed_ms(path: &Path) -> Option<UtcMs> {
    let changed = fs::metadata(path).and_then(|about| about.modified()).ok()?;
    let since = changed.duration_since(UNIX_EPOCH).ok()?;
    UtcMs::try_from(since.as_millis()).ok()
}

#[cfg(test)]
#[path = "adopt_tests.rs"]
mod tests;
