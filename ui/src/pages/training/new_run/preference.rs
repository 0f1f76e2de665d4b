//! How a run learns of pairs: by which method, and how far the model may move.

use super::settings::{Number, SettingsProps};
use crate::components::{Card, SegmentedChoice, SegmentedOption, Steps};
use crate::i18n::methods::fields;
use crate::i18n::parameters::Parameter;
use crate::i18n::preference as words;
use crate::pages::training::form::{Field, Form, FormAction};
use amoozgar_types::chat::ConversationsPreview;
use amoozgar_types::dataset::Shape;
use amoozgar_types::ipc::RowChoices;
use amoozgar_types::spec::{Objective, Supervise};
use std::rc::Rc;
use yew::prelude::*;

/// Shown where the rows are pairs of a better and a worse answer.
#[component]
pub fn PreferenceSettings(props: &SettingsProps) -> Html {
    let form = &props.form;
    let chosen = form.rows.objective.unwrap_or(Objective::Dpo);
    let options = Objective::PREFERENCE
        .iter()
        .map(|objective| SegmentedOption {
            label: words::objective(*objective).0.into(),
            icon: None,
            testid: Some(format!("run-objective-{}", objective.as_str()).into()),
        });
    let selected = Objective::PREFERENCE.iter().position(|one| *one == chosen);
    let onselect = {
        let (dispatcher, rows) = (form.dispatcher(), form.rows.clone());
        move |index: usize| {
            let objective = Objective::PREFERENCE.get(index).copied();
            dispatcher.dispatch(FormAction::Rows(RowChoices {
                objective,
                ..rows.clone()
            }));
        }
    };
    let open = props.errors.of(Field::Beta).is_some();
    html! {
        <Card title={words::TITLE} testid="run-preference">
            <SegmentedChoice
                label={words::OBJECTIVE}
                options={options.collect::<Vec<_>>()}
                selected={selected.unwrap_or_default()}
                {onselect}
            />
            <p class="field__help" data-testid="run-objective-text">{ words::objective(chosen).1 }</p>
            <details class="conversations__columns" {open} data-testid="run-preference-more">
                <summary>{ words::MORE }</summary>
                <div class="field-grid">
                    { props.number(Number {
                        field: Field::Beta,
                        id: "run-beta",
                        words: fields::BETA,
                        explain: Parameter::Beta,
                        steps: Some(Steps { least: 0.01, most: 10.0, step: 0.01 }),
                        unit: None,
                    }) }
                </div>
            </details>
        </Card>
    }
}

/// Whether the rows are pairs.
pub fn is_pairs(preview: &ConversationsPreview) -> bool {
    let used = preview.used.as_ref();
    used.is_some_and(|guess| guess.shape == Shape::Preference)
}

/// Has pairs learnt as such, and nothing else: what the rows are is known with the preview.
#[hook]
pub fn use_objective(form: &UseReducerHandle<Form>, preview: &Rc<ConversationsPreview>) {
    let (dispatcher, rows) = (form.dispatcher(), form.rows.clone());
    let wanted = match (&preview.used, rows.objective) {
        (None, objective) => objective,
        (Some(_), objective) if is_pairs(preview) => objective.or(Some(Objective::Dpo)),
        (Some(_), _) => None,
    };
    use_effect_with((wanted, rows), move |(wanted, rows)| {
        if *wanted != rows.objective {
            let supervise = match wanted {
                // Of pairs there is nothing to choose.
                Some(_) => Supervise::All,
                None => rows.supervise,
            };
            dispatcher.dispatch(FormAction::Rows(RowChoices {
                objective: *wanted,
                supervise,
                ..rows.clone()
            }));
        }
    });
}
