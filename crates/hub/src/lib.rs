//! Models and datasets from the Hugging Face Hub, over networks that drop, stall and lie.
//!
//! Invariants:
//! - Async on tokio; knows nothing of Tauri, candle or `SQLite`. Files are touched in `spawn_blocking`
//!   alone, and no lock is held across an await.
//! - The token goes to the official host alone, or to the endpoint as well where the user says so,
//!   and never follows a redirect to another host. Secrets are [`Sensitive`] and print as nothing.
//! - All files of a download come from one commit. A file is in its place only after its hash was
//!   found right, a snapshot only after all its files, and its reference comes last.
//! - What was received is not asked for again: after a crash at most `chunk_bytes` of a file.
//! - Names from the network become paths only through [`FilePath`], which judges the files that are
//!   wanted: a needless file with an impossible name stops nothing, one that climbs out stops all.
//!   Nothing is written through a link inside a repository's folder.
//! - The clock, the seed and the free space of a disk are passed in.
//!
//! Enter at [`Hub::plan`] and [`Hub::download`].
#![deny(missing_docs)]

mod adopt;
mod api;
mod bundle;
mod cache;
mod clock;
mod control;
mod describe;
mod door;
mod download;
mod endpoint;
mod environment;
mod error;
mod files;
mod http;
mod pace;
mod partial;
mod probe;
mod progress;
mod ranges;
mod repo;
mod secret;
mod select;
mod service;
mod source;
mod transfer;
mod verify;
mod waits;

pub use adopt::adopt;
pub use api::{Found, FoundPage, ListedFile, RemoteFile, RepoInfo, Search, Sort};
pub use bundle::{
    BundleFile, BundleForm, Content, Copied, FolderFile, MANIFEST, Manifest, Named, Unpacked,
    Watch, check_bundle, export, export_folder, import, model_files,
};
pub use cache::{Cache, CachedFile, CachedRepo, Links, Origin, Scan, Snapshot};
pub use clock::{Backoff, Clock, FreeSpace, Surroundings, SystemClock};
pub use control::{Control, Stop};
pub use describe::{DescribedFile, Description};
pub use download::{Hub, Observer, Outcome, Plan, Request, Settings};
pub use endpoint::{
    Access, Endpoint, HostOverride, MIRROR, Network, OFFICIAL, Proxy, ProxyServer, TokenScope,
};
pub use environment::{named_access, named_cache, named_endpoint, named_token};
pub use error::{HubError, Unreachable};
pub use files::open_regular;
pub use pace::Pace;
pub use probe::{HostReport, ProbeTarget, Role, Verdict};
pub use progress::{Event, Progress};
pub use repo::{Commit, FilePath, ListedPath, Oid, Repo, RepoKind, Revision};
pub use secret::Sensitive;
pub use select::{Reason, Selection};
pub use service::{is_same_server, service_models};
pub use verify::has_content;
