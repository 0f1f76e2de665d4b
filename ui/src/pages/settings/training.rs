//! What a run may use of the machine.

use super::form::{Fields, Invalid, use_form};
use crate::components::NumberField;
use crate::hooks::use_query;
use crate::i18n::{common, settings as words};
use amoozgar_text::number;
use amoozgar_types::ipc::{Settings, SystemAppInfo};
use yew::prelude::*;

/// Taken where the machine's own number is not known.
const MOST_THREADS: u32 = 256;

#[derive(Clone, PartialEq)]
struct Training {
    threads: String,
}

impl Fields for Training {
    fn read(settings: &Settings) -> Self {
        Self {
            threads: settings
                .threads
                .map(|threads| common::count(threads.into()))
                .unwrap_or_default(),
        }
    }

    fn write(&self, settings: &mut Settings) -> Result<(), Invalid> {
        settings.threads = whole(&self.threads, MOST_THREADS)?;
        Ok(())
    }
}

/// Threads.
#[component]
pub fn TrainingSection() -> Html {
    let mut form = use_form::<Training>();
    let info = use_query::<SystemAppInfo>(());
    let most = info.data().map_or(MOST_THREADS, |info| info.n_cpus.max(1));
    let threads = whole(&form.value.threads, most);
    form.possible = threads.is_ok();
    form.card(
        words::TRAINING,
        html! {
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
        },
    )
}

/// A whole number of 1 to `most`, or nothing.
fn whole(text: &str, most: u32) -> Result<Option<u32>, Invalid> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let value = number::parse_number(text).ok_or(Invalid)?;
    let whole = value.fract() == 0.0 && value >= 1.0 && value <= f64::from(most);
    if whole {
        Ok(Some(value as u32))
    } else {
        Err(Invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::{Invalid, whole};

    #[test]
    fn threads_are_read_in_any_digits_and_nothing_means_all_cores() {
        assert_eq!(whole("۴", 8), Ok(Some(4)), "Persian");
        assert_eq!(whole("٤", 8), Ok(Some(4)), "Arabic");
        assert_eq!(whole("4", 8), Ok(Some(4)), "ASCII");
        assert_eq!(whole(" ", 8), Ok(None), "all cores");
    }

    #[test]
    fn what_is_no_number_of_threads_is_refused() {
        for text in ["0", "-1", "۹", "۲٫۵", "دو"] {
            assert_eq!(whole(text, 8), Err(Invalid), "`{text}`");
        }
    }
}
