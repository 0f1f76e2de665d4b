//! Models that come from a disk and go to one.

use super::{Answer, Request, to_channel};
use crate::db::blocking;
use crate::files;
use crate::models::{convert, elsewhere, export, import, installed};
use crate::state::App;
use amoozgar_hub::BundleForm;
use amoozgar_types::ipc::{
    ExportForm, ModelExport, ModelsExport, ModelsFound, ModelsImport, ModelsTransferStop,
    TransferProgress,
};
use amoozgar_types::process::ProgramForm;
use tauri::State;
use tauri::ipc::Channel;

/// Brings a folder, an offline bundle or a cache of the Hub here.
#[tauri::command]
pub async fn models_import(
    state: State<'_, App>,
    request: Request<ModelsImport>,
    channel: Channel<TransferProgress>,
) -> Answer<ModelsImport> {
    let (settled, user) = (state.hold.settled()?, state.user()?);
    let from = files::absolute(&request.path)?;
    let transfer = state.transfers.begin(&user.user_id);
    let watch = transfer.watch(to_channel(channel));
    let (db, paths) = (&state.db, &state.paths);
    let from = import::Source {
        path: from,
        name: request.name,
    };
    let imported = import::import(db, paths, &state.inspector, user, from, watch, settled).await?;
    installed::open_named(&imported.models);
    Ok(imported)
}

/// Models in other programs' folders on this computer.
#[tauri::command]
pub async fn models_found(
    state: State<'_, App>,
    request: Request<ModelsFound>,
) -> Answer<ModelsFound> {
    let () = request;
    state.user()?;
    let places = elsewhere::Places::here(&state.paths);
    blocking(move || Ok(elsewhere::find(&places))).await
}

/// What writes a form: this program its own bundles, a child what other programs read.
enum Writer {
    Bundle(BundleForm),
    Child(ProgramForm),
}

fn writer_of(form: ExportForm) -> Writer {
    match form {
        ExportForm::Folder => Writer::Bundle(BundleForm::Folder),
        ExportForm::Zip => Writer::Bundle(BundleForm::Zip),
        ExportForm::GgufF16 => Writer::Child(ProgramForm::GgufF16),
        ExportForm::GgufQ8 => Writer::Child(ProgramForm::GgufQ8),
        ExportForm::GgufQ5KM => Writer::Child(ProgramForm::GgufQ5KM),
        ExportForm::GgufQ4KM => Writer::Child(ProgramForm::GgufQ4KM),
        ExportForm::GgufQ4 => Writer::Child(ProgramForm::GgufQ4),
        ExportForm::GgufAdapter => Writer::Child(ProgramForm::GgufAdapter),
        ExportForm::Safetensors => Writer::Child(ProgramForm::Safetensors),
        ExportForm::Peft => Writer::Child(ProgramForm::Peft),
    }
}

/// Writes a model or a dataset as an offline bundle, or a model for other programs.
#[tauri::command]
pub async fn models_export(
    state: State<'_, App>,
    request: Request<ModelsExport>,
    channel: Channel<TransferProgress>,
) -> Answer<ModelsExport> {
    let (settled, user_id) = (state.hold.settled()?, state.user_id()?);
    let ModelExport { model, path, form } = request;
    let to = files::absolute(&path)?;
    let transfer = state.transfers.begin(&user_id);
    let watch = transfer.watch(to_channel(channel));
    let (db, paths) = (state.db.clone(), state.paths.clone());
    let place = to.clone();
    blocking(move || convert::refuse_taken(&place)).await?;
    match writer_of(form) {
        Writer::Bundle(form) => {
            let find = move || export::source_of(&db, &paths, &user_id, &model);
            let source = blocking(find).await?;
            export::export(&state.paths, &source, form, &to, &watch, &settled).await
        }
        Writer::Child(form) => {
            let find = move || convert::source_of(&db, &paths, &user_id, &model, form);
            let source = blocking(find).await?;
            convert::convert(&state.converter, source, form, &to, &watch, &settled).await
        }
    }
}

/// Stops an import, an export or a move that one has begun.
#[tauri::command]
pub async fn models_transfer_stop(
    state: State<'_, App>,
    request: Request<ModelsTransferStop>,
) -> Answer<ModelsTransferStop> {
    state.transfers.stop(&state.user_id()?, request);
    Ok(())
}
