//! The queue against processes that speak the worker's protocol: a shell script per behaviour.
#![allow(clippy::unwrap_used)]

use super::queue::{Jobs, NewJob};
use super::{Observer, Sink};
use crate::clock::now_ms;
use crate::db::Db;
use crate::hold::tests::settled;
use amoozgar_store::Store;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::ipc::{EndingChoice, EndingRun, JobUpdate};
use amoozgar_types::job::{JobRecord, JobStatus};
use amoozgar_types::spec::SizePreset;
use amoozgar_types::user::User;
use amoozgar_types::{ApiError, ErrorCode, TrainSpec};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Loads, plans ten steps from `$START`, makes three of them, then does `$THEN`.
const WORKER: &str = r#"#!/bin/sh
START=$(cat "$2/start" 2>/dev/null || echo 0)
echo '{"event":"loading","stage":"model","fraction":0.0}'
echo '{"event":"started","total_steps":10,"steps_per_epoch":5,"start_step":'$START',"n_parameters":7,"vocab_size":300,"n_train_tokens":100,"n_val_tokens":10,"n_val_bytes":30,"threads":1}'
for i in 1 2 3; do
  echo '{"event":"step","step":'$((START + i))',"epoch":0.1,"loss":'$((9 - i))'.5,"lr":0.001,"grad_norm":1.0,"tokens_per_s":10.0,"eta_s":1.0}'
done
"#;
const FINISH: &str = r#"echo '{"event":"finished","step":10,"model_dir":"/m","train_loss":1.0,"val_loss":2.5,"bits_per_byte":1.5,"best_step":9,"early_stopped":false,"elapsed_s":1.0}'"#;
/// Follows orders until its input closes, as the worker does.
const OBEY: &str = r#"
while read line; do
  case $line in
    pause) echo '{"event":"paused","step":3}';;
    resume) echo '{"event":"resumed","step":3}';;
    stop) break;;
  esac
done
echo '{"event":"stopped","step":3,"checkpoint":null}'
exit 3
"#;

/// Passes on what the queue tells.
struct Ears {
    changes: UnboundedSender<(JobId, JobStatus)>,
    ended: Mutex<Vec<JobStatus>>,
    stuck: UnboundedSender<()>,
    endings: UnboundedSender<EndingRun>,
}

impl Observer for Ears {
    fn changed(&self, _: &UserId, job: &JobRecord) {
        let _ = self.changes.send((job.job_id.clone(), job.status));
    }
    fn deleted(&self, _: &UserId, _: &JobId) {}
    fn progressed(&self, _: Option<(&UserId, &JobRecord)>) {}
    fn stuck(&self, _: &ApiError) {
        let _ = self.stuck.send(());
    }
    fn ending(&self, _: &UserId, run: &EndingRun) {
        let _ = self.endings.send(run.clone());
    }
    fn ended(&self, _: &UserId, job: &JobRecord) {
        self.ended.lock().unwrap().push(job.status);
    }
}

struct Bench {
    dir: TempDir,
    db: Db,
    ears: Arc<Ears>,
    changes: UnboundedReceiver<(JobId, JobStatus)>,
    stuck: UnboundedReceiver<()>,
    endings: UnboundedReceiver<EndingRun>,
    owner: UserId,
    program: PathBuf,
}

impl Bench {
    fn new(then: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("worker.sh");
        std::fs::write(&program, format!("{WORKER}{then}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let store = Store::open(&dir.path().join("a.db"), 1).unwrap().store;
        let owner = UserId::new("u1");
        let user = User {
            user_id: owner.clone(),
            name: "سارا".into(),
            role: amoozgar_types::user::Role::User,
            has_password: false,
            created_ms: 1,
        };
        store.insert_user(&user, None, 1).unwrap();
        let (sender, changes) = unbounded_channel();
        let (told_stuck, stuck) = unbounded_channel();
        let (told_ending, endings) = unbounded_channel();
        Self {
            dir,
            db: Db::new(store),
            ears: Arc::new(Ears {
                changes: sender,
                ended: Mutex::default(),
                stuck: told_stuck,
                endings: told_ending,
            }),
            changes,
            stuck,
            endings,
            owner,
            program,
        }
    }

    fn start(&self) -> Jobs {
        let observer: Arc<dyn Observer> = Arc::clone(&self.ears) as Arc<dyn Observer>;
        let patience = Duration::from_secs(2);
        Jobs::start_with(
            self.db.clone(),
            observer,
            self.program.clone(),
            self.dir.path().to_owned(),
            || false,
            patience,
        )
    }

    fn job(&self, id: &str) -> NewJob {
        let spec: TrainSpec =
            serde_json::from_str(r#"{"dataset": {"train": "/t.txt"}, "threads": 1}"#).unwrap();
        NewJob {
            owner: self.owner.clone(),
            record: record(id),
            spec,
            job_dir: self.dir.path().join(id),
        }
    }

    /// Waits until the job is in the state; the whole wait is bounded.
    async fn until(&mut self, id: &str, status: JobStatus) {
        let heard = async {
            while let Some(change) = self.changes.recv().await {
                if change == (JobId::new(id), status) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), heard)
            .await
            .unwrap_or_else(|_| panic!("`{id}` never became {status:?}"));
    }

    fn row(&self, id: &str) -> JobRecord {
        self.db
            .now(|store| store.job_unscoped(&JobId::new(id)))
            .unwrap()
            .unwrap()
            .record
    }

    fn steps(&self, id: &str) -> Vec<u64> {
        let metrics = self.db.now(|store| store.metrics(&JobId::new(id))).unwrap();
        metrics.train.iter().map(|point| point.step).collect()
    }
}

fn record(id: &str) -> JobRecord {
    JobRecord::queued(
        JobId::new(id),
        &format!("اجرای {id}"),
        "حافظ",
        SizePreset::Tiny,
        now_ms(),
    )
}

#[tokio::test]
async fn runs_wait_for_each_other_and_each_is_recorded_to_its_end() {
    let mut bench = Bench::new(FINISH);
    let jobs = bench.start();
    jobs.create(bench.job("a"), &settled()).await.unwrap();
    jobs.create(bench.job("b"), &settled()).await.unwrap();
    bench.until("a", JobStatus::Completed).await;
    bench.until("b", JobStatus::Completed).await;
    let row = bench.row("b");
    assert!(
        row.started_ms >= bench.row("a").finished_ms,
        "the second did not run beside the first"
    );
    assert_eq!(row.model_dir.as_deref(), Some("/m"), "the final model");
    assert!(row.pid.is_none(), "no process belongs to it any more");
    assert!((row.progress - 100.0).abs() < 1e-9, "all of it is done");
    assert_eq!(bench.steps("b"), [1, 2, 3], "every point is stored");
    let log = std::fs::read_to_string(bench.dir.path().join("b/log.txt")).unwrap();
    assert!(
        log.contains("finished at step 10"),
        "the log says so: {log}"
    );
    assert_eq!(
        *bench.ears.ended.lock().unwrap(),
        [JobStatus::Completed; 2],
        "the owner hears of both"
    );
}

#[tokio::test]
async fn a_run_pauses_goes_on_and_stops_as_it_is_told() {
    let mut bench = Bench::new(OBEY);
    let jobs = bench.start();
    let (owner, id) = (bench.owner.clone(), JobId::new("a"));
    jobs.create(bench.job("a"), &settled()).await.unwrap();
    bench.until("a", JobStatus::Running).await;
    jobs.pause(owner.clone(), id.clone()).await.unwrap();
    bench.until("a", JobStatus::Paused).await;
    let again = jobs.pause(owner.clone(), id.clone()).await.unwrap_err();
    assert_eq!(again.code, ErrorCode::InvalidState, "it is paused already");
    let early = jobs
        .delete(owner.clone(), id.clone(), &settled())
        .await
        .unwrap_err();
    assert_eq!(early.code, ErrorCode::InvalidState, "it has not ended");
    jobs.resume(owner.clone(), id.clone(), &settled())
        .await
        .unwrap();
    bench.until("a", JobStatus::Running).await;
    jobs.stop(owner.clone(), id.clone()).await.unwrap();
    bench.until("a", JobStatus::Stopped).await;
    let stranger = jobs.delete(UserId::new("u2"), id.clone(), &settled()).await;
    assert_eq!(
        stranger.unwrap_err().code,
        ErrorCode::NotFound,
        "another user does not see it"
    );
    jobs.delete(owner, id, &settled()).await.unwrap();
    assert!(!bench.dir.path().join("a").exists(), "its folder is gone");
}

#[tokio::test]
async fn a_worker_that_dies_is_interrupted_with_the_signal_and_resumes_from_its_checkpoint() {
    let mut bench = Bench::new("");
    std::fs::write(
        &bench.program,
        format!("{WORKER}[ -e \"$2/start\" ] || kill -9 $$\n{FINISH}\n"),
    )
    .unwrap();
    let jobs = bench.start();
    jobs.create(bench.job("a"), &settled()).await.unwrap();
    bench.until("a", JobStatus::Interrupted).await;
    let error = bench.row("a").error.unwrap();
    assert_eq!(error.code, ErrorCode::WorkerDied, "it said no last word");
    assert_eq!(error.params.detail.as_deref(), Some("signal 9"), "and why");

    // The checkpoint was of step 2: step 3 is made anew, and only once in the curve.
    std::fs::write(bench.dir.path().join("a/start"), "2").unwrap();
    jobs.resume(bench.owner.clone(), JobId::new("a"), &settled())
        .await
        .unwrap();
    bench.until("a", JobStatus::Completed).await;
    assert_eq!(bench.steps("a"), [1, 2, 3, 4, 5], "no gap and no double");
    assert!(bench.row("a").error.is_none(), "the old error is gone");
}

#[tokio::test]
async fn quitting_sees_the_worker_save_and_marks_the_run_as_interrupted() {
    let mut bench = Bench::new(OBEY);
    let jobs = bench.start();
    jobs.create(bench.job("a"), &settled()).await.unwrap();
    jobs.create(bench.job("b"), &settled()).await.unwrap();
    bench.until("a", JobStatus::Running).await;
    jobs.quit().await;
    let row = bench.row("a");
    assert_eq!(row.status, JobStatus::Interrupted, "it can be resumed");
    assert!(row.error.is_none(), "nothing went wrong");
    assert_eq!(
        bench.row("b").status,
        JobStatus::Queued,
        "nothing new starts while the program quits"
    );
    assert!(
        bench.ears.ended.lock().unwrap().is_empty(),
        "who quits need not be told"
    );
}

#[tokio::test]
async fn what_was_live_when_the_program_died_is_interrupted_at_the_next_start() {
    let mut bench = Bench::new(FINISH);
    let job = bench.job("a");
    bench
        .db
        .now(|store| {
            store.insert_job(&job.owner, &job.record, &job.spec, "/nowhere")?;
            for status in [JobStatus::Starting, JobStatus::Loading, JobStatus::Running] {
                let row = JobRecord {
                    status,
                    pid: Some(u32::from(u16::MAX)),
                    ..record("a")
                };
                store.update_job(&row)?;
            }
            Ok(())
        })
        .unwrap();
    let _jobs = bench.start();
    bench.until("a", JobStatus::Interrupted).await;
    let row = bench.row("a");
    assert_eq!(row.status, JobStatus::Interrupted, "it offers to resume");
    assert!(row.pid.is_none(), "no process belongs to it");
}

#[tokio::test]
async fn a_worker_that_cannot_be_started_fails_the_run_and_frees_the_queue() {
    let mut bench = Bench::new(FINISH);
    bench.program = bench.dir.path().join("no-such-program");
    let jobs = bench.start();
    jobs.create(bench.job("a"), &settled()).await.unwrap();
    bench.until("a", JobStatus::Failed).await;
    assert_eq!(
        bench.row("a").error.unwrap().code,
        ErrorCode::FileNotFound,
        "it says what is missing"
    );
    jobs.create(bench.job("b"), &settled()).await.unwrap();
    bench.until("b", JobStatus::Failed).await;
}

#[tokio::test]
async fn whoever_watches_gets_every_point_once() {
    let mut bench = Bench::new(FINISH);
    let jobs = bench.start();
    let seen: Arc<Mutex<Vec<u64>>> = Arc::default();
    let points = Arc::clone(&seen);
    let sink: Sink = Box::new(move |update: JobUpdate| {
        points
            .lock()
            .unwrap()
            .extend(update.train.iter().map(|point| point.step));
        true
    });
    jobs.subscriptions.subscribe(JobId::new("a"), sink);
    jobs.create(bench.job("a"), &settled()).await.unwrap();
    bench.until("a", JobStatus::Completed).await;
    jobs.quit().await;
    assert_eq!(*seen.lock().unwrap(), [1, 2, 3], "in order, none twice");
}

/// A database that takes no change of a run's row, as on a full or a read-only disk.
struct Unwritable(rusqlite::Connection);

impl Unwritable {
    fn new(bench: &Bench) -> Self {
        let connection = rusqlite::Connection::open(bench.dir.path().join("a.db")).unwrap();
        connection
            .execute_batch(
                "CREATE TRIGGER unwritable BEFORE UPDATE ON training_jobs
                 BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
            )
            .unwrap();
        Self(connection)
    }

    fn works_again(self) {
        self.0.execute_batch("DROP TRIGGER unwritable").unwrap();
    }
}

/// How often a worker was started.
fn n_started(bench: &Bench) -> usize {
    let path = bench.dir.path().join("started");
    std::fs::read_to_string(path).map_or(0, |lines| lines.lines().count())
}

#[tokio::test]
async fn nothing_starts_while_the_database_cannot_be_written_and_it_is_said_once() {
    let mut bench = Bench::new(&format!("echo . >> \"$2/../started\"\n{FINISH}"));
    let unwritable = Unwritable::new(&bench);
    let jobs = bench.start();
    jobs.create(bench.job("a"), &settled()).await.unwrap();
    let told = tokio::time::timeout(Duration::from_secs(60), bench.stuck.recv());
    assert_eq!(told.await.unwrap(), Some(()), "it is said");
    for _ in 0..5 {
        // Each request makes the queue look again at what it could start.
        let refused = jobs.stop(bench.owner.clone(), JobId::new("a")).await;
        refused.expect_err("the row cannot be written");
    }
    assert_eq!(n_started(&bench), 0, "no process whose row is not stored");
    unwritable.works_again();
    bench.until("a", JobStatus::Completed).await;
    assert_eq!(n_started(&bench), 1, "one process, by itself");
    assert!(bench.stuck.try_recv().is_err(), "it was said once");
}

#[tokio::test]
async fn a_run_that_ends_while_the_database_cannot_be_written_ends_in_it_later() {
    let mut bench = Bench::new(&format!(
        "echo . >> \"$2/../started\"\nwhile [ ! -e \"$2/go\" ]; do sleep 0.05; done\n{FINISH}"
    ));
    let jobs = bench.start();
    jobs.create(bench.job("a"), &settled()).await.unwrap();
    bench.until("a", JobStatus::Running).await;
    let unwritable = Unwritable::new(&bench);
    jobs.create(bench.job("b"), &settled()).await.unwrap();
    std::fs::write(bench.dir.path().join("a/go"), "").unwrap();
    bench.until("a", JobStatus::Completed).await;
    assert_ne!(
        bench.row("a").status,
        JobStatus::Completed,
        "not stored yet"
    );
    assert_eq!(n_started(&bench), 1, "and nothing else starts");
    unwritable.works_again();
    std::fs::write(bench.dir.path().join("b/go"), "").unwrap();
    bench.until("b", JobStatus::Completed).await;
    assert_eq!(bench.row("a").status, JobStatus::Completed, "stored now");
    assert_eq!(bench.steps("a"), [1, 2, 3], "with all of its points");
    assert_eq!(n_started(&bench), 2, "each was started once");
}

/// Writes a checkpoint for longer than a silent worker is waited for, and says so all the time.
const SAVE_SLOWLY: &str = r#"
cat > /dev/null
for i in 1 2 3 4 5 6 7 8 9; do
  echo '{"event":"saving","step":3,"fraction":0.'$i'}'
  sleep 0.5
done
echo '{"event":"checkpoint","step":3,"path":"/c","size_bytes":1,"best":false}'
echo '{"event":"stopped","step":3,"checkpoint":"/c"}'
exit 3
"#;

#[tokio::test]
async fn quitting_waits_for_a_checkpoint_however_long_it_is_written() {
    let mut bench = Bench::new(SAVE_SLOWLY);
    let jobs = bench.start();
    jobs.create(bench.job("a"), &settled()).await.unwrap();
    bench.until("a", JobStatus::Running).await;
    jobs.quit().await;
    let saved = bench
        .db
        .now(|store| store.checkpoints(&JobId::new("a")))
        .unwrap();
    assert_eq!(saved.len(), 1, "the checkpoint is whole and known");
    assert_eq!(bench.row("a").status, JobStatus::Interrupted);
    let log = std::fs::read_to_string(bench.dir.path().join("a/log.txt")).unwrap();
    assert!(log.contains("process ended: exit status 3"), "{log}");
    let mut n_told = 0;
    while let Ok(run) = bench.endings.try_recv() {
        n_told += 1;
        assert!(!run.asks, "nobody is asked about what works: {run:?}");
        assert!(run.fraction.is_some(), "how far it is: {run:?}");
    }
    assert!(
        n_told >= 2,
        "it is said what the program waits for: {n_told}"
    );
}

#[tokio::test]
async fn a_silent_worker_is_asked_about_and_ends_only_where_a_person_says_so() {
    let mut bench = Bench::new("cat > /dev/null; while :; do sleep 1; done");
    let jobs = bench.start();
    jobs.create(bench.job("a"), &settled()).await.unwrap();
    bench.until("a", JobStatus::Running).await;
    jobs.decide(EndingChoice::GiveUp);
    let quitting = tokio::spawn({
        let jobs = jobs.clone();
        async move { jobs.quit().await }
    });
    for answer in [EndingChoice::Wait, EndingChoice::GiveUp] {
        let asks = async {
            while let Some(run) = bench.endings.recv().await {
                if run.asks {
                    return run;
                }
            }
            panic!("nobody was asked");
        };
        let run = tokio::time::timeout(Duration::from_secs(60), asks);
        let run = run.await.unwrap();
        assert_eq!((run.step, run.saved_step), (3, 0), "what would be lost");
        assert!(!quitting.is_finished(), "it is waited for");
        // What was told before the answer is no question any more.
        jobs.decide(answer);
        while bench.endings.try_recv().is_ok() {}
    }
    let ended = tokio::time::timeout(Duration::from_secs(60), quitting);
    ended.await.unwrap().unwrap();
    assert_eq!(
        bench.row("a").status,
        JobStatus::Interrupted,
        "it can go on"
    );
}

#[tokio::test]
async fn a_run_whose_row_leads_elsewhere_goes_and_what_lies_there_stays() {
    let bench = Bench::new(FINISH);
    let jobs = bench.start();
    let theirs = tempfile::tempdir().unwrap();
    std::fs::write(theirs.path().join("x"), "theirs").unwrap();
    for (id, dir) in [
        ("elsewhere", theirs.path().to_owned()),
        ("up", bench.dir.path().join("ours/../kept")),
        ("ours", bench.dir.path().join("ours")),
    ] {
        let mut record = record(id);
        record.status = JobStatus::Stopped;
        let spec = bench.job(id).spec;
        let dir = dir.display().to_string();
        bench
            .db
            .now(|store| store.insert_job(&bench.owner, &record, &spec, &dir))
            .unwrap();
    }
    for name in ["ours", "kept"] {
        std::fs::create_dir(bench.dir.path().join(name)).unwrap();
    }
    for id in ["elsewhere", "up", "ours"] {
        jobs.delete(bench.owner.clone(), JobId::new(id), &settled())
            .await
            .unwrap();
    }
    assert!(theirs.path().join("x").is_file(), "what is theirs");
    assert!(
        bench.dir.path().join("kept").is_dir(),
        "what is reached by `..`"
    );
    assert!(!bench.dir.path().join("ours").exists(), "its own folder");
}

#[tokio::test]
async fn a_run_that_another_goes_on_from_stays() {
    let bench = Bench::new(FINISH);
    let jobs = bench.start();
    let dir = bench.dir.path().join("base");
    std::fs::create_dir_all(dir.join("final")).unwrap();
    let mut next = bench.job("next").spec;
    next.base_model = Some(dir.join("final").display().to_string());
    let insert = |id: &str, status, step, spec: &TrainSpec| {
        let mut record = record(id);
        record.status = status;
        record.step = step;
        let dir = bench.dir.path().join(id).display().to_string();
        bench
            .db
            .now(|store| store.insert_job(&bench.owner, &record, spec, &dir))
            .unwrap();
    };
    insert("base", JobStatus::Completed, 10, &bench.job("base").spec);
    insert("next", JobStatus::Interrupted, 3, &next);
    let delete = |id: &'static str| jobs_delete(&jobs, &bench.owner, id);
    let refused = delete("base").await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InUse);
    assert_eq!(refused.params.used_by.unwrap().run, "اجرای next");
    assert!(dir.join("final").is_dir());
    delete("next").await.unwrap();
    delete("base").await.unwrap();
    assert!(!dir.exists(), "nobody needs it any more");
}

async fn jobs_delete(
    jobs: &Jobs,
    owner: &UserId,
    id: &str,
) -> Result<(), amoozgar_types::ApiError> {
    jobs.delete(owner.clone(), JobId::new(id), &settled()).await
}
