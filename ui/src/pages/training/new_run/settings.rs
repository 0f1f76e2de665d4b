//! The settings that everyone looks at, and those of adapters.

use crate::components::{
    Button, Card, Checkbox, NumberField, Select, SelectOption, Steps, Switch, TextField, Variant,
};
use crate::i18n::methods::{self, fields};
use crate::i18n::parameters::Parameter;
use crate::i18n::training as words;
use crate::pages::training::form::{Choices, Field, Form, FormAction, FormErrors};
use yew::prelude::*;

/// Props of the settings.
#[derive(Properties, PartialEq)]
pub struct SettingsProps {
    /// The form.
    pub form: UseReducerHandle<Form>,
    /// What is wrong with it.
    pub errors: FormErrors,
}

/// A number's looks, beside what the form knows of it.
pub struct Number {
    /// Which field.
    pub field: Field,
    /// Its id on the page.
    pub id: &'static str,
    /// Label and help.
    pub words: (&'static str, &'static str),
    /// Its longer explanation.
    pub explain: Parameter,
    /// What the arrow keys do.
    pub steps: Option<Steps>,
    /// What stands after it.
    pub unit: Option<&'static str>,
}

impl SettingsProps {
    /// A number of the form.
    pub fn number(&self, number: Number) -> Html {
        let dir = if number.field == Field::Lr {
            "ltr"
        } else {
            "rtl"
        };
        html! {
            <NumberField
                id={number.id}
                label={number.words.0}
                value={self.form.text(number.field)}
                oninput={self.typed(number.field)}
                steps={number.steps}
                help={number.words.1}
                explain={number.explain.text()}
                error={self.error(number.field)}
                unit={number.unit.map(AttrValue::Static)}
                {dir}
                testid={number.id}
            />
        }
    }

    /// Takes what is typed into a field.
    pub fn typed(&self, field: Field) -> Callback<String> {
        let form = self.form.dispatcher();
        Callback::from(move |text| form.dispatch(FormAction::Typed(field, text)))
    }

    /// What is wrong with a field.
    pub fn error(&self, field: Field) -> Option<AttrValue> {
        let error = self.errors.of(field);
        error.map(|error| AttrValue::from(words::field_error(error)))
    }

    /// A list of which one is chosen; `with` puts it among the choices.
    pub fn select<T: Copy + PartialEq + 'static>(
        &self,
        id: &'static str,
        words: (&'static str, &'static str),
        explain: Parameter,
        all: &'static [(T, &'static str)],
        (chosen, with): (T, fn(Choices, T) -> Choices),
    ) -> Html {
        let options = all.iter().enumerate();
        let options =
            options.map(|(index, (_, label))| SelectOption::new(index.to_string(), *label));
        let value = all.iter().position(|(one, _)| *one == chosen);
        let onchange = {
            let (form, choices) = (self.form.dispatcher(), self.form.choices);
            Callback::from(move |index: String| {
                let chosen = index.parse().ok().and_then(|index: usize| all.get(index));
                if let Some((chosen, _)) = chosen {
                    form.dispatch(FormAction::Choices(with(choices, *chosen)));
                }
            })
        };
        html! {
            <Select
                {id}
                label={words.0}
                options={options.collect::<Vec<_>>()}
                value={value.unwrap_or_default().to_string()}
                {onchange}
                help={words.1}
                explain={explain.text()}
                testid={id}
            />
        }
    }
}

/// Name, epochs, batch, rate, context.
#[component]
pub fn Settings(props: &SettingsProps) -> Html {
    let form = &props.form;
    let number = |field, id, label, help, explain, steps| {
        let unit = (field == Field::Context).then_some(words::TOKENS);
        props.number(Number {
            field,
            id,
            words: (label, help),
            explain,
            steps,
            unit,
        })
    };
    let whole = |least, most| Some(Steps::whole(least, most));
    html! {
        <Card title={words::STEP_SETTINGS}>
            <TextField
                id="run-name"
                label={words::NAME}
                value={form.text(Field::Name)}
                oninput={props.typed(Field::Name)}
                help={words::NAME_HELP}
                error={props.error(Field::Name)}
                testid="run-name"
            />
            <div class="field-grid">
                { number(Field::Epochs, "run-epochs", words::EPOCHS, words::EPOCHS_HELP, Parameter::Epochs, whole(1, 1000)) }
                { number(Field::Batch, "run-batch", words::BATCH, words::BATCH_HELP, Parameter::Batch, whole(1, 512)) }
                { number(Field::Lr, "run-lr", words::LR, words::LR_HELP, Parameter::LearningRate, None) }
                { number(Field::Context, "run-context", words::CONTEXT, words::CONTEXT_HELP, Parameter::Context, whole(16, form.longest_context())) }
            </div>
            if let Some(micro_batch) = form.micro_batch {
                <div class="note new-run__parts" data-testid="run-parts">
                    <p>{ words::in_parts(micro_batch) }</p>
                    <Button
                        label={words::WHOLE_BATCH}
                        variant={Variant::Ghost}
                        onclick={
                            let form = form.dispatcher();
                            move |_| form.dispatch(FormAction::WholeBatch)
                        }
                        testid="run-whole-batch"
                    />
                </div>
            }
        </Card>
    }
}

/// What adapters are made of.
#[component]
pub fn LoraSettings(props: &SettingsProps) -> Html {
    let form = &props.form;
    let number = |field, id, words, explain, steps| {
        props.number(Number {
            field,
            id,
            words,
            explain,
            steps: Some(steps),
            unit: None,
        })
    };
    let hundredths = Steps {
        least: 0.0,
        most: 0.9,
        step: 0.01,
    };
    let on_rslora = {
        let (form, choices) = (form.dispatcher(), form.choices);
        move |rslora| form.dispatch(FormAction::Choices(Choices { rslora, ..choices }))
    };
    html! {
        <Card title={methods::STEP_LORA} testid="run-lora">
            <div class="field-grid field-grid--first">
                { number(Field::Rank, "run-rank", fields::RANK, Parameter::LoraRank, Steps::whole(1, 256)) }
                { number(Field::Alpha, "run-alpha", fields::ALPHA, Parameter::LoraAlpha, Steps::whole(1, 1024)) }
                { number(Field::Dropout, "run-dropout", fields::DROPOUT, Parameter::LoraDropout, hundredths) }
                { props.select(
                    "run-storage", fields::STORAGE, Parameter::LoraBase, methods::STORAGES,
                    (form.choices.storage, |choices, storage| Choices { storage, ..choices }),
                ) }
            </div>
            if let Some(base) = &form.base {
                <fieldset class="new-run__targets">
                    <legend class="field__label">{ fields::TARGETS.0 }</legend>
                    <div class="new-run__target-list">
                        { for base.targets.iter().map(|target| {
                            let (form, name) = (form.dispatcher(), target.clone());
                            html! {
                                <Checkbox
                                    key={target.clone()}
                                    label={target.clone()}
                                    checked={props.form.targets.contains(target)}
                                    onchange={move |_| form.dispatch(FormAction::Target(name.clone()))}
                                    testid={format!("run-target-{target}")}
                                />
                            }
                        }) }
                    </div>
                    <p class="field__help">{ fields::TARGETS.1 }</p>
                </fieldset>
            }
            <Switch
                label={fields::RSLORA.0}
                help={fields::RSLORA.1}
                checked={form.choices.rslora}
                onchange={on_rslora}
                testid="run-rslora"
            />
        </Card>
    }
}
