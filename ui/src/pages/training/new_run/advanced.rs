//! The folded settings, which most people leave as they are.

use super::settings::{Number, SettingsProps};
use crate::components::{IconName, Steps, TextArea};
use crate::i18n::methods::{self, fields};
use crate::i18n::parameters::Parameter;
use crate::pages::training::form::{Choices, Field, Form, FormErrors};
use yew::prelude::*;

/// Props of [`Advanced`].
#[derive(Properties, PartialEq)]
pub struct AdvancedProps {
    /// The form.
    pub form: UseReducerHandle<Form>,
    /// What is wrong with it.
    pub errors: FormErrors,
    /// Whether it opens by itself, because something in it is wrong.
    pub opened: bool,
}

/// The folded settings.
#[component]
pub fn Advanced(props: &AdvancedProps) -> Html {
    let settings = SettingsProps {
        form: props.form.clone(),
        errors: props.errors.clone(),
    };
    html! {
        <details class="card advanced" open={props.opened} data-testid="run-advanced">
            <summary class="advanced__summary" data-testid="run-advanced-open">
                <span>
                    <strong>{ methods::ADVANCED }</strong>
                    <span class="advanced__help">{ methods::ADVANCED_HELP }</span>
                </span>
                { IconName::ChevronDown.svg() }
            </summary>
            { lists(&settings) }
            { numbers(&settings) }
            <TextArea
                id="run-prompts"
                label={fields::PROMPTS.0}
                value={props.form.text(Field::Prompts)}
                oninput={settings.typed(Field::Prompts)}
                lines={3}
                help={fields::PROMPTS.1}
                explain={Parameter::Prompts.text()}
                error={settings.error(Field::Prompts)}
                testid="run-prompts"
            />
        </details>
    }
}

fn lists(settings: &SettingsProps) -> Html {
    let choices = settings.form.choices;
    html! {
        <div class="field-grid field-grid--first">
            { settings.select(
                "run-optimizer", fields::OPTIMIZER, Parameter::Optimizer, methods::OPTIMIZERS,
                (choices.optimizer, |choices, optimizer| Choices { optimizer, ..choices }),
            ) }
            { settings.select(
                "run-schedule", fields::SCHEDULE, Parameter::Schedule, methods::SCHEDULES,
                (choices.schedule, |choices, schedule| Choices { schedule, ..choices }),
            ) }
            { settings.select(
                "run-dtype", fields::DTYPE, Parameter::Dtype, methods::DTYPES,
                (choices.dtype, |choices, dtype| Choices { dtype, ..choices }),
            ) }
            { settings.select(
                "run-packing", fields::PACKING, Parameter::Packing, methods::PACKINGS,
                (choices.packing, |choices, packing| Choices { packing, ..choices }),
            ) }
        </div>
    }
}

fn numbers(settings: &SettingsProps) -> Html {
    let whole = |least, most| Some(Steps::whole(least, most));
    let hundredths = Some(Steps {
        least: 0.0,
        most: 1.0,
        step: 0.01,
    });
    let rows = [
        (
            Field::Warmup,
            "run-warmup",
            fields::WARMUP,
            Parameter::Warmup,
            whole(0, 1_000_000),
            Some(methods::STEPS),
        ),
        (
            Field::WeightDecay,
            "run-weight-decay",
            fields::WEIGHT_DECAY,
            Parameter::WeightDecay,
            hundredths,
            None,
        ),
        (
            Field::ValidationShare,
            "run-share",
            fields::SHARE,
            Parameter::ValidationShare,
            whole(1, 50),
            Some(methods::PERCENT),
        ),
        (
            Field::Patience,
            "run-patience",
            fields::PATIENCE,
            Parameter::Patience,
            whole(1, 1000),
            None,
        ),
        (
            Field::CheckpointEvery,
            "run-checkpoint-every",
            fields::CHECKPOINT,
            Parameter::CheckpointEvery,
            whole(1, 1_000_000),
            Some(methods::STEPS),
        ),
        (
            Field::CheckpointMinutes,
            "run-checkpoint-minutes",
            fields::CHECKPOINT_MINUTES,
            Parameter::CheckpointMinutes,
            whole(1, 1440),
            Some(methods::MINUTES),
        ),
        (
            Field::Seed,
            "run-seed",
            fields::SEED,
            Parameter::Seed,
            whole(0, u32::MAX),
            None,
        ),
    ];
    html! {
        <div class="field-grid advanced__numbers">
            { for rows.map(|(field, id, words, explain, steps, unit)| settings.number(Number {
                field, id, words, explain, steps, unit,
            })) }
        </div>
    }
}
