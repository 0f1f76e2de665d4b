//! The signed-in user's settings, shared so that theme and tray hint follow them at once.

use crate::api;
use crate::hooks::{Query, use_query, use_session};
use crate::i18n::time;
use crate::state::theme;
use amoozgar_text::number;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{SettingsGet, SettingsSet};
use amoozgar_types::settings::{Digits, Settings};
use std::rc::Rc;
use yew::prelude::*;

/// The settings in force, and a way to change them.
#[derive(Clone)]
pub struct SettingsState {
    query: Query<Settings>,
    current: Option<Rc<Settings>>,
}

impl PartialEq for SettingsState {
    fn eq(&self, other: &Self) -> bool {
        self.current == other.current && self.query.error() == other.query.error()
    }
}

impl SettingsState {
    /// The settings; `None` until they are read.
    pub fn current(&self) -> Option<Rc<Settings>> {
        self.current.clone()
    }

    /// Why they could not be read.
    pub fn error(&self) -> Option<ApiError> {
        self.query.error()
    }

    /// Reads them again.
    pub fn on_retry(&self) -> Callback<()> {
        self.query.on_retry()
    }

    /// Saves `next`; `done` is told whether it is now in force.
    pub fn save(&self, next: Settings, done: Callback<Result<(), ApiError>>) {
        let query = self.query.clone();
        wasm_bindgen_futures::spawn_local(async move {
            match api::call::<SettingsSet>(next).await {
                Ok(saved) => {
                    query.update(move |settings| *settings = saved);
                    done.emit(Ok(()));
                }
                Err(error) => done.emit(Err(error)),
            }
        });
    }
}

/// Props of [`SettingsProvider`].
#[derive(Properties, PartialEq)]
pub struct SettingsProviderProps {
    /// What sees the settings.
    pub children: Html,
}

/// Reads the settings of whoever is signed in; mount it only then.
#[component]
pub fn SettingsProvider(props: &SettingsProviderProps) -> Html {
    let query = use_query::<SettingsGet>(());
    let state = SettingsState {
        current: query.data(),
        query,
    };
    let look = state
        .current()
        .map(|settings| (settings.theme, settings.appearance.clone()));
    use_effect_with(look, |look| {
        if let Some((chosen, look)) = look {
            theme::apply(*chosen, look);
        }
    });
    {
        // Quiet hours follow the clock of where the machine is now.
        let state = state.clone();
        use_effect_with(state.current(), move |current| {
            let here = time::offset_now();
            if let Some(current) = current
                && current.notify.quiet.on
                && current.notify.quiet.utc_offset_minutes != here
            {
                let mut next = (**current).clone();
                next.notify.quiet.utc_offset_minutes = here;
                state.save(next, Callback::noop());
            }
        });
    }
    // Before anything below is drawn; the pages are keyed by it in `app`.
    number::show_in(match state.current().map(|settings| settings.digits) {
        Some(Digits::Latin) => number::Digits::Latin,
        _ => number::Digits::Persian,
    });
    html! {
        <ContextProvider<SettingsState> context={state}>
            { props.children.clone() }
        </ContextProvider<SettingsState>>
    }
}

/// The settings of the signed-in user.
#[hook]
pub fn use_settings() -> SettingsState {
    // Asking for the session keeps a page that uses settings inside the guard.
    let _ = use_session();
    use_context::<SettingsState>().expect("BUG: every guarded page is inside SettingsProvider")
}
