//! Looking at the machine: live while somebody watches, and once a minute for the hours past.
//!
//! The minute's look reads two small files of the system and writes one row; everything else is
//! looked at only while a page asks for it, and not while its window is hidden.

mod gpu;
mod power;

pub mod resources;

use self::resources::room;
use crate::clock::now_ms;
use crate::db::{Db, blocking};
use crate::error;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::SubscriptionId;
use amoozgar_types::machine::{Gpu, MachineSample, OwnShare, Snapshot};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use sysinfo::{
    Components, CpuRefreshKind, Disks, MINIMUM_CPU_UPDATE_INTERVAL, MemoryRefreshKind, Pid,
    ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System,
};

/// Use of a processor is told between two looks, at least this far apart.
pub const SETTLE: Duration = MINIMUM_CPU_UPDATE_INTERVAL;
const LIVE_EVERY: Duration = Duration::from_secs(2);
const SAMPLE_FIRST: Duration = Duration::from_secs(5);
const SAMPLE_EVERY: Duration = Duration::from_secs(60);
/// What changes slowly, or costs more, is looked at once in so many looks.
const SLOW_EVERY: u32 = 5;

/// Who watches the machine live.
#[derive(Default)]
pub struct Watchers {
    last_id: AtomicU32,
    ended: Mutex<HashMap<SubscriptionId, Arc<AtomicBool>>>,
}

impl Watchers {
    /// Ends a subscription; an unknown one is fine.
    pub fn end(&self, id: SubscriptionId) {
        if let Some(ended) = self.lock().remove(&id) {
            ended.store(true, Ordering::Relaxed);
        }
    }

    /// Ends them all: the page that listened is gone, or its user has signed out.
    pub fn clear(&self) {
        for (_, ended) in self.lock().drain() {
            ended.store(true, Ordering::Relaxed);
        }
    }

    fn begin(&self) -> (SubscriptionId, Arc<AtomicBool>) {
        let id = SubscriptionId(self.last_id.fetch_add(1, Ordering::Relaxed).wrapping_add(1));
        let ended = Arc::new(AtomicBool::new(false));
        self.lock().insert(id, Arc::clone(&ended));
        (id, ended)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SubscriptionId, Arc<AtomicBool>>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends what the machine does until the subscription ends or nobody listens; nothing while the page is
/// not visible. `root` lies on the disk that is watched, `tokens_per_s` is the live run's speed.
///
/// # Errors
/// What [`Probe::new`] may meet.
pub async fn watch(
    watchers: &Watchers,
    root: &Path,
    tokens_per_s: impl Fn() -> Option<f64> + Send + Sync + 'static,
    is_visible: impl Fn() -> bool + Send + Sync + 'static,
    send: impl Fn(Snapshot) -> Heard + Send + Sync + 'static,
) -> Result<SubscriptionId, ApiError> {
    let root = root.to_owned();
    let mut probe = blocking(move || Probe::new(&root)).await?;
    let (id, ended) = watchers.begin();
    tokio::spawn(async move {
        tokio::time::sleep(SETTLE).await;
        while !ended.load(Ordering::Relaxed) {
            if is_visible() {
                let speed = tokens_per_s();
                let looked = tokio::task::spawn_blocking(move || {
                    let snapshot = probe.look(speed);
                    (probe, snapshot)
                });
                let Ok((back, snapshot)) = looked.await else {
                    tracing::error!("looking at the machine panicked");
                    return;
                };
                probe = back;
                if ended.load(Ordering::Relaxed) || send(snapshot) == Heard::ByNobody {
                    return;
                }
            }
            tokio::time::sleep(LIVE_EVERY).await;
        }
    });
    Ok(id)
}

/// Whether somebody took what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Somebody did.
    BySomebody,
    /// The page that listened is gone.
    ByNobody,
}

/// Keeps a sample a minute, from now on. `tokens_per_s` is the live run's speed. Never returns, unless
/// the system tells nothing of itself.
pub async fn sample(db: Db, tokens_per_s: impl Fn() -> Option<f64> + Send + Sync) {
    let Ok(mut system) = processor_and_memory() else {
        tracing::warn!("the system tells nothing of itself");
        return;
    };
    let mut wait = SAMPLE_FIRST;
    loop {
        tokio::time::sleep(wait).await;
        wait = SAMPLE_EVERY;
        system.refresh_cpu_usage();
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let sample = MachineSample {
            at_ms: now_ms(),
            cpu_percent: percent(system.global_cpu_usage()),
            used_memory_bytes: used_memory(&system),
            tokens_per_s: tokens_per_s(),
        };
        let kept = db.call(move |store| store.insert_machine_sample(&sample));
        if let Err(failure) = kept.await {
            tracing::warn!(error = %failure, "a sample of the machine was not kept");
        }
    }
}

/// What is looked at between two looks.
pub struct Probe {
    root: PathBuf,
    system: System,
    disks: Disks,
    sensors: Option<Components>,
    gpus: Vec<Gpu>,
    own: HashSet<Pid>,
    n_looks: u32,
}

impl Probe {
    /// Begins to look. Blocks for some milliseconds.
    pub fn new(root: &Path) -> Result<Self, ApiError> {
        let disks = Disks::new_with_refreshed_list()
            .map_err(|failure| error::internal("the disks could not be looked at", &failure))?;
        let mut probe = Self {
            root: root.to_owned(),
            system: processor_and_memory()?,
            disks,
            sensors: Components::new_with_refreshed_list().ok(),
            gpus: gpu::look(),
            own: HashSet::new(),
            n_looks: 0,
        };
        probe.find_own();
        Ok(probe)
    }

    /// What there is to see now. Blocks for some milliseconds.
    pub fn look(&mut self, tokens_per_s: Option<f64>) -> Snapshot {
        self.n_looks = self.n_looks.wrapping_add(1);
        self.system.refresh_cpu_usage();
        self.system
            .refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        if self.n_looks.is_multiple_of(SLOW_EVERY) {
            self.disks.refresh(false);
            self.gpus = gpu::look();
            self.find_own();
        } else {
            let known: Vec<Pid> = self.own.iter().copied().collect();
            self.refresh_processes(ProcessesToUpdate::Some(&known));
        }
        if let Some(sensors) = &mut self.sensors {
            sensors.refresh(false);
        }
        let (free_disk_bytes, disk_bytes) = room(&self.disks, &self.root);
        Snapshot {
            at_ms: now_ms(),
            cpu_percent: percent(self.system.global_cpu_usage()),
            cores_percent: self
                .system
                .cpus()
                .iter()
                .map(|core| percent(core.usage()))
                .collect(),
            memory_bytes: self.system.total_memory(),
            used_memory_bytes: used_memory(&self.system),
            disk_bytes,
            free_disk_bytes,
            temperature_c: self.sensors.as_ref().and_then(power::processor_temperature),
            battery: power::battery(),
            gpus: self.gpus.clone(),
            own: self.own_share(),
            tokens_per_s,
        }
    }

    /// This process and everything that descends from it: web view and worker.
    fn find_own(&mut self) {
        self.refresh_processes(ProcessesToUpdate::All);
        self.own.clear();
        let Ok(own) = sysinfo::get_current_pid() else {
            return;
        };
        self.own.insert(own);
        // A child may be listed before its parent.
        loop {
            let found: Vec<Pid> = self
                .system
                .processes()
                .iter()
                .filter(|(pid, process)| {
                    !self.own.contains(pid)
                        && process
                            .parent()
                            .is_some_and(|parent| self.own.contains(&parent))
                })
                .map(|(pid, _)| *pid)
                .collect();
            if found.is_empty() {
                return;
            }
            self.own.extend(found);
        }
    }

    fn refresh_processes(&mut self, which: ProcessesToUpdate<'_>) {
        let kind = ProcessRefreshKind::nothing()
            .with_cpu()
            .with_memory()
            .without_tasks();
        self.system.refresh_processes_specifics(which, true, kind);
    }

    fn own_share(&self) -> OwnShare {
        let n_cores = self.system.cpus().len().max(1) as f32;
        let own = || self.own.iter().filter_map(|pid| self.system.process(*pid));
        OwnShare {
            cpu_percent: percent(own().map(sysinfo::Process::cpu_usage).sum::<f32>() / n_cores),
            memory_bytes: own().map(sysinfo::Process::memory).sum(),
            n_processes: u32::try_from(own().count()).unwrap_or(u32::MAX),
        }
    }
}

fn processor_and_memory() -> Result<System, ApiError> {
    System::new_with_specifics(
        RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing().with_usage())
            .with_memory(MemoryRefreshKind::nothing().with_ram()),
    )
    .map_err(|failure| error::internal("the machine could not be looked at", &failure))
}

fn used_memory(system: &System) -> u64 {
    system
        .total_memory()
        .saturating_sub(system.available_memory())
}

/// What crosses the bridge is a share from 0 to 100, whatever the system's counters said.
fn percent(value: f32) -> f32 {
    if value.is_finite() {
        value.clamp(0.0, 100.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Probe, Watchers, percent};
    use std::sync::atomic::Ordering;

    #[test]
    fn a_look_tells_of_this_machine_and_of_this_process() {
        let folder = tempfile::tempdir().unwrap();
        let mut probe = Probe::new(folder.path()).unwrap();
        let seen = probe.look(Some(12.0));
        let n_cores = std::thread::available_parallelism().unwrap().get();
        assert!(
            seen.cores_percent.len() >= n_cores,
            "a share for each of the {n_cores} cores"
        );
        assert!(
            seen.used_memory_bytes > 0 && seen.used_memory_bytes < seen.memory_bytes,
            "some memory is taken, not all"
        );
        assert!(
            seen.own.n_processes >= 1 && seen.own.memory_bytes > 0,
            "this process takes some of it"
        );
        assert!(
            seen.free_disk_bytes <= seen.disk_bytes && seen.disk_bytes > 0,
            "the disk has room and an end"
        );
        assert_eq!(seen.tokens_per_s, Some(12.0), "the run's speed comes along");
    }

    #[test]
    fn shares_stay_shares() {
        for (told, shown) in [(f32::NAN, 0.0), (-3.0, 0.0), (142.0, 100.0), (37.5, 37.5)] {
            assert!((percent(told) - shown).abs() < f32::EPSILON, "{told}");
        }
    }

    #[test]
    fn a_subscription_that_is_ended_is_told_so() {
        let watchers = Watchers::default();
        let (first, first_ended) = watchers.begin();
        let (_, second_ended) = watchers.begin();
        watchers.end(first);
        assert!(
            first_ended.load(Ordering::Relaxed),
            "the one that was named"
        );
        assert!(!second_ended.load(Ordering::Relaxed), "not the other");
        watchers.clear();
        assert!(second_ended.load(Ordering::Relaxed), "then all of them");
    }
}
