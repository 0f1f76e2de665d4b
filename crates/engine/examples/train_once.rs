//! Trains one specification (JSON) in one folder and prints what happens: for measuring presets.
//! `train_once SPEC.json JOB_DIR`

use amoozgar_engine::{Control, train};
use amoozgar_types::TrainSpec;
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(spec), Some(job_dir)) = (arguments.next(), arguments.next()) else {
        return Err("usage: train_once SPEC.json JOB_DIR".into());
    };
    let spec: TrainSpec = serde_json::from_slice(&std::fs::read(spec)?)?;
    let mut out = std::io::stdout().lock();
    let mut failure = None;
    train(
        &spec,
        &PathBuf::from(job_dir),
        &Control::new(),
        &mut |event| {
            let line = serde_json::to_string(&event).unwrap_or_default();
            if let Err(error) = writeln!(out, "{line}") {
                failure.get_or_insert(error);
            }
        },
    )?;
    failure.map_or(Ok(()), |error| Err(error.into()))
}
