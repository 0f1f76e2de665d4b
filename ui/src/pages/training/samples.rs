//! What the model wrote at each validation.

use crate::components::{EmptyState, IconName};
use crate::i18n::training as words;
use crate::state::job::Shared;
use amoozgar_types::event::SampleRecord;
use yew::prelude::*;

/// Props of [`Samples`].
#[derive(Properties, PartialEq)]
pub struct SamplesProps {
    /// Latest first.
    pub samples: Shared<Vec<SampleRecord>>,
}

/// Every sample, by step, latest first.
#[component]
pub fn Samples(props: &SamplesProps) -> Html {
    if props.samples.is_empty() {
        return html! {
            <div data-testid="job-samples">
                <EmptyState
                    icon={IconName::Lines}
                    title={words::NO_SAMPLES}
                    text={words::NO_SAMPLES_TEXT}
                />
            </div>
        };
    }
    html! {
        <ol class="samples" data-testid="job-samples">
            { for props.samples.chunk_by(|a, b| a.step == b.step).map(|of_step| {
                let step = of_step.first().map_or(0, |sample| sample.step);
                html! {
                    <li key={step.to_string()} class="samples__step">
                        <span class="samples__at">{ words::at_step(step) }</span>
                        <div class="samples__texts">
                            { for of_step.iter().map(one) }
                        </div>
                    </li>
                }
            }) }
        </ol>
    }
}

fn one(sample: &SampleRecord) -> Html {
    html! {
        <p class="model-text" dir="auto" data-testid="job-sample">
            <span class="model-text__prompt">{ &sample.prompt }</span>
            { &sample.text }
        </p>
    }
}
