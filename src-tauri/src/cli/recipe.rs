//! `amoozgar recipe`: a run's settings and data for who moves on to GPU servers.

use super::{Mode, print_json, print_text};
use crate::error;
use crate::exit;
use crate::paths::{JOB_FILE, Paths};
use crate::process::worker::read_spec;
use amoozgar_engine::{RecipeRequest, write_recipe};
use amoozgar_types::ApiError;
use amoozgar_types::id::JobId;
use amoozgar_types::library::RecipeProgram;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Recipe {
    /// The program that is to train.
    #[arg(long = "for", value_enum)]
    program: Program,
    /// The folder that is made; nothing that is there is replaced.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The run's folder or id.
    run: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Program {
    Axolotl,
    LlamaFactory,
}

/// Writes the folder and prints its files, with what has no counterpart there.
pub fn run(arguments: &Recipe, mode: Mode, data_dir: Option<PathBuf>) -> Result<u8, ApiError> {
    let spec = read_spec(&job_dir(&arguments.run, data_dir)?.join(JOB_FILE))?;
    let request = RecipeRequest {
        spec: &spec,
        program: match arguments.program {
            Program::Axolotl => RecipeProgram::Axolotl,
            Program::LlamaFactory => RecipeProgram::LlamaFactory,
        },
        out: &arguments.out,
    };
    let recipe = write_recipe(&request).map_err(|failure| error::of_engine(&failure))?;
    match mode {
        Mode::Json => print_json(&recipe)?,
        Mode::Words => {
            let files = recipe.files.join("\n  ");
            let without = recipe.without_counterpart.join("\n  ");
            print_text(&format!(
                "{}\n  {files}\nwithout a counterpart, or not the same (comments say why):\n  {without}\n",
                recipe.path
            ))?;
        }
    }
    Ok(exit::FINISHED)
}

/// The folder that is named, or that of the run with this id.
fn job_dir(run: &Path, data_dir: Option<PathBuf>) -> Result<PathBuf, ApiError> {
    if run.join(JOB_FILE).is_file() {
        return Ok(run.to_owned());
    }
    let id = run.to_str().filter(|id| !id.contains(['/', '\\', '.']));
    let Some(id) = id else {
        return Ok(run.to_owned());
    };
    Ok(Paths::resolve(data_dir)?.job(&JobId::new(id)))
}
