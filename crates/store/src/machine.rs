//! The table `machine_samples`: what the machine did, a row a minute, for a day.

use crate::column::{count, int};
use crate::error::Doing;
use crate::{Store, StoreError};
use amoozgar_types::UtcMs;
use amoozgar_types::machine::MachineSample;
use rusqlite::params;

/// How long samples are kept.
const KEPT_MS: UtcMs = 24 * 3_600_000;

impl Store {
    /// Adds a sample and forgets those of a day before it.
    pub fn insert_machine_sample(&self, sample: &MachineSample) -> Result<(), StoreError> {
        self.write("save the sample", |transaction| {
            transaction
                .execute(
                    "INSERT OR REPLACE INTO machine_samples
                         (at_ms, cpu_percent, used_memory_bytes, tokens_per_s)
                     VALUES (?1, ?2, ?3, ?4)",
                    params![
                        sample.at_ms,
                        sample.cpu_percent,
                        int(sample.used_memory_bytes),
                        sample.tokens_per_s
                    ],
                )
                .doing("save the sample")?;
            transaction
                .execute(
                    "DELETE FROM machine_samples WHERE at_ms < ?1",
                    [sample.at_ms - KEPT_MS],
                )
                .doing("forget old samples")?;
            Ok(())
        })
    }

    /// The samples since `from`, oldest first.
    pub fn machine_samples(&self, from: UtcMs) -> Result<Vec<MachineSample>, StoreError> {
        self.connection()
            .prepare_cached("SELECT * FROM machine_samples WHERE at_ms >= ?1 ORDER BY at_ms")
            .and_then(|mut statement| {
                statement
                    .query_map([from], |row| {
                        Ok(MachineSample {
                            at_ms: row.get("at_ms")?,
                            cpu_percent: row.get("cpu_percent")?,
                            used_memory_bytes: count(row, "used_memory_bytes")?,
                            tokens_per_s: row.get("tokens_per_s")?,
                        })
                    })?
                    .collect()
            })
            .doing("read the samples")
    }
}
