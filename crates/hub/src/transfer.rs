//! Bringing one file here: a small one through memory, a large one in pieces on several lanes.
//!
//! Every failure that may pass is tried again after a pause; bytes that came are not asked for
//! again. A file is in its place only after its hash was found right.

use crate::HubError;
use crate::api::RemoteFile;
use crate::clock::Attempts;
use crate::control::Control;
use crate::download::Settings;
use crate::error::blocking;
use crate::http::Http;
use crate::partial::{self, Intake, Partial};
use crate::progress::{Event, Meter};
use crate::ranges::Ranges;
use crate::repo::{Commit, Repo};
use crate::source::{Opened, Source};
use crate::verify::hash_bytes;
use futures_util::FutureExt;
use futures_util::future::try_join_all;
use std::collections::VecDeque;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};

/// A file up to this size is held in memory until it is whole.
const SMALL_BYTES: u64 = 4 << 20;

/// What all files of a download share.
pub(crate) struct Transfer<'a> {
    pub(crate) http: &'a Http,
    pub(crate) repo: &'a Repo,
    pub(crate) commit: &'a Commit,
    pub(crate) settings: &'a Settings,
    pub(crate) control: &'a Control,
    pub(crate) observer: &'a (dyn Fn(&Event) + Send + Sync),
    pub(crate) meter: &'a Meter,
    pub(crate) connections: Semaphore,
    /// Where unfinished files are.
    pub(crate) partial_dir: &'a Path,
}

impl Transfer<'_> {
    /// Brings a file to `place`.
    pub(crate) async fn fetch(&self, file: &RemoteFile, place: PathBuf) -> Result<(), HubError> {
        let source = Source::new(self.http, self.repo, self.commit, file);
        if file.size_bytes <= SMALL_BYTES.min(self.settings.chunk_bytes) {
            self.fetch_small(&source).await?;
        } else {
            self.fetch_large(&source, &place).await?;
        }
        (self.observer)(&Event::FileDone {
            file: file.path.to_string(),
        });
        Ok(())
    }

    async fn fetch_small(&self, source: &Source<'_>) -> Result<(), HubError> {
        let mut bytes = self.small_bytes(source).await?;
        if hash_bytes(&bytes, &source.file.oid) != source.file.oid.as_str() {
            // It is less than a chunk: once more may help, twice would not.
            self.meter.lost(bytes.len() as u64);
            bytes = self.small_bytes(source).await?;
        }
        let found = hash_bytes(&bytes, &source.file.oid);
        if found != source.file.oid.as_str() {
            self.meter.lost(bytes.len() as u64);
            return Err(source.wrong_hash(found));
        }
        let (dir, oid) = (self.partial_dir.to_owned(), source.file.oid.clone());
        blocking(move || partial::keep_whole(&dir, &oid, &bytes)).await
    }

    async fn small_bytes(&self, source: &Source<'_>) -> Result<Vec<u8>, HubError> {
        let size = source.file.size_bytes;
        let mut bytes = Vec::new();
        let mut attempts = Attempts::default();
        while (bytes.len() as u64) < size {
            let before = bytes.len();
            let read = self
                .control
                .guard(self.read_small(source, &mut bytes))
                .await;
            if let Err(failure) = read {
                if bytes.len() > before {
                    attempts.progressed();
                }
                self.pause(source, &mut attempts, failure).await?;
            }
        }
        Ok(bytes)
    }

    /// Reads from where `bytes` end, or from the start where the server has no ranges.
    async fn read_small(&self, source: &Source<'_>, bytes: &mut Vec<u8>) -> Result<(), HubError> {
        let size = source.file.size_bytes;
        let _permit = self.permit().await?;
        let rest = (!bytes.is_empty()).then_some(bytes.len() as u64..size);
        let Opened { offset, mut body } = source.open(rest).await?;
        let mut fresh = Vec::new();
        let mut at = offset;
        let read = loop {
            match body.next().await {
                Ok(Some(piece)) => {
                    self.settings
                        .pace
                        .take(&*self.http.surroundings.clock, piece.len())
                        .await;
                    at += piece.len() as u64;
                    if at > size {
                        break Err(source.wrong_size(at));
                    }
                    fresh.extend_from_slice(&piece);
                    let known = bytes.len() as u64;
                    self.meter.arrived(
                        source.file.path.as_str(),
                        at.saturating_sub(known).min(piece.len() as u64),
                    );
                }
                Ok(None) if at < size => {
                    break Err(HubError::Cut {
                        host: body.host.clone(),
                        source: None,
                    });
                }
                Ok(None) => break Ok(()),
                Err(failure) => break Err(failure),
            }
        };
        if at > bytes.len() as u64 && at <= size {
            bytes.truncate(usize::try_from(offset).unwrap_or(usize::MAX));
            bytes.append(&mut fresh);
        }
        read
    }

    async fn fetch_large(&self, source: &Source<'_>, place: &Path) -> Result<(), HubError> {
        let file = source.file;
        let (dir, oid, size) = (
            self.partial_dir.to_owned(),
            file.oid.clone(),
            file.size_bytes,
        );
        let partial = blocking(move || Partial::open(&dir, &oid, size)).await?;
        let have = partial.have().clone();
        let missing = have.missing(size, self.settings.chunk_bytes);
        let (intake, writing) = partial.write(self.settings.chunk_bytes);
        let lanes = Lanes {
            transfer: self,
            source,
            waiting: Mutex::new(missing.into()),
            have: Mutex::new(have),
            intake,
            whole: tokio::sync::Mutex::new(false),
        };
        let fetched = lanes.run().await;
        drop(lanes);
        // What came is made safe whatever happened; a failure of the disk explains the others.
        let written = writing.end().await?;
        fetched?;
        let (dir, oid, place) = (
            self.partial_dir.to_owned(),
            file.oid.clone(),
            place.to_owned(),
        );
        match written.hash {
            Some(hash) if hash == oid.as_str() => {
                blocking(move || {
                    std::fs::rename(&written.path, &place)
                        .map_err(|source| HubError::io(&place, source))?;
                    partial::discard(&dir, &oid)
                })
                .await
            }
            Some(found) => {
                self.meter.lost(written.total);
                blocking(move || partial::discard(&dir, &oid)).await?;
                Err(source.wrong_hash(found))
            }
            None => Err(HubError::Cut {
                host: self.http.addresses.endpoint.to_string(),
                source: None,
            }),
        }
    }

    /// Waits before the next attempt, or gives the failure back.
    async fn pause(
        &self,
        source: &Source<'_>,
        attempts: &mut Attempts,
        failure: HubError,
    ) -> Result<(), HubError> {
        let reason = failure.to_string();
        let wait = attempts.after(failure, &self.settings.backoff, &self.http.jitter)?;
        tracing::debug!(file = %source.file.path, %reason, ?wait, "trying again");
        (self.observer)(&Event::Retrying {
            file: Some(source.file.path.to_string()),
            attempt: attempts.in_vain(),
            wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            reason,
        });
        let clock = &self.http.surroundings.clock;
        self.control
            .guard(async {
                clock.sleep(wait).await;
                Ok(())
            })
            .await
    }

    async fn permit(&self) -> Result<SemaphorePermit<'_>, HubError> {
        // Nobody closes the semaphore; were it closed, the download would be over.
        self.connections
            .acquire()
            .await
            .map_err(|_| HubError::Stopped)
    }
}

/// The lanes of one large file.
struct Lanes<'a> {
    transfer: &'a Transfer<'a>,
    source: &'a Source<'a>,
    /// Pieces that nobody has begun, in order, so that hashing can follow.
    waiting: Mutex<VecDeque<Range<u64>>>,
    /// What came, to know new bytes from those that came again.
    have: Mutex<Ranges>,
    intake: Intake,
    /// Held by the one lane that reads the whole file, where the server has no ranges; whether it
    /// was read.
    whole: tokio::sync::Mutex<bool>,
}

/// Bytes that begin to come, and the place among all connections that they hold.
struct Stream<'a> {
    opened: Opened,
    _permit: SemaphorePermit<'a>,
}

impl Lanes<'_> {
    async fn run(&self) -> Result<(), HubError> {
        let Some(first) = self.next() else {
            return Ok(());
        };
        // One asks first: where ranges are ignored, the others would only fetch the same again.
        let stream = self.open_patiently(first.clone()).await?;
        let n_lanes = self.transfer.settings.lanes_per_file.max(1);
        let mut lanes = vec![self.lane(Some((first, stream))).boxed()];
        for _ in 1..n_lanes {
            lanes.push(self.lane(None).boxed());
        }
        try_join_all(lanes).await?;
        Ok(())
    }

    /// Works on pieces until there are none.
    async fn lane(&self, begun: Option<(Range<u64>, Stream<'_>)>) -> Result<(), HubError> {
        let mut begun = begun;
        loop {
            let (piece, stream) = match begun.take() {
                Some((piece, stream)) => (piece, Some(stream)),
                None if self.source.is_unranged() => return self.read_whole(None).await,
                None => match self.next() {
                    Some(piece) => (piece, None),
                    None => return Ok(()),
                },
            };
            self.read_piece(piece, stream).await?;
        }
    }

    async fn read_piece(
        &self,
        piece: Range<u64>,
        begun: Option<Stream<'_>>,
    ) -> Result<(), HubError> {
        let mut attempts = Attempts::default();
        let mut at = piece.start;
        let mut begun = begun;
        while at < piece.end {
            let before = at;
            let stream = match begun.take() {
                Some(stream) => Ok(stream),
                None => self.open(at..piece.end).await,
            };
            let read = match stream {
                Ok(stream) if stream.opened.offset != at || self.source.is_unranged() => {
                    self.source.set_unranged();
                    return self.read_whole(Some(stream)).await;
                }
                Ok(stream) => self.pump(stream, &mut at, piece.end).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = read {
                if at > before {
                    attempts.progressed();
                }
                self.transfer
                    .pause(self.source, &mut attempts, failure)
                    .await?;
            }
        }
        Ok(())
    }

    /// Reads the file from its start to its end, again from the start after each failure.
    async fn read_whole(&self, begun: Option<Stream<'_>>) -> Result<(), HubError> {
        let Ok(mut is_read) = self.whole.try_lock() else {
            return Ok(());
        };
        let size = self.source.file.size_bytes;
        let mut attempts = Attempts::default();
        let mut begun = begun.filter(|stream| stream.opened.offset == 0);
        while !*is_read {
            let before = self.have().total();
            let stream = match begun.take() {
                Some(stream) => Ok(stream),
                None => self.open(0..size).await,
            };
            let read = match stream {
                Ok(stream) => {
                    let mut at = stream.opened.offset;
                    self.pump(stream, &mut at, size).await
                }
                Err(failure) => Err(failure),
            };
            let Err(failure) = read else {
                *is_read = true;
                break;
            };
            if self.have().total() > before {
                attempts.progressed();
            }
            self.transfer
                .pause(self.source, &mut attempts, failure)
                .await?;
        }
        Ok(())
    }

    /// Passes bytes on until `end`.
    async fn pump(&self, mut stream: Stream<'_>, at: &mut u64, end: u64) -> Result<(), HubError> {
        let transfer = self.transfer;
        let body = &mut stream.opened.body;
        let work = async {
            while *at < end {
                let Some(mut bytes) = body.next().await? else {
                    return Err(HubError::Cut {
                        host: body.host.clone(),
                        source: None,
                    });
                };
                bytes.truncate(usize::try_from(end - *at).unwrap_or(usize::MAX));
                let n = bytes.len() as u64;
                transfer
                    .settings
                    .pace
                    .take(&*transfer.http.surroundings.clock, bytes.len())
                    .await;
                self.intake.take(*at, bytes).await?;
                let n_new = self.have().insert(*at..*at + n);
                transfer
                    .meter
                    .arrived(self.source.file.path.as_str(), n_new);
                *at += n;
            }
            Ok(())
        };
        transfer.control.guard(work).await
    }

    async fn open(&self, range: Range<u64>) -> Result<Stream<'_>, HubError> {
        let open = async {
            let permit = self.transfer.permit().await?;
            let opened = self.source.open(Some(range)).await?;
            Ok(Stream {
                opened,
                _permit: permit,
            })
        };
        self.transfer.control.guard(open).await
    }

    async fn open_patiently(&self, range: Range<u64>) -> Result<Stream<'_>, HubError> {
        let mut attempts = Attempts::default();
        loop {
            match self.open(range.clone()).await {
                Ok(stream) => return Ok(stream),
                Err(failure) => {
                    self.transfer
                        .pause(self.source, &mut attempts, failure)
                        .await?;
                }
            }
        }
    }

    fn have(&self) -> MutexGuard<'_, Ranges> {
        self.have.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Range<u64>> {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }
}
