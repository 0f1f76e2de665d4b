//! Looking into the application's database while it runs, with another connection.

use amoozgar_types::Loss;
use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags, OptionalExtension, types::Value};
use std::fmt::Write;
use std::path::Path;

/// A row of `training_jobs`, as far as the tests look at it.
#[derive(Debug, Clone)]
pub struct Job {
    pub job_id: String,
    pub status: String,
    pub pid: Option<u32>,
    pub step: u64,
    pub total_steps: u64,
    pub job_dir: String,
    pub model_dir: Option<String>,
}

/// A reader of the database.
pub struct Database {
    connection: Connection,
}

impl Database {
    pub fn open(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join("amoozgar.db");
        let connection = Connection::open_with_flags(
            &path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .with_context(|| format!("could not open `{}`", path.display()))?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(Self { connection })
    }

    /// Everything that is a profile's, as text: to be compared with itself later.
    pub fn belongings(&self, user_id: &str) -> Result<String> {
        const OF_USER: [&str; 4] = ["users", "user_settings", "datasets", "notifications"];
        const OF_JOB: [&str; 4] = [
            "training_metrics",
            "validation_metrics",
            "samples",
            "checkpoints",
        ];
        let mut all = String::new();
        let mut dump = |table: &str, condition: &str| -> Result<()> {
            let query = format!("SELECT * FROM {table} WHERE {condition}");
            let mut statement = self.connection.prepare(&query)?;
            let n_columns = statement.column_count();
            let mut rows = statement.query([user_id])?;
            while let Some(row) = rows.next()? {
                all.push_str(table);
                for column in 0..n_columns {
                    write!(all, " {:?}", row.get::<_, Value>(column)?)?;
                }
                all.push('\n');
            }
            Ok(())
        };
        dump("chats", "user_id = ?1")?;
        dump(
            "chat_messages",
            "chat_id IN (SELECT chat_id FROM chats WHERE user_id = ?1)",
        )?;
        for table in OF_USER {
            dump(table, "user_id = ?1")?;
        }
        dump("training_jobs", "user_id = ?1")?;
        for table in OF_JOB {
            dump(
                table,
                "job_id IN (SELECT job_id FROM training_jobs WHERE user_id = ?1)",
            )?;
        }
        Ok(all)
    }

    /// How many samples of the machine were kept.
    pub fn machine_samples(&self) -> Result<u64> {
        let count: i64 =
            self.connection
                .query_row("SELECT count(*) FROM machine_samples", [], |row| row.get(0))?;
        Ok(count as u64)
    }

    /// The job of a name.
    pub fn job(&self, name: &str) -> Result<Option<Job>> {
        Ok(self
            .connection
            .query_row(
                "SELECT job_id, status, pid, step, total_steps, job_dir, model_dir
                 FROM training_jobs WHERE name = ?1",
                [name],
                |row| {
                    Ok(Job {
                        job_id: row.get(0)?,
                        status: row.get(1)?,
                        pid: row.get(2)?,
                        step: row.get::<_, i64>(3)? as u64,
                        total_steps: row.get::<_, i64>(4)? as u64,
                        job_dir: row.get(5)?,
                        model_dir: row.get(6)?,
                    })
                },
            )
            .optional()?)
    }

    /// The id of a dataset by its name.
    pub fn dataset(&self, name: &str) -> Result<Option<String>> {
        let query = "SELECT dataset_id FROM datasets WHERE name = ?1";
        let id = self.connection.query_row(query, [name], |row| row.get(0));
        Ok(id.optional()?)
    }

    /// Id, state and bytes of the only download.
    pub fn download(&self) -> Result<Option<(String, String, u64)>> {
        let query = "SELECT download_id, status, done_bytes FROM download_queue";
        let row = self.connection.query_row(query, [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)? as u64))
        });
        Ok(row.optional()?)
    }

    /// How many notifications of a kind there are.
    /// Status and text of the answer that was begun last.
    pub fn last_answer(&self) -> Result<(String, String)> {
        Ok(self.connection.query_row(
            "SELECT status, content FROM chat_messages WHERE role = 'assistant'
             ORDER BY created_ms DESC, place DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?)
    }

    pub fn notifications(&self, kind: &str) -> Result<u64> {
        let count: i64 = self.connection.query_row(
            "SELECT count(*) FROM notifications WHERE content ->> 'type' = ?1",
            [kind],
            |row| row.get(0),
        )?;
        Ok(count as u64)
    }

    /// The step of the latest checkpoint.
    pub fn latest_checkpoint(&self, job_id: &str) -> Result<Option<u64>> {
        let step: Option<i64> = self.connection.query_row(
            "SELECT max(step) FROM checkpoints WHERE job_id = ?1",
            [job_id],
            |row| row.get(0),
        )?;
        Ok(step.map(|step| step as u64))
    }

    /// Step, loss, learning rate and gradient norm of every training point, to the last bit.
    pub fn curve(&self, job_id: &str) -> Result<Vec<(u64, u64, u64, u64)>> {
        let mut statement = self.connection.prepare(
            "SELECT step, loss, lr, grad_norm FROM training_metrics WHERE job_id = ?1 ORDER BY step",
        )?;
        let points = statement.query_map([job_id], |row| {
            Ok((
                row.get::<_, i64>(0)? as u64,
                bits(row.get(1)?),
                row.get::<_, f64>(2)?.to_bits(),
                row.get::<_, f64>(3)?.to_bits(),
            ))
        })?;
        Ok(points.collect::<Result<_, _>>()?)
    }

    /// Step and loss of every validation point, to the last bit.
    pub fn validation_curve(&self, job_id: &str) -> Result<Vec<(u64, u64)>> {
        let mut statement = self.connection.prepare(
            "SELECT step, val_loss FROM validation_metrics WHERE job_id = ?1 ORDER BY step",
        )?;
        let points = statement.query_map([job_id], |row| {
            Ok((row.get::<_, i64>(0)? as u64, bits(row.get(1)?)))
        })?;
        Ok(points.collect::<Result<_, _>>()?)
    }
}

fn bits(value: Value) -> u64 {
    let loss = match value {
        Value::Real(value) => Loss::from(value),
        _ => Loss::Diverged,
    };
    loss.finite().unwrap_or(f64::NAN).to_bits()
}
