//! The frame around the pages: shared state, the router, the guard, and what the shell asks for.

use crate::api;
use crate::battery::BatteryQuestion;
use crate::components::{ErrorState, Layout, Spinner, ToastStack};
use crate::ending::EndingNotice;
use crate::hooks::{forget_answers, use_event, use_session};
use crate::i18n::common;
use crate::pages;
use crate::palette::PaletteProvider;
use crate::route::{Route, repo_of};
use crate::state::downloads::DownloadsProvider;
use crate::state::modals::ModalProvider;
use crate::state::notifications::UnreadProvider;
use crate::state::session::SessionProvider;
use crate::state::settings::{SettingsProvider, use_settings};
use crate::state::shelf::ShelfProvider;
use crate::state::toasts::{ShowToast, ToastProvider, use_toasts};
use amoozgar_types::ipc::{JobChanged, OpenRoute, SystemInteractive};
use amoozgar_types::job::JobStatus;
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::repo::RepoKind;
use amoozgar_types::settings::Digits;
use yew::prelude::*;
use yew_router::prelude::*;

/// The whole interface.
#[component]
pub fn App() -> Html {
    // The addresses live behind the hash: the webview's own scheme serves one page only.
    html! {
        <ToastProvider>
            <ModalProvider>
                <SessionProvider>
                    <HashRouter>
                        <Guard />
                    </HashRouter>
                </SessionProvider>
                <EndingNotice />
                <ToastStack />
            </ModalProvider>
        </ToastProvider>
    }
}

/// Sends who is not signed in to /login, and back to where they wanted to go.
#[component]
fn Guard() -> Html {
    let session = use_session();
    let navigator = use_navigator();
    let route = use_route::<Route>().unwrap_or(Route::NotFound);
    let wanted = use_mut_ref(|| Route::Home);
    let signed_in = session.account().map(|account| account.user.is_some());
    use_effect_with((signed_in, route.clone()), move |(signed_in, route)| {
        let Some(navigator) = navigator else { return };
        match (signed_in, route) {
            (Some(false), Route::Login) | (None, _) => {}
            (Some(false), elsewhere) => {
                wanted.replace(elsewhere.clone());
                navigator.replace(&Route::Login);
            }
            (Some(true), Route::Login) => navigator.replace(&wanted.replace(Route::Home)),
            (Some(true), _) => {}
        }
    });
    use_effect_with(signed_in.is_some(), |&known| {
        if known {
            wasm_bindgen_futures::spawn_local(async {
                if let Err(error) = api::call::<SystemInteractive>(()).await {
                    api::log(&format!("the start could not be noted: {error:?}"));
                }
            });
        }
    });
    match (session.account(), session.error()) {
        (None, Some(error)) => html! {
            <div class="centered"><ErrorState {error} on_retry={session.on_retry()} /></div>
        },
        (None, None) => html! { <div class="centered"><Spinner /></div> },
        (Some(account), _) => match &account.user {
            None => html! { <pages::login::LoginPage /> },
            // Another profile is another world: nothing of the one before stays mounted.
            Some(user) => html! { <SignedIn key={user.user_id.to_string()} /> },
        },
    }
}

/// Everything behind the guard. A locked window keeps its pages as they are, out of sight and reach.
#[component]
fn SignedIn() -> Html {
    let session = use_session();
    // Before any page is drawn: one that goes at a sign-out keeps its state after this component has gone,
    // and another profile must not see it.
    use_memo((), |()| forget_answers());
    let locked = session.is_locked();
    let content = if session.welcome().is_some() {
        html! { <pages::welcome::WelcomePage /> }
    } else {
        html! { <Pages /> }
    };
    html! {
        <>
            <div
                class={classes!("behind", locked.then_some("is-locked"))}
                inert={locked}
                aria-hidden={locked.then_some("true")}
            >
                <SettingsProvider>{ content }</SettingsProvider>
            </div>
            if let Some(user) = session.user().filter(|_| locked) {
                <pages::lock::LockScreen {user} />
            }
        </>
    }
}

/// Every page, drawn anew where numbers are shown in other digits.
#[component]
fn Pages() -> Html {
    let digits = use_settings()
        .current()
        .map_or_else(Digits::default, |current| current.digits);
    html! {
        <UnreadProvider key={format!("{digits:?}")}>
            <DownloadsProvider>
                <ShelfProvider>
                    <ShellRequests />
                    <BatteryQuestion />
                    <PaletteProvider>
                        <Layout>
                            <Switch<Route> render={page} />
                        </Layout>
                    </PaletteProvider>
                </ShelfProvider>
            </DownloadsProvider>
        </UnreadProvider>
    }
}

fn page(route: Route) -> Html {
    match route {
        // The guard is about to leave it.
        Route::Login => html! {},
        Route::Home => html! { <pages::home::HomePage /> },
        Route::Dashboard => html! { <pages::dashboard::DashboardPage /> },
        Route::Training => html! { <pages::training::TrainingListPage /> },
        Route::NewRun => html! { <pages::training::NewRunPage /> },
        Route::CompareRuns => html! { <pages::training::ComparePage /> },
        Route::Job { id } => {
            html! { <pages::training::JobPage key={id.clone()} id={id.clone()} /> }
        }
        Route::Datasets => html! { <pages::datasets::DatasetsPage /> },
        Route::Dataset { id } => {
            html! { <pages::dataset::DatasetPage key={id.clone()} id={id.clone()} /> }
        }
        Route::Models => html! { <pages::models::ModelsPage /> },
        Route::Model { id } => match ModelRef::from_slug(&id) {
            Some(model) => html! { <pages::models::ModelPage key={id} {model} /> },
            None => html! { <pages::not_found::NotFoundPage /> },
        },
        Route::Catalog => html! { <pages::models::CatalogPage /> },
        Route::HubModel { owner, name } => repo_page(RepoKind::Model, &owner, &name),
        Route::HubDataset { owner, name } => repo_page(RepoKind::Dataset, &owner, &name),
        Route::Chat => html! { <pages::chat::ChatPage /> },
        Route::OneChat { id } => html! { <pages::chat::ChatPage {id} /> },
        Route::Notifications => html! { <pages::notifications::NotificationsPage /> },
        Route::Settings => html! { <pages::settings::SettingsPage /> },
        Route::SettingsSection { section } => {
            html! { <pages::settings::SettingsPage section={section} /> }
        }
        Route::Help => html! { <pages::help::HelpPage /> },
        Route::HelpChapter { chapter } => html! { <pages::help::HelpPage {chapter} /> },
        Route::HelpSection { chapter, section } => {
            html! { <pages::help::HelpPage {chapter} section={Some(section)} /> }
        }
        #[cfg(debug_assertions)]
        Route::Components => html! { <pages::dev::ComponentsPage /> },
        Route::NotFound => html! { <pages::not_found::NotFoundPage /> },
    }
}

fn repo_page(kind: RepoKind, owner: &str, name: &str) -> Html {
    let repo = repo_of(owner, name);
    let key = format!("{}:{repo}", kind.as_str());
    html! { <pages::models::RepoPage {key} {kind} {repo} /> }
}

/// Opens pages that the shell asks for, and says once that closing the window keeps a run going.
#[component]
fn ShellRequests() -> Html {
    let navigator = use_navigator();
    let settings = use_settings();
    let toasts = use_toasts();
    use_event::<OpenRoute, _>(move |path| {
        if let (Some(navigator), Some(route)) = (&navigator, Route::recognize(&path)) {
            navigator.push(&route);
        }
    });
    let hinted = use_mut_ref(|| false);
    use_event::<JobChanged, _>(move |job| {
        let begins = matches!(job.status, JobStatus::Starting | JobStatus::Loading);
        let Some(current) = settings.current().filter(|_| begins) else {
            return;
        };
        if current.tray_hint_shown || !current.keep_in_tray || hinted.replace(true) {
            return;
        }
        toasts.info(common::TRAY_HINT);
        let mut next = (*current).clone();
        next.tray_hint_shown = true;
        settings.save(next, Callback::noop());
    });
    html! {}
}
