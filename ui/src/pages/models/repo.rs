//! One repository of the Hub: what would come, whether it fits, what its maker wrote, and the button.

use super::catalog_card::{fit_words, licence};
use super::download_row::status_word;
use super::enqueue::DownloadButton;
use super::files::{Chosen, FileTable, proposed, size_of};
use crate::api;
use crate::components::{
    Badge, Button, ButtonLink, Card, ErrorNote, ErrorState, IconName, LinkTo, Ltr, PageHeader,
    Skeleton, Tone, Variant,
};
use crate::hooks::use_query;
use crate::i18n::{common, downloads, errors, hub as words};
use crate::rich::card::card_text;
use crate::route::Route;
use crate::state::downloads::use_downloads;
use crate::state::toasts::{ShowToast, Toasts, use_toasts};
use amoozgar_text::number;
use amoozgar_types::ErrorCode;
use amoozgar_types::catalog::CatalogItem;
use amoozgar_types::download::DownloadStatus;
use amoozgar_types::ipc::{
    DownloadChanged, HubCatalog, HubOpenPage, HubRepo, NewDownload, RepoAt, RepoDetail,
};
use amoozgar_types::repo::RepoKind;
use yew::prelude::*;

/// Props of [`RepoPage`].
#[derive(Properties, PartialEq)]
pub struct RepoPageProps {
    /// Model or dataset.
    pub kind: RepoKind,
    /// `owner/name`.
    pub repo: AttrValue,
}

/// Fetches the repository; key it by its name.
#[component]
pub fn RepoPage(props: &RepoPageProps) -> Html {
    let at = RepoAt {
        repo: props.repo.to_string(),
        kind: props.kind,
        revision: None,
    };
    let query = use_query::<HubRepo>(at.clone());
    let catalog = use_query::<HubCatalog>(());
    let toasts = use_toasts();
    {
        let query = query.clone();
        let repo = props.repo.clone();
        crate::hooks::use_event::<DownloadChanged, _>(move |record| {
            if record.repo == repo.as_str() && record.status == DownloadStatus::Installed {
                query.reload();
            }
        });
    }
    let item = catalog.data().and_then(|entries| {
        entries
            .iter()
            .find(|entry| entry.item.kind == props.kind && entry.item.repo == props.repo.as_str())
            .map(|entry| entry.item.clone())
    });
    let body = match (query.data(), query.error()) {
        (_, Some(error)) => {
            let gated = matches!(
                error.code,
                ErrorCode::GatedRepo
                    | ErrorCode::RepoNotFound
                    | ErrorCode::BadToken
                    | ErrorCode::NoToken
            );
            html! {
                <>
                    <ErrorState {error} on_retry={query.on_retry()} />
                    <div class="repo__ways">
                        if gated {
                            <ButtonLink
                                to={Route::settings("token")}
                                label={words::TOKEN_SETTINGS}
                                icon={IconName::Key}
                                testid="repo-token"
                            />
                        }
                        { open_page(at, &toasts) }
                    </div>
                </>
            }
        }
        // What the catalog proposes is known before the files are.
        (None | Some(_), None) if query.data().is_none() || catalog.is_loading() => {
            html! { <Card><Skeleton lines={8} /></Card> }
        }
        (Some(detail), None) => html! {
            <Detail
                key={detail.commit.clone()}
                detail={(*detail).clone()}
                {item}
                on_retry={query.on_retry()}
            />
        },
        (None, None) => html! {},
    };
    html! {
        <div class="repo" data-testid="repo-page">
            <PageHeader
                title={props.repo.clone()}
                before={html! {
                    <LinkTo to={Route::Catalog} class="back-link">
                        { IconName::Back.svg() }
                        <span>{ words::CATALOG_TITLE }</span>
                    </LinkTo>
                }}
                actions={html! { <Badge label={words::kind(props.kind)} tone={Tone::Label} /> }}
            />
            { body }
        </div>
    }
}

/// Opens the repository's page in the system's browser.
fn open_page(at: RepoAt, toasts: &Toasts) -> Html {
    let toasts = toasts.clone();
    let onclick = move |_| {
        let (at, toasts) = (at.clone(), toasts.clone());
        wasm_bindgen_futures::spawn_local(async move {
            if let Err(error) = api::call::<HubOpenPage>(at).await {
                toasts.error(errors::describe(&error).message);
            }
        });
    };
    html! {
        <Button label={words::OPEN_PAGE} icon={IconName::Globe} {onclick} testid="repo-open-page" />
    }
}

#[derive(Properties, PartialEq)]
struct DetailProps {
    detail: RepoDetail,
    item: Option<CatalogItem>,
    on_retry: Callback<()>,
}

#[component]
fn Detail(props: &DetailProps) -> Html {
    let detail = &props.detail;
    let include = props
        .item
        .as_ref()
        .map(|item| item.include.clone())
        .unwrap_or_default();
    let chosen = {
        let (files, include) = (detail.files.clone(), include.clone());
        use_state(move || proposed(&files, &include))
    };
    let onchange = {
        let chosen = chosen.clone();
        Callback::from(move |next: Chosen| chosen.set(next))
    };
    let reset = {
        let (chosen, files) = (chosen.clone(), detail.files.clone());
        move |_| chosen.set(proposed(&files, &include))
    };
    // Terms are worth accepting only for what can come then.
    let gated = detail.gated && !detail.installed && detail.refused.is_none();
    let toasts = use_toasts();
    html! {
        <>
            if let Some(item) = &props.item {
                <p class="repo__purpose">{ &item.purpose }</p>
            }
            { facts(detail) }
            if let Some(error) = detail.refused.clone() {
                <Card title={words::REFUSED_TITLE} testid="repo-refused"><ErrorNote {error} /></Card>
            }
            if let Some(branch) = &detail.converted {
                <p class="note">{ IconName::Shield.svg() }<span>{ words::CONVERTED }{ " " }<Ltr text={branch.clone()} /></span></p>
            }
            if gated { { gated_card(detail, &props.on_retry, &toasts) } }
            <div class="repo__columns">
                <Card
                    title={words::FILES}
                    actions={html! {
                        if detail.refused.is_none() {
                            <Button
                                label={words::ONLY_NEEDED}
                                variant={Variant::Ghost}
                                onclick={reset}
                                testid="repo-only-needed"
                            />
                        }
                    }}
                >
                    <FileTable
                        files={detail.files.clone()}
                        chosen={(*chosen).clone()}
                        {onchange}
                        disabled={detail.refused.is_some()}
                    />
                </Card>
                <aside class="repo__side">
                    if detail.refused.is_none() {
                        <Bring detail={detail.clone()} chosen={(*chosen).clone()} />
                    }
                    if detail.kind == RepoKind::Model { { fit_card(detail, props.item.as_ref()) } }
                </aside>
            </div>
            <Card title={words::CARD} testid="repo-card">
                if let Some(card) = &detail.card {
                    { card_text(card, words::CARD_CUT) }
                } else {
                    <p class="muted">{ words::NO_CARD }</p>
                }
            </Card>
        </>
    }
}

fn facts(detail: &RepoDetail) -> Html {
    let task = detail
        .task
        .as_deref()
        .map(|task| match words::hub_task(task) {
            Some(name) => html! { { name } },
            None => html! { <Ltr text={task.to_owned()} /> },
        });
    let mut facts: Vec<(&'static str, Html)> = Vec::new();
    facts.extend(task.map(|task| (words::TASK, task)));
    facts.push((words::LICENCE, licence(detail.licence.as_deref())));
    if let Some(n) = detail.n_parameters {
        facts.push((words::PARAMETERS, html! { { words::parameters(n) } }));
    }
    facts.push((
        words::DOWNLOADS,
        html! { { common::count(detail.downloads) } },
    ));
    facts.push((words::LIKES, html! { { common::count(detail.likes) } }));
    let commit: String = detail.commit.chars().take(8).collect();
    facts.push((words::COMMIT, html! { <Ltr text={commit} /> }));
    html! {
        <dl class="facts repo__facts">
            { for facts.into_iter().map(|(name, value)| html! {
                <div class="facts__item"><dt>{ name }</dt><dd>{ value }</dd></div>
            }) }
        </dl>
    }
}

/// What to do before a gated repository can be downloaded.
fn gated_card(detail: &RepoDetail, on_retry: &Callback<()>, toasts: &Toasts) -> Html {
    let at = RepoAt {
        repo: detail.repo.clone(),
        kind: detail.kind,
        revision: None,
    };
    html! {
        <Card title={words::GATED_TITLE} class="gated" testid="repo-gated">
            <ol class="gated__steps">
                <li>{ words::GATED_STEP_1 }</li>
                <li>{ words::GATED_STEP_2 }</li>
                <li>{ words::GATED_STEP_3 }</li>
            </ol>
            <div class="gated__ways">
                { open_page(at, toasts) }
                <ButtonLink
                    to={Route::settings("token")}
                    label={words::TOKEN_SETTINGS}
                    icon={IconName::Key}
                    testid="repo-token"
                />
                <Button
                    label={common::RETRY}
                    icon={IconName::Refresh}
                    variant={Variant::Ghost}
                    onclick={on_retry.reform(|_: MouseEvent| ())}
                    testid="repo-retry"
                />
            </div>
        </Card>
    }
}

#[derive(Properties, PartialEq)]
struct BringProps {
    detail: RepoDetail,
    chosen: Chosen,
}

/// What would come, and the button; or that it is here, or on its way.
#[component]
fn Bring(props: &BringProps) -> Html {
    let detail = &props.detail;
    let queue = use_downloads();
    let queued = queue.of_repo(detail.kind, &detail.repo);
    let size = size_of(&detail.files, &props.chosen);
    let no_room = size > detail.free_disk_bytes;
    // What the shell chooses by itself is left to it, so that a later commit is chosen from anew.
    let by_rule = proposed(&detail.files, &[]) == props.chosen;
    let request = NewDownload {
        repo: detail.repo.clone(),
        kind: detail.kind,
        revision: None,
        files: (!by_rule).then(|| props.chosen.iter().cloned().collect()),
    };
    html! {
        <Card class="bring">
            if detail.installed {
                <Badge label={words::INSTALLED} tone={Tone::Success} icon={IconName::Check} testid="repo-installed" />
            }
            <p class="bring__size" data-testid="repo-size">
                { words::files_size(props.chosen.len(), size) }
            </p>
            <p class="muted">{ words::FREE_DISK }{ ": " }{ number::bytes(detail.free_disk_bytes) }</p>
            if no_room {
                <p class="note note--danger" role="alert">
                    { IconName::Alert.svg() }
                    <span>{ words::no_room(size, detail.free_disk_bytes) }</span>
                </p>
            }
            if let Some(record) = queued {
                <p class="bring__queued">
                    { status_word(record.status) }
                    if record.total_bytes > 0 { <span>{ downloads::percent(record.percent) }</span> }
                </p>
                <ButtonLink to={Route::Models} label={downloads::TITLE} testid="repo-downloads" />
            } else {
                <DownloadButton
                    {request}
                    label={words::DOWNLOAD}
                    variant={Variant::Primary}
                    disabled={props.chosen.is_empty() || no_room}
                    testid="repo-download"
                />
            }
        </Card>
    }
}

/// Whether it fits into this machine's memory, with the numbers.
fn fit_card(detail: &RepoDetail, item: Option<&CatalogItem>) -> Html {
    let Some(fit) = &detail.fit else {
        return html! {};
    };
    let untrained = item.is_some_and(|item| item.architecture.is_none());
    html! {
        <Card title={words::FITS} testid="repo-fit">
            if untrained {
                <p class="fit fit--unknown">{ IconName::Info.svg() }{ words::NOT_TRAINABLE }</p>
            } else {
                { fit_words(fit.verdict) }
            }
            <dl class="fit__numbers">
                { for words::fit_numbers(fit).into_iter().map(|(name, value)| html! {
                    <div><dt>{ name }</dt><dd>{ value }</dd></div>
                }) }
            </dl>
        </Card>
    }
}
