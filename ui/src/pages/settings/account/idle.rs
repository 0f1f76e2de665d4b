//! After how long without a sign of life the window asks for the password.

use crate::components::{Select, SelectOption};
use crate::i18n::account;
use crate::pages::settings::form::{Fields, Invalid, use_form};
use amoozgar_types::settings::Settings;
use yew::prelude::*;

const MINUTES: [u32; 5] = [5, 10, 15, 30, 60];

#[derive(Clone, PartialEq)]
struct IdleFields {
    minutes: Option<u32>,
}

impl Fields for IdleFields {
    fn read(settings: &Settings) -> Self {
        Self {
            minutes: settings.account.idle_lock_min,
        }
    }

    fn write(&self, settings: &mut Settings) -> Result<(), Invalid> {
        settings.account.idle_lock_min = self.minutes;
        Ok(())
    }
}

/// A choice of minutes.
#[component]
pub fn IdleCard() -> Html {
    let form = use_form::<IdleFields>();
    let mut options: Vec<_> = MINUTES
        .iter()
        .map(|minutes| SelectOption::new(minutes.to_string(), account::minutes(*minutes)))
        .collect();
    if let Some(other) = form
        .value
        .minutes
        .filter(|minutes| !MINUTES.contains(minutes))
    {
        options.push(SelectOption::new(
            other.to_string(),
            account::minutes(other),
        ));
    }
    options.push(SelectOption::new("never", account::IDLE_NEVER));
    let value = form
        .value
        .minutes
        .map_or_else(|| "never".to_owned(), |minutes| minutes.to_string());
    form.card(
        account::LOCK_CARD,
        html! {
            <Select
                id="account-idle"
                label={account::IDLE_LOCK}
                {options}
                {value}
                onchange={form.set(|fields: &mut IdleFields, chosen: String| fields.minutes = chosen.parse().ok())}
                help={account::IDLE_LOCK_HELP}
                testid="account-idle"
            />
        },
    )
}
