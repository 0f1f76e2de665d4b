//! A server that misbehaves, a clock that does not wait, and a cache of one's own for each test.
#![allow(dead_code, reason = "the shell's tests use the rest of the server")]

mod protocol;
pub mod server;
mod wire;

use amoozgar_hub::{
    Cache, Clock, Control, Endpoint, Event, Hub, HubError, Links, Network, Outcome, Plan, Proxy,
    Repo, RepoKind, Request, Revision, Selection, Settings, Surroundings,
};
use server::{Fault, File, HubServer, Origin, Seen, noise};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

pub const REPO: &str = "models/amoozgar/test";
pub const MB: usize = 1 << 20;

/// Its waits pass at once, and are remembered.
#[derive(Debug, Default)]
pub struct QuickClock {
    pub waits: Mutex<Vec<Duration>>,
}

impl QuickClock {
    pub fn waited(&self) -> Duration {
        self.waits.lock().unwrap().iter().sum()
    }
}

impl Clock for QuickClock {
    fn now(&self) -> Duration {
        self.waited()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.waits.lock().unwrap().push(duration);
        Box::pin(tokio::task::yield_now())
    }
}

/// All that one test needs.
pub struct Bench {
    pub server: HubServer,
    pub folder: TempDir,
    pub clock: Arc<QuickClock>,
    pub network: Network,
    pub settings: Settings,
    pub free_bytes: u64,
    pub links: Links,
    pub events: Mutex<Vec<Event>>,
    pub control: Control,
}

impl Bench {
    pub fn new() -> Self {
        let server = HubServer::start();
        let network = Network {
            endpoint: Endpoint::at(server.endpoint()),
            proxy: Proxy::None,
            ..Network::default()
        };
        Self {
            network,
            server,
            folder: TempDir::new().unwrap(),
            clock: Arc::default(),
            settings: Settings {
                chunk_bytes: MB as u64,
                ..Settings::default()
            },
            free_bytes: u64::MAX,
            links: Links::Auto,
            events: Mutex::default(),
            control: Control::new(),
        }
    }

    /// With one model: weights of `n_bytes` and a configuration.
    pub fn with_weights(n_bytes: usize) -> (Self, File) {
        let bench = Self::new();
        let weights = File::lfs("model.safetensors", noise(1405, n_bytes));
        bench.server.publish(
            REPO,
            vec![File::git("config.json", "{}\n"), weights.clone()],
        );
        (bench, weights)
    }

    pub fn hub(&self) -> Hub {
        let free_bytes = self.free_bytes;
        let surroundings = Surroundings {
            clock: self.clock.clone(),
            seed: 1405,
            free_space: Arc::new(move |_| Ok(free_bytes)),
        };
        Hub::new(&self.network, surroundings).unwrap()
    }

    pub fn cache_dir(&self) -> PathBuf {
        self.folder.path().join("hub")
    }

    pub fn cache(&self) -> Cache {
        Cache::new(self.cache_dir(), self.links)
    }

    pub fn repo_dir(&self) -> PathBuf {
        self.cache_dir().join(repo().folder_name())
    }

    pub async fn plan(&self) -> Result<Plan, HubError> {
        self.hub().plan(&request(), &self.control).await
    }

    /// Plans and downloads; events are kept.
    pub async fn download(&self) -> Result<Outcome, HubError> {
        let hub = self.hub();
        let plan = hub.plan(&request(), &self.control).await?;
        let observer = |event: &Event| self.events.lock().unwrap().push(event.clone());
        hub.download(
            &self.cache(),
            &plan,
            &self.settings,
            &self.control,
            &observer,
        )
        .await
    }

    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// The bytes of a file of the one snapshot.
    pub fn downloaded(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.snapshot().join(path)).unwrap()
    }

    pub fn snapshot(&self) -> PathBuf {
        self.repo_dir().join("snapshots").join(server::COMMIT)
    }

    /// No file that is on its way.
    pub fn nothing_is_left_over(&self) -> bool {
        let names = names(&self.repo_dir().join(".amoozgar"));
        names.iter().all(|name| name.contains(".whole"))
    }
}

pub fn repo() -> Repo {
    Repo::new(RepoKind::Model, "amoozgar/test").unwrap()
}

pub fn request() -> Request {
    Request {
        repo: repo(),
        revision: Revision::main(),
        selection: Selection::Needed,
    }
}

pub fn names(dir: &Path) -> Vec<String> {
    let listing = std::fs::read_dir(dir).into_iter().flatten();
    let mut names: Vec<_> = listing
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Runs a test's future.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Fails unless a download ended with everything in its place.
pub fn finished(outcome: Result<Outcome, HubError>) {
    assert!(
        matches!(outcome, Ok(Outcome::Finished { .. })),
        "{outcome:?}"
    );
}

/// Misbehaves in answers of the content host alone, which are counted from one.
pub fn cdn(
    mut fault: impl FnMut(usize) -> Vec<Fault> + Send,
) -> impl FnMut(&Seen) -> Vec<Fault> + Send {
    let mut n_asked = 0;
    move |seen| {
        if seen.origin != Origin::Cdn {
            return Vec::new();
        }
        n_asked += 1;
        fault(n_asked)
    }
}
