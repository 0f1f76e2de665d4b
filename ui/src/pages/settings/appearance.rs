//! How the program looks.

use super::form::{Fields, Invalid, use_form};
use crate::components::{IconName, SegmentedChoice, SegmentedOption, Slider, Switch};
use crate::i18n::settings as words;
use crate::state::theme;
use amoozgar_types::settings::{self, Contrast, Settings, TEXT_SCALES, Theme};
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
    look: settings::Appearance,
}

impl Fields for Appearance {
    fn read(settings: &Settings) -> Self {
        Self {
            theme: settings.theme,
            look: settings.appearance.clone(),
        }
    }

    fn write(&self, settings: &mut Settings) -> Result<(), Invalid> {
        settings.theme = self.theme;
        settings.appearance = self.look.clone();
        Ok(())
    }
}

/// Shown at once, kept when saved.
#[component]
pub fn AppearanceSection() -> Html {
    let form = use_form::<Appearance>();
    let saved = use_mut_ref(|| form.saved.clone());
    *saved.borrow_mut() = form.saved.clone();
    use_effect_with(form.value.clone(), |shown| {
        theme::apply(shown.theme, &shown.look);
    });
    use_effect_with((), move |()| {
        // What was looked at but not saved is left with the page.
        move || {
            let saved = saved.borrow();
            theme::apply(saved.theme, &saved.look);
        }
    });
    let choose = form.set(|fields, index: usize| {
        if let Some((theme, ..)) = THEMES.get(index) {
            fields.theme = *theme;
        }
    });
    let set_contrast = form.set(|fields, on| {
        fields.look.contrast = if on { Contrast::More } else { Contrast::System };
    });
    let set_scale = form.set(|fields, percent: f64| fields.look.text_scale = percent as u16);
    // The page would grow under the hand that moves the slider, so the size waits until it lets go.
    let moving = use_state_eq(|| None::<f64>);
    let scale = (*moving).map_or(form.value.look.text_scale, |percent| percent as u16);
    let on_move = {
        let moving = moving.clone();
        Callback::from(move |percent| moving.set(Some(percent)))
    };
    let on_let_go = Callback::from(move |percent| {
        moving.set(None);
        set_scale.emit(percent);
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
            <>
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
            <Switch
                label={words::CONTRAST}
                help={words::CONTRAST_HELP}
                checked={form.value.look.contrast == Contrast::More}
                onchange={set_contrast}
                testid="settings-contrast"
            />
            <Slider
                id="settings-text-scale"
                label={words::TEXT_SCALE}
                help={words::TEXT_SCALE_HELP}
                value={f64::from(scale)}
                min={f64::from(*TEXT_SCALES.start())}
                max={f64::from(*TEXT_SCALES.end())}
                step={10.0}
                words={words::text_scale(scale)}
                oninput={on_move}
                onchange={on_let_go}
                testid="settings-text-scale"
            />
            </>
        },
    )
}
