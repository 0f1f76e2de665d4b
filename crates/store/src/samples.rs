//! The table `samples`: what the model wrote on the way.

use crate::column::{count, int};
use crate::error::Doing;
use crate::{Store, StoreError};
use amoozgar_types::event::SampleRecord;
use amoozgar_types::id::JobId;
use rusqlite::params;

impl Store {
    /// Adds samples in one transaction. One of the same step and prompt replaces the earlier.
    pub fn append_samples(
        &self,
        job_id: &JobId,
        samples: &[SampleRecord],
    ) -> Result<(), StoreError> {
        if samples.is_empty() {
            return Ok(());
        }
        self.write("save the samples", |transaction| {
            let mut statement = transaction
                .prepare_cached(
                    "INSERT INTO samples (job_id, step, prompt, text) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (job_id, step, prompt) DO UPDATE SET text = excluded.text",
                )
                .doing("save the samples")?;
            for sample in samples {
                statement
                    .execute(params![
                        job_id.as_str(),
                        int(sample.step),
                        sample.prompt,
                        sample.text
                    ])
                    .doing("save the samples")?;
            }
            Ok(())
        })
    }

    /// The latest `limit` samples, latest step first, prompts in the order they were continued.
    pub fn samples(&self, job_id: &JobId, limit: u32) -> Result<Vec<SampleRecord>, StoreError> {
        self.connection()
            .prepare_cached(
                "SELECT step, prompt, text FROM samples WHERE job_id = ?1
                 ORDER BY step DESC, sample_id LIMIT ?2",
            )
            .and_then(|mut statement| {
                statement
                    .query_map(params![job_id.as_str(), limit], |row| {
                        Ok(SampleRecord {
                            step: count(row, "step")?,
                            prompt: row.get("prompt")?,
                            text: row.get("text")?,
                        })
                    })?
                    .collect()
            })
            .doing("read the samples")
    }
}
