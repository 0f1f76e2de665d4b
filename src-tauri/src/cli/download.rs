//! `amoozgar download`: a model or a dataset from the Hub, into a cache that other tools share.
//!
//! Standard output gets the snapshot's path, or one event a line in JSON; progress for people goes
//! to standard error. Ctrl-C keeps what has come, and the same command goes on from there.

use super::{Mode, print_json, print_text, signalled};
use crate::clock::now_ms;
use crate::exit;
use crate::paths::{self, Paths};
use crate::secrets::SystemKeyring;
use crate::{clock, error, secrets};
use amoozgar_hub::{
    Access, Cache, Control, Endpoint, Event, Hub, HubError, Links, Network, Outcome, Pace, Plan,
    Progress, Repo, RepoKind, Request, Revision, Selection, Settings, Stop, Surroundings,
    TokenScope,
};
use amoozgar_store::Store;
use amoozgar_types::ApiError;
use amoozgar_types::id::UserId;
use clap::Args;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// The exit status of a process that a second Ctrl-C ended.
const KILLED_BY_INTERRUPT: i32 = 130;
/// More files than this are counted, not listed.
const MAX_LISTED: usize = 20;

#[derive(Debug, Args)]
pub struct Download {
    /// The repository, as in `PartAI/TookaBERT-Base`.
    repo: String,
    /// A branch, a tag or a commit.
    #[arg(long, value_name = "R", default_value = "main")]
    revision: String,
    /// Where the Hub is, instead of the official address or `HF_ENDPOINT`.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Send the access token to that endpoint as well; without this only the official one gets it.
    #[arg(long)]
    trust_endpoint: bool,
    /// Only files that match; `*` is any text. Can be given several times.
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    /// Take the access token from the system's keyring instead of `HF_TOKEN`.
    #[arg(long)]
    token_from_keyring: bool,
    /// It is a dataset.
    #[arg(long)]
    dataset: bool,
    /// The most bytes per second.
    #[arg(long, value_name = "BYTES")]
    limit_rate: Option<u64>,
    /// The size of one request, and the most that is fetched again after a crash.
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(65_536..))]
    chunk_bytes: Option<u64>,
}

/// Downloads to the end, or until Ctrl-C.
pub fn run(arguments: &Download, mode: Mode, data_dir: Option<PathBuf>) -> Result<u8, ApiError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|failure| error::internal("no threads could be started", &failure))?;
    let work = prepare(arguments, data_dir).and_then(|job| {
        let done = runtime.block_on(job.run(mode));
        done.map_err(|failure| error::of_hub(&failure))
    });
    match (work, mode) {
        (Err(failure), Mode::Json) => {
            print_json(&Failed {
                event: "failed",
                error: &failure,
            })?;
            eprintln!("amoozgar: {}", error::sentence(&failure));
            Ok(exit::of_error(&failure))
        }
        (done, _) => done,
    }
}

/// The last line of a download that failed.
#[derive(Serialize)]
struct Failed<'a> {
    event: &'static str,
    error: &'a ApiError,
}

/// What will come, before it comes.
#[derive(Serialize)]
struct Planned<'a> {
    event: &'static str,
    repo: &'a str,
    commit: &'a str,
    /// The converter's branch, where the revision has pickle alone.
    converted: Option<&'a str>,
    licence: Option<&'a str>,
    total_bytes: u64,
    files: &'a [amoozgar_hub::RemoteFile],
}

struct Job {
    network: Network,
    cache: Cache,
    request: Request,
    settings: Settings,
}

/// The profiles of a data folder, oldest first; none where the window was never opened.
fn profiles(paths: &Paths) -> Result<Vec<UserId>, ApiError> {
    let database = paths.database();
    if !database.exists() {
        return Ok(Vec::new());
    }
    let users = Store::open(&database, now_ms())
        .and_then(|opened| opened.store.list_users())
        .map_err(|failure| error::of_store(&failure))?;
    Ok(users.into_iter().map(|user| user.user_id).collect())
}

/// Reads arguments and environment.
fn prepare(arguments: &Download, data_dir: Option<PathBuf>) -> Result<Job, ApiError> {
    let paths = Paths::resolve(data_dir)?;
    let kind = if arguments.dataset {
        RepoKind::Dataset
    } else {
        RepoKind::Model
    };
    let hub_error = |failure: HubError| error::of_hub(&failure);
    let repo = Repo::new(kind, &arguments.repo).map_err(hub_error)?;
    let revision = Revision::new(&arguments.revision).map_err(hub_error)?;
    let selection = match arguments.include.as_slice() {
        [] => Selection::Needed,
        patterns => Selection::Matching(patterns.to_vec()),
    };
    let endpoint = arguments
        .endpoint
        .clone()
        .or_else(amoozgar_hub::named_endpoint);
    let token = if arguments.token_from_keyring {
        Some(secrets::hub_token(&SystemKeyring, &profiles(&paths)?)?)
    } else {
        amoozgar_hub::named_token()
    };
    Ok(Job {
        network: Network {
            endpoint: endpoint.map_or(Endpoint::Official, |address| Endpoint::at(&address)),
            access: amoozgar_hub::named_access(),
            token,
            token_scope: if arguments.trust_endpoint {
                TokenScope::Endpoint
            } else {
                TokenScope::OfficialOnly
            },
            ..Network::default()
        },
        cache: Cache::new(paths.hub_cache(), Links::Auto),
        request: Request {
            repo,
            revision,
            selection,
        },
        settings: Settings {
            pace: Arc::new(Pace::new(arguments.limit_rate)),
            chunk_bytes: arguments
                .chunk_bytes
                .unwrap_or(Settings::default().chunk_bytes),
            ..Settings::default()
        },
    })
}

impl Job {
    async fn run(&self, mode: Mode) -> Result<u8, HubError> {
        if self.network.access == Access::Offline {
            return self.take_from_cache(mode);
        }
        let seed = clock::now_ms() as u64 ^ u64::from(std::process::id());
        let hub = Hub::new(&self.network, Surroundings::system(seed))?;
        let control = Control::new();
        stop_on_signals(control.clone());
        let plan = match hub.plan(&self.request, &control).await {
            Err(HubError::Stopped) => {
                tell(mode, &Event::Stopped { kept_bytes: 0 });
                return Ok(exit::STOPPED);
            }
            plan => plan?,
        };
        show_plan(&plan, mode);
        let shown = Mutex::new(Shown::default());
        let observer = |event: &Event| match mode {
            // The failure is told with its code, after this.
            Mode::Json if matches!(event, Event::Failed { .. }) => {}
            Mode::Json => tell(mode, event),
            Mode::Words => show(event, &shown),
        };
        let outcome = hub
            .download(&self.cache, &plan, &self.settings, &control, &observer)
            .await?;
        match outcome {
            Outcome::Finished { snapshot, .. } => {
                paths::open_named_cache(&snapshot);
                if mode == Mode::Words {
                    unless_nobody_reads(print_text(&format!("{}\n", snapshot.display())));
                }
                Ok(exit::FINISHED)
            }
            Outcome::Stopped { .. } => Ok(exit::STOPPED),
        }
    }

    /// Without a network only what is here can be had.
    fn take_from_cache(&self, mode: Mode) -> Result<u8, HubError> {
        let Request { repo, revision, .. } = &self.request;
        let snapshot = self
            .cache
            .find(repo, revision)?
            .ok_or_else(|| HubError::NotCached {
                repo: repo.to_string(),
                revision: revision.to_string(),
            })?;
        match mode {
            Mode::Words => {
                unless_nobody_reads(print_text(&format!("{}\n", snapshot.path.display())));
            }
            Mode::Json => tell(
                mode,
                &Event::Finished {
                    snapshot: snapshot.path,
                    commit: snapshot.commit,
                },
            ),
        }
        Ok(exit::FINISHED)
    }
}

/// The first signal keeps what has come; the second ends at once.
fn stop_on_signals(control: Control) {
    tokio::spawn(async move {
        signalled().await;
        control.stop(Stop::Pause);
        signalled().await;
        std::process::exit(KILLED_BY_INTERRUPT);
    });
}

fn tell(mode: Mode, event: &Event) {
    match mode {
        Mode::Json => unless_nobody_reads(print_json(event)),
        Mode::Words => show(event, &Mutex::default()),
    }
}

fn unless_nobody_reads(printed: Result<(), ApiError>) {
    if let Err(unheard) = printed {
        tracing::debug!(error = %unheard, "nobody reads the output");
    }
}

fn show_plan(plan: &Plan, mode: Mode) {
    let converted = plan.converted.as_ref().map(Revision::as_str);
    let licence = plan.info.licence.as_deref();
    if mode == Mode::Json {
        let planned = Planned {
            event: "planned",
            repo: plan.repo.id(),
            commit: plan.info.commit.as_str(),
            converted,
            licence,
            total_bytes: plan.total_bytes(),
            files: &plan.files,
        };
        return unless_nobody_reads(print_json(&planned));
    }
    eprintln!(
        "{} at {}, licence: {}",
        plan.repo,
        plan.info.commit,
        licence.unwrap_or("not named")
    );
    if let Some(branch) = converted {
        eprintln!("the revision has pickle alone; taken from the converter's branch `{branch}`");
    }
    for file in plan.files.iter().take(MAX_LISTED) {
        eprintln!("{:>10}  {}", amount(file.size_bytes), file.path);
    }
    if plan.files.len() > MAX_LISTED {
        eprintln!("            and {} more", plan.files.len() - MAX_LISTED);
    }
    eprintln!(
        "{:>10}  in {} files",
        amount(plan.total_bytes()),
        plan.files.len()
    );
}

/// What was shown last, so that a log gets a line for every tenth and no more.
#[derive(Default)]
struct Shown {
    tenths: u64,
}

fn show(event: &Event, shown: &Mutex<Shown>) {
    let is_terminal = io::stderr().is_terminal();
    match event {
        Event::Progress(progress) if is_terminal => {
            eprint!("\r{}\u{1b}[K", line(progress));
            // Whoever closed standard error does not miss the line.
            drop(io::stderr().flush());
        }
        Event::Progress(progress) => {
            let mut shown = shown
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let tenths = (progress.percent / 10.0) as u64;
            if tenths > shown.tenths {
                shown.tenths = tenths;
                eprintln!("{}", line(progress));
            }
        }
        Event::Retrying {
            wait_ms, reason, ..
        } => {
            let end = if is_terminal { "\u{1b}[K" } else { "" };
            let start = if is_terminal { "\r" } else { "" };
            eprintln!(
                "{start}{reason}; again in {:.1} s{end}",
                *wait_ms as f64 / 1000.0
            );
        }
        Event::Stopped { kept_bytes } => {
            eprintln!(
                "\nstopped; {} are kept, and the same command goes on from there",
                amount(*kept_bytes)
            );
        }
        Event::Finished { .. } if is_terminal => eprintln!(),
        Event::Started { .. }
        | Event::FileDone { .. }
        | Event::Finished { .. }
        | Event::Failed { .. } => {}
    }
}

fn line(progress: &Progress) -> String {
    let left = progress
        .eta_s
        .map_or_else(String::new, |eta_s| format!(", {} left", duration(eta_s)));
    format!(
        "{:5.1} %  {} of {}, {}/s{left}",
        progress.percent,
        amount(progress.done_bytes),
        amount(progress.total_bytes),
        amount(progress.bytes_per_s as u64),
    )
}

fn amount(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = "B";
    for larger in UNITS {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = larger;
    }
    if unit == "B" {
        format!("{bytes} B")
    } else {
        format!("{value:.1} {unit}")
    }
}

fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::{amount, duration};

    #[test]
    fn amounts_and_times_are_readable() {
        assert_eq!(amount(999), "999 B");
        assert_eq!(amount(1_234_567), "1.2 MB");
        assert_eq!(amount(2_000_000_000), "2.0 GB");
        assert_eq!(duration(59.6), "1:00");
        assert_eq!(duration(3_725.0), "1:02:05");
    }
}
