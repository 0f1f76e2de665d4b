//! Checkpoints: weights, what the optimizer remembers and the loop's state in one folder that appears whole or not at
//! all. A folder that does not match its own hash counts as damaged.

use super::chosen_fall::ChosenFall;
use crate::EngineError;
use crate::files;
use crate::train::optimizer::Optimizer;
use crate::train::rolled_back::RolledBack;
use crate::weights::Parameters;
use crate::weights::safetensors::{self, Entry, read_all};
use amoozgar_types::event::ValidationRecord;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file of the trained weights.
const WEIGHTS: &str = "model.safetensors";
const MOMENTS: &str = "optimizer.safetensors";
const STATE: &str = "state.json";
/// How many of the latest are kept of whatever occasion: where one is damaged, the one before it costs the
/// least to go on from.
const LATEST: usize = 2;

/// What the loop carries from step to step, beside weights and moments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LoopState {
    /// Steps done; the schedule and the cursor into the data follow from it.
    pub(crate) step: u64,
    /// Loss of the last step.
    pub(crate) train_loss: Option<f64>,
    /// The first validation; absent where an earlier version began the run.
    #[serde(default)]
    pub(crate) first: Option<ValidationRecord>,
    /// The lowest validation so far.
    pub(crate) best: Option<ValidationRecord>,
    /// Validations since then.
    pub(crate) n_without_best: u64,
    /// The step that was last validated; a stop can fall between a step and its validation.
    pub(crate) validated_step: u64,
    /// Whether patience ran out.
    pub(crate) early_stopped: bool,
    /// What the schedule's rates are multiplied by.
    #[serde(default = "one")]
    pub(crate) lr_scale: f64,
    /// How the better answers' likelihood went, where pairs are learnt.
    #[serde(default)]
    pub(crate) chosen_fall: ChosenFall,
}

impl Default for LoopState {
    fn default() -> Self {
        Self {
            step: 0,
            train_loss: None,
            first: None,
            best: None,
            n_without_best: 0,
            validated_step: 0,
            early_stopped: false,
            lr_scale: 1.0,
            chosen_fall: ChosenFall::default(),
        }
    }
}

fn one() -> f64 {
    1.0
}

/// Why a checkpoint was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Occasion {
    /// The run's plan asks for it at this step, whenever the run reaches it. A run goes back to such ones
    /// alone, so that what it does never depends on the clock or on who paused it.
    #[default]
    Planned,
    /// The clock, a pause or a stop. It is there to go on from, as long as it is one of the latest.
    Between,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// Of the specification and the text: a checkpoint of another run is refused.
    run: String,
    /// Programs before this was told apart saved no other ones on the way.
    #[serde(default)]
    occasion: Occasion,
    state: LoopState,
    weights_blake3: String,
    moments_blake3: String,
}

/// A checkpoint read back.
pub(crate) struct Restored {
    pub(crate) state: LoopState,
    /// Values by name, in the order of files.
    pub(crate) weights: BTreeMap<String, Vec<f32>>,
    /// What the optimizer remembers, see [`Optimizer::restore`].
    pub(crate) moments: BTreeMap<String, Vec<f32>>,
}

/// What stands beside a checkpoint's weights, so that the folder can be opened as any model's (see
/// [`crate::open`]).
pub(crate) struct Beside {
    /// Name and text of its settings: a whole model's or an adapter's.
    pub(crate) settings: (&'static str, String),
    /// Names and texts of what else belongs to it.
    pub(crate) texts: Vec<(&'static str, String)>,
    /// The run's `tokenizer.json`.
    pub(crate) tokenizer: PathBuf,
}

/// The folder of the checkpoints of one run.
pub(crate) struct Checkpoints {
    folder: PathBuf,
    run: String,
    /// The hash that an older program gave the same run.
    former_run: String,
    beside: Beside,
}

impl Checkpoints {
    /// Those of the run whose hash is the first of `runs`, and was the second with an older program.
    pub(crate) fn new(job_dir: &Path, runs: [String; 2], beside: Beside) -> Self {
        let [run, former_run] = runs;
        Self {
            folder: job_dir.join("checkpoints"),
            run,
            former_run,
            beside,
        }
    }

    pub(crate) fn path(&self, step: u64) -> PathBuf {
        self.folder.join(format!("step-{step:08}"))
    }

    /// Saves, and answers with the folder and its size. `watch` hears the share that is on the disk.
    pub(crate) fn save(
        &self,
        state: &LoopState,
        occasion: Occasion,
        (parameters, optimizer): (&Parameters, &Optimizer),
        watch: &mut dyn FnMut(f64),
    ) -> Result<(PathBuf, u64), EngineError> {
        let place = self.path(state.step);
        let temporary = files::temporary_name(&place);
        files::create_dir(&self.folder)?;
        files::remove_dir(&temporary)?;
        let stored = Stored {
            run: self.run.clone(),
            occasion,
            state: state.clone(),
            weights_blake3: String::new(),
            moments_blake3: String::new(),
        };
        let written = self.write(&temporary, stored, (parameters, optimizer), watch);
        if written.is_err() {
            // Give back the space at once: the disk may be full.
            files::remove_dir(&temporary)?;
        }
        let size = written?;
        files::put_in_place(&temporary, &place)?;
        Ok((place, size))
    }

    fn write(
        &self,
        folder: &Path,
        mut stored: Stored,
        (parameters, optimizer): (&Parameters, &Optimizer),
        watch: &mut dyn FnMut(f64),
    ) -> Result<u64, EngineError> {
        files::create_dir(folder)?;
        // What is frozen is where it was read from.
        let trained: Vec<Entry<'_>> = parameters
            .trained()
            .map(|(_, weight)| Entry::of(weight))
            .collect();
        let remembered = optimizer.entries();
        let (first, second) = (
            safetensors::n_bytes(&trained),
            safetensors::n_bytes(&remembered),
        );
        let mut share = |before: u64, now: u64| {
            watch((before + now) as f64 / (first + second).max(1) as f64);
            Ok(())
        };
        let weights =
            safetensors::write_watched(&folder.join(WEIGHTS), trained, &mut |n| share(0, n))?;
        let moments = safetensors::write_watched(&folder.join(MOMENTS), remembered, &mut |n| {
            share(first, n)
        })?;
        stored.weights_blake3 = weights.blake3;
        stored.moments_blake3 = moments.blake3;
        let state = serde_json::to_vec_pretty(&stored)
            .map_err(|source| EngineError::io(folder, source.into()))?;
        files::write_synced(&folder.join(STATE), &state)?;
        let (name, settings) = &self.beside.settings;
        files::write_synced(&folder.join(name), settings.as_bytes())?;
        files::link_or_copy(&self.beside.tokenizer, &folder.join("tokenizer.json"))?;
        let mut texts = state.len() + settings.len();
        for (name, text) in &self.beside.texts {
            files::write_synced(&folder.join(name), text.as_bytes())?;
            texts += text.len();
        }
        Ok(weights.n_bytes + moments.n_bytes + texts as u64)
    }

    /// The latest checkpoint that is whole, or `None` where there is none at all; and what the rates are
    /// multiplied by from there. What a run that went back has left behind is removed and never taken.
    ///
    /// # Errors
    /// Where checkpoints are there but none can be used.
    pub(crate) fn restore_latest(&self) -> Result<(Option<Restored>, f64), EngineError> {
        let Some(back) = RolledBack::read(&self.folder, &self.run)? else {
            let restored = self.restore(|_| true)?;
            let lr_scale = restored.as_ref().map_or(1.0, |found| found.state.lr_scale);
            return Ok((restored, lr_scale));
        };
        self.remove_left(&back)?;
        let mut restored = self.restore(|_| true)?;
        if let Some(found) = &mut restored {
            found.state.lr_scale = found.state.lr_scale.min(back.lr_scale);
        }
        Ok((restored, back.lr_scale))
    }

    /// Notes that the run goes on from `to_step` at another rate, and removes what was saved after it.
    pub(crate) fn roll_back(&self, to_step: u64, lr_scale: f64) -> Result<(), EngineError> {
        let back = RolledBack::new(&self.run, to_step, lr_scale);
        back.write(&self.folder)?;
        self.remove_left(&back)
    }

    fn remove_left(&self, back: &RolledBack) -> Result<(), EngineError> {
        for step in self.steps()? {
            let folder = self.path(step);
            // One that cannot be read is passed over in any case.
            if Self::state(&folder).is_ok_and(|stored| back.left(step, stored.state.lr_scale)) {
                files::remove_dir(&folder)?;
            }
        }
        Ok(())
    }

    /// The latest planned checkpoint before `step` that is whole; `None` where there is none at all.
    ///
    /// # Errors
    /// Where there are some but none can be used.
    pub(crate) fn restore_planned_before(
        &self,
        step: u64,
    ) -> Result<Option<Restored>, EngineError> {
        self.restore(|saved| saved < step && self.is_planned(saved))
    }

    /// The latest of those that are `wanted` that is whole.
    fn restore(&self, wanted: impl Fn(u64) -> bool) -> Result<Option<Restored>, EngineError> {
        let mut failures = Vec::new();
        let steps = self.steps()?.into_iter().rev();
        for step in steps.filter(|&saved| wanted(saved)) {
            match self.read(&self.path(step)) {
                Ok(restored) => {
                    for error in &failures {
                        tracing::warn!(step, %error, "a checkpoint cannot be used; one before it is taken");
                    }
                    return Ok(Some(restored));
                }
                Err(error) => failures.push(error),
            }
        }
        // The latest one's says enough.
        failures.into_iter().next().map_or(Ok(None), Err)
    }

    /// One that cannot be read counts as planned: it is not removed before its time.
    fn is_planned(&self, step: u64) -> bool {
        Self::state(&self.path(step)).map_or(true, |stored| stored.occasion == Occasion::Planned)
    }

    /// Removes all but the `keep_last` latest planned ones, the best, and the latest of whatever occasion;
    /// answers with what was removed.
    pub(crate) fn prune(
        &self,
        keep_last: usize,
        best: Option<u64>,
    ) -> Result<Vec<PathBuf>, EngineError> {
        let steps = self.steps()?;
        let planned = steps.iter().rev().filter(|&&step| self.is_planned(step));
        let mut kept: Vec<u64> = planned.take(keep_last).copied().collect();
        let latest = steps.iter().rev().take(keep_last.min(LATEST)).copied();
        kept.extend(latest.chain(best));
        let mut removed = Vec::new();
        for step in steps.into_iter().filter(|step| !kept.contains(step)) {
            files::remove_dir(&self.path(step))?;
            removed.push(self.path(step));
        }
        Ok(removed)
    }

    /// The trained weights of the checkpoint at `step`.
    pub(crate) fn weights(&self, step: u64) -> Result<BTreeMap<String, Vec<f32>>, EngineError> {
        let folder = self.path(step);
        let stored = Self::state(&folder)?;
        let path = checked(&folder, WEIGHTS, &stored.weights_blake3)?;
        read_all(&path).map_err(|error| damaged(&folder, &error))
    }

    /// Steps of the checkpoints, ascending.
    fn steps(&self) -> Result<Vec<u64>, EngineError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(EngineError::io(&self.folder, source)),
        };
        let mut steps = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|source| EngineError::io(&self.folder, source))?;
            let name = entry.file_name();
            steps.extend(
                name.to_str()
                    .and_then(|name| name.strip_prefix("step-"))
                    .and_then(|step| step.parse::<u64>().ok()),
            );
        }
        steps.sort_unstable();
        Ok(steps)
    }

    fn state(folder: &Path) -> Result<Stored, EngineError> {
        let bytes = files::read(&folder.join(STATE)).map_err(|error| damaged(folder, &error))?;
        serde_json::from_slice(&bytes).map_err(|error| damaged(folder, &error))
    }

    fn read(&self, folder: &Path) -> Result<Restored, EngineError> {
        let stored = Self::state(folder)?;
        if stored.run != self.run && stored.run != self.former_run {
            return Err(damaged(
                folder,
                &"it belongs to other settings or another text",
            ));
        }
        let weights = checked(folder, WEIGHTS, &stored.weights_blake3)?;
        let moments = checked(folder, MOMENTS, &stored.moments_blake3)?;
        Ok(Restored {
            state: stored.state,
            weights: read_all(&weights).map_err(|error| damaged(folder, &error))?,
            moments: read_all(&moments).map_err(|error| damaged(folder, &error))?,
        })
    }
}

fn damaged(folder: &Path, why: &dyn std::fmt::Display) -> EngineError {
    EngineError::InvalidCheckpoint {
        path: folder.to_path_buf(),
        detail: why.to_string(),
    }
}

/// The path of a file that is what was written.
fn checked(folder: &Path, name: &str, hash: &str) -> Result<PathBuf, EngineError> {
    let path = folder.join(name);
    let found = safetensors::hash_of(&path).map_err(|error| damaged(folder, &error))?;
    if found == hash {
        Ok(path)
    } else {
        Err(damaged(
            folder,
            &format!("`{name}` is not what was written"),
        ))
    }
}
