//! Models in other programs' folders on this computer, to choose one of for an import.

use crate::components::{Badge, Ltr, Tone};
use crate::hooks::use_query;
use crate::i18n::hub as words;
use amoozgar_text::number;
use amoozgar_types::elsewhere::FoundModel;
use amoozgar_types::ipc::ModelsFound;
use yew::prelude::*;

/// Props of [`Elsewhere`].
#[derive(Properties, PartialEq)]
pub struct ElsewhereProps {
    /// The path of the chosen one.
    pub chosen: AttrValue,
    /// One was chosen.
    pub on_choose: Callback<FoundModel>,
}

/// A button for each model; nothing where there are none. What cannot be looked at is no reason to keep
/// anybody from importing by path.
#[component]
pub fn Elsewhere(props: &ElsewhereProps) -> Html {
    let found = use_query::<ModelsFound>(());
    let Some(models) = found.data().filter(|models| !models.is_empty()) else {
        return html! {};
    };
    let row = |model: &FoundModel| {
        let onclick = {
            let (model, on_choose) = (model.clone(), props.on_choose.clone());
            Callback::from(move |_: MouseEvent| on_choose.emit(model.clone()))
        };
        let is_chosen = props.chosen.as_str() == model.path;
        html! {
            <li>
                <button
                    type="button"
                    class="found-model"
                    aria-pressed={is_chosen.to_string()}
                    {onclick}
                    data-testid={format!("found-{}", model.name)}
                >
                    <span class="found-model__name"><Ltr text={model.name.clone()} /></span>
                    <span class="found-model__size">{ number::bytes(model.size_bytes) }</span>
                    <Badge label={words::keeper(model.keeper)} tone={Tone::Neutral} />
                </button>
            </li>
        }
    };
    html! {
        <section class="found-models" aria-labelledby="found-models-title">
            <h3 id="found-models-title">{ words::FOUND_TITLE }</h3>
            <p class="found-models__help">{ words::FOUND_HELP }</p>
            <ul>{ for models.iter().map(row) }</ul>
        </section>
    }
}
