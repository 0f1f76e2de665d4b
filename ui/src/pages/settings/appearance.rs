//! How the program looks.

use super::form::{Fields, Invalid, use_form};
use crate::components::{IconName, SegmentedChoice, SegmentedOption};
use crate::i18n::settings as words;
use crate::state::theme;
use amoozgar_types::ipc::{Settings, Theme};
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

#[derive(Clone, PartialEq)]
struct Appearance {
    theme: Theme,
}

impl Fields for Appearance {
    fn read(settings: &Settings) -> Self {
        Self {
            theme: settings.theme,
        }
    }

    fn write(&self, settings: &mut Settings) -> Result<(), Invalid> {
        settings.theme = self.theme;
        Ok(())
    }
}

/// Shown at once, kept when saved.
#[component]
pub fn AppearanceSection() -> Html {
    let form = use_form::<Appearance>();
    let saved = use_mut_ref(|| form.saved.clone());
    *saved.borrow_mut() = form.saved.clone();
    use_effect_with(form.value.theme, |chosen| theme::apply(*chosen));
    use_effect_with((), move |()| {
        // What was looked at but not saved is left with the page.
        move || theme::apply(saved.borrow().theme)
    });
    let choose = form.set(|fields, index: usize| {
        if let Some((theme, ..)) = THEMES.get(index) {
            fields.theme = *theme;
        }
    });
    let selected = THEMES
        .iter()
        .position(|(theme, ..)| *theme == form.value.theme)
        .unwrap_or_default();
    let options: Vec<_> = THEMES
        .iter()
        .map(|(_, label, icon, testid)| SegmentedOption {
            label: (*label).into(),
            icon: Some(*icon),
            testid: Some((*testid).into()),
        })
        .collect();
    form.card(
        words::APPEARANCE,
        html! {
            <div class="setting">
                <div class="setting__text">
                    <span class="setting__label">{ words::THEME }</span>
                    <span class="setting__help">{ words::THEME_HELP }</span>
                </div>
                <SegmentedChoice
                    label={words::THEME}
                    {options}
                    {selected}
                    onselect={choose}
                />
            </div>
        },
    )
}
