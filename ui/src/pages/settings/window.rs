//! What closing the window does, and whether the system's own notifications are shown.

use super::form::{Fields, Invalid, use_form};
use crate::components::Switch;
use crate::i18n::settings as words;
use amoozgar_types::ipc::Settings;
use yew::prelude::*;

#[derive(Clone, PartialEq)]
struct WindowFields {
    keep_in_tray: bool,
    native: bool,
}

impl Fields for WindowFields {
    fn read(settings: &Settings) -> Self {
        Self {
            keep_in_tray: settings.keep_in_tray,
            native: settings.native_notifications,
        }
    }

    fn write(&self, settings: &mut Settings) -> Result<(), Invalid> {
        settings.keep_in_tray = self.keep_in_tray;
        settings.native_notifications = self.native;
        Ok(())
    }
}

/// Tray and notifications.
#[component]
pub fn WindowSection() -> Html {
    let form = use_form::<WindowFields>();
    form.card(
        words::WINDOW,
        html! {
            <>
                <Switch
                    label={words::KEEP_IN_TRAY}
                    help={words::KEEP_IN_TRAY_HELP}
                    checked={form.value.keep_in_tray}
                    onchange={form.set(|fields, on| fields.keep_in_tray = on)}
                    testid="settings-tray"
                />
                <Switch
                    label={words::NATIVE}
                    help={words::NATIVE_HELP}
                    checked={form.value.native}
                    onchange={form.set(|fields, on| fields.native = on)}
                    testid="settings-native"
                />
            </>
        },
    )
}
