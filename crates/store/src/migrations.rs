//! The list of migrations. A published one is never edited; a change is a new one at the end.

/// Brings a database from version `n` to `n + 1`, where `n` is its index in the list.
pub(crate) type Migration = &'static str;

/// Every migration, oldest first.
pub(crate) const ALL: &[Migration] = &[
    V1, V2, V3, V4, V5, V6, V7, V8, V9, V10, V11, V12, V13, V14, V15,
];

const V1: Migration = "
CREATE TABLE users (
    user_id       TEXT NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT,
    created_ms    INTEGER NOT NULL,
    updated_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE user_settings (
    user_id    TEXT NOT NULL PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    settings   TEXT NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A dataset without an owner ships with the program and is everyone's.
CREATE TABLE datasets (
    dataset_id        TEXT NOT NULL PRIMARY KEY,
    user_id           TEXT REFERENCES users ON DELETE CASCADE,
    name              TEXT NOT NULL,
    source            TEXT NOT NULL CHECK (source IN ('bundled', 'imported')),
    format            TEXT NOT NULL CHECK (format IN ('txt', 'jsonl')),
    size_bytes        INTEGER NOT NULL,
    n_rows            INTEGER NOT NULL,
    n_validation_rows INTEGER NOT NULL,
    train_path        TEXT NOT NULL,
    validation_path   TEXT,
    created_ms        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX datasets_by_user ON datasets (user_id, created_ms);

CREATE TABLE training_jobs (
    job_id         TEXT NOT NULL PRIMARY KEY,
    user_id        TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    name           TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('queued', 'starting', 'loading', 'running',
                   'paused', 'completed', 'failed', 'stopped', 'interrupted')),
    queue_position INTEGER,
    dataset_id     TEXT REFERENCES datasets ON DELETE SET NULL,
    dataset_name   TEXT NOT NULL,
    preset         TEXT NOT NULL,
    progress       REAL NOT NULL,
    epoch          REAL NOT NULL,
    step           INTEGER NOT NULL,
    total_steps    INTEGER NOT NULL,
    n_parameters   INTEGER NOT NULL,
    loss           ANY CHECK (loss IS NULL OR typeof(loss) = 'real' OR loss = 'diverged'),
    val_loss       ANY CHECK (val_loss IS NULL OR typeof(val_loss) = 'real' OR val_loss = 'diverged'),
    bits_per_byte  REAL,
    tokens_per_s   REAL,
    eta_s          REAL,
    error          TEXT,
    pid            INTEGER,
    model_dir      TEXT,
    job_dir        TEXT NOT NULL,
    spec           TEXT NOT NULL,
    created_ms     INTEGER NOT NULL,
    started_ms     INTEGER,
    updated_ms     INTEGER NOT NULL,
    finished_ms    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX training_jobs_by_user ON training_jobs (user_id, created_ms DESC);
CREATE INDEX training_jobs_by_status ON training_jobs (status, queue_position);
CREATE INDEX training_jobs_by_dataset ON training_jobs (dataset_id);

CREATE TABLE training_metrics (
    job_id       TEXT NOT NULL REFERENCES training_jobs ON DELETE CASCADE,
    step         INTEGER NOT NULL,
    epoch        REAL NOT NULL,
    loss         ANY NOT NULL CHECK (typeof(loss) = 'real' OR loss = 'diverged'),
    lr           REAL NOT NULL,
    grad_norm    REAL,
    tokens_per_s REAL,
    PRIMARY KEY (job_id, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE validation_metrics (
    job_id        TEXT NOT NULL REFERENCES training_jobs ON DELETE CASCADE,
    step          INTEGER NOT NULL,
    val_loss      ANY NOT NULL CHECK (typeof(val_loss) = 'real' OR val_loss = 'diverged'),
    bits_per_byte REAL,
    PRIMARY KEY (job_id, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE samples (
    sample_id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id    TEXT NOT NULL REFERENCES training_jobs ON DELETE CASCADE,
    step      INTEGER NOT NULL,
    prompt    TEXT NOT NULL,
    text      TEXT NOT NULL,
    UNIQUE (job_id, step, prompt)
) STRICT;

CREATE TABLE checkpoints (
    job_id     TEXT NOT NULL REFERENCES training_jobs ON DELETE CASCADE,
    path       TEXT NOT NULL,
    step       INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    best       INTEGER NOT NULL CHECK (best IN (0, 1)),
    PRIMARY KEY (job_id, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE notifications (
    notification_id TEXT NOT NULL PRIMARY KEY,
    user_id         TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    content         TEXT NOT NULL,
    read            INTEGER NOT NULL CHECK (read IN (0, 1)),
    created_ms      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX notifications_by_user ON notifications (user_id, created_ms DESC);
";

const V2: Migration = "
ALTER TABLE training_jobs ADD COLUMN diverged_step INTEGER;
";

const V3: Migration = "
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'user'
    CHECK (role IN ('administrator', 'user'));
UPDATE users SET role = 'administrator'
    WHERE user_id = (SELECT user_id FROM users ORDER BY created_ms, user_id LIMIT 1);
-- Wrong passwords and codes in a row, and when the next try may be made.
ALTER TABLE users ADD COLUMN failed_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN next_attempt_ms INTEGER NOT NULL DEFAULT 0;

-- A remembered session's token lies in the system's keyring; here is only its SHA-256.
CREATE TABLE sessions (
    session_id   TEXT NOT NULL PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    token_hash   TEXT UNIQUE,
    created_ms   INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL,
    expires_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id, last_seen_ms DESC);

-- Codes are kept as argon2id hashes and go when they are used.
CREATE TABLE recovery_codes (
    user_id    TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    code_hash  TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

ALTER TABLE datasets ADD COLUMN shared INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1));

CREATE TABLE machine_samples (
    at_ms             INTEGER NOT NULL PRIMARY KEY,
    cpu_percent       REAL NOT NULL,
    used_memory_bytes INTEGER NOT NULL,
    tokens_per_s      REAL
) STRICT;
";

const V4: Migration = "
-- What contradicts itself is no row: only what is in line has a place, only what waits has a reason,
-- only what is installed has a folder.
CREATE TABLE download_queue (
    download_id    TEXT NOT NULL PRIMARY KEY,
    user_id        TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    repo           TEXT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('model', 'dataset')),
    revision       TEXT NOT NULL,
    files          TEXT NOT NULL,
    reference      TEXT,
    commit_id      TEXT,
    status         TEXT NOT NULL CHECK (status IN ('queued', 'preparing', 'running', 'waiting',
                   'paused', 'installed', 'failed', 'cancelled')),
    waits_for      TEXT CHECK (waits_for IN ('network', 'hours', 'offline_switch')),
    retry_ms       INTEGER,
    queue_position INTEGER,
    n_files        INTEGER NOT NULL,
    done_bytes     INTEGER NOT NULL,
    total_bytes    INTEGER NOT NULL,
    error          TEXT,
    path           TEXT,
    created_ms     INTEGER NOT NULL,
    updated_ms     INTEGER NOT NULL,
    finished_ms    INTEGER,
    CHECK ((status IN ('queued', 'waiting')) = (queue_position IS NOT NULL)),
    CHECK ((status = 'waiting') = (waits_for IS NOT NULL)),
    CHECK ((status = 'installed') = (path IS NOT NULL)),
    CHECK (status <> 'failed' OR error IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX download_queue_by_user ON download_queue (user_id, created_ms DESC);
CREATE INDEX download_queue_by_status ON download_queue (status, queue_position);
";

// Pages of runs are filtered, searched, sorted and counted in this index alone.
const V5: Migration = "
CREATE INDEX training_jobs_by_state
    ON training_jobs (user_id, status, created_ms DESC, name, dataset_name);
";

// Paths in other tables are absolute; this is the folder that they were written for.
const V6: Migration = "
CREATE TABLE place (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    path TEXT NOT NULL
) STRICT;
";

// What a run trains and from where, so that lists can say it without its specification.
const V7: Migration = "
ALTER TABLE training_jobs ADD COLUMN method TEXT NOT NULL DEFAULT 'scratch'
    CHECK (method IN ('scratch', 'continue', 'full', 'lora', 'classify'));
ALTER TABLE training_jobs ADD COLUMN base_name TEXT;
";

// Models are shared by all profiles of a computer; who brought one may remove it, as administrators
// may. What was there before belongs to whoever downloaded it first, as far as that is known.
const V8: Migration = "
CREATE TABLE model_owners (
    model   TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO model_owners (model, user_id)
    SELECT kind || ':' || repo, user_id FROM download_queue
    WHERE status = 'installed' ORDER BY finished_ms;
";

// What a run learns to do and which weights it trains are two things. Continued pre-training trains every
// weight; a classifier started from the base model that its specification names, or from fresh weights.
// A column's check goes only with the column.
const V9: Migration = "
ALTER TABLE training_jobs ADD COLUMN task TEXT NOT NULL DEFAULT 'causal_lm'
    CHECK (task IN ('causal_lm', 'sequence_classification'));
UPDATE training_jobs SET task = 'sequence_classification' WHERE method = 'classify';
ALTER TABLE training_jobs RENAME COLUMN method TO former_method;
ALTER TABLE training_jobs ADD COLUMN method TEXT NOT NULL DEFAULT 'scratch'
    CHECK (method IN ('scratch', 'full', 'lora'));
UPDATE training_jobs SET method = CASE former_method
    WHEN 'continue' THEN 'full'
    WHEN 'classify' THEN iif(instr(spec, '\"base_model\":\"') > 0, 'full', 'scratch')
    ELSE former_method END;
ALTER TABLE training_jobs DROP COLUMN former_method;
";

// The measures of a classifier, beside its loss.
const V10: Migration = "
ALTER TABLE validation_metrics ADD COLUMN accuracy REAL;
ALTER TABLE validation_metrics ADD COLUMN macro_f1 REAL
    CHECK ((macro_f1 IS NULL) = (accuracy IS NULL));
ALTER TABLE validation_metrics ADD COLUMN majority_accuracy REAL
    CHECK ((majority_accuracy IS NULL) = (accuracy IS NULL));
";

// Of the wish to remove everything: the SHA-256 of the nonce that the file which asks for it must hold.
const V11: Migration = "
CREATE TABLE wipe_wish (
    only       INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    nonce_hash TEXT NOT NULL
) STRICT;
";

// In which form what lies in the place was closed to others; 0 where it was not.
const V12: Migration = "
ALTER TABLE place ADD COLUMN modes INTEGER NOT NULL DEFAULT 0;
";

// What a dataset's rows are taken for, and the formats of conversations. A column's check goes only with the
// column. What came before is plain text, which the absent guess says as well.
const V13: Migration = "
ALTER TABLE datasets RENAME COLUMN format TO former_format;
ALTER TABLE datasets ADD COLUMN format TEXT NOT NULL DEFAULT 'txt'
    CHECK (format IN ('txt', 'jsonl', 'json', 'csv'));
UPDATE datasets SET format = former_format;
ALTER TABLE datasets DROP COLUMN former_format;
ALTER TABLE datasets ADD COLUMN guess TEXT;
";

// Conversations, and their messages as a tree: each knows the one that it follows. `folded` is what is
// searched: the text without what a person in a hurry types otherwise. `latest_id` is the message whose way
// to the root is shown.
const V14: Migration = "
CREATE TABLE chats (
    chat_id      TEXT NOT NULL PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    title        TEXT NOT NULL,
    folded_title TEXT NOT NULL,
    model        TEXT,
    compared     TEXT,
    settings     TEXT NOT NULL,
    latest_id    TEXT,
    created_ms   INTEGER NOT NULL,
    updated_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX chats_by_user ON chats (user_id, updated_ms DESC);

CREATE TABLE chat_messages (
    chat_id      TEXT NOT NULL REFERENCES chats ON DELETE CASCADE,
    message_id   TEXT NOT NULL,
    parent_id    TEXT,
    place        INTEGER NOT NULL,
    role         TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
    side         TEXT NOT NULL CHECK (side IN ('first', 'second')),
    status       TEXT NOT NULL CHECK (status IN ('writing', 'whole', 'cut', 'stopped', 'failed')),
    content      TEXT NOT NULL,
    folded       TEXT NOT NULL,
    error        TEXT,
    model_name   TEXT,
    template     TEXT CHECK (template IN ('own', 'plain')),
    n_tokens     INTEGER,
    tokens_per_s REAL,
    n_left_out   INTEGER NOT NULL,
    created_ms   INTEGER NOT NULL,
    PRIMARY KEY (chat_id, message_id),
    UNIQUE (chat_id, place),
    FOREIGN KEY (chat_id, parent_id) REFERENCES chat_messages ON DELETE CASCADE,
    CHECK ((status = 'failed') = (error IS NOT NULL)),
    CHECK (role = 'assistant' OR (status = 'whole' AND side = 'first'))
) STRICT, WITHOUT ROWID;
";

// How well pairs of answers are told apart, beside the loss: `preferred` is the share of pairs whose better
// answer has the higher reward. And the step at which the better answers' likelihood was found to have fallen.
const V15: Migration = "
ALTER TABLE training_metrics ADD COLUMN preferred REAL;
ALTER TABLE training_metrics ADD COLUMN chosen_reward REAL
    CHECK ((chosen_reward IS NULL) = (preferred IS NULL));
ALTER TABLE training_metrics ADD COLUMN rejected_reward REAL
    CHECK ((rejected_reward IS NULL) = (preferred IS NULL));
ALTER TABLE training_metrics ADD COLUMN chosen_logp REAL
    CHECK ((chosen_logp IS NULL) = (preferred IS NULL));
ALTER TABLE training_metrics ADD COLUMN rejected_logp REAL
    CHECK ((rejected_logp IS NULL) = (preferred IS NULL));
ALTER TABLE validation_metrics ADD COLUMN preferred REAL;
ALTER TABLE validation_metrics ADD COLUMN chosen_reward REAL
    CHECK ((chosen_reward IS NULL) = (preferred IS NULL));
ALTER TABLE validation_metrics ADD COLUMN rejected_reward REAL
    CHECK ((rejected_reward IS NULL) = (preferred IS NULL));
ALTER TABLE validation_metrics ADD COLUMN chosen_logp REAL
    CHECK ((chosen_logp IS NULL) = (preferred IS NULL));
ALTER TABLE validation_metrics ADD COLUMN rejected_logp REAL
    CHECK ((rejected_logp IS NULL) = (preferred IS NULL));
ALTER TABLE training_jobs ADD COLUMN chosen_fell_step INTEGER;
";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::ALL;
    use crate::open::open;
    use amoozgar_types::id::{JobId, UserId};
    use amoozgar_types::spec::{Method, Task};
    use rusqlite::{Connection, params};
    use std::path::Path;

    /// The version before task and method were parted.
    const BEFORE_TASKS: usize = 8;

    /// A database of that version, with a run of each method that there was, as it wrote them.
    fn write_former(path: &Path) {
        drop(open(path, 1, &ALL[..BEFORE_TASKS]).unwrap());
        let connection = Connection::open(path).unwrap();
        connection
            .execute(
                "INSERT INTO users (user_id, name, created_ms, updated_ms) VALUES ('u', 'سارا', 1, 1)",
                [],
            )
            .unwrap();
        for (job_id, method, base) in [
            ("scratch", "scratch", "null"),
            ("continue", "continue", "\"/m\""),
            ("full", "full", "\"/m\""),
            ("lora", "lora", "\"/m\""),
            ("classify", "classify", "\"/m\""),
            ("fresh", "classify", "null"),
        ] {
            let spec = format!(
                "{{\"dataset\":{{\"train\":\"/t.txt\"}},\"method\":\"{method}\",\"base_model\":{base}}}"
            );
            connection
                .execute(
                    "INSERT INTO training_jobs (job_id, user_id, name, status, dataset_name, preset,
                         progress, epoch, step, total_steps, n_parameters, job_dir, spec, created_ms,
                         updated_ms, method)
                     VALUES (?1, 'u', ?1, 'completed', 'حافظ', 'tiny', 100.0, 1.0, 5, 5, 9, '/j', ?2,
                         1, 1, ?3)",
                    params![job_id, spec, method],
                )
                .unwrap();
        }
        connection
            .execute(
                "INSERT INTO validation_metrics (job_id, step, val_loss, bits_per_byte)
                 VALUES ('classify', 5, 0.5, 0.0)",
                [],
            )
            .unwrap();
    }

    #[test]
    fn a_database_of_the_former_methods_is_read_as_tasks_and_methods() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("amoozgar.db");
        write_former(&path);
        let store = open(&path, 2, ALL).unwrap().store;
        for (job_id, task, method) in [
            ("scratch", Task::CausalLm, Method::Scratch),
            ("continue", Task::CausalLm, Method::Full),
            ("full", Task::CausalLm, Method::Full),
            ("lora", Task::CausalLm, Method::Lora),
            ("classify", Task::SequenceClassification, Method::Full),
            ("fresh", Task::SequenceClassification, Method::Scratch),
        ] {
            let job = store
                .job(&UserId::new("u"), &JobId::new(job_id))
                .unwrap()
                .unwrap();
            assert_eq!(
                (job.record.task, job.record.method),
                (task, method),
                "row of `{job_id}`"
            );
            assert_eq!(
                (job.spec.task, job.spec.method),
                (task, method),
                "specification of `{job_id}`"
            );
        }
        let metrics = store.metrics(&JobId::new("classify")).unwrap();
        assert_eq!(metrics.validation.len(), 1, "the curve is there");
        assert_eq!(
            metrics.validation[0].classes, None,
            "what was not written down is absent"
        );
        let refused = store
            .connection()
            .execute("UPDATE training_jobs SET method = 'classify'", [])
            .unwrap_err();
        assert!(
            refused.to_string().contains("CHECK"),
            "the table refuses former names: {refused}"
        );
    }
}
