//! Rows that the tests of every table start from.
#![allow(clippy::unwrap_used, missing_docs)]

use amoozgar_store::Store;
use amoozgar_types::dataset::{DatasetFormat, DatasetRecord, DatasetSource, Sharing};
use amoozgar_types::id::{DatasetId, JobId, UserId};
use amoozgar_types::job::{JobRecord, JobStatus};
use amoozgar_types::spec::{DatasetSpec, Method, OptimizerSpec, SizePreset, Task};
use amoozgar_types::user::{Role, User};
use amoozgar_types::{TrainSpec, UtcMs};
use std::path::PathBuf;
use tempfile::TempDir;

pub const NOW: UtcMs = 1_764_000_000_000;

/// A store on a real file, which can be closed and opened again.
pub struct Fixture {
    pub folder: TempDir,
    pub store: Store,
}

impl Fixture {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Store::open(&folder.path().join("amoozgar.db"), NOW)
            .unwrap()
            .store;
        Self { folder, store }
    }

    pub fn with_users() -> Self {
        let fixture = Self::new();
        for user in [user("sara", "سارا"), user("dara", "دارا")] {
            fixture.store.insert_user(&user, None, NOW).unwrap();
        }
        fixture
    }

    pub fn with_job(job_id: &str, status: JobStatus) -> Self {
        let fixture = Self::with_users();
        fixture.add_job("sara", job_id, status);
        fixture
    }

    pub fn add_job(&self, owner: &str, job_id: &str, status: JobStatus) -> JobRecord {
        let record = job(job_id, status);
        self.store
            .insert_job(&UserId::new(owner), &record, &spec(), "/data/jobs/x")
            .unwrap();
        record
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("amoozgar.db")
    }

    /// As after the program was closed and started again.
    pub fn reopened(self) -> Self {
        let Self { folder, store } = self;
        drop(store);
        let store = Store::open(&folder.path().join("amoozgar.db"), NOW)
            .unwrap()
            .store;
        Self { folder, store }
    }
}

pub fn sara() -> UserId {
    UserId::new("sara")
}

pub fn dara() -> UserId {
    UserId::new("dara")
}

pub fn user(id: &str, name: &str) -> User {
    User {
        user_id: UserId::new(id),
        name: name.to_owned(),
        role: Role::User,
        has_password: false,
        created_ms: NOW,
    }
}

pub fn dataset(id: &str, source: DatasetSource) -> DatasetRecord {
    DatasetRecord {
        dataset_id: DatasetId::new(id),
        name: format!("مجموعهٔ {id}"),
        source,
        format: DatasetFormat::Txt,
        guess: None,
        size_bytes: 1234,
        n_rows: 12,
        n_validation_rows: 3,
        created_ms: NOW,
        sharing: match source {
            DatasetSource::Bundled => Sharing::Everyones,
            DatasetSource::Imported => Sharing::Private,
        },
    }
}

pub fn spec() -> TrainSpec {
    TrainSpec {
        name: "دیوان".to_owned(),
        dataset: DatasetSpec {
            name: None,
            train: "/data/hafez.txt".to_owned(),
            validation: None,
            validation_fraction: 0.05,
            packing: amoozgar_types::spec::Packing::default(),
            shape: None,
            mapping: std::collections::BTreeMap::default(),
            supervise: amoozgar_types::spec::Supervise::All,
            thinking: amoozgar_types::spec::Thinking::Learn,
        },
        objective: None,
        beta: None,
        task: Task::default(),
        method: Method::default(),
        base_model: None,
        lora: amoozgar_types::spec::LoraSpec::default(),
        dtype: amoozgar_types::spec::Dtype::default(),
        tokenizer: amoozgar_types::spec::TokenizerSpec::default(),
        model: SizePreset::Tiny.model(),
        optimizer: OptimizerSpec::of(Task::default(), Method::default()),
        evaluation: amoozgar_types::spec::EvaluationSpec::default(),
        checkpoint: amoozgar_types::spec::CheckpointSpec::default(),
        seed: 7,
        threads: Some(2),
        memory_limit_bytes: None,
    }
}

pub fn job(id: &str, status: JobStatus) -> JobRecord {
    JobRecord {
        status,
        ..JobRecord::queued(
            JobId::new(id),
            &format!("اجرای {id}"),
            "حافظ",
            SizePreset::Tiny,
            NOW,
        )
    }
}

pub fn job_id(id: &str) -> JobId {
    JobId::new(id)
}
