//! Curves of several runs: thinned for a drawing, and whole for a file.

use crate::column::{LossColumn, NumberColumn};
use crate::error::Doing;
use crate::thin::thin;
use crate::{Store, StoreError, StoredJob};
use amoozgar_types::Loss;
use amoozgar_types::compare::{BestValidation, ComparedRun, CurvePoint};
use amoozgar_types::event::SampleRecord;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::job::{MetricPoint, Metrics, ValidationPoint};

/// Samples of a run among which the last of each prompt is looked for.
const MOST_SAMPLES: u32 = 200;

impl Store {
    /// One of a user's runs with its curves, the training curve of at most `most` points; `None` where
    /// there is no such run.
    pub fn compared_run(
        &self,
        user_id: &UserId,
        job_id: &JobId,
        most: usize,
    ) -> Result<Option<ComparedRun>, StoreError> {
        let Some(job) = self.job(user_id, job_id)? else {
            return Ok(None);
        };
        let step_tokens = step_tokens(&job);
        let train = self.timed_curve(job_id, step_tokens)?;
        let last = train.last().copied();
        let validation: Vec<ValidationPoint> = self.validations(job_id)?;
        let best = validation
            .iter()
            .filter_map(|point| {
                Some(BestValidation {
                    step: point.step,
                    val_loss: point.val_loss.finite()?,
                    bits_per_byte: point.bits_per_byte,
                })
            })
            .min_by(|one, other| one.val_loss.total_cmp(&other.val_loss));
        let validation = validation
            .into_iter()
            .map(|point| CurvePoint {
                step: point.step,
                elapsed_s: elapsed_at(&train, point.step),
                n_tokens: point.step * step_tokens,
                loss: point.val_loss,
            })
            .collect();
        Ok(Some(ComparedRun {
            n_points: train.len() as u64,
            train: thin(&train, most, |point| point.loss.finite()),
            validation,
            best,
            elapsed_s: last.map_or(0.0, |point| point.elapsed_s),
            n_tokens: last.map_or(0, |point| point.n_tokens),
            samples: latest_of_each(self.samples(job_id, MOST_SAMPLES)?),
            job: job.record,
            spec: job.spec,
        }))
    }

    /// The curves of a run for a drawing: at most `most` training points, no peak lost, and every
    /// validation.
    pub fn thinned_metrics(&self, job_id: &JobId, most: usize) -> Result<Metrics, StoreError> {
        let Metrics { train, validation } = self.metrics(job_id)?;
        Ok(Metrics {
            train: thin::<MetricPoint>(&train, most, |point| point.loss.finite()),
            validation,
        })
    }

    /// The training curve with the time and the tokens of each point. Time is told by the speed that
    /// was measured at each step, so that pauses and the time between two starts do not count.
    fn timed_curve(&self, job_id: &JobId, step_tokens: u64) -> Result<Vec<CurvePoint>, StoreError> {
        let connection = self.connection();
        let mut statement = connection
            .prepare_cached(
                "SELECT step, loss, tokens_per_s FROM training_metrics
                 WHERE job_id = ?1 ORDER BY step",
            )
            .doing("read the training curve")?;
        let (mut elapsed_s, mut before) = (0.0, 0);
        let points = statement
            .query_map([job_id.as_str()], |row| {
                // By place, not by name: there are a hundred thousand of them.
                let step = u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
                let loss: Loss = row.get::<_, LossColumn>(1)?.0;
                let rate = row.get::<_, NumberColumn>(2)?.0;
                Ok((step, rate, loss))
            })
            .and_then(|rows| {
                rows.map(|row| {
                    row.map(|(step, rate, loss)| {
                        let n_steps = step.saturating_sub(before);
                        before = step;
                        if rate > 0.0 {
                            elapsed_s += (n_steps * step_tokens) as f64 / rate;
                        }
                        CurvePoint {
                            step,
                            elapsed_s,
                            n_tokens: step * step_tokens,
                            loss,
                        }
                    })
                })
                .collect()
            })
            .doing("read the training curve")?;
        Ok(points)
    }
}

/// Tokens of one optimizer step.
fn step_tokens(job: &StoredJob) -> u64 {
    (job.spec.optimizer.batch_size * job.spec.model.context_length) as u64
}

/// When a step was done; a validation before the first point is at the beginning.
fn elapsed_at(train: &[CurvePoint], step: u64) -> f64 {
    let after = train.partition_point(|point| point.step <= step);
    after
        .checked_sub(1)
        .and_then(|row| train.get(row))
        .map_or(0.0, |point| point.elapsed_s)
}

/// The first text of each prompt in a list that begins with the latest.
fn latest_of_each(samples: Vec<SampleRecord>) -> Vec<SampleRecord> {
    let mut kept: Vec<SampleRecord> = Vec::new();
    for sample in samples {
        if kept.iter().all(|known| known.prompt != sample.prompt) {
            kept.push(sample);
        }
    }
    kept
}
