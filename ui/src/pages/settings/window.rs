//! What closing the window does, starting with the system, and all settings as they were at first.

use super::form::{Fields, Invalid, use_form};
use super::task::use_task;
use super::wipe::WipeCard;
use crate::api;
use crate::components::{
    Button, Card, ConfirmDialog, ErrorState, IconName, Skeleton, Switch, Variant,
};
use crate::hooks::{use_kept_query, use_session};
use crate::i18n::{errors, preferences, settings as words};
use crate::state::settings::use_settings;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::ipc::{SystemAbilitiesGet, SystemAutostart};
use amoozgar_types::settings::Settings;
use amoozgar_types::user::Role;
use yew::prelude::*;

#[derive(Clone, PartialEq)]
struct Closing {
    keep_in_tray: bool,
}

impl Fields for Closing {
    fn read(settings: &Settings) -> Self {
        Self {
            keep_in_tray: settings.keep_in_tray,
        }
    }

    fn write(&self, settings: &mut Settings) -> Result<(), Invalid> {
        settings.keep_in_tray = self.keep_in_tray;
        Ok(())
    }
}

/// Tray, start, reset, and the end of everything.
#[component]
pub fn WindowSection() -> Html {
    let form = use_form::<Closing>();
    let is_administrator = use_session()
        .user()
        .is_some_and(|user| user.role == Role::Administrator);
    html! {
        <>
            { form.card(
                preferences::CLOSING,
                html! {
                    <Switch
                        label={words::KEEP_IN_TRAY}
                        help={words::KEEP_IN_TRAY_HELP}
                        checked={form.value.keep_in_tray}
                        onchange={form.set(|fields, on| fields.keep_in_tray = on)}
                        testid="settings-tray"
                    />
                },
            ) }
            <StartCard />
            <ResetCard />
            if is_administrator {
                <WipeCard />
            }
        </>
    }
}

/// The system's own list is changed at once: it is no setting of the user's row.
#[component]
fn StartCard() -> Html {
    let query = use_kept_query::<SystemAbilitiesGet>(());
    let task = use_task();
    let onchange = {
        let (query, task) = (query.clone(), task.clone());
        Callback::from(move |on: bool| {
            let query = query.clone();
            task.run(async move {
                let now = api::call::<SystemAutostart>(on).await?;
                query.update(move |abilities| abilities.starts_with_system = Some(now));
                Ok(Some(words::SAVED.to_owned()))
            });
        })
    };
    let body = match (query.data(), query.error()) {
        (Some(abilities), _) => match abilities.starts_with_system {
            Some(checked) => html! {
                <Switch
                    label={preferences::AUTOSTART}
                    help={preferences::AUTOSTART_HELP}
                    {checked}
                    disabled={task.is_busy()}
                    {onchange}
                    testid="settings-autostart"
                />
            },
            None => html! { <p class="muted">{ preferences::NO_AUTOSTART }</p> },
        },
        (None, Some(error)) => html! { <ErrorState {error} on_retry={query.on_retry()} /> },
        (None, None) => html! { <Skeleton lines={2} /> },
    };
    html! { <Card title={preferences::STARTING}>{ body }</Card> }
}

#[component]
fn ResetCard() -> Html {
    let settings = use_settings();
    let toasts = use_toasts();
    let asking = use_state_eq(|| false);
    let busy = use_state_eq(|| false);
    let on_confirm = {
        let (settings, toasts) = (settings.clone(), toasts.clone());
        let (asking, busy) = (asking.clone(), busy.clone());
        move |()| {
            busy.set(true);
            let (asking, busy, toasts) = (asking.clone(), busy.clone(), toasts.clone());
            let done = Callback::from(move |outcome: Result<(), _>| {
                busy.set(false);
                asking.set(false);
                match outcome {
                    Ok(()) => toasts.success(preferences::RESET_DONE),
                    Err(error) => toasts.error(errors::describe(&error).message),
                }
            });
            settings.save(Settings::default(), done);
        }
    };
    html! {
        <Card title={preferences::RESET}>
            <p class="muted">{ preferences::RESET_TEXT }</p>
            <div class="about__actions">
                <Button
                    label={preferences::RESET_ACTION}
                    icon={IconName::Refresh}
                    variant={Variant::Danger}
                    onclick={let asking = asking.clone(); move |_| asking.set(true)}
                    testid="settings-reset"
                />
            </div>
            if *asking {
                <ConfirmDialog
                    title={preferences::RESET_TITLE}
                    text={preferences::RESET_TEXT}
                    confirm={preferences::RESET_ACTION}
                    busy={*busy}
                    {on_confirm}
                    on_cancel={let asking = asking.clone(); move |()| asking.set(false)}
                />
            }
        </Card>
    }
}
