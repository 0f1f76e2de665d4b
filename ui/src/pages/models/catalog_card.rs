//! One entry of the curated list.

use super::enqueue::DownloadButton;
use crate::components::{Badge, ButtonLink, IconName, LinkTo, Ltr, Tone, Variant};
use crate::i18n::hub as words;
use crate::route::Route;
use amoozgar_types::catalog::CatalogItem;
use amoozgar_types::ipc::{CatalogEntry, NewDownload};
use amoozgar_types::repo::{Fit, FitVerdict, RepoKind};
use yew::prelude::*;

/// Purpose, size, memory, licence, whether it fits, whether it is here or `queued`.
pub fn catalog_card(entry: &CatalogEntry, queued: bool) -> Html {
    let item = &entry.item;
    let to = Route::repo(item.kind, &item.repo);
    html! {
        <li key={item.repo.clone()} class="catalog-card" data-testid={format!("catalog-{}", item.repo)}>
            <header class="catalog-card__head">
                <span class="catalog-card__icon">
                    { (if item.kind == RepoKind::Model { IconName::Box } else { IconName::Database }).svg() }
                </span>
                <div class="catalog-card__names">
                    <LinkTo to={to.clone()} class="catalog-card__title">{ &item.title }</LinkTo>
                    <span class="catalog-card__repo"><Ltr text={item.repo.clone()} /></span>
                </div>
            </header>
            <p class="catalog-card__purpose">{ &item.purpose }</p>
            <div class="catalog-card__badges">
                <Badge label={words::task(item.task)} tone={Tone::Label} />
                if entry.installed {
                    <Badge label={words::INSTALLED} tone={Tone::Success} icon={IconName::Check} />
                } else if queued {
                    <Badge label={words::IN_QUEUE} tone={Tone::Live} />
                }
                if item.gated {
                    <Badge label={words::GATED} tone={Tone::Warning} icon={IconName::Lock} />
                }
            </div>
            <dl class="catalog-card__facts">
                { for facts(item).into_iter().map(|(name, value)| html! {
                    <div><dt>{ name }</dt><dd>{ value }</dd></div>
                }) }
            </dl>
            if item.kind == RepoKind::Model { { fit_line(item, entry.fit.as_ref()) } }
            <footer class="catalog-card__actions">
                <ButtonLink
                    {to}
                    label={words::DETAILS}
                    variant={Variant::Ghost}
                    testid={format!("catalog-open-{}", item.repo)}
                />
                if !entry.installed && !queued && is_handy(item) {
                    <DownloadButton
                        request={NewDownload {
                            repo: item.repo.clone(),
                            kind: item.kind,
                            revision: None,
                            files: (!item.include.is_empty()).then(|| item.include.clone()),
                        }}
                        label={words::DOWNLOAD}
                        testid={format!("catalog-download-{}", item.repo)}
                    />
                }
            </footer>
        </li>
    }
}

/// Whether it may be downloaded without a look at its files: what is very large, or of a size that
/// is not known, is looked at first.
fn is_handy(item: &CatalogItem) -> bool {
    const LARGE_BYTES: u64 = 10_000_000_000;
    item.download_bytes.is_some_and(|size| size < LARGE_BYTES)
}

/// What is known of an entry; what is not has no line.
fn facts(item: &CatalogItem) -> Vec<(&'static str, Html)> {
    let mut facts: Vec<(&'static str, Html)> = Vec::new();
    if let Some(n) = item.n_parameters {
        facts.push((words::PARAMETERS, html! { { words::parameters(n) } }));
    }
    if let Some(n) = item.download_bytes {
        facts.push((words::SIZE, html! { { words::about(n) } }));
    }
    if let Some(format) = item.data_format {
        facts.push((words::FORMAT, html! { { words::data_format(format) } }));
    }
    if let Some(n) = item.lora_bytes {
        facts.push((words::MEMORY_LORA, html! { { words::about(n) } }));
    }
    if let Some(n) = item.full_bytes {
        facts.push((words::MEMORY_FULL, html! { { words::about(n) } }));
    }
    if let Some(n) = item.context_tokens {
        facts.push((words::CONTEXT, html! { { words::tokens(n) } }));
    }
    facts.push((words::LICENCE, licence(item.licence.as_deref())));
    facts
}

/// A licence's name, or that it is not known.
pub fn licence(name: Option<&str>) -> Html {
    match name {
        Some(name) => html! { <Ltr text={name.to_owned()} /> },
        None => html! { { words::LICENCE_UNKNOWN } },
    }
}

/// Whether a model fits; what the engine cannot train says so instead of a promise.
fn fit_line(item: &CatalogItem, fit: Option<&Fit>) -> Html {
    if item.architecture.is_none() {
        return html! {
            <p class="fit fit--unknown">{ IconName::Info.svg() }{ words::NOT_TRAINABLE }</p>
        };
    }
    fit.map(|fit| fit_words(fit.verdict)).unwrap_or_default()
}

/// The verdict in words and colour.
pub fn fit_words(verdict: FitVerdict) -> Html {
    let (class, icon) = match verdict {
        FitVerdict::Full | FitVerdict::Lora => ("fit fit--good", IconName::Check),
        FitVerdict::Use => ("fit fit--some", IconName::Info),
        FitVerdict::TooLarge => ("fit fit--bad", IconName::Alert),
    };
    html! { <p {class}>{ icon.svg() }{ words::fit(verdict) }</p> }
}
