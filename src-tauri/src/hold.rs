//! Whether what lies in the place of large things may be changed now, and what is being changed: the
//! one list of what is under way (imports, exports, bundles), which moves and clean-up ask.
//!
//! Whatever changes something there demands a [`Settled`], and [`Hold::settled`] alone gives one: not
//! while everything moves, and not while the place is not there. So a function that changes runs,
//! models or datasets cannot be called where nobody has asked. The other way round, a move begins only
//! once every `Settled` is gone: an import under way, for one, holds its own until it ends. What it works
//! on until then it claims ([`Settled::claim`]), so that nobody takes a half for a leftover.

use crate::paths::Paths;
use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Decides between what changes the place and what moves it. Clones are the same.
#[derive(Debug, Clone)]
pub struct Hold {
    paths: Paths,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    moving: bool,
    n_settled: usize,
    /// What is worked on now.
    claimed: Vec<(PathBuf, Use)>,
}

/// What a file or a folder is worked on for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Use {
    /// It is made, or read as a whole.
    Work,
    /// It goes to a disk.
    Export,
    /// It is checked.
    Check,
    /// An answer is written with it, in the conversation of this title.
    Answer(String),
}

impl Hold {
    /// Over the place in force.
    pub fn new(paths: &Paths) -> Self {
        Self {
            paths: paths.clone(),
            state: Arc::default(),
        }
    }

    /// That the place is there and nothing moves it, for as long as the answer lives.
    ///
    /// # Errors
    /// `PlaceMoving` while everything moves, `PlaceMissing` where the place is not there.
    pub fn settled(&self) -> Result<Settled, ApiError> {
        let mut state = lock(&self.state);
        self.permit(&state)?;
        state.n_settled += 1;
        Ok(Settled(Arc::clone(&self.state)))
    }

    /// Holds everything for a move, until the answer is dropped.
    ///
    /// # Errors
    /// As [`Self::settled`], and `StillAtWork` while something changes the place.
    pub fn begin(&self) -> Result<Held, ApiError> {
        let mut state = lock(&self.state);
        self.permit(&state)?;
        if state.n_settled > 0 {
            return Err(ApiError::new(ErrorCode::StillAtWork));
        }
        state.moving = true;
        Ok(Held(Some(Arc::clone(&self.state))))
    }

    /// Whether nothing new may begin by itself: a queued run, a waiting download.
    pub fn is_held(&self) -> bool {
        self.is_moving() || !self.paths.place_is_there()
    }

    /// Whether a move is under way.
    pub fn is_moving(&self) -> bool {
        lock(&self.state).moving
    }

    /// Whether something changes the place now.
    pub fn is_changing(&self) -> bool {
        lock(&self.state).n_settled > 0
    }

    /// Whether something that is under way works on a file or a folder, on what is in it, or on what it is in.
    pub fn is_claimed(&self, path: &Path) -> bool {
        is_claimed(&self.state, path)
    }

    /// Says what a file or a folder is read for, until the answer is dropped. It keeps no move from beginning.
    pub fn note(&self, path: &Path, used: Use) -> Claim {
        claim(&self.state, path, used)
    }

    fn permit(&self, state: &State) -> Result<(), ApiError> {
        if state.moving {
            return Err(ApiError::new(ErrorCode::PlaceMoving));
        }
        if self.paths.place_is_there() {
            return Ok(());
        }
        Err(ApiError::with(
            ErrorCode::PlaceMissing,
            ErrorParams {
                path: Some(self.paths.place().display().to_string()),
                ..ErrorParams::default()
            },
        ))
    }
}

/// The place is there, and no move begins while this lives. What changes runs, models or datasets
/// demands one.
#[derive(Debug)]
#[must_use]
pub struct Settled(Arc<Mutex<State>>);

impl Settled {
    /// Says that a file or a folder is worked on, until the answer is dropped.
    pub fn claim(&self, path: &Path) -> Claim {
        self.claim_for(path, Use::Work)
    }

    /// As [`Settled::claim`], and what for.
    pub fn claim_for(&self, path: &Path, used: Use) -> Claim {
        claim(&self.0, path, used)
    }

    /// What is under way with a file or a folder, with what is in it, or with what it is in.
    pub fn use_of(&self, path: &Path) -> Option<Use> {
        use_of(&self.0, path)
    }

    /// As [`Hold::is_claimed`].
    pub fn is_claimed(&self, path: &Path) -> bool {
        is_claimed(&self.0, path)
    }
}

/// A file or a folder is worked on while this lives.
#[derive(Debug)]
#[must_use]
pub struct Claim(Arc<Mutex<State>>, PathBuf, Use);

impl Claim {
    /// What is worked on.
    pub fn path(&self) -> &Path {
        &self.1
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        let found = state
            .claimed
            .iter()
            .position(|(path, used)| *path == self.1 && *used == self.2);
        if let Some(found) = found {
            state.claimed.swap_remove(found);
        }
    }
}

fn claim(state: &Arc<Mutex<State>>, path: &Path, used: Use) -> Claim {
    lock(state).claimed.push((path.to_owned(), used.clone()));
    Claim(Arc::clone(state), path.to_owned(), used)
}

fn is_claimed(state: &Mutex<State>, path: &Path) -> bool {
    use_of(state, path).is_some()
}

fn use_of(state: &Mutex<State>, path: &Path) -> Option<Use> {
    let claimed = &lock(state).claimed;
    let mut meeting = claimed
        .iter()
        .filter(|(claimed, _)| claimed.starts_with(path) || path.starts_with(claimed));
    meeting.next().map(|(_, used)| used.clone())
}

impl Drop for Settled {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.n_settled = state.n_settled.saturating_sub(1);
    }
}

/// A move is under way.
#[derive(Debug)]
#[must_use]
pub struct Held(Option<Arc<Mutex<State>>>);

impl Held {
    /// The hold lasts until the program ends.
    pub fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(state) = &self.0 {
            lock(state).moving = false;
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Held, Hold, Settled};
    use crate::paths::{Paths, place};
    use amoozgar_types::ErrorCode;
    use std::fs;
    use std::sync::Arc;

    /// What a test shows that changes a place which nothing moves.
    pub fn settled() -> Settled {
        Settled(Arc::default())
    }

    /// What a test shows that moves a place which nothing changes.
    pub fn held() -> Held {
        Held(None)
    }

    #[test]
    fn nothing_is_changed_while_things_move_and_no_move_begins_while_something_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::resolve(Some(folder.path().to_owned())).unwrap();
        let hold = Hold::new(&paths);
        let import = hold.settled().unwrap();
        let delete = hold.settled().unwrap();
        assert!(hold.is_changing(), "two changes are under way");
        assert_eq!(
            hold.begin().unwrap_err().code,
            ErrorCode::StillAtWork,
            "an import under way would be half moved"
        );
        drop((import, delete));
        let held = hold.begin().unwrap();
        assert_eq!(
            hold.settled().unwrap_err().code,
            ErrorCode::PlaceMoving,
            "no change while everything moves"
        );
        assert_eq!(
            hold.clone().begin().unwrap_err().code,
            ErrorCode::PlaceMoving,
            "one move at a time"
        );
        drop(held);
        assert!(!hold.is_held(), "a move that was stopped holds nothing");
        hold.begin().unwrap().keep();
        assert!(
            hold.is_held(),
            "one that is done holds until the program ends"
        );
    }

    #[test]
    fn what_is_worked_on_is_listed_as_long_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let hold = Hold::new(&Paths::resolve(Some(folder.path().to_owned())).unwrap());
        let (import, export) = (hold.settled().unwrap(), hold.settled().unwrap());
        let half = folder.path().join("models/.importing-1");
        let (claim, other) = (import.claim(&half), export.claim(&half));
        assert_eq!(claim.path(), half);
        assert!(hold.is_claimed(&half) && export.is_claimed(&folder.path().join("models")));
        assert!(hold.is_claimed(&half.join("config.json")), "what is in it");
        assert!(!hold.is_claimed(&folder.path().join("models/.importing-2")));
        drop(claim);
        assert!(hold.is_claimed(&half), "the other one goes on");
        drop((other, import, export));
        assert!(!hold.is_claimed(&half));
    }

    #[test]
    fn a_place_that_is_not_there_is_neither_changed_nor_moved() {
        let folder = tempfile::tempdir().unwrap();
        let (root, disk) = (folder.path().join("data"), folder.path().join("disk"));
        fs::create_dir_all(&root).unwrap();
        place::Place::moved(&root, &root, &disk)
            .write(&root)
            .unwrap();
        let paths = Paths::resolve(Some(root)).unwrap();
        let hold = Hold::new(&paths);
        for refused in [
            hold.settled().map(drop).unwrap_err(),
            hold.begin().map(drop).unwrap_err(),
        ] {
            assert_eq!(refused.code, ErrorCode::PlaceMissing);
            assert_eq!(refused.params.path, Some(disk.display().to_string()));
        }
        fs::create_dir_all(&disk).unwrap();
        fs::write(disk.join(place::MARK), "").unwrap();
        assert!(hold.settled().is_ok(), "the disk was plugged in");
    }
}
