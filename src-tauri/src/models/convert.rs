//! Models that go to a disk in the forms of other programs, which a child writes.

use super::contents;
use super::installed;
use crate::db::{Db, blocking};
use crate::error::{self, io_error};
use crate::files::modes;
use crate::hold::{Settled, Use};
use crate::paths::Paths;
use crate::process::Converter;
use crate::process::convert::Converted;
use amoozgar_hub::{Copied, Watch};
use amoozgar_types::ApiError;
use amoozgar_types::id::UserId;
use amoozgar_types::ipc::ModelExported;
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::process::{ConvertRequest, ProgramForm};
use amoozgar_types::repo::RepoKind;
use std::fs;
use std::path::{Path, PathBuf};

/// What a child reads.
pub struct Source {
    /// The model's folder, or the base of an adapter that goes alone.
    model: PathBuf,
    /// The adapter that goes alone.
    adapter: Option<PathBuf>,
    /// What nobody may take away meanwhile.
    claimed: Vec<PathBuf>,
}

/// Where what is converted lies. A run's adapter goes from the model that it was trained on, since the run's
/// own has it merged already. Blocks.
pub fn source_of(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    model: &ModelRef,
    form: ProgramForm,
) -> Result<Source, ApiError> {
    if matches!(
        model,
        ModelRef::Hub {
            kind: RepoKind::Dataset,
            ..
        }
    ) {
        return Err(ApiError::invalid_field("form"));
    }
    let dir = installed::folder(db, paths, user_id, model)?;
    let mut claimed = vec![installed::place_of(paths, model)?];
    if !matches!(form, ProgramForm::Peft | ProgramForm::GgufAdapter) {
        return Ok(Source {
            model: dir,
            adapter: None,
            claimed,
        });
    }
    let no_adapter = || ApiError::invalid_field("form");
    let adapter = installed::adapter_of(&dir).ok_or_else(no_adapter)?;
    let ModelRef::Trained { job_id } = model else {
        return Err(no_adapter());
    };
    let job = db.now(|store| store.job(user_id, job_id))?;
    let base = job
        .and_then(|job| job.spec.base_model)
        .ok_or_else(no_adapter)?;
    let base = PathBuf::from(base);
    claimed.push(base.clone());
    Ok(Source {
        model: base,
        adapter: Some(adapter),
        claimed,
    })
}

/// Has a child write a model to `to`. No move begins meanwhile, and what is read is claimed.
pub async fn convert(
    converter: &Converter,
    source: Source,
    form: ProgramForm,
    to: &Path,
    watch: &Watch,
    settled: &Settled,
) -> Result<ModelExported, ApiError> {
    let claims: Vec<_> = source
        .claimed
        .iter()
        .map(|path| settled.claim_for(path, Use::Export))
        .collect();
    let text = |path: &Path| path.display().to_string();
    let request = ConvertRequest {
        model: text(&source.model),
        adapter: source.adapter.as_deref().map(text),
        form,
        out: text(to),
    };
    let told = |done_bytes, total_bytes| {
        (watch.told)(&Copied {
            done_bytes,
            total_bytes,
            file: String::new(),
        });
    };
    let stop = async {
        watch.control.wished().await;
    };
    let converted = converter.convert(request, stop, told).await?;
    drop(claims);
    let mut exported = ModelExported {
        path: text(to),
        n_files: 0,
        size_bytes: 0,
        stopped: false,
        lossiest: None,
    };
    match converted {
        Converted::Stopped => {
            exported.stopped = true;
            return Ok(exported);
        }
        Converted::Whole { lossiest } => exported.lossiest = lossiest,
    }
    let written = to.to_owned();
    let (n_files, size_bytes) = blocking(move || opened(&written)).await?;
    (exported.n_files, exported.size_bytes) = (n_files, size_bytes);
    Ok(exported)
}

/// Gives what was written to its owner's own mask, and answers with its files and their bytes. Blocks.
fn opened(to: &Path) -> Result<(u32, u64), ApiError> {
    let fail = |failure| io_error(to, &failure);
    modes::as_the_user_would(to).map_err(fail)?;
    if to.is_dir() {
        let found = contents::files(to)?;
        let n_files = u32::try_from(found.len()).unwrap_or(u32::MAX);
        return Ok((n_files, contents::total_bytes(&found)));
    }
    let bytes = fs::metadata(to).map_err(fail)?.len();
    let beside = modelfile(to);
    // An adapter has none: it says which model it stands on itself.
    let Ok(about) = fs::symlink_metadata(&beside) else {
        return Ok((1, bytes));
    };
    modes::as_the_user_would(&beside).map_err(|failure| io_error(&beside, &failure))?;
    Ok((2, bytes + about.len()))
}

/// What lies beside a GGUF file.
fn modelfile(gguf: &Path) -> PathBuf {
    gguf.with_extension("Modelfile")
}

/// Refuses a place where something is already. Blocks briefly.
pub fn refuse_taken(to: &Path) -> Result<(), ApiError> {
    let beside = modelfile(to);
    let is_gguf = to.extension().is_some_and(|ending| ending == "gguf");
    let taken = [Some(to), is_gguf.then_some(beside.as_path())];
    match taken
        .into_iter()
        .flatten()
        .find(|path| fs::symlink_metadata(path).is_ok())
    {
        Some(path) => Err(error::already_there(path)),
        None => Ok(()),
    }
}
