//! What the loop works with: text, model, optimizer, checkpoints.

use super::batches::Prefetch;
use super::checkpoint::{Checkpoints, LoopState, Occasion, Restored};
use super::classify::measure;
use super::evaluate::{Evaluation, sum_nll};
use super::optimizer::{Optimizer, clip_factor};
use super::preference::{Preference, Sums, Whole};
use super::reference::reference;
use super::run_plan::{Plan, Work, require_a_whole_batch};
use super::sequences::{packs_documents, require, sequences, source};
use super::start::{Start, beside, start, take_weights, write_adapted};
use crate::infer::{Asked, SamplingParams, continue_prompt};
use crate::model::{self, Model, ModelConfig, StepContext};
use crate::plan::footprint;
use crate::random::Keyed;
use crate::tape::{Gradients, Policy};
use crate::train::corpus::{self, Classes, Corpus, Progress};
use crate::train::run_hash::run_hashes;
use crate::train::trained::Trained;
use crate::{Control, EngineError};
use amoozgar_types::TrainSpec;
use amoozgar_types::event::{ClassScores, LoadingStage, PreferenceScores, RunPlan};
use amoozgar_types::spec::{DEFAULT_BETA, Method, Objective};
use std::ops::ControlFlow;
use std::path::Path;

/// A run in memory.
pub(super) struct Session {
    pub(super) plan: Plan,
    pub(super) corpus: Corpus,
    spec: TrainSpec,
    model: Model,
    /// Last parts of the adapted maps' paths.
    targets: Vec<String>,
    policy: Policy,
    gradients: Gradients,
    optimizer: Optimizer,
    checkpoints: Checkpoints,
    batches: Prefetch,
    packs_documents: bool,
    preference: Option<Preference>,
}

/// What the held-out text costs the model.
pub(super) struct Validated {
    pub(super) loss: f64,
    pub(super) bits_per_byte: f64,
    pub(super) classes: Option<ClassScores>,
    pub(super) preference: Option<PreferenceScores>,
}

/// What one optimizer step did.
pub(super) struct StepDone {
    /// Mean loss of the step's tokens or pairs before the update.
    pub(super) loss: f64,
    /// Gradient norm before clipping.
    pub(super) grad_norm: f64,
    pub(super) n_tokens: usize,
    /// How the step's pairs were told apart before the update.
    pub(super) pairs: Option<Sums>,
}

impl Session {
    /// Reads the text, builds the model, and restores the latest checkpoint where there is one.
    pub(super) fn prepare(
        spec: &TrainSpec,
        job_dir: &Path,
        progress: &mut Progress<'_>,
    ) -> Result<(Self, LoopState), EngineError> {
        let corpus = corpus::prepare(spec, &job_dir.join("cache"), progress)?;
        let context = spec.model.context_length;
        let packs_documents = packs_documents(spec)?;
        if corpus.classes.is_none() && corpus.chat.is_none() {
            // Rows of documents need not be full.
            let needed = if packs_documents { 2 } else { context + 1 };
            require(&spec.dataset.train, &corpus.train, needed)?;
            let held_out = spec.dataset.validation.as_ref();
            let held_out = held_out.unwrap_or(&spec.dataset.train);
            require(held_out, &corpus.validation, 2)?;
        }

        progress.at(LoadingStage::Model, 0.0)?;
        let sequences = sequences(spec, &corpus, packs_documents);
        require_a_whole_batch(spec, sequences.len())?;
        let Start { model, targets } = start(spec, &corpus)?;
        let work = Work {
            train_tokens: corpus.train.tokens.len() as u64,
            validation_tokens: corpus.validation.tokens.len() as u64,
            parameters: model::n_parameters(model.config()),
            trained: footprint::n_trained(spec, model.config()),
        };
        let plan = Plan::new(spec, sequences.len()).sparing(spec, &work);
        let policy = footprint::choose_policy(spec, model.config(), plan.micro_batch);
        progress.at(LoadingStage::Model, 1.0)?;
        let preference = preference(spec, &model, &corpus, progress)?;

        let runs = run_hashes(spec, &corpus.key, packs_documents);
        let beside = beside(spec, &model, &targets, &corpus)?;
        let checkpoints = Checkpoints::new(job_dir, runs, beside);
        let batches = Prefetch::new(source(spec, &corpus, sequences, plan.micro_batch));
        let mut session = Self {
            optimizer: Optimizer::new(plan.optimizer, &model.parameters),
            gradients: Gradients::new(&model.parameters),
            plan,
            corpus,
            spec: spec.clone(),
            model,
            targets,
            policy,
            checkpoints,
            batches,
            packs_documents,
            preference,
        };
        let (restored, lr_scale) = session.checkpoints.restore_latest()?;
        let mut state = LoopState {
            lr_scale,
            ..LoopState::default()
        };
        if let Some(restored) = restored {
            progress.at(LoadingStage::Restoring, 0.0)?;
            state = session.take(restored)?;
            progress.at(LoadingStage::Restoring, 1.0)?;
        }
        Ok((session, state))
    }

    /// Puts a checkpoint in the place of weights and moments; answers with the loop's state.
    fn take(&mut self, restored: Restored) -> Result<LoopState, EngineError> {
        let state = restored.state;
        let path = self.checkpoints.path(state.step);
        take_weights(&mut self.model, restored.weights, &path)?;
        let invalid = |error: EngineError| EngineError::InvalidCheckpoint {
            path,
            detail: error.to_string(),
        };
        let weights = &self.model.parameters;
        self.optimizer =
            Optimizer::restore(self.plan.optimizer, weights, state.step, restored.moments)
                .map_err(invalid)?;
        Ok(state)
    }

    /// After `step` steps the next one was no number: back to the latest planned checkpoint from which a step
    /// went well, or to the beginning, to go on with rates times `lr_scale`. One at `step` itself holds the
    /// weights that led nowhere; it and whatever else was saved after the one that is taken is removed.
    pub(super) fn roll_back(&mut self, step: u64, lr_scale: f64) -> Result<LoopState, EngineError> {
        let mut state = if let Some(restored) = self.checkpoints.restore_planned_before(step)? {
            self.take(restored)?
        } else {
            self.model = start(&self.spec, &self.corpus)?.model;
            self.optimizer = Optimizer::new(self.plan.optimizer, &self.model.parameters);
            LoopState::default()
        };
        state.lr_scale = lr_scale;
        self.checkpoints.roll_back(state.step, lr_scale)?;
        // A later best took the place of this one, and is gone now itself: the next validation is the best.
        let best = state.best.as_ref().map(|best| best.step);
        if best.is_some_and(|step| !self.checkpoints.path(step).is_dir()) {
            state.best = None;
            state.n_without_best = 0;
        }
        Ok(state)
    }

    pub(super) fn config(&self) -> &ModelConfig {
        self.model.config()
    }

    pub(super) fn run_plan(&self, state: &LoopState, threads: usize) -> RunPlan {
        RunPlan {
            total_steps: self.plan.total_steps,
            steps_per_epoch: self.plan.steps_per_epoch,
            start_step: state.step,
            n_parameters: self.model.parameters.counts().0,
            vocab_size: self.config().vocab_size,
            n_train_tokens: self.corpus.train.tokens.len() as u64,
            n_val_tokens: self.corpus.validation.tokens.len() as u64,
            n_val_bytes: self.corpus.n_val_bytes,
            threads,
            kept: footprint::told(self.policy),
        }
    }

    /// Step number `step_from_zero`: forward and backward over the micro-batches, clip, update.
    /// The schedule's rate is multiplied by `lr_scale`. Where loss or gradient is no number, the weights
    /// stay as they were. `None` where a stop came in between: the step was not done, and its weights and
    /// moments are as they were.
    pub(super) fn step(
        &mut self,
        step_from_zero: u64,
        lr_scale: f64,
        control: &Control,
    ) -> Result<Option<StepDone>, EngineError> {
        let batches = self.batches.step(step_from_zero);
        let n_targets = batches.iter().map(|made| made.batch.n_targets());
        let n_targets = n_targets.sum::<usize>().max(1);
        // What goes through a decoder is its work, whether it is learnt or not.
        let n_tokens = match self.corpus.chat {
            Some(_) => batches.iter().map(|made| made.batch.tokens.len()).sum(),
            None => n_targets,
        };
        let whole = Whole::of(&batches);
        let (mut sum_nll, mut sums) = (0.0, Sums::default());
        let drops = Keyed::new(self.spec.seed, "dropout").child(step_from_zero);
        for (index, made) in batches.iter().enumerate() {
            if control.stop_wanted() {
                self.gradients.clear();
                return Ok(None);
            }
            let step = StepContext {
                policy: self.policy,
                scale: 1.0 / n_targets as f32,
                dropout: Some(drops.child(index as u64)),
            };
            if let Some(preference) = &self.preference {
                // Each row has its own share of the step's mean.
                let step = StepContext { scale: 1.0, ..step };
                let into = (&mut self.gradients, &mut sums);
                preference.gradients(&self.model, made, &step, whole, into)?;
            } else {
                let loss = self
                    .model
                    .gradients(&made.batch, &step, &mut self.gradients)?;
                sum_nll += loss.sum_nll;
            }
        }
        let loss = match self.preference {
            Some(_) => sums.loss(),
            None => sum_nll / n_targets as f64,
        };
        let grad_norm = self.gradients.norm();
        if loss.is_finite() && grad_norm.is_finite() {
            let clip = clip_factor(grad_norm, self.spec.optimizer.grad_clip);
            let lr = lr_scale * self.plan.schedule.lr(step_from_zero + 1);
            let weights = &mut self.model.parameters;
            self.optimizer.step(weights, &self.gradients, lr, clip);
        }
        self.gradients.clear();
        Ok(Some(StepDone {
            loss,
            grad_norm,
            n_tokens,
            pairs: self.preference.as_ref().map(|_| sums),
        }))
    }

    /// Measures the held-out text; `None` where a stop came in between.
    pub(super) fn validate(&self, control: &Control) -> Result<Option<Validated>, EngineError> {
        let mut between = || {
            if control.stop_wanted() {
                Err(EngineError::StoppedWhileLoading)
            } else {
                Ok(())
            }
        };
        // Its buffers are of other sizes than the training step's: neither is kept beside the other.
        self.model.let_go_of_buffers();
        let measured = match (&self.corpus.classes, &self.preference) {
            (Some(classes), _) => self.measure_classes(classes, &mut between),
            (None, Some(preference)) => self.measure_pairs(preference, &mut between),
            (None, None) => self.measure_text(&mut between),
        };
        match measured {
            Ok(measured) => Ok(Some(measured)),
            Err(EngineError::StoppedWhileLoading) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn measure_text(
        &self,
        between: &mut dyn FnMut() -> Result<(), EngineError>,
    ) -> Result<Validated, EngineError> {
        let validation = &self.corpus.validation;
        let tokens = &validation.tokens;
        let read = |start, n, out: &mut Vec<u32>| tokens.read(start, n, out);
        let trained = validation.trained.as_deref();
        let pieces = match &self.corpus.chat {
            Some(_) => validation.conversations(),
            None => validation.pieces(self.packs_documents, self.spec.model.context_length),
        };
        let sum = sum_nll(&self.model, &read, &pieces, trained, between)?;
        let all = || tokens.len().saturating_sub(1) as u64;
        let n_tokens = trained.map_or_else(all, Trained::n_tokens);
        let found = Evaluation::new(sum, n_tokens, self.corpus.n_val_bytes);
        Ok(Validated {
            loss: found.loss,
            bits_per_byte: found.bits_per_byte,
            classes: None,
            preference: None,
        })
    }

    fn measure_pairs(
        &self,
        preference: &Preference,
        between: &mut dyn FnMut() -> Result<(), EngineError>,
    ) -> Result<Validated, EngineError> {
        let found = preference.measure(&self.model, &self.corpus.validation, between)?;
        Ok(Validated {
            loss: found.loss(),
            bits_per_byte: 0.0,
            classes: None,
            // Beside a loss that is no number they are none either.
            preference: found.loss().is_finite().then(|| found.scores()),
        })
    }

    fn measure_classes(
        &self,
        classes: &Classes,
        between: &mut dyn FnMut() -> Result<(), EngineError>,
    ) -> Result<Validated, EngineError> {
        let validation = &self.corpus.validation;
        let places = validation.places();
        let read = |index: usize, out: &mut Vec<u32>| {
            if let Some(place) = places.get(index) {
                validation.tokens.read(place.start, place.len, out);
            }
        };
        let lengths: Vec<usize> = places.iter().map(|place| place.len).collect();
        let found = measure(&self.model, &read, &lengths, &classes.validation, between)?;
        Ok(Validated {
            loss: found.loss,
            bits_per_byte: 0.0,
            classes: Some(found.scores()),
            preference: None,
        })
    }

    /// The model's continuation of a prompt, the same whenever this step is reached.
    pub(super) fn sample(
        &self,
        prompt: &str,
        step: u64,
        index: u64,
    ) -> Result<String, EngineError> {
        let params = SamplingParams {
            max_tokens: self.spec.evaluation.sample_tokens,
            temperature: self.spec.evaluation.temperature,
            seed: Keyed::new(self.spec.seed, "samples")
                .child(step)
                .bits(index),
            ..SamplingParams::default()
        };
        self.model.let_go_of_buffers();
        let asked = match &self.corpus.chat {
            Some(chat) => Asked::Message(chat, prompt),
            None => Asked::Text(prompt),
        };
        let generation = continue_prompt(
            &self.model,
            &self.corpus.tokenizer,
            asked,
            &params,
            &mut |_| ControlFlow::Continue(()),
            &|f| f(),
        )?;
        Ok(generation.text)
    }

    pub(super) fn save(
        &self,
        state: &LoopState,
        occasion: Occasion,
        watch: &mut dyn FnMut(f64),
    ) -> Result<(String, u64), EngineError> {
        let held = (&self.model.parameters, &self.optimizer);
        let (path, size) = self.checkpoints.save(state, occasion, held, watch)?;
        Ok((path.display().to_string(), size))
    }

    pub(super) fn prune(
        &self,
        keep_last: usize,
        best: Option<u64>,
    ) -> Result<Vec<String>, EngineError> {
        let removed = self.checkpoints.prune(keep_last, best)?;
        Ok(removed
            .iter()
            .map(|path| path.display().to_string())
            .collect())
    }

    pub(super) fn checkpoint_path(&self, step: u64) -> String {
        self.checkpoints.path(step).display().to_string()
    }

    /// Writes the model as it was after `step` to `path`, and its adapter beside it where it has one.
    /// Where that checkpoint was removed from outside, the weights at hand.
    pub(super) fn write_weights_of(&mut self, step: u64, path: &Path) -> Result<(), EngineError> {
        self.model.let_go_of_buffers();
        self.gradients = Gradients::default();
        let place = self.checkpoints.path(step);
        let kept = self.checkpoints.weights(step);
        if let Err(error) = kept.and_then(|kept| take_weights(&mut self.model, kept, &place)) {
            tracing::warn!(step, %error, "the best checkpoint cannot be read; the last weights are kept");
        }
        if self.spec.method == Method::Lora {
            write_adapted(&self.spec, &self.model, &self.targets, path)
        } else {
            self.model.write_weights(path)
        }
    }
}

/// What the run prefers by, where it learns of pairs; `model` is what it starts from.
fn preference(
    spec: &TrainSpec,
    model: &Model,
    corpus: &Corpus,
    progress: &mut Progress<'_>,
) -> Result<Option<Preference>, EngineError> {
    let Some(objective) = spec.preference() else {
        return Ok(None);
    };
    let [train, validation] = match objective {
        Objective::Dpo => reference(spec, model, corpus, progress)?,
        Objective::Sft | Objective::Orpo => Default::default(),
    };
    Ok(Some(Preference {
        objective,
        beta: spec.beta.unwrap_or(DEFAULT_BETA),
        train,
        validation,
    }))
}
