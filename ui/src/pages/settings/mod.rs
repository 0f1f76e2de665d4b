//! Preferences: each is saved as it is changed.

mod about;
mod threads;

use crate::components::{
    Card, ErrorState, IconName, PageHeader, SegmentedChoice, SegmentedOption, Skeleton, Switch,
};
use crate::i18n::{errors, settings as words};
use crate::state::settings::use_settings;
use crate::state::theme;
use crate::state::toasts::{ShowToast, use_toasts};
use about::AboutCard;
use amoozgar_types::ipc::{Settings, Theme};
use threads::ThreadsForm;
use yew::prelude::*;

const THEMES: [(Theme, &str, IconName, &str); 3] = [
    (
        Theme::Light,
        words::THEME_LIGHT,
        IconName::Sun,
        "theme-light",
    ),
    (Theme::Dark, words::THEME_DARK, IconName::Moon, "theme-dark"),
    (
        Theme::System,
        words::THEME_SYSTEM,
        IconName::Screen,
        "theme-system",
    ),
];

/// All preferences, and the program's own facts.
#[component]
pub fn SettingsPage() -> Html {
    let settings = use_settings();
    let toasts = use_toasts();
    let save = {
        let settings = settings.clone();
        Callback::from(move |next: Settings| {
            let (toasts, before) = (toasts.clone(), settings.current());
            let done = Callback::from(move |outcome: Result<(), _>| match outcome {
                Ok(()) => toasts.success(words::SAVED),
                Err(error) => {
                    // What could not be saved is not in force either.
                    if let Some(before) = &before {
                        theme::apply(before.theme);
                    }
                    toasts.error(errors::describe(&error).message);
                }
            });
            settings.save(next, done);
        })
    };
    let body = match (settings.current(), settings.error()) {
        (Some(current), _) => html! { <Preferences settings={(*current).clone()} {save} /> },
        (None, Some(error)) => html! { <ErrorState {error} on_retry={settings.on_retry()} /> },
        (None, None) => html! { <Card><Skeleton lines={6} /></Card> },
    };
    html! {
        <>
            <PageHeader title={words::TITLE} subtitle={words::SUBTITLE} />
            <div class="settings">
                { body }
                <AboutCard />
            </div>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct PreferencesProps {
    settings: Settings,
    save: Callback<Settings>,
}

#[component]
fn Preferences(props: &PreferencesProps) -> Html {
    let change = |set: fn(&mut Settings, bool)| {
        let (settings, save) = (props.settings.clone(), props.save.clone());
        Callback::from(move |on| {
            let mut next = settings.clone();
            set(&mut next, on);
            save.emit(next);
        })
    };
    let choose_theme = {
        let (settings, save) = (props.settings.clone(), props.save.clone());
        Callback::from(move |index: usize| {
            if let Some((chosen, ..)) = THEMES.get(index) {
                theme::apply(*chosen);
                save.emit(Settings {
                    theme: *chosen,
                    ..settings.clone()
                });
            }
        })
    };
    let save_threads = {
        let (settings, save) = (props.settings.clone(), props.save.clone());
        Callback::from(move |threads| {
            save.emit(Settings {
                threads,
                ..settings.clone()
            });
        })
    };
    let selected = THEMES
        .iter()
        .position(|(theme, ..)| *theme == props.settings.theme)
        .unwrap_or_default();
    let options: Vec<_> = THEMES
        .iter()
        .map(|(_, label, icon, testid)| SegmentedOption {
            label: (*label).into(),
            icon: Some(*icon),
            testid: Some((*testid).into()),
        })
        .collect();
    html! {
        <>
            <Card title={words::APPEARANCE}>
                <div class="setting">
                    <div class="setting__text">
                        <span class="setting__label">{ words::THEME }</span>
                        <span class="setting__help">{ words::THEME_HELP }</span>
                    </div>
                    <SegmentedChoice
                        label={words::THEME}
                        {options}
                        {selected}
                        onselect={choose_theme}
                    />
                </div>
            </Card>
            <Card title={words::TRAINING}>
                <ThreadsForm threads={props.settings.threads} onsave={save_threads} />
            </Card>
            <Card title={words::WINDOW}>
                <Switch
                    label={words::KEEP_IN_TRAY}
                    help={words::KEEP_IN_TRAY_HELP}
                    checked={props.settings.keep_in_tray}
                    onchange={change(|settings, on| settings.keep_in_tray = on)}
                    testid="settings-tray"
                />
                <Switch
                    label={words::NATIVE}
                    help={words::NATIVE_HELP}
                    checked={props.settings.native_notifications}
                    onchange={change(|settings, on| settings.native_notifications = on)}
                    testid="settings-native"
                />
            </Card>
        </>
    }
}
