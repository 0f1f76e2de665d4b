//! What a page shows while it waits, when it failed, and when there is nothing yet.

use super::{Button, ButtonLink, IconName, LinkTo};
use crate::i18n::{common, errors};
use crate::route::Route;
use amoozgar_types::ApiError;
use yew::prelude::*;

/// A turning ring.
#[component]
pub fn Spinner() -> Html {
    html! { <span class="spinner" role="status" aria-label={common::LOADING} /> }
}

/// Props of [`Skeleton`].
#[derive(Properties, PartialEq)]
pub struct SkeletonProps {
    /// How many lines.
    #[prop_or(3)]
    pub lines: usize,
}

/// Grey lines where content will be.
#[component]
pub fn Skeleton(props: &SkeletonProps) -> Html {
    html! {
        <div class="skeleton" role="status" aria-label={common::LOADING} data-testid="skeleton">
            { for (0..props.lines).map(|line| html! { <span key={line} class="skeleton__line" /> }) }
        </div>
    }
}

/// Props of [`EmptyState`].
#[derive(Properties, PartialEq)]
pub struct EmptyStateProps {
    /// A picture.
    pub icon: IconName,
    /// What is missing.
    pub title: AttrValue,
    /// What it is good for.
    #[prop_or_default]
    pub text: Option<AttrValue>,
    /// The action that fills it.
    #[prop_or_default]
    pub action: Html,
}

/// Says that there is nothing yet, and how to change that.
#[component]
pub fn EmptyState(props: &EmptyStateProps) -> Html {
    html! {
        <div class="empty" data-testid="empty-state">
            <span class="empty__icon">{ props.icon.svg() }</span>
            <h2 class="empty__title">{ &props.title }</h2>
            if let Some(text) = &props.text {
                <p class="empty__text">{ text }</p>
            }
            { props.action.clone() }
        </div>
    }
}

/// Props of [`ErrorState`].
#[derive(Properties, PartialEq)]
pub struct ErrorStateProps {
    /// What failed.
    pub error: ApiError,
    /// Tries again.
    #[prop_or_default]
    pub on_retry: Option<Callback<()>>,
}

/// A failure that takes a page's place: message, hint, details, «تلاش مجدد». Where the network is what
/// is missing it says what works without.
#[component]
pub fn ErrorState(props: &ErrorStateProps) -> Html {
    let offline = errors::is_offline(props.error.code);
    let icon = if offline {
        IconName::Globe
    } else {
        IconName::Alert
    };
    html! {
        <div class={classes!("error-state", offline.then_some("error-state--offline"))}>
            <span class="error-state__icon">{ icon.svg() }</span>
            <ErrorWords error={props.error.clone()} />
            if offline {
                <p class="error-state__text">{ common::WORKS_OFFLINE }</p>
            }
            <div class="error-state__actions">
                if let Some(on_retry) = props.on_retry.clone() {
                    <Button
                        label={common::RETRY}
                        icon={IconName::Refresh}
                        onclick={move |_| on_retry.emit(())}
                        testid="error-retry"
                    />
                }
                if offline {
                    <ButtonLink
                        to={Route::settings("network")}
                        label={common::NETWORK_SETTINGS}
                        icon={IconName::Settings}
                        testid="error-network"
                    />
                }
            </div>
        </div>
    }
}

/// Props of [`ErrorNote`].
#[derive(Properties, PartialEq)]
pub struct ErrorNoteProps {
    /// What failed.
    pub error: ApiError,
}

/// A failure in place, within a form or a card.
#[component]
pub fn ErrorNote(props: &ErrorNoteProps) -> Html {
    html! {
        <div class="note note--danger">
            { IconName::Alert.svg() }
            <ErrorWords error={props.error.clone()} />
        </div>
    }
}

/// Message, hint and the folded technical part.
#[component]
fn ErrorWords(props: &ErrorNoteProps) -> Html {
    let words = errors::describe(&props.error);
    html! {
        <div class="error-words" role="alert" data-testid="error-message" data-code={words.code.clone()}>
            <p class="error-words__message">{ words.message }</p>
            if let Some(hint) = words.hint {
                <p class="error-words__hint">{ hint }</p>
            }
            if let Some(chapter) = words.chapter {
                <LinkTo to={Route::HelpChapter { chapter: chapter.to_owned() }} class="error-words__help">
                    { common::MORE_HELP }
                </LinkTo>
            }
            if let Some(path) = words.path {
                <p class="error-words__path"><bdi dir="ltr">{ path }</bdi></p>
            }
            if let Some(detail) = words.detail {
                <details class="error-words__details">
                    <summary>{ common::DETAILS }</summary>
                    <pre dir="ltr">{ detail }</pre>
                </details>
            }
        </div>
    }
}
