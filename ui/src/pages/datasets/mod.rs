//! All datasets: importing, listing, deleting.

mod delete;
mod import;

use crate::components::{
    Card, EmptyState, ErrorState, IconButton, IconName, LinkTo, PageHeader, Skeleton,
};
use crate::hooks::use_kept_query;
use crate::i18n::{account, common, datasets, time};
use crate::pages::models::BrowseDatasets;
use crate::route::Route;
use amoozgar_text::number;
use amoozgar_types::dataset::{DatasetRecord, DatasetSource, Sharing};
use amoozgar_types::ipc::DatasetsList;
pub use delete::DeleteDataset;
use import::ImportCard;
use yew::prelude::*;

/// The list with the import card above it.
#[component]
pub fn DatasetsPage() -> Html {
    let query = use_kept_query::<DatasetsList>(());
    let doomed = use_state(|| None::<DatasetRecord>);
    let on_imported = {
        let query = query.clone();
        Callback::from(move |()| query.reload())
    };
    let ask = {
        let doomed = doomed.clone();
        Callback::from(move |dataset| doomed.set(Some(dataset)))
    };
    let close = {
        let doomed = doomed.clone();
        Callback::from(move |()| doomed.set(None))
    };
    let on_deleted = {
        let (query, close) = (query.clone(), close.clone());
        Callback::from(move |()| {
            close.emit(());
            query.reload();
        })
    };
    let list = match (query.data(), query.error()) {
        (_, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
        (None, None) => html! { <Card><Skeleton lines={4} /></Card> },
        (Some(list), None) if list.is_empty() => html! {
            <EmptyState
                icon={IconName::Database}
                title={datasets::EMPTY_TITLE}
                text={datasets::EMPTY_TEXT}
            />
        },
        (Some(list), None) => html! { <DatasetTable datasets={(*list).clone()} on_delete={ask} /> },
    };
    html! {
        <>
            <PageHeader
                title={datasets::TITLE}
                subtitle={datasets::SUBTITLE}
                actions={html! { <BrowseDatasets /> }}
            />
            { list }
            <ImportCard {on_imported} />
            if let Some(dataset) = (*doomed).clone() {
                <DeleteDataset {dataset} on_cancel={close} {on_deleted} />
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct DatasetTableProps {
    datasets: Vec<DatasetRecord>,
    on_delete: Callback<DatasetRecord>,
}

#[component]
fn DatasetTable(props: &DatasetTableProps) -> Html {
    html! {
        <div class="table-frame">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{ datasets::COLUMN_NAME }</th>
                        <th scope="col">{ datasets::COLUMN_SOURCE }</th>
                        <th scope="col">{ datasets::COLUMN_ROWS }</th>
                        <th scope="col">{ datasets::COLUMN_SIZE }</th>
                        <th scope="col">{ datasets::COLUMN_ADDED }</th>
                        <th scope="col">
                            <span class="visually-hidden">{ datasets::COLUMN_ACTIONS }</span>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    { for props.datasets.iter().map(|dataset| row(dataset, &props.on_delete)) }
                </tbody>
            </table>
        </div>
    }
}

fn row(dataset: &DatasetRecord, on_delete: &Callback<DatasetRecord>) -> Html {
    let id = dataset.dataset_id.to_string();
    let (doomed, on_delete) = (dataset.clone(), on_delete.clone());
    let bundled = dataset.source == DatasetSource::Bundled;
    let source = if bundled { "tag tag--accent" } else { "tag" };
    html! {
        <tr key={id.clone()} data-testid={format!("dataset-row-{id}")}>
            <td>
                <LinkTo to={Route::Dataset { id }} class="table__link">
                    <span class="table__icon">
                        { (if bundled { IconName::Book } else { IconName::File }).svg() }
                    </span>
                    <span dir="auto">{ &dataset.name }</span>
                </LinkTo>
            </td>
            <td>
                <span class={source}>
                    { match &dataset.sharing {
                        Sharing::SharedWithMe { owner_name } => account::shared_by(owner_name),
                        _ => datasets::source(dataset.source).to_owned(),
                    } }
                </span>
            </td>
            <td>{ common::count(dataset.n_rows + dataset.n_validation_rows) }</td>
            <td>{ number::bytes(dataset.size_bytes) }</td>
            <td class="muted">
                { if bundled { common::NONE_YET.to_owned() } else { time::ago(dataset.created_ms) } }
            </td>
            <td class="table__actions">
                if matches!(dataset.sharing, Sharing::Private | Sharing::SharedByMe) {
                    <IconButton
                        icon={IconName::Trash}
                        label={datasets::delete_label(&dataset.name)}
                        onclick={move |_| on_delete.emit(doomed.clone())}
                        testid={format!("dataset-delete-{}", dataset.dataset_id)}
                    />
                }
            </td>
        </tr>
    }
}
