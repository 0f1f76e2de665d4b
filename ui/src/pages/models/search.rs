//! A search of the Hub: words, filters, order, pages.

use super::catalog::kind_choice;
use super::catalog_card::licence;
use crate::components::{
    Badge, Button, Card, EmptyState, ErrorState, IconName, LinkTo, Ltr, Select, SelectOption,
    Skeleton, TextField, Tone, Variant,
};
use crate::hooks::use_query;
use crate::i18n::{common, hub as words};
use crate::route::Route;
use crate::state::downloads::{Downloads, use_downloads};
use crate::state::shelf::{CatalogView, Shelf, use_shelf};
use amoozgar_types::ipc::{HubFound, HubPage, HubQuery, HubSearch, HubSort};
use amoozgar_types::repo::RepoKind;
use yew::prelude::*;

/// Tasks of models that are of use here, by the Hub's names.
const MODEL_TASKS: [&str; 6] = [
    "text-generation",
    "fill-mask",
    "text-classification",
    "token-classification",
    "feature-extraction",
    "sentence-similarity",
];
const DATASET_TASKS: [&str; 6] = [
    "text-generation",
    "text-classification",
    "token-classification",
    "question-answering",
    "summarization",
    "translation",
];
const LANGUAGES: [&str; 2] = ["fa", "en"];
const LIBRARIES: [&str; 2] = ["safetensors", "gguf"];
const SORTS: [HubSort; 3] = [HubSort::Downloads, HubSort::Likes, HubSort::Updated];

/// The form, and what was found.
#[component]
pub fn SearchPanel() -> Html {
    let shelf = use_shelf();
    let onsubmit = {
        let ask = shelf.setter(|view, ()| view.ask());
        move |event: SubmitEvent| {
            event.prevent_default();
            ask.emit(());
        }
    };
    html! {
        <>
            <form class="filters" role="search" {onsubmit}>
                <div class="filters__kind">{ kind_choice(&shelf) }</div>
                <div class="filters__words">
                <TextField
                    id="search-text"
                    label={if shelf.view.kind == RepoKind::Model { words::SEARCH_TEXT } else { words::SEARCH_TEXT_DATASET }}
                    value={shelf.view.typed.clone()}
                    oninput={shelf.setter(|view, text| view.typed = text)}
                    placeholder={words::SEARCH_PLACEHOLDER}
                    testid="search-text"
                />
                <Button
                    label={words::SEARCH}
                    icon={IconName::Search}
                    variant={Variant::Primary}
                    testid="search-submit"
                />
                </div>
                { choices(&shelf) }
            </form>
            if let Some(query) = question(&shelf.view) { <Results {query} /> } else { { invitation() } }
        </>
    }
}

/// The question that the view holds, once it was asked.
fn question(view: &CatalogView) -> Option<HubQuery> {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    Some(HubQuery {
        kind: view.kind,
        text: view.sought.clone()?,
        task: some(&view.task),
        language: some(&view.language),
        library: some(&view.library),
        sort: view.sort,
        cursor: view.cursors.last().cloned(),
    })
}

fn invitation() -> Html {
    html! {
        <EmptyState
            icon={IconName::Search}
            title={words::SEARCH_EMPTY_TITLE}
            text={words::SEARCH_EMPTY_TEXT}
        />
    }
}

fn choices(shelf: &Shelf) -> Html {
    let view = &shelf.view;
    let tasks = match view.kind {
        RepoKind::Model => MODEL_TASKS,
        RepoKind::Dataset => DATASET_TASKS,
    };
    let or_all = |options: Vec<SelectOption>| {
        let mut all = vec![SelectOption::new("", words::ALL)];
        all.extend(options);
        all
    };
    // A filter that changes asks again from the first page, if something was asked at all.
    let choose = |put: fn(&mut CatalogView, String)| {
        shelf.setter(move |view, value| {
            put(view, value);
            view.cursors.clear();
        })
    };
    let task_options = tasks
        .iter()
        .filter_map(|&task| words::hub_task(task).map(|name| SelectOption::new(task, name)))
        .collect();
    html! {
        <>
            <Select
                id="search-task"
                label={words::TASK}
                options={or_all(task_options)}
                value={view.task.clone()}
                onchange={choose(|view, value| view.task = value)}
                testid="search-task"
            />
            <Select
                id="search-language"
                label={words::LANGUAGE}
                options={or_all(LANGUAGES.iter().map(|&code| SelectOption::new(code, words::language(code))).collect())}
                value={view.language.clone()}
                onchange={choose(|view, value| view.language = value)}
                testid="search-language"
            />
            if view.kind == RepoKind::Model {
                <Select
                    id="search-library"
                    label={words::WEIGHTS}
                    options={or_all(LIBRARIES.iter().map(|&name| SelectOption::new(name, name)).collect())}
                    value={view.library.clone()}
                    onchange={choose(|view, value| view.library = value)}
                    testid="search-library"
                />
            }
            <Select
                id="search-sort"
                label={words::SORT}
                options={SORTS.iter().map(|&sort| SelectOption::new(sort_value(sort), words::sort(sort))).collect::<Vec<_>>()}
                value={sort_value(view.sort)}
                onchange={choose(|view, value| {
                    view.sort = SORTS.into_iter().find(|&sort| sort_value(sort) == value).unwrap_or(HubSort::Downloads);
                })}
                testid="search-sort"
            />
        </>
    }
}

fn sort_value(sort: HubSort) -> String {
    format!("{sort:?}").to_lowercase()
}

#[derive(Properties, PartialEq)]
struct ResultsProps {
    query: HubQuery,
}

#[component]
fn Results(props: &ResultsProps) -> Html {
    let shelf = use_shelf();
    let downloads = use_downloads();
    let answer = use_query::<HubSearch>(props.query.clone());
    match (answer.data(), answer.error(), answer.is_loading()) {
        (_, Some(error), _) => html! { <ErrorState {error} on_retry={answer.on_retry()} /> },
        (None, None, _) | (_, None, true) => html! { <Card><Skeleton lines={8} /></Card> },
        (Some(page), None, false) if page.found.is_empty() => {
            let clear = shelf.setter(|view, _: MouseEvent| {
                view.task.clear();
                view.language.clear();
                view.library.clear();
                view.cursors.clear();
            });
            html! {
                <EmptyState
                    icon={IconName::Search}
                    title={words::NONE_MATCHES_TITLE}
                    text={words::NONE_MATCHES_TEXT}
                    action={html! {
                        <Button label={words::CLEAR_FILTERS} onclick={clear} testid="search-clear" />
                    }}
                />
            }
        }
        (Some(page), None, false) => found_page(&page, &shelf, &downloads),
    }
}

fn found_page(page: &HubPage, shelf: &Shelf, downloads: &Downloads) -> Html {
    let number = shelf.view.cursors.len() + 1;
    let back = shelf.setter(|view, _: MouseEvent| {
        view.cursors.pop();
    });
    let next = page.next.clone();
    let last = next.is_none();
    let forward = shelf.setter(move |view, _: MouseEvent| view.cursors.extend(next.clone()));
    html! {
        <section aria-label={words::RESULTS}>
            <ul class="found" data-testid="search-results">
                { for page.found.iter().map(|found| {
                    found_row(found, downloads.of_repo(found.kind, &found.repo).is_some())
                }) }
            </ul>
            if number > 1 || !last {
                <nav class="pager" aria-label={words::RESULTS}>
                    <Button
                        label={words::PREVIOUS}
                        icon={IconName::Back}
                        disabled={number == 1}
                        onclick={back}
                        testid="search-previous"
                    />
                    <span class="muted" data-testid="search-page">{ words::page(number) }</span>
                    <Button
                        label={words::NEXT}
                        icon={IconName::Forward}
                        disabled={last}
                        onclick={forward}
                        testid="search-next"
                    />
                </nav>
            }
        </section>
    }
}

fn found_row(found: &HubFound, queued: bool) -> Html {
    let task = found
        .task
        .as_deref()
        .map(|task| match words::hub_task(task) {
            Some(name) => html! { { name } },
            None => html! { <Ltr text={task.to_owned()} /> },
        });
    html! {
        <li key={found.repo.clone()} class="found__row" data-testid={format!("found-{}", found.repo)}>
            <div class="found__head">
                <LinkTo to={Route::repo(found.kind, &found.repo)} class="found__name">
                    <Ltr text={found.repo.clone()} />
                </LinkTo>
                if found.installed {
                    <Badge label={words::INSTALLED} tone={Tone::Success} icon={IconName::Check} />
                } else if queued {
                    <Badge label={words::IN_QUEUE} tone={Tone::Live} />
                }
                if found.gated {
                    <Badge label={words::GATED} tone={Tone::Warning} icon={IconName::Lock} />
                }
            </div>
            <dl class="found__facts">
                if let Some(task) = task {
                    <div><dt>{ words::TASK }</dt><dd>{ task }</dd></div>
                }
                <div><dt>{ words::LICENCE }</dt><dd>{ licence(found.licence.as_deref()) }</dd></div>
                <div><dt>{ words::DOWNLOADS }</dt><dd>{ common::count(found.downloads) }</dd></div>
                <div><dt>{ words::LIKES }</dt><dd>{ common::count(found.likes) }</dd></div>
            </dl>
            <span class="found__go" aria-hidden="true">{ IconName::Forward.svg() }</span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::question;
    use crate::state::shelf::CatalogView;

    #[test]
    fn nothing_is_asked_of_the_hub_before_a_person_asks() {
        let mut view = CatalogView {
            typed: "bert".into(),
            ..CatalogView::default()
        };
        assert_eq!(question(&view), None, "typing is not asking");
        view.ask();
        view.cursors.push("page-2".into());
        let asked =
            question(&view).map(|query| (query.text, query.language, query.task, query.cursor));
        assert_eq!(
            asked,
            Some((
                "bert".to_owned(),
                Some("fa".to_owned()),
                None,
                Some("page-2".to_owned())
            )),
            "what is empty is not asked for"
        );
    }
}
