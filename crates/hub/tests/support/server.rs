//! A server that speaks the Hub's protocol on two origins, one for the API and resolving, one for
//! large files, and misbehaves on demand. Threads and sockets alone, so that blocking tests and
//! asynchronous ones can use it; what it does on the wire is in plain sight.

use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// The commit of every repository here.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// One way to misbehave in one answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Close the connection after so many bytes of the body.
    CutAfter(u64),
    /// Go silent after so many bytes of the body, until the client leaves.
    StallAfter(u64),
    /// Send everything with 200.
    IgnoreRange,
    /// Leave these headers out.
    Without(&'static str),
    /// Send this header, in place of another of its name.
    With(&'static str, String),
    /// Answer with this status and no body.
    Status(u16),
    /// Send other bytes of the same length.
    Corrupt,
    /// Know only so many bytes of the file.
    Truncate(u64),
    /// Compress the body and say no length.
    Gzip,
    /// Wait a moment after every 16 KiB, like a slow line.
    Slow(Duration),
}

/// Which origin a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Hub,
    Cdn,
}

/// A request that came, and how many bytes of its answer's body went out.
#[derive(Debug, Clone)]
pub struct Seen {
    pub origin: Origin,
    pub method: String,
    pub target: String,
    pub headers: HashMap<String, String>,
    pub status: u16,
    pub sent_bytes: u64,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The first byte asked for.
    pub fn range_start(&self) -> Option<u64> {
        let range = self.header("range")?.strip_prefix("bytes=")?;
        range.split_once('-')?.0.parse().ok()
    }

    pub fn is_for(&self, needle: &str) -> bool {
        self.target.contains(needle)
    }
}

/// A file of a repository.
#[derive(Debug, Clone)]
pub struct File {
    pub path: String,
    pub bytes: Arc<Vec<u8>>,
    pub is_lfs: bool,
    pub oid: String,
}

impl File {
    /// A large file, kept elsewhere and known by its SHA-256.
    pub fn lfs(path: &str, bytes: Vec<u8>) -> Self {
        let oid = hex(&Sha256::digest(&bytes));
        Self {
            path: path.into(),
            bytes: Arc::new(bytes),
            is_lfs: true,
            oid,
        }
    }

    /// A small file, known by its git blob's SHA-1.
    pub fn git(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let mut sha1 = Sha1::new();
        sha1.update(format!("blob {}\0", bytes.len()));
        sha1.update(&bytes);
        let oid = hex(&sha1.finalize());
        Self {
            path: path.into(),
            bytes: Arc::new(bytes),
            is_lfs: false,
            oid,
        }
    }
}

/// Bytes that look like weights: the same for the same seed, and nowhere periodic.
pub fn noise(seed: u64, n_bytes: usize) -> Vec<u8> {
    let mut state = seed;
    let mut bytes = Vec::with_capacity(n_bytes + 8);
    while bytes.len() < n_bytes {
        bytes.extend(splitmix(&mut state).to_le_bytes());
    }
    bytes.truncate(n_bytes);
    bytes
}

/// The next number of a seeded series (splitmix64, Steele and others 2014).
pub fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The files of one revision.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) files: Vec<File>,
    pub(crate) by_path: HashMap<String, usize>,
}

impl Shelf {
    fn new(files: Vec<File>) -> Self {
        let by_path = files
            .iter()
            .enumerate()
            .map(|(index, file)| (file.path.clone(), index))
            .collect();
        Self { files, by_path }
    }
}

type Policy = dyn FnMut(&Seen) -> Vec<Fault> + Send;

pub(crate) struct World {
    /// Files by `models/owner/name` and revision.
    pub(crate) repos: Mutex<HashMap<(String, String), Arc<Shelf>>>,
    /// Requests by the converter, by repository: numbers of pull requests.
    pub(crate) conversions: Mutex<HashMap<String, Vec<(u64, &'static str)>>>,
    pub(crate) seen: Mutex<Vec<Seen>>,
    pub(crate) policy: Mutex<Box<Policy>>,
    pub(crate) hub: String,
    pub(crate) cdn: String,
    pub(crate) page_size: AtomicU64,
    /// The path below which a mirror has the Hub.
    pub(crate) prefix: Mutex<String>,
    pub(crate) closing: AtomicBool,
}

/// The server; it ends when this is dropped.
pub struct HubServer {
    world: Arc<World>,
}

impl HubServer {
    pub fn start() -> Self {
        let listen = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (hub, cdn) = (listen(), listen());
        let origin = |listener: &TcpListener| format!("http://{}", listener.local_addr().unwrap());
        let world = Arc::new(World {
            repos: Mutex::default(),
            conversions: Mutex::default(),
            seen: Mutex::default(),
            policy: Mutex::new(Box::new(|_| Vec::new())),
            hub: origin(&hub),
            cdn: origin(&cdn),
            page_size: AtomicU64::new(1000),
            prefix: Mutex::default(),
            closing: AtomicBool::new(false),
        });
        for (listener, origin) in [(hub, Origin::Hub), (cdn, Origin::Cdn)] {
            let world = Arc::clone(&world);
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    if world.closing.load(Ordering::SeqCst) {
                        return;
                    }
                    if let Ok(stream) = stream {
                        let world = Arc::clone(&world);
                        std::thread::spawn(move || world.serve(&stream, origin));
                    }
                }
            });
        }
        Self { world }
    }

    /// The endpoint.
    pub fn endpoint(&self) -> &str {
        &self.world.hub
    }

    /// `host:port` of an origin.
    pub fn host(&self, origin: Origin) -> &str {
        let url = match origin {
            Origin::Hub => &self.world.hub,
            Origin::Cdn => &self.world.cdn,
        };
        url.strip_prefix("http://").unwrap()
    }

    /// Publishes files as a revision of `models/owner/name`.
    pub fn publish_at(&self, repo: &str, revision: &str, files: Vec<File>) {
        lock(&self.world.repos).insert((repo.into(), revision.into()), Arc::new(Shelf::new(files)));
    }

    /// Publishes files as `main`.
    pub fn publish(&self, repo: &str, files: Vec<File>) {
        self.publish_at(repo, "main", files);
    }

    /// Opens a pull request with the files of `refs/pr/{number}`.
    pub fn pull_request(&self, repo: &str, number: u64, author: &'static str, files: Vec<File>) {
        self.publish_at(repo, &format!("refs/pr/{number}"), files);
        lock(&self.world.conversions)
            .entry(repo.into())
            .or_default()
            .push((number, author));
    }

    /// Moves the Hub below a path, as a mirror may have it; its links stay those of the official host.
    pub fn set_prefix(&self, prefix: &str) {
        prefix.clone_into(&mut lock(&self.world.prefix));
    }

    /// How many files a page of a listing has.
    pub fn set_page_size(&self, n_files: u64) {
        self.world.page_size.store(n_files, Ordering::SeqCst);
    }

    /// From now on, `policy` says for every request how to misbehave.
    pub fn misbehave(&self, policy: impl FnMut(&Seen) -> Vec<Fault> + Send + 'static) {
        *lock(&self.world.policy) = Box::new(policy);
    }

    pub fn behave(&self) {
        self.misbehave(|_| Vec::new());
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.world.seen).clone()
    }

    pub fn forget(&self) {
        lock(&self.world.seen).clear();
    }

    /// Bytes of bodies that went out for files.
    pub fn file_bytes_sent(&self) -> u64 {
        let of_files = |seen: &&Seen| seen.is_for("/resolve/") || seen.origin == Origin::Cdn;
        lock(&self.world.seen)
            .iter()
            .filter(of_files)
            .map(|seen| seen.sent_bytes)
            .sum()
    }
}

impl Drop for HubServer {
    fn drop(&mut self) {
        self.world.closing.store(true, Ordering::SeqCst);
        for origin in [Origin::Hub, Origin::Cdn] {
            // Wakes the listener, which then sees that it is over.
            drop(TcpStream::connect(self.host(origin)));
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
