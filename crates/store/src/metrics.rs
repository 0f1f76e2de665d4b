//! The tables `training_metrics` and `validation_metrics`: the curves of a run.

use crate::column::{LossColumn, NumberColumn, count, int, loss_value};
use crate::error::Doing;
use crate::{Store, StoreError};
use amoozgar_types::event::{ClassScores, PreferenceScores};
use amoozgar_types::id::JobId;
use amoozgar_types::job::{MetricPoint, Metrics, ValidationPoint};
use rusqlite::{Row, params};

impl Store {
    /// Adds points in one transaction. A point of a step that is there already replaces it.
    pub fn append_metrics(
        &self,
        job_id: &JobId,
        train: &[MetricPoint],
        validation: &[ValidationPoint],
    ) -> Result<(), StoreError> {
        if train.is_empty() && validation.is_empty() {
            return Ok(());
        }
        self.write("save the curves", |transaction| {
            let save = || -> rusqlite::Result<()> {
                let mut statement = transaction.prepare_cached(
                    "INSERT INTO training_metrics
                         (job_id, step, epoch, loss, lr, grad_norm, tokens_per_s,
                          chosen_reward, rejected_reward, preferred, chosen_logp, rejected_logp)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                     ON CONFLICT (job_id, step) DO UPDATE SET
                         epoch = excluded.epoch, loss = excluded.loss, lr = excluded.lr,
                         grad_norm = excluded.grad_norm, tokens_per_s = excluded.tokens_per_s,
                         chosen_reward = excluded.chosen_reward,
                         rejected_reward = excluded.rejected_reward,
                         preferred = excluded.preferred, chosen_logp = excluded.chosen_logp,
                         rejected_logp = excluded.rejected_logp",
                )?;
                for point in train {
                    statement.execute(params![
                        job_id.as_str(),
                        int(point.step),
                        point.epoch,
                        loss_value(point.loss),
                        point.lr,
                        point.grad_norm,
                        point.tokens_per_s,
                        point.preference.map(|found| found.chosen_reward),
                        point.preference.map(|found| found.rejected_reward),
                        point.preference.map(|found| found.accuracy),
                        point.preference.map(|found| found.chosen_logp),
                        point.preference.map(|found| found.rejected_logp),
                    ])?;
                }
                let mut statement = transaction.prepare_cached(
                    "INSERT INTO validation_metrics
                         (job_id, step, val_loss, bits_per_byte, accuracy, macro_f1,
                          majority_accuracy, chosen_reward, rejected_reward, preferred, chosen_logp,
                          rejected_logp)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                     ON CONFLICT (job_id, step) DO UPDATE SET
                         val_loss = excluded.val_loss, bits_per_byte = excluded.bits_per_byte,
                         accuracy = excluded.accuracy, macro_f1 = excluded.macro_f1,
                         majority_accuracy = excluded.majority_accuracy,
                         chosen_reward = excluded.chosen_reward,
                         rejected_reward = excluded.rejected_reward,
                         preferred = excluded.preferred, chosen_logp = excluded.chosen_logp,
                         rejected_logp = excluded.rejected_logp",
                )?;
                for point in validation {
                    statement.execute(params![
                        job_id.as_str(),
                        int(point.step),
                        loss_value(point.val_loss),
                        point.bits_per_byte,
                        point.classes.map(|classes| classes.accuracy),
                        point.classes.map(|classes| classes.macro_f1),
                        point.classes.map(|classes| classes.majority_accuracy),
                        point.preference.map(|found| found.chosen_reward),
                        point.preference.map(|found| found.rejected_reward),
                        point.preference.map(|found| found.accuracy),
                        point.preference.map(|found| found.chosen_logp),
                        point.preference.map(|found| found.rejected_logp),
                    ])?;
                }
                Ok(())
            };
            save().doing("save the curves")
        })
    }

    /// Forgets the points, samples and checkpoints after `after_step`, before a run goes on from a
    /// checkpoint of that step and makes them anew.
    pub fn truncate_metrics(&self, job_id: &JobId, after_step: u64) -> Result<(), StoreError> {
        self.write("cut the curves", |transaction| {
            for sql in [
                "DELETE FROM training_metrics WHERE job_id = ?1 AND step > ?2",
                "DELETE FROM validation_metrics WHERE job_id = ?1 AND step > ?2",
                "DELETE FROM samples WHERE job_id = ?1 AND step > ?2",
                "DELETE FROM checkpoints WHERE job_id = ?1 AND step > ?2",
            ] {
                transaction
                    .execute(sql, params![job_id.as_str(), int(after_step)])
                    .doing("cut the curves")?;
            }
            Ok(())
        })
    }

    /// The curves so far, in order of step.
    pub fn metrics(&self, job_id: &JobId) -> Result<Metrics, StoreError> {
        let connection = self.connection();
        let train = connection
            .prepare_cached(
                "SELECT step, epoch, loss, lr, grad_norm, tokens_per_s, chosen_reward, rejected_reward,
                        preferred, chosen_logp, rejected_logp
                 FROM training_metrics WHERE job_id = ?1 ORDER BY step",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([job_id.as_str()], read_train)?
                    .collect()
            })
            .doing("read the training curve")?;
        drop(connection);
        let validation = self.validations(job_id)?;
        Ok(Metrics { train, validation })
    }

    /// The validation curve so far, in order of step.
    pub(crate) fn validations(&self, job_id: &JobId) -> Result<Vec<ValidationPoint>, StoreError> {
        self.connection()
            .prepare_cached("SELECT * FROM validation_metrics WHERE job_id = ?1 ORDER BY step")
            .and_then(|mut statement| {
                statement
                    .query_map([job_id.as_str()], read_validation)?
                    .collect()
            })
            .doing("read the validation curve")
    }
}

fn read_train(row: &Row<'_>) -> rusqlite::Result<MetricPoint> {
    // By place, not by name: a long run has a hundred thousand of them.
    Ok(MetricPoint {
        step: u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default(),
        epoch: row.get(1)?,
        loss: row.get::<_, LossColumn>(2)?.0,
        lr: row.get(3)?,
        grad_norm: row.get::<_, NumberColumn>(4)?.0,
        tokens_per_s: row.get::<_, NumberColumn>(5)?.0,
        preference: read_preference(row, [6, 7, 8, 9, 10])?,
    })
}

fn read_validation(row: &Row<'_>) -> rusqlite::Result<ValidationPoint> {
    Ok(ValidationPoint {
        step: count(row, "step")?,
        val_loss: row.get::<_, LossColumn>("val_loss")?.0,
        bits_per_byte: row.get::<_, NumberColumn>("bits_per_byte")?.0,
        classes: read_classes(row)?,
        preference: {
            let place = |name| row.as_ref().column_index(name);
            let places = [
                place("chosen_reward")?,
                place("rejected_reward")?,
                place("preferred")?,
                place("chosen_logp")?,
                place("rejected_logp")?,
            ];
            read_preference(row, places)?
        },
    })
}

/// How well pairs are told apart, by the places of its columns; all are there or none is, as the table itself
/// demands.
fn read_preference(
    row: &Row<'_>,
    [chosen, rejected, accuracy, chosen_logp, rejected_logp]: [usize; 5],
) -> rusqlite::Result<Option<PreferenceScores>> {
    let Some(accuracy) = row.get(accuracy)? else {
        return Ok(None);
    };
    Ok(Some(PreferenceScores {
        chosen_reward: row.get(chosen)?,
        rejected_reward: row.get(rejected)?,
        accuracy,
        chosen_logp: row.get(chosen_logp)?,
        rejected_logp: row.get(rejected_logp)?,
    }))
}

/// The measures of a classifier; all three are there or none is, as the table itself demands.
fn read_classes(row: &Row<'_>) -> rusqlite::Result<Option<ClassScores>> {
    let Some(accuracy) = row.get("accuracy")? else {
        return Ok(None);
    };
    Ok(Some(ClassScores {
        accuracy,
        macro_f1: row.get("macro_f1")?,
        majority_accuracy: row.get("majority_accuracy")?,
    }))
}
