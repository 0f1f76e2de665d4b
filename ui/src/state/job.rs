//! A run as its page follows it: what was fetched, with what came over the channel merged in.
//!
//! The reducer is pure; fetching and subscribing live in `pages::training::feed`. Steps
//! may be told twice (fetched and live) and may go back (a resumed run repeats the steps since its
//! checkpoint): a point replaces everything at and after its step.

use crate::state::thin;
use amoozgar_types::event::{CheckpointRecord, LoadingStage, SampleRecord};
use amoozgar_types::ipc::JobUpdate;
use amoozgar_types::job::{JobDetail, JobRecord, JobStatus, MetricPoint, Metrics, ValidationPoint};
use amoozgar_types::spec::TrainSpec;
use std::rc::Rc;
use yew::Reducible;

/// A shared value that is compared by identity: cheap to hand to components at every update.
#[derive(Debug)]
pub struct Shared<T>(Rc<T>);

impl<T> Shared<T> {
    /// Shares a value.
    pub fn new(value: T) -> Self {
        Self(Rc::new(value))
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> std::ops::Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Everything the page of one run knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobState {
    /// The row; `None` until it is fetched or told.
    pub job: Option<Shared<JobRecord>>,
    /// The specification; `None` until it is fetched.
    pub spec: Option<Shared<TrainSpec>>,
    /// What is being done before the first step, with its share done.
    pub loading: Option<(LoadingStage, f64)>,
    /// The curves; of a long run not every point.
    pub curves: Shared<Metrics>,
    /// Kept checkpoints, latest first.
    pub checkpoints: Shared<Vec<CheckpointRecord>>,
    /// Samples, latest first.
    pub samples: Shared<Vec<SampleRecord>>,
    /// The row was removed.
    pub deleted: bool,
}

/// What the page learns.
pub enum JobAction {
    /// The answer of `training_get`.
    Detail(Box<JobDetail>),
    /// The answer of `training_metrics`.
    Metrics(Metrics),
    /// A message of the channel.
    Update(JobUpdate),
    /// The row changed.
    Changed(JobRecord),
    /// The row is gone.
    Deleted,
}

impl JobState {
    /// Whether there is something that can write: a final model or a checkpoint.
    pub fn can_write(&self) -> bool {
        !self.checkpoints.is_empty() || self.job.as_ref().is_some_and(|job| job.model_dir.is_some())
    }

    fn put_job(&mut self, job: JobRecord) {
        let newer = self
            .job
            .as_ref()
            .is_none_or(|known| job.updated_ms >= known.updated_ms);
        if newer {
            if !matches!(job.status, JobStatus::Starting | JobStatus::Loading) {
                self.loading = None;
            }
            self.job = Some(Shared::new(job));
        }
    }

    fn put_detail(&mut self, detail: JobDetail) {
        self.put_job(detail.job);
        self.spec = Some(Shared::new(detail.spec));
        let mut checkpoints = detail.checkpoints;
        let newest = checkpoints.iter().map(|one| one.step).max();
        let later = self
            .checkpoints
            .iter()
            .filter(|one| newest.is_none_or(|newest| one.step > newest));
        checkpoints.extend(later.cloned());
        checkpoints.sort_by_key(|one| std::cmp::Reverse(one.step));
        self.checkpoints = Shared::new(checkpoints);
        let mut samples = detail.samples;
        let newest = samples.iter().map(|one| one.step).max();
        let later = self
            .samples
            .iter()
            .filter(|one| newest.is_none_or(|newest| one.step > newest));
        samples.extend(later.cloned());
        samples.sort_by_key(|one| std::cmp::Reverse(one.step));
        self.samples = Shared::new(samples);
    }

    fn put_metrics(&mut self, fetched: Metrics) {
        let mut next = fetched;
        let newest = next.train.last().map_or(0, |point| point.step);
        let later = self.curves.train.iter().filter(|one| one.step > newest);
        next.train.extend(later.copied());
        thin::bound(&mut next.train);
        let newest = next.validation.last().map_or(0, |point| point.step);
        let later = self.curves.validation.iter();
        next.validation
            .extend(later.filter(|one| one.step > newest).copied());
        self.curves = Shared::new(next);
    }

    fn put_update(&mut self, update: JobUpdate) {
        if update.loading.is_some() {
            self.loading = update.loading;
        }
        let at = update.job.step;
        let went_back = self.job.as_ref().is_some_and(|known| known.step > at);
        self.put_job(update.job);
        if went_back {
            // What led nowhere is gone.
            let mut next = (*self.checkpoints).clone();
            next.retain(|known| known.step <= at);
            self.checkpoints = Shared::new(next);
        }
        if !update.train.is_empty() || !update.validation.is_empty() {
            let mut next = (*self.curves).clone();
            append_train(&mut next.train, &update.train);
            thin::bound(&mut next.train);
            append_validation(&mut next.validation, &update.validation);
            self.curves = Shared::new(next);
        }
        if !update.samples.is_empty() {
            let mut next = (*self.samples).clone();
            for sample in update.samples {
                add_sample(&mut next, sample);
            }
            self.samples = Shared::new(next);
        }
        if !update.checkpoints.is_empty() {
            let mut next = (*self.checkpoints).clone();
            for checkpoint in update.checkpoints {
                add_checkpoint(&mut next, checkpoint);
            }
            self.checkpoints = Shared::new(next);
        }
    }
}

impl Reducible for JobState {
    type Action = JobAction;

    fn reduce(self: Rc<Self>, action: JobAction) -> Rc<Self> {
        let mut next = (*self).clone();
        match action {
            JobAction::Detail(detail) => next.put_detail(*detail),
            JobAction::Metrics(metrics) => next.put_metrics(metrics),
            JobAction::Update(update) => next.put_update(update),
            JobAction::Changed(job) => next.put_job(job),
            JobAction::Deleted => next.deleted = true,
        }
        Rc::new(next)
    }
}

fn append_train(points: &mut Vec<MetricPoint>, new: &[MetricPoint]) {
    for point in new {
        let keep = points.partition_point(|known| known.step < point.step);
        points.truncate(keep);
        points.push(*point);
    }
}

fn append_validation(points: &mut Vec<ValidationPoint>, new: &[ValidationPoint]) {
    for point in new {
        let keep = points.partition_point(|known| known.step < point.step);
        points.truncate(keep);
        points.push(*point);
    }
}

fn add_sample(samples: &mut Vec<SampleRecord>, new: SampleRecord) {
    samples.retain(|known| {
        known.step < new.step || (known.step == new.step && known.prompt != new.prompt)
    });
    // Within a step in the order of the prompts, and the latest step first.
    let at = samples.partition_point(|known| known.step >= new.step);
    samples.insert(at, new);
}

fn add_checkpoint(checkpoints: &mut Vec<CheckpointRecord>, new: CheckpointRecord) {
    checkpoints.retain(|known| known.step < new.step && !new.removed.contains(&known.path));
    if new.best {
        for known in checkpoints.iter_mut() {
            known.best = false;
        }
    }
    checkpoints.insert(0, new);
}

#[cfg(test)]
#[path = "job_tests.rs"]
mod tests;
