//! The way to models and datasets: the curated list, and a search of the Hub.

use super::catalog_card::catalog_card;
use super::search::SearchPanel;
use crate::components::{
    Button, Card, Checkbox, EmptyState, ErrorState, IconName, LinkTo, PageHeader, SegmentedChoice,
    SegmentedOption, Select, SelectOption, Skeleton, Tab, Tabs, TextField, tab_id,
};
use crate::hooks::use_kept_query;
use crate::i18n::hub as words;
use crate::route::Route;
use crate::state::downloads::use_downloads;
use crate::state::shelf::{CatalogView, Shelf, use_shelf};
use amoozgar_types::catalog::CatalogTask;
use amoozgar_types::ipc::{CatalogEntry, HubCatalog};
use amoozgar_types::repo::{FitVerdict, RepoKind};
use yew::prelude::*;
use yew_router::prelude::use_navigator;

/// The id of what the tabs show.
const PANEL: &str = "catalog-panel";

/// Every task, in the order of the list.
const TASKS: [CatalogTask; 10] = [
    CatalogTask::Chat,
    CatalogTask::Generation,
    CatalogTask::Classification,
    CatalogTask::Embedding,
    CatalogTask::PlainText,
    CatalogTask::Poetry,
    CatalogTask::Instructions,
    CatalogTask::Sentiment,
    CatalogTask::Entities,
    CatalogTask::Inference,
];

/// Two tabs; which one is open, and what was looked for, is kept while one walks around.
#[component]
pub fn CatalogPage() -> Html {
    let shelf = use_shelf();
    let tab = usize::from(shelf.view.searching);
    let tabs = vec![
        Tab {
            label: words::TAB_CATALOG.into(),
            testid: Some("catalog-tab-list".into()),
        },
        Tab {
            label: words::TAB_SEARCH.into(),
            testid: Some("catalog-tab-search".into()),
        },
    ];
    let onselect = shelf.setter(|view, index: usize| view.searching = index == 1);
    html! {
        <>
            <PageHeader
                title={words::CATALOG_TITLE}
                subtitle={words::CATALOG_SUBTITLE}
                before={html! {
                    <LinkTo to={Route::Models} class="back-link">
                        { IconName::Back.svg() }
                        <span>{ words::TITLE }</span>
                    </LinkTo>
                }}
            />
            <Tabs label={words::CATALOG_TABS} panel={PANEL} {tabs} selected={tab} {onselect} />
            <div class="catalog-panel" id={PANEL} role="tabpanel" aria-labelledby={tab_id(PANEL, tab)}>
                if shelf.view.searching { <SearchPanel /> } else { <CatalogList /> }
            </div>
        </>
    }
}

/// Models or datasets.
pub fn kind_choice(shelf: &Shelf) -> Html {
    let kinds = [RepoKind::Model, RepoKind::Dataset];
    let options = kinds
        .iter()
        .map(|&kind| SegmentedOption {
            label: words::kind(kind).into(),
            icon: Some(match kind {
                RepoKind::Model => IconName::Box,
                RepoKind::Dataset => IconName::Database,
            }),
            testid: Some(format!("catalog-kind-{}", kind.as_str()).into()),
        })
        .collect::<Vec<_>>();
    let onselect = shelf.setter(move |view, index: usize| {
        if let Some(&kind) = kinds.get(index) {
            view.choose_kind(kind);
        }
    });
    html! {
        <SegmentedChoice
            label={words::KIND}
            {options}
            selected={usize::from(shelf.view.kind == RepoKind::Dataset)}
            {onselect}
        />
    }
}

/// Leads to the datasets of the catalog.
#[component]
pub fn BrowseDatasets() -> Html {
    let shelf = use_shelf();
    let navigator = use_navigator();
    let choose = shelf.setter(|view, ()| view.choose_kind(RepoKind::Dataset));
    let onclick = move |_| {
        choose.emit(());
        if let Some(navigator) = &navigator {
            navigator.push(&Route::Catalog);
        }
    };
    html! {
        <Button
            label={words::BROWSE_DATASETS}
            icon={IconName::Download}
            {onclick}
            testid="datasets-browse"
        />
    }
}

#[component]
fn CatalogList() -> Html {
    let shelf = use_shelf();
    let query = use_kept_query::<HubCatalog>(());
    let downloads = use_downloads();
    let view = shelf.view.clone();
    let body = match (query.data(), query.error()) {
        (_, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
        (None, None) => html! { <Card><Skeleton lines={6} /></Card> },
        (Some(entries), None) => {
            let shown: Vec<_> = entries
                .iter()
                .filter(|entry| matches(&view, entry))
                .cloned()
                .collect();
            if shown.is_empty() {
                let clear = shelf.setter(|view, _: MouseEvent| view.clear_catalog());
                html! {
                    <EmptyState
                        icon={IconName::Search}
                        title={words::NONE_MATCHES_TITLE}
                        text={words::NONE_MATCHES_TEXT}
                        action={html! {
                            <Button
                                label={words::CLEAR_FILTERS}
                                onclick={clear}
                                testid="catalog-clear"
                            />
                        }}
                    />
                }
            } else {
                html! {
                    <>
                        <ul class="catalog" data-testid="catalog">
                            { for shown.iter().map(|entry| {
                                let item = &entry.item;
                                let queued = downloads.of_repo(item.kind, &item.repo).is_some();
                                catalog_card(entry, queued)
                            }) }
                        </ul>
                        <p class="muted catalog__about">{ words::ABOUT_NUMBERS }</p>
                    </>
                }
            }
        }
    };
    html! { <>{ filters(&shelf) }{ body }</> }
}

fn filters(shelf: &Shelf) -> Html {
    let view = &shelf.view;
    let mut options = vec![SelectOption::new("", words::ALL)];
    options.extend(
        TASKS
            .iter()
            .filter(|&&task| is_of_dataset(task) == (view.kind == RepoKind::Dataset))
            .map(|&task| SelectOption::new(task_value(task), words::task(task))),
    );
    html! {
        <div class="filters">
            <div class="filters__kind">{ kind_choice(shelf) }</div>
            <TextField
                id="catalog-text"
                label={words::FILTER_TEXT}
                value={view.catalog_text.clone()}
                oninput={shelf.setter(|view, text| view.catalog_text = text)}
                testid="catalog-text"
            />
            <Select
                id="catalog-task"
                label={words::FILTER_TASK}
                {options}
                value={view.catalog_task.map(task_value).unwrap_or_default()}
                onchange={shelf.setter(|view, value: String| view.catalog_task = task_of(&value))}
                testid="catalog-task"
            />
            if view.kind == RepoKind::Model {
                <Checkbox
                    label={words::FILTER_FIT}
                    checked={view.catalog_fits}
                    onchange={shelf.setter(|view, on| view.catalog_fits = on)}
                    testid="catalog-fits"
                />
            }
        </div>
    }
}

fn is_of_dataset(task: CatalogTask) -> bool {
    !matches!(
        task,
        CatalogTask::Chat
            | CatalogTask::Generation
            | CatalogTask::Classification
            | CatalogTask::Embedding
    )
}

fn task_value(task: CatalogTask) -> String {
    format!("{task:?}").to_lowercase()
}

fn task_of(value: &str) -> Option<CatalogTask> {
    TASKS.into_iter().find(|&task| task_value(task) == value)
}

/// Whether an entry is what the filters ask for.
fn matches(view: &CatalogView, entry: &CatalogEntry) -> bool {
    let item = &entry.item;
    let wanted = view.catalog_text.trim().to_lowercase();
    let texts = [&item.repo, &item.title, &item.purpose]
        .into_iter()
        .chain(&item.tags);
    let named = wanted.is_empty()
        || texts
            .into_iter()
            .any(|text| text.to_lowercase().contains(&wanted));
    let fits = !view.catalog_fits
        || item.kind == RepoKind::Dataset
        || entry
            .fit
            .is_some_and(|fit| fit.verdict != FitVerdict::TooLarge);
    item.kind == view.kind
        && view.catalog_task.is_none_or(|task| task == item.task)
        && named
        && fits
}

#[cfg(test)]
mod tests {
    use super::{TASKS, matches, task_of, task_value};
    use crate::state::shelf::CatalogView;
    use amoozgar_types::catalog::{CatalogItem, CatalogTask};
    use amoozgar_types::ipc::CatalogEntry;
    use amoozgar_types::repo::{Fit, FitVerdict, RepoKind};

    fn entry(verdict: FitVerdict) -> CatalogEntry {
        CatalogEntry {
            item: CatalogItem {
                repo: "HooshvareLab/gpt2-fa".into(),
                kind: RepoKind::Model,
                title: "جی‌پی‌تی ۲ فارسی".into(),
                purpose: "برای نوشتن شعر".into(),
                task: CatalogTask::Generation,
                architecture: None,
                n_parameters: None,
                download_bytes: None,
                lora_bytes: None,
                full_bytes: None,
                context_tokens: None,
                licence: None,
                gated: false,
                languages: vec!["fa".into()],
                tags: vec!["سبک".into()],
                include: Vec::new(),
                data_format: None,
            },
            fit: Some(Fit {
                verdict,
                full_bytes: 4,
                lora_bytes: 3,
                use_bytes: 2,
                memory_bytes: 1,
            }),
            installed: false,
            download_id: None,
        }
    }

    #[test]
    fn filters_look_at_name_purpose_tags_task_and_memory() {
        let view = CatalogView::default();
        let found = |view: &CatalogView| matches(view, &entry(FitVerdict::TooLarge));
        assert!(found(&view), "without filters everything is shown");
        for text in ["GPT2", "شعر", "سبک"] {
            let view = CatalogView {
                catalog_text: text.into(),
                ..CatalogView::default()
            };
            assert!(found(&view), "`{text}` is found");
        }
        let other = CatalogView {
            catalog_task: Some(CatalogTask::Chat),
            ..CatalogView::default()
        };
        assert!(!found(&other), "another task");
        let fitting = CatalogView {
            catalog_fits: true,
            ..CatalogView::default()
        };
        assert!(!found(&fitting), "too large");
        assert!(matches(&fitting, &entry(FitVerdict::Lora)), "it fits");
    }

    #[test]
    fn a_task_is_known_by_its_value_in_the_list() {
        for task in TASKS {
            assert_eq!(task_of(&task_value(task)), Some(task), "{task:?}");
        }
        assert_eq!(task_of(""), None, "all of them");
    }
}
