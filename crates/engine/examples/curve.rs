//! Trains 200 steps on a text and writes what another program needs to do the same: initial weights,
//! every batch, and the curve. `curve TEXT OUT_DIR`, then `docs/yardstick/curve.py OUT_DIR`.

use amoozgar_engine::model::{Model, ModelConfig};
use amoozgar_engine::{Control, End, first_batches, train};
use amoozgar_types::{TrainEvent, TrainSpec};
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

const STEPS: u64 = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(text), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("usage: curve TEXT OUT_DIR".into());
    };
    let (text, out) = (std::path::absolute(text)?, PathBuf::from(out));
    let spec: TrainSpec = serde_json::from_value(serde_json::json!({
        "dataset": { "train": text },
        "tokenizer": { "vocab_size": 2048 },
        "model": { "n_layers": 4, "d_model": 192, "n_heads": 6, "n_kv_heads": 3, "d_ff": 512, "context_length": 128 },
        "optimizer": { "batch_size": 8, "micro_batch": 4, "epochs": 1000, "max_steps": STEPS, "lr": 1e-3 },
        "evaluation": { "every_steps": STEPS, "prompts": [] },
        "threads": 2
    }))?;
    let job = out.join("job");
    let mut curve = "step,lr,loss\n".to_owned();
    let end = train(&spec, &job, &Control::new(), &mut |event| {
        if let TrainEvent::Step(record) = event {
            let loss = record.loss.finite().unwrap_or(f64::NAN);
            // Writing into a String cannot fail.
            let _ = writeln!(curve, "{},{},{loss}", record.step, record.lr);
        }
    })?;
    let End::Finished(outcome) = end else {
        return Err("the run was stopped".into());
    };
    fs::write(out.join("amoozgar.csv"), curve)?;
    write_start(&spec, &job, Path::new(&outcome.model_dir), &out)
}

/// The weights before the first step, and every step's batches.
fn write_start(
    spec: &TrainSpec,
    job: &Path,
    finished: &Path,
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    let initial = out.join("initial");
    fs::create_dir_all(&initial)?;
    fs::copy(finished.join("config.json"), initial.join("config.json"))?;
    let model = Model::init(&ModelConfig::load(finished)?, spec.seed)?;
    model.write_weights(&initial.join("model.safetensors"))?;
    let context = spec.model.context_length;
    let steps: Vec<Vec<serde_json::Value>> = first_batches(spec, job, STEPS)?
        .iter()
        .map(|step| {
            let batches = step.iter().map(|batch| {
                let rows = |values: &[u32]| -> Vec<Vec<u32>> {
                    values.chunks(context).map(<[u32]>::to_vec).collect()
                };
                serde_json::json!({ "tokens": rows(&batch.tokens), "targets": rows(&batch.targets) })
            });
            batches.collect()
        })
        .collect();
    Ok(fs::write(
        out.join("batches.json"),
        serde_json::to_vec(&steps)?,
    )?)
}
