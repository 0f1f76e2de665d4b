//! The frame of every signed-in page: navigation at the line's start, content beside it.

use super::{IconButton, IconName, LinkTo, Progress};
use crate::api;
use crate::hooks::use_session;
use crate::i18n::{common, downloads};
use crate::palette::use_palette;
use crate::route::Route;
use crate::state::downloads::use_downloads;
use crate::state::notifications::use_unread;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ipc::{AccountLock, AccountLogout};
use yew::prelude::*;
use yew_router::prelude::*;

/// Props of [`Layout`].
#[derive(Properties, PartialEq)]
pub struct LayoutProps {
    /// The page.
    pub children: Html,
}

/// Navigation and page.
#[component]
pub fn Layout(props: &LayoutProps) -> Html {
    let location = use_location();
    use_effect_with(page_of(location), |_| {
        if let Some(main) = main_element() {
            main.set_scroll_top(0);
        }
    });
    html! {
        <div class="layout">
            <a class="skip-link" href="#main" onclick={|event: MouseEvent| {
                event.prevent_default();
                focus_main();
            }}>{ common::SKIP_TO_CONTENT }</a>
            <Sidebar />
            <main class="layout__main" id="main" tabindex="-1">
                <div class="layout__content">{ props.children.clone() }</div>
            </main>
        </div>
    }
}

/// What a new page is told by, to begin at its top. The guide moves within its chapters by itself.
fn page_of(location: Option<Location>) -> String {
    let path = location.map_or_else(String::new, |location| location.path().to_owned());
    if path.starts_with("/help") {
        "/help".to_owned()
    } else {
        path
    }
}

fn main_element() -> Option<web_sys::HtmlElement> {
    web_sys::window()
        .and_then(|window| window.document())
        .and_then(|page| page.get_element_by_id("main"))
        .and_then(|main| wasm_bindgen::JsCast::dyn_into(main).ok())
}

fn focus_main() {
    if let Some(main) = main_element() {
        // A reader who cannot be moved stays where they are.
        let _ = main.focus();
    }
}

#[component]
fn Sidebar() -> Html {
    let unread = use_unread().count();
    let here = use_route::<Route>();
    let section = here.as_ref().map(section);
    let item =
        |to: Route, icon: IconName, label: &'static str, testid: &'static str, badge: u32| {
            let current = section.as_ref() == Some(&to);
            html! {
                <li>
                    <LinkTo
                        {to}
                        class="nav__link"
                        {current}
                        title={label}
                        {testid}
                    >
                        { icon.svg() }
                        <span class="nav__label">{ label }</span>
                        if badge > 0 {
                            <span class="nav__badge" aria-label={common::unread(badge)}>
                                { common::count(badge.into()) }
                            </span>
                        }
                    </LinkTo>
                </li>
            }
        };
    html! {
        <aside class="sidebar">
            <LinkTo to={Route::Home} class="sidebar__brand" title={common::APP_NAME}>
                <Logo />
                <span class="sidebar__name">{ common::APP_NAME }</span>
            </LinkTo>
            <SearchButton />
            <nav class="nav" aria-label={common::NAVIGATION}>
                <ul class="nav__list">
                    { item(Route::Home, IconName::Home, common::NAV_HOME, "nav-home", 0) }
                    { item(Route::Dashboard, IconName::Dashboard, common::NAV_DASHBOARD, "nav-dashboard", 0) }
                    { item(Route::Datasets, IconName::Database, common::NAV_DATASETS, "nav-datasets", 0) }
                    { item(Route::Models, IconName::Box, common::NAV_MODELS, "nav-models", 0) }
                    { item(Route::Training, IconName::Training, common::NAV_TRAINING, "nav-training", 0) }
                    { item(Route::Chat, IconName::Chat, common::NAV_CHAT, "nav-chat", 0) }
                    { item(Route::Notifications, IconName::Bell, common::NAV_NOTIFICATIONS, "nav-notifications", unread) }
                    { item(Route::Settings, IconName::Settings, common::NAV_SETTINGS, "nav-settings", 0) }
                    { item(Route::Help, IconName::Help, common::NAV_HELP, "nav-help", 0) }
                </ul>
            </nav>
            <DownloadsUnderWay />
            <Profile />
        </aside>
    }
}

#[component]
fn SearchButton() -> Html {
    let palette = use_palette();
    html! {
        <button
            type="button"
            class="nav__search"
            title={common::SEARCH}
            aria-keyshortcuts="Control+K"
            data-testid="open-palette"
            onclick={move |_| palette.open()}
        >
            { IconName::Search.svg() }
            <span class="nav__label">{ common::SEARCH }</span>
            <kbd class="nav__keys" dir="ltr" aria-hidden="true">{ common::SEARCH_KEYS }</kbd>
        </button>
    }
}

/// The page of the navigation that `route` belongs to.
fn section(route: &Route) -> Route {
    match route {
        Route::Training | Route::NewRun | Route::CompareRuns | Route::Job { .. } => Route::Training,
        Route::Settings | Route::SettingsSection { .. } => Route::Settings,
        Route::Models
        | Route::Model { .. }
        | Route::Catalog
        | Route::HubModel { .. }
        | Route::HubDataset { .. } => Route::Models,
        Route::Datasets | Route::Dataset { .. } => Route::Datasets,
        Route::OneChat { .. } => Route::Chat,
        Route::HelpChapter { .. } | Route::HelpSection { .. } => Route::Help,
        other => other.clone(),
    }
}

/// That something is being downloaded, and how far it is.
#[component]
fn DownloadsUnderWay() -> Html {
    let Some(under_way) = use_downloads().under_way() else {
        return html! {};
    };
    let words = downloads::under_way(under_way.n, under_way.percent);
    html! {
        <LinkTo
            to={Route::Models}
            class="sidebar__downloads"
            title={words.clone()}
            testid="sidebar-downloads"
        >
            { IconName::Download.svg() }
            <span class="sidebar__downloads-body">
                <span class="sidebar__downloads-words">{ words.clone() }</span>
                <Progress value={under_way.percent} label={words} />
            </span>
        </LinkTo>
    }
}

#[component]
fn Profile() -> Html {
    let session = use_session();
    let toasts = use_toasts();
    let Some(user) = session.user() else {
        return html! {};
    };
    let lock = {
        let (session, toasts) = (session.clone(), toasts.clone());
        move |_| {
            let (session, toasts) = (session.clone(), toasts.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<AccountLock>(()).await {
                    Ok(()) => session.set_locked(true),
                    Err(error) => toasts.error(crate::i18n::errors::describe(&error).message),
                }
            });
        }
    };
    let sign_out = move |_| {
        let (session, toasts) = (session.clone(), toasts.clone());
        wasm_bindgen_futures::spawn_local(async move {
            match api::call::<AccountLogout>(()).await {
                Ok(()) => session.signed_out(),
                Err(error) => toasts.error(crate::i18n::errors::describe(&error).message),
            }
        });
    };
    html! {
        <div class="sidebar__profile">
            <span class="avatar" aria-hidden="true">{ common::initial(&user.name) }</span>
            <span class="sidebar__user" dir="auto">{ &user.name }</span>
            if user.has_password {
                <IconButton
                    icon={IconName::Lock}
                    label={crate::i18n::account::LOCK}
                    onclick={lock}
                    testid="lock-now"
                />
            }
            <IconButton
                icon={IconName::SignOut}
                label={common::SIGN_OUT}
                onclick={sign_out}
                testid="sign-out"
            />
        </div>
    }
}

/// The program's mark: the same drawing as its icon.
#[component]
pub fn Logo() -> Html {
    html! {
        <span class="logo" aria-hidden="true">
            { Html::from_html_unchecked(AttrValue::Static(include_str!("../../../icons/icon.svg"))) }
        </span>
    }
}
