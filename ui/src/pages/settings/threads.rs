//! How many threads a run may use.

use crate::components::{Button, NumberField};
use crate::hooks::use_query;
use crate::i18n::{common, settings as words};
use amoozgar_text::number;
use amoozgar_types::ipc::SystemAppInfo;
use yew::prelude::*;

/// Taken where the machine's own number is not known.
const MOST_THREADS: u32 = 256;

/// Props of [`ThreadsForm`].
#[derive(Properties, PartialEq)]
pub struct ThreadsFormProps {
    /// The number in force; all cores where absent.
    pub threads: Option<u32>,
    /// Saves another one.
    pub onsave: Callback<Option<u32>>,
}

/// The field, checked as one types, and its button.
#[component]
pub fn ThreadsForm(props: &ThreadsFormProps) -> Html {
    let info = use_query::<SystemAppInfo>(());
    let most = info.data().map_or(MOST_THREADS, |info| info.n_cpus.max(1));
    let shown = props
        .threads
        .map(|threads| common::count(threads.into()))
        .unwrap_or_default();
    let typed = use_state(|| None::<String>);
    let text = (*typed).clone().unwrap_or(shown);
    let parsed = parse(&text, most);
    let oninput = {
        let typed = typed.clone();
        Callback::from(move |text| typed.set(Some(text)))
    };
    let unchanged = parsed == Ok(props.threads);
    let onsubmit = {
        let (onsave, parsed) = (props.onsave.clone(), parsed);
        move |event: SubmitEvent| {
            event.prevent_default();
            if let Ok(threads) = parsed
                && !unchanged
            {
                typed.set(None);
                onsave.emit(threads);
            }
        }
    };
    html! {
        <form class="threads" {onsubmit} novalidate={true}>
            <NumberField
                id="threads"
                label={words::THREADS}
                value={text}
                {oninput}
                unit={words::THREADS_UNIT}
                placeholder={common::count(most.into())}
                help={words::threads_help(most)}
                error={parsed.is_err().then(|| words::threads_out_of_range(most))}
                testid="settings-threads"
            />
            <Button
                label={words::SAVE}
                disabled={unchanged || parsed.is_err()}
                testid="settings-threads-save"
            />
        </form>
    }
}

/// What was typed cannot be a number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct OutOfRange;

/// A whole number of 1 to `most`, or nothing.
fn parse(text: &str, most: u32) -> Result<Option<u32>, OutOfRange> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let value = number::parse_number(text).ok_or(OutOfRange)?;
    let whole = value.fract() == 0.0 && value >= 1.0 && value <= f64::from(most);
    if whole {
        Ok(Some(value as u32))
    } else {
        Err(OutOfRange)
    }
}

#[cfg(test)]
mod tests {
    use super::{OutOfRange, parse};

    #[test]
    fn threads_are_read_in_any_digits_and_nothing_means_all_cores() {
        assert_eq!(parse("۴", 8), Ok(Some(4)), "Persian");
        assert_eq!(parse("٤", 8), Ok(Some(4)), "Arabic");
        assert_eq!(parse("4", 8), Ok(Some(4)), "ASCII");
        assert_eq!(parse(" ", 8), Ok(None), "all cores");
    }

    #[test]
    fn what_is_no_number_of_threads_is_refused() {
        for text in ["0", "-1", "۹", "۲٫۵", "دو"] {
            assert_eq!(parse(text, 8), Err(OutOfRange), "`{text}`");
        }
    }
}
