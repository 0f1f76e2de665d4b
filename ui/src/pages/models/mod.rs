//! The models of this machine, and the way to more: what is installed, downloads, the catalog,
//! search of the Hub, a repository's page, import and export.
//!
//! Enter at [`ModelsPage`], [`ModelPage`], [`CatalogPage`] and [`RepoPage`]. Nothing here shows a card's markup as
//! HTML: `rich` knows the little that is drawn.

mod catalog;
mod catalog_card;
mod delete;
mod download_row;
mod downloads;
mod elsewhere;
mod enqueue;
mod export;
mod files;
mod import;
mod installed;
mod page;
mod repo;
mod search;
mod taken;
mod transfer;
mod use_dataset;

pub use catalog::{BrowseDatasets, CatalogPage};
pub use export::{Place, TakeAlong, file_name, joined};
pub use page::ModelPage;
pub use repo::RepoPage;
pub use taken::Taken;
pub use transfer::Transfer;

use crate::components::{
    Button, ButtonLink, Card, EmptyState, ErrorState, IconName, PageHeader, Skeleton, Variant,
};
use crate::hooks::{use_event, use_kept_query};
use crate::i18n::hub as words;
use crate::route::Route;
use amoozgar_types::download::DownloadStatus;
use amoozgar_types::installed::InstalledModel;
use amoozgar_types::ipc::{DownloadChanged, JobChanged, ModelsList};
use amoozgar_types::job::JobStatus;
use amoozgar_types::repo::RepoKind;
use downloads::DownloadsPanel;
use import::ImportDialog;
use installed::InstalledList;
use yew::prelude::*;

/// What is installed, with the downloads above it.
#[component]
pub fn ModelsPage() -> Html {
    let query = use_kept_query::<ModelsList>(());
    {
        let query = query.clone();
        use_event::<DownloadChanged, _>(move |record| {
            if record.status == DownloadStatus::Installed {
                query.reload();
            }
        });
    }
    {
        let query = query.clone();
        use_event::<JobChanged, _>(move |job| {
            if job.status == JobStatus::Completed {
                query.reload();
            }
        });
    }
    let importing = use_state(|| false);
    let open_import = {
        let importing = importing.clone();
        Callback::from(move |_: MouseEvent| importing.set(true))
    };
    let close_import = {
        let (importing, query) = (importing.clone(), query.clone());
        Callback::from(move |()| {
            importing.set(false);
            query.reload();
        })
    };
    let on_changed = query.on_retry();
    let body = match (query.data(), query.error()) {
        (_, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
        (None, None) => html! { <Card><Skeleton lines={4} /></Card> },
        (Some(list), None) if list.is_empty() => html! {
            <EmptyState
                icon={IconName::Box}
                title={words::EMPTY_TITLE}
                text={words::EMPTY_TEXT}
                action={html! {
                    <ButtonLink
                        to={Route::Catalog}
                        label={words::DOWNLOAD_MODEL}
                        icon={IconName::Download}
                        variant={Variant::Primary}
                        testid="models-empty-download"
                    />
                }}
            />
        },
        (Some(list), None) => html! {
            <>
                { section(&list, RepoKind::Model, words::INSTALLED_MODELS, &on_changed) }
                { section(&list, RepoKind::Dataset, words::INSTALLED_DATASETS, &on_changed) }
            </>
        },
    };
    html! {
        <>
            <PageHeader
                title={words::TITLE}
                subtitle={words::SUBTITLE}
                actions={html! {
                    <>
                        <Button
                            label={words::IMPORT}
                            icon={IconName::Import}
                            onclick={open_import}
                            testid="models-import"
                        />
                        <ButtonLink
                            to={Route::Catalog}
                            label={words::DOWNLOAD_MODEL}
                            icon={IconName::Download}
                            variant={Variant::Primary}
                            testid="models-download"
                        />
                    </>
                }}
            />
            <DownloadsPanel />
            { body }
            if *importing {
                <ImportDialog on_close={close_import} />
            }
        </>
    }
}

fn section(
    all: &[InstalledModel],
    kind: RepoKind,
    title: &'static str,
    on_changed: &Callback<()>,
) -> Html {
    let list: Vec<_> = all
        .iter()
        .filter(|model| model.kind == kind)
        .cloned()
        .collect();
    if list.is_empty() {
        return html! {};
    }
    html! {
        <Card {title} class="installed">
            <InstalledList models={list} on_changed={on_changed.clone()} />
        </Card>
    }
}
