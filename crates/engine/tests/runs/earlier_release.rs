//! Runs that release 0.1 stopped (tests/fixtures/release-0.1): they are read, go on where they were, and
//! end with the weights of an unbroken run.

use amoozgar_engine::{Control, End, train};
use amoozgar_types::{TrainEvent, TrainSpec};
use candle_core::{Device, Tensor};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Relative to the crate's folder, as the paths in those runs' job.json are.
const RELEASE: &str = "tests/fixtures/release-0.1";
const STOPPED_AT: u64 = 60;

fn spec(run: &str) -> TrainSpec {
    let path = Path::new(RELEASE).join("jobs").join(run).join("job.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

type Weights = HashMap<String, Tensor>;

fn weights(folder: &Path) -> Weights {
    candle_core::safetensors::load(folder.join("model.safetensors"), &Device::Cpu).unwrap()
}

/// The largest difference of two weights that belong together; `None` where all are the same bit for bit.
fn difference(one: &Weights, other: &Weights) -> Option<f32> {
    let names = |weights: &Weights| weights.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(one), names(other), "the same tensors");
    let values = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    one.iter()
        .flat_map(|(name, tensor)| values(tensor).into_iter().zip(values(&other[name])))
        .filter(|(one, other)| one.to_bits() != other.to_bits())
        .map(|(one, other)| (one - other).abs())
        .max_by(f32::total_cmp)
}

/// What a run to its end showed.
struct Course {
    start_step: u64,
    /// Weights at the step where the old run had stopped, if it came by.
    at_stop: Option<Weights>,
    last: Weights,
}

fn finish(spec: &TrainSpec, job: &Path) -> Course {
    let (mut start_step, mut at_stop) = (None, None);
    let end = train(spec, job, &Control::new(), &mut |event| match event {
        TrainEvent::Started(plan) => start_step = Some(plan.start_step),
        TrainEvent::Checkpoint(saved) if saved.step == STOPPED_AT => {
            at_stop = Some(weights(Path::new(&saved.path)));
        }
        _ => {}
    });
    let End::Finished(outcome) = end.unwrap() else {
        panic!("the run ends well")
    };
    Course {
        start_step: start_step.unwrap(),
        at_stop,
        last: weights(&PathBuf::from(outcome.model_dir)),
    }
}

/// Resumes a copy of the old run and makes the run anew beside it.
fn resumes(run: &str) {
    let folder = TempDir::new().unwrap();
    let old = Path::new(RELEASE).join("jobs").join(run);
    let copied = folder.path().join("resumed");
    copy(&old, &copied);
    let spec = spec(run);
    let resumed = finish(&spec, &copied);
    assert_eq!(
        resumed.start_step, STOPPED_AT,
        "`{run}` goes on, it does not begin anew"
    );
    let fresh = finish(&spec, &folder.path().join("fresh"));
    assert_eq!(fresh.start_step, 0, "`{run}` is made anew beside it");
    let checkpoint = format!("checkpoints/step-{STOPPED_AT:08}");
    let came_by = difference(&weights(&old.join(checkpoint)), &fresh.at_stop.unwrap());
    let end = difference(&resumed.last, &fresh.last);
    match came_by {
        // This processor computes as the one that the old run was made on.
        None => assert_eq!(end, None, "`{run}`: not the weights of the unbroken run"),
        Some(off) => assert!(
            off < 1e-3 && end.unwrap_or(0.0) < 1e-3,
            "`{run}`: {off} off where it had stopped, {end:?} at its end"
        ),
    }
}

#[test]
fn a_run_from_scratch_goes_on() {
    resumes("scratch");
}

#[test]
fn a_run_of_the_old_method_continue_goes_on() {
    resumes("continue");
}

#[test]
fn a_run_of_adapters_goes_on() {
    resumes("lora");
}

#[test]
fn a_run_of_the_old_method_classify_goes_on() {
    resumes("classify");
}
