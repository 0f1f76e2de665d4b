//! A first look at what this machine can train: the three sizes, estimated on bundled text.

use crate::api;
use crate::components::{Badge, ErrorState, Skeleton, Tone};
use crate::i18n::{account, common, training};
use amoozgar_text::number;
use amoozgar_types::ApiError;
use amoozgar_types::dataset::DatasetSource;
use amoozgar_types::ipc::{AdvancedSettings, DatasetsList, NewRun, RowChoices, TrainingEstimate};
use amoozgar_types::plan::Estimate;
use amoozgar_types::spec::{LoraSpec, Method, SizePreset, Task};
use yew::prelude::*;

type Rows = Vec<(SizePreset, Estimate)>;

/// A row per size; made when the step is opened, for measuring takes a moment.
#[component]
pub fn Machine() -> Html {
    let rows = use_state(|| None::<Result<Rows, ApiError>>);
    let look = {
        let rows = rows.setter();
        use_callback((), move |(): (), ()| {
            let rows = rows.clone();
            rows.set(None);
            wasm_bindgen_futures::spawn_local(async move { rows.set(Some(estimates().await)) });
        })
    };
    {
        let look = look.clone();
        use_effect_with((), move |()| look.emit(()));
    }
    let body = match &*rows {
        None => html! { <Skeleton lines={4} /> },
        Some(Err(error)) => html! { <ErrorState error={error.clone()} on_retry={look} /> },
        Some(Ok(rows)) if rows.is_empty() => html! { <p>{ account::MACHINE_NOTHING }</p> },
        Some(Ok(rows)) => html! { <Sizes rows={rows.clone()} /> },
    };
    html! {
        <>
            <p class="muted">{ account::MACHINE_TEXT }</p>
            { body }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct SizesProps {
    rows: Rows,
}

#[component]
fn Sizes(props: &SizesProps) -> Html {
    html! {
        <div class="table-frame">
            <table class="table" data-testid="welcome-sizes">
                <thead>
                    <tr>
                        <th scope="col">{ account::COLUMN_SIZE }</th>
                        <th scope="col">{ account::COLUMN_WEIGHTS }</th>
                        <th scope="col">{ account::COLUMN_MEMORY }</th>
                        <th scope="col">{ account::COLUMN_TIME }</th>
                    </tr>
                </thead>
                <tbody>
                    { for props.rows.iter().map(|(size, estimate)| {
                        let fits = estimate.run.memory_bytes <= estimate.free_memory_bytes;
                        let (label, tone) = if fits {
                            (account::FITS, Tone::Success)
                        } else {
                            (account::FITS_NOT, Tone::Warning)
                        };
                        html! {
                            <tr key={common::preset(*size)}>
                                <th scope="row">{ common::preset(*size) }</th>
                                <td>{ common::count(estimate.run.n_parameters) }</td>
                                <td class="welcome__memory">
                                    { number::bytes(estimate.run.memory_bytes) }
                                    <Badge {label} {tone} />
                                </td>
                                <td>{ estimate.run.duration_s.map_or_else(|| training::NO_TIME.to_owned(), number::duration) }</td>
                            </tr>
                        }
                    }) }
                </tbody>
            </table>
        </div>
    }
}

async fn estimates() -> Result<Rows, ApiError> {
    let datasets = api::call::<DatasetsList>(()).await?;
    let Some(dataset) = datasets
        .into_iter()
        .find(|dataset| dataset.source == DatasetSource::Bundled)
    else {
        return Ok(Vec::new());
    };
    let mut rows = Vec::new();
    for &preset in SizePreset::ALL {
        let run = NewRun {
            name: account::STEP_MACHINE.to_owned(),
            dataset_id: dataset.dataset_id.clone(),
            preset,
            epochs: 1,
            batch_size: 16,
            lr: 0.001,
            context_length: 256,
            micro_batch: None,
            task: Task::CausalLm,
            method: Method::Scratch,
            base_model: None,
            lora: LoraSpec::default(),
            rows: RowChoices::default(),
            beta: None,
            advanced: AdvancedSettings::default(),
        };
        rows.push((preset, api::call::<TrainingEstimate>(run).await?));
    }
    Ok(rows)
}
