//! What the system's own notifications are shown for, and when they are not.

use super::form::{Fields, Invalid, use_form};
use crate::components::{Select, SelectOption, Switch};
use crate::i18n::{preferences as words, settings, time};
use amoozgar_types::notification::NotificationKind;
use amoozgar_types::settings::{NotifySettings, Settings};
use yew::prelude::*;

/// Ends of quiet hours that can be chosen, in minutes apart.
const APART: u16 = 30;

#[derive(Clone, PartialEq)]
struct Native {
    on: bool,
    notify: NotifySettings,
}

impl Fields for Native {
    fn read(settings: &Settings) -> Self {
        Self {
            on: settings.native_notifications,
            notify: settings.notify,
        }
    }

    fn write(&self, settings: &mut Settings) -> Result<(), Invalid> {
        let quiet = self.notify.quiet;
        if quiet.on && quiet.from_minute == quiet.to_minute {
            return Err(Invalid);
        }
        settings.native_notifications = self.on;
        settings.notify = self.notify;
        settings.notify.quiet.utc_offset_minutes = time::offset_now();
        Ok(())
    }
}

fn of_kind(notify: &mut NotifySettings, kind: NotificationKind) -> &mut bool {
    match kind {
        NotificationKind::Completed => &mut notify.completed,
        NotificationKind::Failed => &mut notify.failed,
        NotificationKind::Interrupted => &mut notify.interrupted,
        NotificationKind::Download => &mut notify.downloads,
    }
}

/// Kinds and quiet hours.
#[component]
pub fn NotificationsSection() -> Html {
    let form = use_form::<Native>();
    let mut shown = form.value.notify;
    let quiet = shown.quiet;
    let kinds = NotificationKind::ALL.iter().map(|kind| {
        let (kind, set) = (
            *kind,
            form.set(|fields: &mut Native, (kind, on)| {
                *of_kind(&mut fields.notify, kind) = on;
            }),
        );
        html! {
            <Switch
                key={words::kind(kind)}
                label={words::kind(kind)}
                checked={*of_kind(&mut shown, kind)}
                disabled={!form.value.on}
                onchange={set.reform(move |on: bool| (kind, on))}
                testid={format!("notify-{kind:?}").to_lowercase()}
            />
        }
    });
    let kinds: Vec<Html> = kinds.collect();
    let options: Vec<SelectOption> = (0..24 * 60 / APART)
        .map(|step| step * APART)
        .map(|minute| SelectOption::new(minute.to_string(), words::minute(minute)))
        .collect();
    let same = quiet.on && quiet.from_minute == quiet.to_minute;
    form.card(
        words::WHICH,
        html! {
            <>
                <Switch
                    label={settings::NATIVE}
                    help={settings::NATIVE_HELP}
                    checked={form.value.on}
                    onchange={form.set(|fields: &mut Native, on| fields.on = on)}
                    testid="settings-native"
                />
                <div class="settings__kinds">{ kinds }</div>
                <h3 class="settings__part">{ words::QUIET }</h3>
                <Switch
                    label={words::QUIET_ON}
                    help={words::QUIET_HELP}
                    checked={quiet.on}
                    onchange={form.set(|fields: &mut Native, on| fields.notify.quiet.on = on)}
                    testid="settings-quiet"
                />
                if quiet.on {
                    <div class="settings__pair">
                        <Select
                            id="quiet-from"
                            label={words::QUIET_FROM}
                            options={options.clone()}
                            value={quiet.from_minute.to_string()}
                            onchange={form.set(|fields: &mut Native, text: String| {
                                fields.notify.quiet.from_minute = text.parse().unwrap_or_default();
                            })}
                            testid="settings-quiet-from"
                        />
                        <Select
                            id="quiet-to"
                            label={words::QUIET_TO}
                            {options}
                            value={quiet.to_minute.to_string()}
                            onchange={form.set(|fields: &mut Native, text: String| {
                                fields.notify.quiet.to_minute = text.parse().unwrap_or_default();
                            })}
                            error={same.then_some(words::QUIET_EMPTY)}
                            testid="settings-quiet-to"
                        />
                    </div>
                }
            </>
        },
    )
}
