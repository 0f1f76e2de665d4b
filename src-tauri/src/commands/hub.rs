//! The Hub's pages: the bundled catalog, search, and a repository before it is downloaded.

use super::{Answer, Request};
use crate::db::blocking;
use crate::models::browse::{self, Way};
use crate::models::catalog::{self, Known};
use crate::state::App;
use crate::system::open;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{HubCatalog, HubOpenPage, HubRepo, HubSearch};
use tauri::State;

/// The curated models and datasets, with what is here and what this machine can do.
#[tauri::command]
pub async fn hub_catalog(
    state: State<'_, App>,
    request: Request<HubCatalog>,
) -> Answer<HubCatalog> {
    let () = request;
    let known = Known::of(&state.downloads, &state.paths, state.user_id()?).await?;
    catalog::entries(&known)
}

/// One page of a search.
#[tauri::command]
pub async fn hub_search(state: State<'_, App>, request: Request<HubSearch>) -> Answer<HubSearch> {
    browse::search(&way(&state).await?, request).await
}

/// A repository with its files, its card and what it needs.
#[tauri::command]
pub async fn hub_repo(state: State<'_, App>, request: Request<HubRepo>) -> Answer<HubRepo> {
    browse::repository(&way(&state).await?, &request).await
}

/// Opens a repository's page in the browser.
#[tauri::command]
pub async fn hub_open_page(
    state: State<'_, App>,
    request: Request<HubOpenPage>,
) -> Answer<HubOpenPage> {
    state.user()?;
    let page = browse::page_of(&state.settings().await.network, &request)?;
    blocking(move || open::page(&page)).await
}

/// The signed-in user's way to the Hub.
pub(super) async fn way(state: &App) -> Result<Way, ApiError> {
    let (db, paths, user_id) = (&state.db, &state.paths, state.user_id()?);
    Way::of(db, paths, &state.secrets, &state.downloads, user_id).await
}
