//! The battery and the machine's sleep: what a run does when the power goes, and a run that keeps the
//! machine awake.
//!
//! The battery is read where Linux tells of it (`/sys/class/power_supply`); elsewhere none is known,
//! and runs go on. The machine is kept awake by the system's own program for that, which ends with us
//! because its standard input does.

use crate::db::Db;
use crate::hold::Hold;
use crate::jobs::{Jobs, Live};
use crate::process::child::{Child, Launch};
use amoozgar_types::ApiError;
use amoozgar_types::id::{JobId, UserId};
use amoozgar_types::ipc::Battery;
use amoozgar_types::job::{JobRecord, JobStatus};
use amoozgar_types::settings::{ComputeSettings, OnBattery};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a line that the program which keeps the machine awake may print; it prints nothing.
const LINE_BYTES: usize = 4 << 10;

/// How often is looked.
const EVERY: Duration = Duration::from_secs(5);

/// Where Linux tells of batteries; `AMOOZGAR_POWER_SUPPLY` names another folder, for tests.
fn supplies() -> PathBuf {
    std::env::var_os("AMOOZGAR_POWER_SUPPLY")
        .map_or_else(|| PathBuf::from("/sys/class/power_supply"), PathBuf::from)
}

/// The machine's battery; `None` where there is none or the system does not tell.
pub fn battery() -> Option<Battery> {
    read(&supplies())
}

/// Reads the kernel's files: every supply is a folder, with its `type` in a file.
fn read(dir: &Path) -> Option<Battery> {
    let mut found: Option<Battery> = None;
    let mut mains = false;
    for entry in fs::read_dir(dir).ok()?.flatten() {
        let of = |name: &str| {
            fs::read_to_string(entry.path().join(name))
                .map(|text| text.trim().to_owned())
                .unwrap_or_default()
        };
        // The battery of a mouse is none of the machine's.
        if of("scope") == "Device" {
            continue;
        }
        match of("type").as_str() {
            "Battery" => {
                let percent = of("capacity").parse().ok();
                let in_use = of("status") == "Discharging";
                found = Some(match found {
                    None => Battery { percent, in_use },
                    Some(other) => Battery {
                        percent: other.percent.or(percent),
                        in_use: other.in_use || in_use,
                    },
                });
            }
            "Mains" | "USB" => mains |= of("online") == "1",
            _ => {}
        }
    }
    found.map(|battery| Battery {
        in_use: battery.in_use && !mains,
        ..battery
    })
}

/// What the watch has to see to.
#[derive(Debug, Clone, PartialEq)]
enum Act {
    Pause(UserId, JobId),
    Resume(UserId, JobId),
    Ask(UserId, Box<JobRecord>),
}

/// What was done so far, so that nothing is done twice.
#[derive(Debug, Default)]
struct Watch {
    paused: Option<JobId>,
    asked: Option<JobId>,
}

impl Watch {
    /// What to do now. A run that its owner lets go on although it was paused here is left alone.
    fn next(
        &mut self,
        on_battery: bool,
        live: Option<&(UserId, JobRecord)>,
        wanted: OnBattery,
    ) -> Option<Act> {
        let (owner, job) = live?;
        if !on_battery {
            self.asked = None;
            let ours = self.paused.take().is_some_and(|id| id == job.job_id);
            return (ours && job.status == JobStatus::Paused)
                .then(|| Act::Resume(owner.clone(), job.job_id.clone()));
        }
        if job.status != JobStatus::Running {
            return None;
        }
        let once = |done: &mut Option<JobId>| {
            let fresh = done.as_ref() != Some(&job.job_id);
            *done = Some(job.job_id.clone());
            fresh
        };
        match wanted {
            OnBattery::Pause => {
                once(&mut self.paused).then(|| Act::Pause(owner.clone(), job.job_id.clone()))
            }
            OnBattery::Ask => {
                once(&mut self.asked).then(|| Act::Ask(owner.clone(), Box::new(job.clone())))
            }
            OnBattery::Continue => None,
        }
    }
}

/// Looks after the live run when the power goes, and keeps the machine awake for it.
pub struct Keeper {
    /// Whose settings are asked.
    pub db: Db,
    /// What is paused and let go on.
    pub jobs: Jobs,
    /// Which run is live.
    pub live: Arc<Live>,
    /// Whether a run may go on now.
    pub hold: Hold,
    /// Asks a run's owner what it shall do now that the machine lives on its battery.
    pub ask: Ask,
}

/// Asks the owner of a run.
pub type Ask = Box<dyn Fn(&UserId, &JobRecord) + Send + Sync>;

impl Keeper {
    /// Looks every few seconds. Never returns.
    pub async fn watch(self) {
        let mut watch = Watch::default();
        let mut awake = Awake::new(keeper());
        loop {
            tokio::time::sleep(EVERY).await;
            let live = self.live.get();
            let settings = self.settings(live.as_ref().map(|(owner, _)| owner)).await;
            let works = live
                .as_ref()
                .is_some_and(|(_, job)| job.status.is_live() && job.status != JobStatus::Paused);
            awake.hold(works && settings.prevent_sleep).await;
            let on_battery = battery().is_some_and(|battery| battery.in_use);
            match watch.next(on_battery, live.as_ref(), settings.on_battery) {
                Some(Act::Pause(owner, job_id)) => {
                    tracing::info!(%job_id, "paused: the machine lives on its battery");
                    told(self.jobs.pause(owner, job_id).await);
                }
                Some(Act::Resume(owner, job_id)) => {
                    tracing::info!(%job_id, "goes on: there is power again");
                    told(self.resume(owner, job_id).await);
                }
                Some(Act::Ask(owner, job)) => (self.ask)(&owner, &job),
                None => {}
            }
        }
    }

    async fn settings(&self, owner: Option<&UserId>) -> ComputeSettings {
        let Some(owner) = owner.cloned() else {
            return ComputeSettings::default();
        };
        let read = self.db.call(move |store| store.settings(&owner)).await;
        read.unwrap_or_default().compute
    }

    async fn resume(&self, owner: UserId, job_id: JobId) -> Result<(), ApiError> {
        let settled = self.hold.settled()?;
        self.jobs.resume(owner, job_id, &settled).await
    }
}

fn told(outcome: Result<(), ApiError>) {
    if let Err(failure) = outcome {
        tracing::info!(error = %failure, "the run had changed meanwhile");
    }
}

/// The system's program that keeps the machine awake for as long as its standard input is open.
fn keeper() -> Option<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    if cfg!(target_os = "linux") {
        on_path("systemd-inhibit").then(|| {
            words(&[
                "systemd-inhibit",
                "--what=idle:sleep",
                "--who=Amoozgar",
                "--why=Training",
                "--mode=block",
                "cat",
            ])
        })
    } else if cfg!(target_os = "macos") {
        Some(words(&["caffeinate", "-i", "cat"]))
    } else {
        None
    }
}

/// Whether the machine can be kept awake here.
pub fn can_prevent_sleep() -> bool {
    keeper().is_some()
}

fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

/// Keeps the machine awake while it is held.
struct Awake {
    command: Option<Vec<String>>,
    child: Option<Child>,
}

impl Awake {
    fn new(command: Option<Vec<String>>) -> Self {
        Self {
            command,
            child: None,
        }
    }

    /// Holds on, or lets go: the program ends with its input, and has nothing to save. One that could not
    /// do its work is not started again for this run.
    async fn hold(&mut self, wanted: bool) {
        if !wanted {
            self.child = None;
            return;
        }
        if self.child.is_some() {
            return;
        }
        let Some((program, arguments)) = self.command.as_deref().and_then(<[_]>::split_first)
        else {
            return;
        };
        let launch = Launch::new(Path::new(program), LINE_BYTES);
        let launch = arguments.iter().fold(launch, Launch::argument);
        match launch.start().await {
            Ok(child) => self.child = Some(child),
            Err(failure) => {
                tracing::warn!(error = %failure, "the machine cannot be kept awake");
                self.command = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    #[cfg(unix)]
    use super::Awake;
    use super::{Act, Watch, read};
    use amoozgar_types::id::UserId;
    use amoozgar_types::job::{JobRecord, JobStatus};
    use amoozgar_types::settings::OnBattery;
    use std::path::Path;

    fn supply(dir: &Path, name: &str, files: &[(&str, &str)]) {
        let folder = dir.join(name);
        std::fs::create_dir(&folder).unwrap();
        for (file, text) in files {
            std::fs::write(folder.join(file), format!("{text}\n")).unwrap();
        }
    }

    #[test]
    fn the_battery_is_in_use_while_it_discharges_and_nothing_feeds_the_machine() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()), None, "a machine without a battery");
        supply(
            dir.path(),
            "hid",
            &[
                ("type", "Battery"),
                ("scope", "Device"),
                ("status", "Discharging"),
            ],
        );
        assert_eq!(read(dir.path()), None, "a mouse's battery is none");
        supply(
            dir.path(),
            "BAT0",
            &[
                ("type", "Battery"),
                ("capacity", "81"),
                ("status", "Discharging"),
            ],
        );
        let battery = read(dir.path()).unwrap();
        assert_eq!(battery.percent, Some(81.0), "its charge");
        assert!(battery.in_use, "on battery");
        supply(dir.path(), "AC", &[("type", "Mains"), ("online", "1")]);
        assert!(!read(dir.path()).unwrap().in_use, "fed by the mains");
        assert_eq!(read(Path::new("/nowhere")), None, "no such folder");
    }

    fn live(status: JobStatus) -> (UserId, JobRecord) {
        let mut job = crate::test_rows::record("اجرا");
        job.status = status;
        (UserId::new("sara"), job)
    }

    #[test]
    fn a_run_pauses_on_battery_and_goes_on_with_power_but_an_owners_word_counts_more() {
        let mut watch = Watch::default();
        let (running, paused) = (live(JobStatus::Running), live(JobStatus::Paused));
        let pause = watch.next(true, Some(&running), OnBattery::Pause);
        assert!(matches!(pause, Some(Act::Pause(..))), "{pause:?}");
        let again = watch.next(true, Some(&running), OnBattery::Pause);
        assert_eq!(again, None, "let go on by its owner: left alone");
        let resume = watch.next(false, Some(&paused), OnBattery::Pause);
        assert!(matches!(resume, Some(Act::Resume(..))), "{resume:?}");
        let own = watch.next(false, Some(&paused), OnBattery::Pause);
        assert_eq!(own, None, "a run that its owner paused stays paused");
    }

    #[test]
    fn the_question_is_asked_once_for_each_time_the_power_goes() {
        let mut watch = Watch::default();
        let running = live(JobStatus::Running);
        let ask = |watch: &mut Watch, on_battery| {
            watch
                .next(on_battery, Some(&running), OnBattery::Ask)
                .is_some()
        };
        assert!(ask(&mut watch, true), "asked");
        assert!(!ask(&mut watch, true), "not again");
        assert!(!ask(&mut watch, false), "power is back");
        assert!(ask(&mut watch, true), "asked the next time");
        let goes_on = Watch::default().next(true, Some(&running), OnBattery::Continue);
        assert_eq!(goes_on, None, "who wants to go on is not asked");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_keeps_the_machine_awake_ends_when_it_is_let_go() {
        let mut awake = Awake::new(Some(vec!["cat".into()]));
        awake.hold(true).await;
        let pid = awake.child.as_ref().unwrap().id();
        awake.hold(true).await;
        assert_eq!(awake.child.as_ref().unwrap().id(), pid, "one is enough");
        awake.hold(false).await;
        assert!(awake.child.is_none(), "let go");
        let mut missing = Awake::new(Some(vec!["/no/such/program".into()]));
        missing.hold(true).await;
        assert!(missing.command.is_none(), "not tried again and again");
    }
}
