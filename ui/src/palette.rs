//! What the command palette offers: pages, actions, runs and the help's chapters; Ctrl+K opens it.

use crate::api;
use crate::components::{CommandPalette, IconName, PaletteEntry};
use crate::hooks::{use_query, use_session};
use crate::i18n::{chat, common, errors, help, home, hub, palette as words, parameters};
use crate::route::Route;
use crate::state::settings::use_settings;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ipc::{AccountLogout, TrainingPage};
use amoozgar_types::job::JobQuery;
use amoozgar_types::settings::Theme;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use yew::prelude::*;
use yew_router::prelude::*;

/// Opens the palette.
#[derive(Clone, PartialEq)]
pub struct OpenPalette(Callback<()>);

impl OpenPalette {
    /// Opens it.
    pub fn open(&self) {
        self.0.emit(());
    }
}

/// Props of [`PaletteProvider`].
#[derive(Properties, PartialEq)]
pub struct PaletteProviderProps {
    /// What may open the palette.
    pub children: Html,
}

/// Holds the palette, and opens it at Ctrl+K. The key is known by its place: with a Persian keyboard
/// its letter is another.
#[component]
pub fn PaletteProvider(props: &PaletteProviderProps) -> Html {
    let open = use_state_eq(|| false);
    let locked = use_session().is_locked();
    {
        let open = open.setter();
        use_effect_with((), move |()| {
            let listener = Closure::<dyn Fn(KeyboardEvent)>::new(move |event: KeyboardEvent| {
                let modified = event.ctrl_key() || event.meta_key();
                if modified && !event.shift_key() && !event.alt_key() && event.code() == "KeyK" {
                    event.prevent_default();
                    open.set(true);
                }
            });
            let window = web_sys::window();
            let function = listener
                .as_ref()
                .unchecked_ref::<js_sys::Function>()
                .clone();
            if let Some(window) = &window
                && let Err(error) = window.add_event_listener_with_callback("keydown", &function)
            {
                api::log(&format!("Ctrl+K does not work: {error:?}"));
            }
            move || {
                if let Some(window) = window
                    && let Err(error) =
                        window.remove_event_listener_with_callback("keydown", &function)
                {
                    api::log(&format!("a listener could not be removed: {error:?}"));
                }
                drop(listener);
            }
        });
    }
    let opener = {
        let open = open.setter();
        OpenPalette(use_callback((), move |(): (), ()| open.set(true)))
    };
    let close = {
        let open = open.clone();
        move |()| open.set(false)
    };
    html! {
        <ContextProvider<OpenPalette> context={opener}>
            { props.children.clone() }
            // It is a modal, and a modal above the lock would leave no way to open that.
            if *open && !locked { <Host on_close={close} /> }
        </ContextProvider<OpenPalette>>
    }
}

/// The palette's opener.
#[hook]
pub fn use_palette() -> OpenPalette {
    use_context::<OpenPalette>().expect("BUG: every guarded page is inside PaletteProvider")
}

/// Runs that can be found here, the latest; the list of runs finds all.
const MOST_RUNS: u32 = 200;

/// What an entry does.
#[derive(Clone, PartialEq)]
enum Target {
    Go(Route),
    Theme(Theme),
    SignOut,
}

#[derive(Properties, PartialEq)]
struct HostProps {
    on_close: Callback<()>,
}

#[component]
fn Host(props: &HostProps) -> Html {
    let runs = use_query::<TrainingPage>(JobQuery {
        limit: MOST_RUNS,
        ..JobQuery::default()
    });
    let (session, settings, toasts) = (use_session(), use_settings(), use_toasts());
    let navigator = use_navigator();
    let runs = runs.data();
    let offered = use_memo(runs.clone(), |runs| {
        let mut offered = fixed();
        offered.extend(chapters());
        for job in runs.iter().flat_map(|page| page.jobs.iter()) {
            let route = Route::Job {
                id: job.job_id.to_string(),
            };
            let entry = PaletteEntry::new(
                words::RUNS,
                IconName::Training,
                job.name.clone(),
                &job.dataset_name,
            );
            offered.push((entry.hint(common::status(job.status)), Target::Go(route)));
        }
        offered
    });
    let entries = use_memo(runs, |_| {
        offered.iter().map(|(entry, _)| entry.clone()).collect()
    });
    let on_choose = {
        let on_close = props.on_close.clone();
        move |index: usize| {
            on_close.emit(());
            match offered.get(index).map(|(_, target)| target.clone()) {
                Some(Target::Go(route)) => {
                    if let Some(navigator) = &navigator {
                        navigator.push(&route);
                    }
                }
                Some(Target::Theme(theme)) => {
                    if let Some(current) = settings.current() {
                        let mut next = (*current).clone();
                        next.theme = theme;
                        let toasts = toasts.clone();
                        settings.save(
                            next,
                            Callback::from(move |saved| {
                                if let Err(error) = saved {
                                    toasts.error(errors::describe(&error).message);
                                }
                            }),
                        );
                    }
                }
                Some(Target::SignOut) => {
                    let (session, toasts) = (session.clone(), toasts.clone());
                    wasm_bindgen_futures::spawn_local(async move {
                        match api::call::<AccountLogout>(()).await {
                            Ok(()) => session.signed_out(),
                            Err(error) => toasts.error(errors::describe(&error).message),
                        }
                    });
                }
                None => {}
            }
        }
    };
    html! { <CommandPalette {entries} {on_choose} on_close={props.on_close.clone()} /> }
}

/// What is always there.
fn fixed() -> Vec<(PaletteEntry, Target)> {
    let page = |icon, label: &'static str, route| {
        (
            PaletteEntry::new(words::PAGES, icon, label, ""),
            Target::Go(route),
        )
    };
    let action = |icon, label: &'static str, also, target| {
        (PaletteEntry::new(words::ACTIONS, icon, label, also), target)
    };
    vec![
        page(IconName::Home, common::NAV_HOME, Route::Home),
        page(IconName::Dashboard, common::NAV_DASHBOARD, Route::Dashboard),
        page(IconName::Database, common::NAV_DATASETS, Route::Datasets),
        page(IconName::Box, common::NAV_MODELS, Route::Models),
        page(IconName::Training, common::NAV_TRAINING, Route::Training),
        page(IconName::Chat, common::NAV_CHAT, Route::Chat),
        page(
            IconName::Bell,
            common::NAV_NOTIFICATIONS,
            Route::Notifications,
        ),
        page(IconName::Settings, common::NAV_SETTINGS, Route::Settings),
        page(IconName::Help, common::NAV_HELP, Route::Help),
        action(
            IconName::Plus,
            home::NEW_RUN,
            words::NEW_RUN_ALSO,
            Target::Go(Route::NewRun),
        ),
        action(
            IconName::Chat,
            chat::NEW,
            chat::NEW_ALSO,
            Target::Go(Route::Chat),
        ),
        action(
            IconName::Import,
            words::IMPORT,
            words::IMPORT_ALSO,
            Target::Go(Route::Datasets),
        ),
        action(
            IconName::Download,
            hub::DOWNLOAD_MODEL,
            words::DOWNLOAD_ALSO,
            Target::Go(Route::Catalog),
        ),
        action(
            IconName::Sun,
            words::THEME_LIGHT,
            words::THEME_ALSO,
            Target::Theme(Theme::Light),
        ),
        action(
            IconName::Moon,
            words::THEME_DARK,
            words::THEME_ALSO,
            Target::Theme(Theme::Dark),
        ),
        action(IconName::SignOut, common::SIGN_OUT, "", Target::SignOut),
    ]
}

/// The help's chapters, and each parameter's explanation.
fn chapters() -> Vec<(PaletteEntry, Target)> {
    let chapters = help::CHAPTERS.iter().chain([&help::PARAMETERS]);
    let chapters = chapters.map(|chapter| {
        let route = Route::HelpChapter {
            chapter: chapter.slug.to_owned(),
        };
        let entry = PaletteEntry::new(words::HELP, IconName::Book, chapter.title, "");
        (entry, Target::Go(route))
    });
    let parameters = parameters::ALL
        .iter()
        .enumerate()
        .map(|(index, parameter)| {
            let route = Route::HelpSection {
                chapter: help::PARAMETERS.slug.to_owned(),
                section: index + 1,
            };
            let entry = PaletteEntry::new(words::HELP, IconName::Info, parameter.name(), "");
            (entry, Target::Go(route))
        });
    chapters.chain(parameters).collect()
}
