//! What a run may use of the machine, and what it does when the power goes.

use super::form::{Fields, Invalid, choice, use_form, whole};
use crate::components::{NumberField, Skeleton, Switch};
use crate::hooks::use_kept_query;
use crate::i18n::{common, preferences, settings as words};
use amoozgar_types::ipc::{SystemAbilitiesGet, SystemAppInfo};
use amoozgar_types::settings::{LEAST_MEMORY_LIMIT_MIB, OnBattery, Priority, Settings};
use yew::prelude::*;

/// Taken where the machine's own number is not known.
const MOST_THREADS: u32 = 256;
/// Taken where the machine's own memory is not known: 4 TiB.
const MOST_MEMORY_MIB: u32 = 4 << 20;

#[derive(Clone, PartialEq)]
struct Share {
    threads: String,
    memory: String,
    priority: Priority,
}

impl Fields for Share {
    fn read(settings: &Settings) -> Self {
        let shown = |number: Option<u32>| {
            number
                .map(|number| common::count(number.into()))
                .unwrap_or_default()
        };
        Self {
            threads: shown(settings.threads),
            memory: shown(settings.compute.memory_limit_mib),
            priority: settings.compute.priority,
        }
    }

    fn write(&self, settings: &mut Settings) -> Result<(), Invalid> {
        settings.threads = whole(&self.threads, 1, MOST_THREADS)?;
        settings.compute.memory_limit_mib =
            whole(&self.memory, LEAST_MEMORY_LIMIT_MIB, MOST_MEMORY_MIB)?;
        settings.compute.priority = self.priority;
        Ok(())
    }
}

/// Threads, memory and priority; battery and sleep.
#[component]
pub fn TrainingSection() -> Html {
    html! {
        <>
            <ShareCard />
            <PowerCard />
        </>
    }
}

#[component]
fn ShareCard() -> Html {
    let mut form = use_form::<Share>();
    let info = use_kept_query::<SystemAppInfo>(());
    let info = info.data();
    let most = info
        .as_ref()
        .map_or(MOST_THREADS, |info| info.n_cpus.max(1));
    let memory_bytes = info.as_ref().map(|info| info.memory_bytes);
    let most_mib = memory_bytes
        .and_then(|bytes| u32::try_from(bytes >> 20).ok())
        .map_or(MOST_MEMORY_MIB, |mib| mib.max(LEAST_MEMORY_LIMIT_MIB));
    let threads = whole(&form.value.threads, 1, most);
    let memory = whole(&form.value.memory, LEAST_MEMORY_LIMIT_MIB, most_mib);
    form.possible = threads.is_ok() && memory.is_ok();
    form.card(
        preferences::SHARE,
        html! {
            <>
                <NumberField
                    id="threads"
                    label={words::THREADS}
                    value={form.value.threads.clone()}
                    oninput={form.set(|fields, text| fields.threads = text)}
                    unit={words::THREADS_UNIT}
                    placeholder={common::count(most.into())}
                    help={words::threads_help(most)}
                    error={threads.is_err().then(|| words::threads_out_of_range(most))}
                    testid="settings-threads"
                />
                <NumberField
                    id="memory-limit"
                    label={preferences::MEMORY_LIMIT}
                    value={form.value.memory.clone()}
                    oninput={form.set(|fields, text| fields.memory = text)}
                    unit={preferences::MEMORY_UNIT}
                    help={memory_bytes.map(preferences::memory_help)}
                    error={memory.is_err().then(|| {
                        preferences::memory_out_of_range(LEAST_MEMORY_LIMIT_MIB, most_mib)
                    })}
                    testid="settings-memory"
                />
                { choice(
                    preferences::PRIORITY,
                    preferences::PRIORITY_HELP,
                    &[
                        (Priority::Normal, preferences::PRIORITY_NORMAL, "priority-normal"),
                        (Priority::Low, preferences::PRIORITY_LOW, "priority-low"),
                        (Priority::Lowest, preferences::PRIORITY_LOWEST, "priority-lowest"),
                    ],
                    form.value.priority,
                    form.set(|fields, priority| fields.priority = priority),
                ) }
            </>
        },
    )
}

#[derive(Clone, PartialEq)]
struct Power {
    on_battery: OnBattery,
    prevent_sleep: bool,
}

impl Fields for Power {
    fn read(settings: &Settings) -> Self {
        Self {
            on_battery: settings.compute.on_battery,
            prevent_sleep: settings.compute.prevent_sleep,
        }
    }

    fn write(&self, settings: &mut Settings) -> Result<(), Invalid> {
        settings.compute.on_battery = self.on_battery;
        settings.compute.prevent_sleep = self.prevent_sleep;
        Ok(())
    }
}

#[component]
fn PowerCard() -> Html {
    let form = use_form::<Power>();
    let abilities = use_kept_query::<SystemAbilitiesGet>(());
    let Some(abilities) = abilities.data() else {
        return form.card(preferences::POWER, html! { <Skeleton lines={3} /> });
    };
    let battery = match abilities.battery {
        None => html! { <p class="muted">{ preferences::NO_BATTERY }</p> },
        Some(battery) => choice(
            preferences::ON_BATTERY,
            preferences::battery(battery),
            &[
                (OnBattery::Ask, preferences::BATTERY_ASK, "battery-ask"),
                (
                    OnBattery::Pause,
                    preferences::BATTERY_PAUSE,
                    "battery-pause",
                ),
                (
                    OnBattery::Continue,
                    preferences::BATTERY_CONTINUE,
                    "battery-continue",
                ),
            ],
            form.value.on_battery,
            form.set(|fields, wanted| fields.on_battery = wanted),
        ),
    };
    form.card(
        preferences::POWER,
        html! {
            <>
                { battery }
                if abilities.can_prevent_sleep {
                    <Switch
                        label={preferences::PREVENT_SLEEP}
                        help={preferences::PREVENT_SLEEP_HELP}
                        checked={form.value.prevent_sleep}
                        onchange={form.set(|fields, on| fields.prevent_sleep = on)}
                        testid="settings-sleep"
                    />
                } else {
                    <p class="muted">{ preferences::CANNOT_PREVENT_SLEEP }</p>
                }
            </>
        },
    )
}
