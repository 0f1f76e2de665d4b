//! Every component in every state, for whoever changes one. Debug builds alone have this page.

mod forms;
mod lists;
mod over;
mod states;

use crate::components::{PageHeader, SegmentedChoice, SegmentedOption};
use crate::i18n::{dev as words, settings};
use crate::state::theme;
use amoozgar_types::settings::{Appearance, Contrast, Theme};
use forms::{Buttons, Choices, FieldsPart};
use lists::{Rest, Tables};
use over::Over;
use states::States;
use yew::prelude::*;

/// The component page.
#[component]
pub fn ComponentsPage() -> Html {
    html! {
        <>
            <PageHeader title={words::TITLE} subtitle={words::SUBTITLE} actions={html! { <Look /> }} />
            <div class="dev" data-testid="components">
                <Buttons />
                <FieldsPart />
                <Choices />
                <Over />
                <States />
                <Tables />
                <Rest />
            </div>
        </>
    }
}

/// Theme and contrast, for the time of looking.
#[component]
fn Look() -> Html {
    let look = use_state_eq(|| (0_usize, 0_usize));
    use_effect_with(*look, |&(chosen, contrast)| {
        let chosen = if chosen == 0 {
            Theme::Light
        } else {
            Theme::Dark
        };
        let contrast = if contrast == 0 {
            Contrast::System
        } else {
            Contrast::More
        };
        let shown = Appearance {
            contrast,
            ..Appearance::default()
        };
        theme::apply(chosen, &shown);
    });
    let (theme_index, contrast_index) = *look;
    let choose_theme = {
        let look = look.clone();
        move |index| look.set((index, contrast_index))
    };
    let choose_contrast = move |index| look.set((theme_index, index));
    html! {
        <>
            <SegmentedChoice
                label={settings::THEME}
                options={options(&[settings::THEME_LIGHT, settings::THEME_DARK])}
                selected={theme_index}
                onselect={choose_theme}
            />
            <SegmentedChoice
                label={words::CONTRAST}
                options={options(&words::CONTRASTS)}
                selected={contrast_index}
                onselect={choose_contrast}
            />
        </>
    }
}

/// Options of plain words.
fn options(labels: &[&'static str]) -> Vec<SegmentedOption> {
    labels
        .iter()
        .map(|label| SegmentedOption {
            label: (*label).into(),
            icon: None,
            testid: None,
        })
        .collect()
}
