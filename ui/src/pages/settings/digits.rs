//! Which digits numbers are shown with.

use super::form::{Fields, Invalid, choice, use_form};
use crate::i18n::preferences as words;
use amoozgar_types::settings::{Digits, Settings};
use yew::prelude::*;

#[derive(Clone, PartialEq)]
struct Numbers {
    digits: Digits,
}

impl Fields for Numbers {
    fn read(settings: &Settings) -> Self {
        Self {
            digits: settings.digits,
        }
    }

    fn write(&self, settings: &mut Settings) -> Result<(), Invalid> {
        settings.digits = self.digits;
        Ok(())
    }
}

/// Persian or Latin.
#[component]
pub fn DigitsCard() -> Html {
    let form = use_form::<Numbers>();
    form.card(
        words::NUMBERS,
        choice(
            words::DIGITS,
            words::DIGITS_HELP,
            &[
                (Digits::Persian, words::DIGITS_PERSIAN, "digits-persian"),
                (Digits::Latin, words::DIGITS_LATIN, "digits-latin"),
            ],
            form.value.digits,
            form.set(|fields, digits| fields.digits = digits),
        ),
    )
}
