//! One dataset: its facts and its rows, a page at a time.

use super::datasets::DeleteDataset;
use crate::api;
use crate::components::{
    Button, ButtonLink, Card, EmptyState, ErrorState, IconName, LinkTo, PageHeader, Skeleton,
    Switch as SwitchField, Variant,
};
use crate::hooks::use_query;
use crate::i18n::{account, common, datasets, errors};
use crate::route::Route;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_text::bidi::direction;
use amoozgar_text::number;
use amoozgar_types::dataset::{DatasetRecord, Sharing};
use amoozgar_types::id::DatasetId;
use amoozgar_types::ipc::{
    DatasetPreview, DatasetPreviewRequest, DatasetShare, DatasetsPreview, DatasetsShare,
};
use yew::prelude::*;
use yew_router::prelude::*;

/// Rows on one page.
const PAGE_ROWS: u32 = 20;

/// Props of [`DatasetPage`].
#[derive(Properties, PartialEq)]
pub struct DatasetPageProps {
    /// Its id.
    pub id: AttrValue,
}

/// One dataset.
#[component]
pub fn DatasetPage(props: &DatasetPageProps) -> Html {
    let offset = use_state(|| 0_u64);
    let query = use_query::<DatasetsPreview>(DatasetPreviewRequest {
        dataset_id: DatasetId::new(props.id.as_str()),
        offset: *offset,
        limit: PAGE_ROWS,
    });
    let go = {
        let offset = offset.clone();
        Callback::from(move |to| offset.set(to))
    };
    match (query.data(), query.error()) {
        (_, Some(error)) => html! {
            <>
                <BackLink />
                <ErrorState {error} on_retry={query.on_retry()} />
            </>
        },
        (None, None) => html! { <><BackLink /><Card><Skeleton lines={8} /></Card></> },
        (Some(preview), None) => html! {
            <>
                <Head dataset={preview.dataset.clone()} on_changed={query.on_retry()} />
                <Rows preview={(*preview).clone()} {go} />
            </>
        },
    }
}

#[component]
fn BackLink() -> Html {
    html! {
        <LinkTo to={Route::Datasets} class="back-link">
            { IconName::Back.svg() }
            <span>{ datasets::TITLE }</span>
        </LinkTo>
    }
}

#[derive(Properties, PartialEq)]
struct HeadProps {
    dataset: DatasetRecord,
    on_changed: Callback<()>,
}

#[component]
fn Head(props: &HeadProps) -> Html {
    let dataset = &props.dataset;
    let navigator = use_navigator();
    let asking = use_state(|| false);
    let ask = {
        let asking = asking.clone();
        move |_| asking.set(true)
    };
    let on_cancel = {
        let asking = asking.clone();
        Callback::from(move |()| asking.set(false))
    };
    let on_deleted = Callback::from(move |()| {
        if let Some(navigator) = &navigator {
            navigator.replace(&Route::Datasets);
        }
    });
    let is_own = matches!(dataset.sharing, Sharing::Private | Sharing::SharedByMe);
    let validation = match dataset.n_validation_rows {
        0 => datasets::HELD_OUT_AT_TRAINING.to_owned(),
        n => common::count(n),
    };
    let facts = [
        (
            datasets::FACT_SOURCE,
            match &dataset.sharing {
                Sharing::SharedWithMe { owner_name } => account::shared_by(owner_name),
                _ => datasets::source(dataset.source).to_owned(),
            },
        ),
        (
            datasets::FACT_FORMAT,
            datasets::format(dataset.format).to_owned(),
        ),
        (datasets::FACT_ROWS, common::count(dataset.n_rows)),
        (datasets::FACT_VALIDATION, validation),
        (datasets::FACT_SIZE, number::bytes(dataset.size_bytes)),
    ];
    html! {
        <>
            <PageHeader
                title={dataset.name.clone()}
                before={html! { <BackLink /> }}
                actions={html! {
                    <>
                        if is_own {
                            <Button
                                label={datasets::DELETE}
                                icon={IconName::Trash}
                                variant={Variant::Ghost}
                                onclick={ask}
                                testid="dataset-delete"
                            />
                        }
                        <ButtonLink
                            to={Route::NewRun}
                            label={datasets::NEW_RUN}
                            icon={IconName::Training}
                            variant={Variant::Primary}
                            testid="dataset-train"
                        />
                    </>
                }}
            />
            <dl class="facts">
                { for facts.into_iter().map(|(name, value)| html! {
                    <div class="facts__item" key={name}><dt>{ name }</dt><dd>{ value }</dd></div>
                }) }
            </dl>
            if is_own {
                <Card>
                    <ShareSwitch dataset={dataset.clone()} on_changed={props.on_changed.clone()} />
                </Card>
            }
            if *asking {
                <DeleteDataset dataset={dataset.clone()} {on_cancel} {on_deleted} />
            }
        </>
    }
}

/// Lets everyone on this computer read and learn it, or no longer.
#[component]
fn ShareSwitch(props: &HeadProps) -> Html {
    let toasts = use_toasts();
    let busy = use_state(|| false);
    let onchange = {
        let (busy, on_changed) = (busy.clone(), props.on_changed.clone());
        let dataset_id = props.dataset.dataset_id.clone();
        Callback::from(move |shared: bool| {
            busy.set(true);
            let (busy, on_changed, toasts) = (busy.clone(), on_changed.clone(), toasts.clone());
            let request = DatasetShare {
                dataset_id: dataset_id.clone(),
                shared,
            };
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<DatasetsShare>(request).await {
                    Ok(_) if shared => toasts.success(account::SHARED),
                    Ok(_) => toasts.success(account::NOT_SHARED),
                    Err(error) => toasts.error(errors::describe(&error).message),
                }
                busy.set(false);
                on_changed.emit(());
            });
        })
    };
    html! {
        <SwitchField
            label={account::SHARE}
            help={account::SHARE_HELP}
            checked={props.dataset.sharing == Sharing::SharedByMe}
            disabled={*busy}
            {onchange}
            testid="dataset-share"
        />
    }
}

#[derive(Properties, PartialEq)]
struct RowsProps {
    preview: DatasetPreview,
    go: Callback<u64>,
}

#[component]
fn Rows(props: &RowsProps) -> Html {
    let DatasetPreview {
        dataset,
        rows,
        offset,
        encoding,
    } = &props.preview;
    if rows.is_empty() && *offset == 0 {
        return html! {
            <EmptyState icon={IconName::Lines} title={datasets::EMPTY_ROWS_TITLE} />
        };
    }
    let last = offset + rows.len() as u64;
    let step = u64::from(PAGE_ROWS);
    let (previous, next) = (offset.saturating_sub(step), offset + step);
    let back = props.go.reform(move |_| previous);
    let on = props.go.reform(move |_| next);
    html! {
        <Card title={datasets::ROWS} actions={html! {
            <nav class="pager" aria-label={datasets::ROWS}>
                <span class="muted">{ datasets::range(offset + 1, last, dataset.n_rows) }</span>
                <Button
                    label={datasets::PREVIOUS}
                    icon={IconName::Back}
                    disabled={*offset == 0}
                    onclick={back}
                    testid="rows-previous"
                />
                <Button
                    label={datasets::NEXT}
                    icon={IconName::Forward}
                    disabled={last >= dataset.n_rows}
                    onclick={on}
                    testid="rows-next"
                />
            </nav>
        }}>
            if let Some(note) = datasets::encoding_note(*encoding) {
                <p class="muted" data-testid="dataset-encoding">{ note }</p>
            }
            <ol class="rows" start={(offset + 1).to_string()} data-testid="dataset-rows">
                { for rows.iter().zip(offset + 1..).map(|(row, number)| html! {
                    <li class="rows__row" key={number}>
                        <span class="rows__number">{ common::count(number) }</span>
                        <p class="rows__text" dir={direction(row)}>{ row }</p>
                    </li>
                }) }
            </ol>
        </Card>
    }
}
