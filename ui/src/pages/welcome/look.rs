//! Light, dark, or as the system.

use crate::components::{ChoiceCard, ErrorState, IconName, Skeleton};
use crate::i18n::{account, errors, settings as words};
use crate::state::settings::use_settings;
use crate::state::theme;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::settings::{Settings, Theme};
use yew::prelude::*;

/// Put in force and saved at once.
#[component]
pub fn Look() -> Html {
    let settings = use_settings();
    let toasts = use_toasts();
    let Some(current) = settings.current() else {
        return match settings.error() {
            Some(error) => html! { <ErrorState {error} on_retry={settings.on_retry()} /> },
            None => html! { <Skeleton lines={3} /> },
        };
    };
    let card = |chosen: Theme, title: &'static str, icon: IconName, testid: &'static str| {
        let (settings, toasts, current) = (settings.clone(), toasts.clone(), current.clone());
        let selected = current.theme == chosen;
        let onselect = Callback::from(move |()| {
            theme::apply(chosen, &current.appearance);
            let (toasts, before) = (toasts.clone(), current.clone());
            let done = Callback::from(move |outcome: Result<(), _>| {
                if let Err(error) = outcome {
                    // What could not be saved is not in force either.
                    theme::apply(before.theme, &before.appearance);
                    toasts.error(errors::describe(&error).message);
                }
            });
            let next = Settings {
                theme: chosen,
                ..(*current).clone()
            };
            settings.save(next, done);
        });
        html! {
            <ChoiceCard group="welcome-theme" {title} {icon} {selected} {onselect} {testid} />
        }
    };
    html! {
        <>
            <p class="muted">{ account::LOOK_TEXT }</p>
            <div class="welcome__cards" role="radiogroup" aria-label={account::STEP_LOOK}>
                { card(Theme::Light, words::THEME_LIGHT, IconName::Sun, "welcome-light") }
                { card(Theme::Dark, words::THEME_DARK, IconName::Moon, "welcome-dark") }
                { card(Theme::System, words::THEME_SYSTEM, IconName::Screen, "welcome-system") }
            </div>
        </>
    }
}
