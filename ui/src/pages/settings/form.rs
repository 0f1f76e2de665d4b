//! What every section of preferences shares: a copy that one edits, checked as one types, then saved
//! as a whole or left as it was.
//!
//! A section describes its fields as a type that is read from the settings and written back into
//! them ([`Fields`]); [`use_form`] keeps the copy, and [`Form::card`] draws the frame with its two
//! buttons. What is written goes into the settings as they are at that moment, so that sections do
//! not undo one another.

use crate::components::{Button, Card, SegmentedChoice, SegmentedOption, Variant};
use crate::i18n::{common, errors, settings as words};
use crate::state::settings::{SettingsState, use_settings};
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_text::number;
use amoozgar_types::settings::Settings;
use std::rc::Rc;
use yew::prelude::*;

/// Something that was typed cannot be used; the field itself says what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid;

/// The fields of one section as they are shown: numbers are texts while one types them.
pub trait Fields: Clone + PartialEq + 'static {
    /// What the settings hold.
    fn read(settings: &Settings) -> Self;

    /// Puts what was typed into the settings.
    fn write(&self, settings: &mut Settings) -> Result<(), Invalid>;
}

/// A section's fields, as saved and as edited.
pub struct Form<T: Fields> {
    /// What the fields show.
    pub value: T,
    /// What is in force.
    pub saved: T,
    /// A further condition that the machine sets, where [`Fields::write`] cannot know it.
    pub possible: bool,
    edited: UseStateHandle<Option<T>>,
    saving: UseStateHandle<bool>,
    settings: SettingsState,
    on_save: Callback<()>,
}

impl<T: Fields> Form<T> {
    /// A callback for a field: puts a value into the copy.
    pub fn set<V: 'static>(&self, put: fn(&mut T, V)) -> Callback<V> {
        let (edited, value) = (self.edited.clone(), self.value.clone());
        Callback::from(move |given| {
            let mut next = value.clone();
            put(&mut next, given);
            edited.set(Some(next));
        })
    }

    /// Like [`Form::set`], for fields of a list, which are known by a number.
    pub fn change<V: 'static>(&self, put: impl Fn(&mut T, V) + 'static) -> Callback<V> {
        let (edited, value) = (self.edited.clone(), self.value.clone());
        Callback::from(move |given| {
            let mut next = value.clone();
            put(&mut next, given);
            edited.set(Some(next));
        })
    }

    /// Whether there is something to save.
    pub fn is_changed(&self) -> bool {
        self.value != self.saved
    }

    /// Whether everything can be saved as it stands.
    pub fn is_valid(&self) -> bool {
        let mut next = self
            .settings
            .current()
            .map_or_else(Settings::default, |current| (*current).clone());
        self.possible && self.value.write(&mut next).is_ok()
    }

    /// The section's frame: title, fields, and the buttons that save or leave what was changed.
    pub fn card(&self, title: &'static str, fields: Html) -> Html {
        let changed = self.is_changed();
        let usable = changed && self.is_valid() && !*self.saving;
        let onsubmit = {
            let on_save = self.on_save.clone();
            move |event: SubmitEvent| {
                event.prevent_default();
                if usable {
                    on_save.emit(());
                }
            }
        };
        let cancel = {
            let edited = self.edited.clone();
            move |_| edited.set(None)
        };
        html! {
            <Card {title}>
                <form class="settings__form" {onsubmit} novalidate={true}>
                    { fields }
                    <div class="settings__actions">
                        <Button
                            label={words::SAVE}
                            variant={Variant::Primary}
                            disabled={!usable}
                            loading={*self.saving}
                            testid="settings-save"
                        />
                        <Button
                            label={common::CANCEL}
                            variant={Variant::Ghost}
                            disabled={!changed || *self.saving}
                            onclick={cancel}
                            testid="settings-cancel"
                        />
                        if changed {
                            <span class="settings__unsaved" role="status">{ words::UNSAVED }</span>
                        }
                    </div>
                </form>
            </Card>
        }
    }
}

/// One of a few in a line of the form: label and help at the line's start, the choice at its end.
pub fn choice<T: Copy + PartialEq + 'static>(
    label: &'static str,
    help: impl Into<AttrValue>,
    options: &[(T, &'static str, &'static str)],
    value: T,
    onselect: Callback<T>,
) -> Html {
    let selected = options
        .iter()
        .position(|(option, ..)| *option == value)
        .unwrap_or_default();
    let values: Vec<T> = options.iter().map(|(option, ..)| *option).collect();
    let onselect = move |index: usize| {
        if let Some(value) = values.get(index) {
            onselect.emit(*value);
        }
    };
    let options: Vec<_> = options
        .iter()
        .map(|(_, label, testid)| SegmentedOption {
            label: (*label).into(),
            icon: None,
            testid: Some((*testid).into()),
        })
        .collect();
    html! {
        <div class="setting">
            <div class="setting__text">
                <span class="setting__label">{ label }</span>
                <span class="setting__help">{ help.into() }</span>
            </div>
            <SegmentedChoice {label} {options} {selected} {onselect} />
        </div>
    }
}

/// A whole number of `least` to `most` in any digits, or nothing.
pub fn whole(text: &str, least: u32, most: u32) -> Result<Option<u32>, Invalid> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let value = number::parse_number(text).ok_or(Invalid)?;
    let fits = value.fract() == 0.0 && value >= f64::from(least) && value <= f64::from(most);
    if fits {
        Ok(Some(value as u32))
    } else {
        Err(Invalid)
    }
}

/// The fields of one section. Mount it only where the settings are read; the page sees to that.
#[hook]
pub fn use_form<T: Fields>() -> Form<T> {
    let settings = use_settings();
    let toasts = use_toasts();
    let edited = use_state_eq(|| None::<T>);
    let saving = use_state_eq(|| false);
    let current = settings
        .current()
        .unwrap_or_else(|| Rc::new(Settings::default()));
    let saved = T::read(&current);
    let value = (*edited).clone().unwrap_or_else(|| saved.clone());
    let on_save = {
        let (settings, edited, saving) = (settings.clone(), edited.clone(), saving.clone());
        let value = value.clone();
        Callback::from(move |()| {
            let mut next = (*current).clone();
            if value.write(&mut next).is_err() {
                return;
            }
            saving.set(true);
            let (edited, saving, toasts) = (edited.clone(), saving.clone(), toasts.clone());
            let done = Callback::from(move |outcome: Result<(), _>| {
                saving.set(false);
                match outcome {
                    Ok(()) => {
                        edited.set(None);
                        toasts.success(words::SAVED);
                    }
                    Err(error) => toasts.error(errors::describe(&error).message),
                }
            });
            settings.save(next, done);
        })
    };
    Form {
        value,
        saved,
        possible: true,
        edited,
        saving,
        settings,
        on_save,
    }
}

#[cfg(test)]
mod tests {
    use super::{Invalid, whole};

    #[test]
    fn numbers_are_read_in_any_digits_and_nothing_means_no_limit() {
        assert_eq!(whole("۴", 1, 8), Ok(Some(4)), "Persian");
        assert_eq!(whole("٤", 1, 8), Ok(Some(4)), "Arabic");
        assert_eq!(whole("4", 1, 8), Ok(Some(4)), "ASCII");
        assert_eq!(
            whole("۱٬۰۲۴", 1, 2000),
            Ok(Some(1024)),
            "parted by thousands"
        );
        assert_eq!(whole(" ", 1, 8), Ok(None), "no limit");
    }

    #[test]
    fn what_is_no_whole_number_within_the_range_is_refused() {
        for text in ["0", "-1", "۹", "۲٫۵", "دو"] {
            assert_eq!(whole(text, 1, 8), Err(Invalid), "`{text}`");
        }
    }
}
