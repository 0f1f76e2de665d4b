//! Runs that were: rows written into the application's database while it is open, as if a person had
//! trained for years.

use anyhow::{Context, Result};
use rusqlite::{Connection, params};
use serde_json::json;
use std::path::Path;

/// The moment of the first run, in UTC milliseconds.
const BEGAN: i64 = 1_795_000_000_000;
const HOUR_MS: i64 = 3_600_000;

/// A writer of past runs.
pub struct History {
    connection: Connection,
    owner: String,
}

impl History {
    /// For the one profile of the data folder.
    pub fn of(data_dir: &Path) -> Result<Self> {
        let connection = Connection::open(data_dir.join("amoozgar.db"))?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        let owner = connection
            .query_row("SELECT user_id FROM users", [], |row| row.get(0))
            .context("a profile owns the runs")?;
        Ok(Self { connection, owner })
    }

    /// Adds `n` ended runs in one transaction.
    pub fn add_jobs(&mut self, n: u32) -> Result<()> {
        let owner = self.owner.clone();
        let transaction = self.connection.transaction()?;
        for number in 0..n {
            let status = ["completed", "failed", "stopped", "interrupted"][number as usize % 4];
            insert(
                &transaction,
                &owner,
                &format!("past-{number}"),
                &format!("اجرای {number}"),
                status,
                number,
                1e-3,
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Adds a completed run with a curve of `n` points, validations and samples.
    pub fn add_run(&mut self, id: &str, name: &str, n: u32, lr: f64) -> Result<()> {
        let owner = self.owner.clone();
        let transaction = self.connection.transaction()?;
        insert(&transaction, &owner, id, name, "completed", 20_000, lr)?;
        {
            let mut point = transaction.prepare(
                "INSERT INTO training_metrics (job_id, step, epoch, loss, lr, grad_norm, tokens_per_s)
                 VALUES (?1, ?2, ?3, ?4, ?5, 1.0, 2000.0)",
            )?;
            let mut validation = transaction.prepare(
                "INSERT INTO validation_metrics (job_id, step, val_loss, bits_per_byte)
                 VALUES (?1, ?2, ?3, ?4)",
            )?;
            for step in 1..=n {
                let at = f64::from(step) / f64::from(n);
                let loss = 6.0 * (-3.0 * at).exp()
                    + 1.8
                    + 0.3 * f64::from(step * 37 % 100) / 100.0
                    + 40.0 * lr;
                point.execute(params![id, step, at * 8.0, loss, lr])?;
                if step % (n / 20).max(1) == 0 {
                    validation.execute(params![id, step, loss + 0.1, (loss + 0.1) / 1.6])?;
                }
            }
            for (prompt, text) in [
                ("ای دل", " به کوی عشق گذر کن که راه دوست"),
                ("یکی بود یکی نبود", "، باغبانی بود که سیب سرخی داشت."),
            ] {
                transaction.execute(
                    "INSERT INTO samples (job_id, step, prompt, text) VALUES (?1, ?2, ?3, ?4)",
                    params![id, n, prompt, text],
                )?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Adds a notification of each kind, a day apart.
    pub fn add_notifications(&self, now_ms: i64) -> Result<()> {
        let contents = [
            json!({ "type": "training_completed", "job_id": "a", "job_name": "حافظ، کوچک", "val_loss": 1.93 }),
            json!({ "type": "training_failed", "job_id": "a", "job_name": "حافظ، کوچک",
                    "error": { "code": "disk_full", "params": {} } }),
            json!({ "type": "training_interrupted", "job_id": "b", "job_name": "قصه‌ها" }),
        ];
        for (number, content) in contents.iter().enumerate() {
            self.connection.execute(
                "INSERT INTO notifications (notification_id, user_id, content, read, created_ms)
                 VALUES (?1, ?2, ?3, 0, ?4)",
                params![
                    format!("note-{number}"),
                    self.owner,
                    content.to_string(),
                    now_ms - number as i64 * 26 * HOUR_MS
                ],
            )?;
        }
        Ok(())
    }

    /// One column of the user's settings, by its path in JSON.
    pub fn setting(&self, path: &str) -> Result<String> {
        Ok(self.connection.query_row(
            "SELECT CAST(settings ->> ?1 AS TEXT) FROM user_settings",
            [path],
            |row| row.get(0),
        )?)
    }
}

fn insert(
    connection: &Connection,
    owner: &str,
    id: &str,
    name: &str,
    status: &str,
    number: u32,
    lr: f64,
) -> Result<()> {
    let spec = json!({
        "name": name,
        "dataset": { "train": "/nowhere/train.txt" },
        "optimizer": { "lr": lr },
    });
    let error =
        (status == "failed").then(|| json!({ "code": "out_of_memory", "params": {} }).to_string());
    connection.execute(
        "INSERT INTO training_jobs (job_id, user_id, name, status, dataset_name, preset, progress,
             epoch, step, total_steps, n_parameters, loss, val_loss, bits_per_byte, tokens_per_s,
             error, job_dir, spec, created_ms, started_ms, updated_ms, finished_ms)
         VALUES (?1, ?2, ?3, ?4, 'دیوان حافظ', 'small', 100.0, 8.0, 400, 400, 2600000, 1.9, 2.0, 1.3,
             2000.0, ?5, ?6, ?7, ?8, ?8, ?8, ?8)",
        params![
            id,
            owner,
            name,
            status,
            error,
            format!("/nowhere/{id}"),
            spec.to_string(),
            BEGAN + i64::from(number) * 1000
        ],
    )?;
    Ok(())
}
