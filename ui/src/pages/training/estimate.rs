//! What a run will need, before it is started.

use crate::api;
use crate::components::{Button, Card, ErrorNote, IconName, Spinner};
use crate::i18n::{common, training as words};
use amoozgar_text::number;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{NewRun, TrainingEstimate};
use amoozgar_types::plan::{Change, Estimate};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use yew::prelude::*;

/// How long typing must rest before the shell is asked.
const REST: Duration = Duration::from_millis(400);

/// Props of [`EstimatePanel`].
#[derive(Properties, PartialEq)]
pub struct EstimatePanelProps {
    /// What to estimate; `None` while the form cannot be used.
    pub request: Option<NewRun>,
    /// Takes what is proposed to fit into memory.
    pub on_fit: Callback<Vec<Change>>,
}

/// Time, memory and disk of a run, and a warning where it does not fit.
#[component]
pub fn EstimatePanel(props: &EstimatePanelProps) -> Html {
    let answer = use_state(|| None::<Result<Estimate, ApiError>>);
    let waiting = use_state(|| false);
    {
        let (answer, waiting) = (answer.setter(), waiting.setter());
        use_effect_with(props.request.clone(), move |request| {
            let gone = Rc::new(Cell::new(false));
            waiting.set(request.is_some());
            if let Some(request) = request.clone() {
                let gone = gone.clone();
                wasm_bindgen_futures::spawn_local(async move {
                    yew::platform::time::sleep(REST).await;
                    if gone.get() {
                        return;
                    }
                    let outcome = api::call::<TrainingEstimate>(request).await;
                    if !gone.get() {
                        answer.set(Some(outcome));
                        waiting.set(false);
                    }
                });
            }
            move || gone.set(true)
        });
    }
    let busy = if *waiting {
        html! { <Spinner /> }
    } else {
        html! {}
    };
    html! {
        <Card title={words::ESTIMATE} actions={busy} testid="run-estimate">
            { match &*answer {
                Some(Ok(estimate)) => html! {
                    <Figures
                        estimate={estimate.clone()}
                        stale={*waiting || props.request.is_none()}
                        on_fit={props.on_fit.clone()}
                    />
                },
                Some(Err(error)) => html! { <ErrorNote error={error.clone()} /> },
                None if *waiting => html! { <p class="estimate__hint">{ words::ESTIMATE_LOADING }</p> },
                None => html! { <p class="estimate__hint">{ words::ESTIMATE_WAITING }</p> },
            } }
        </Card>
    }
}

#[derive(Properties, PartialEq)]
struct FiguresProps {
    estimate: Estimate,
    stale: bool,
    on_fit: Callback<Vec<Change>>,
}

#[component]
fn Figures(props: &FiguresProps) -> Html {
    let estimate = &props.estimate;
    let warning = if estimate.run.memory_bytes > estimate.free_memory_bytes {
        Some(words::NO_MEMORY)
    } else if estimate.run.disk_bytes > estimate.free_disk_bytes {
        Some(words::NO_DISK)
    } else {
        None
    };
    html! {
        <div class={classes!("estimate", props.stale.then_some("is-stale"))} aria-live="polite">
            <p class="estimate__time">
                <span class="estimate__label">{ words::ESTIMATE_TIME }</span>
                <strong>{ estimate.run.duration_s.map_or_else(|| words::NO_TIME.to_owned(), words::about) }</strong>
            </p>
            <Share
                label={words::ESTIMATE_MEMORY}
                needed={estimate.run.memory_bytes}
                free={estimate.free_memory_bytes}
            />
            <Share
                label={words::ESTIMATE_DISK}
                needed={estimate.run.disk_bytes}
                free={estimate.free_disk_bytes}
            />
            <dl class="rows">
                <div><dt>{ words::ESTIMATE_STEPS }</dt><dd>{ common::count(estimate.run.total_steps) }</dd></div>
                <div><dt>{ words::ESTIMATE_TOKENS }</dt><dd>{ words::large(estimate.run.n_train_tokens) }</dd></div>
                <div><dt>{ words::ESTIMATE_PARAMETERS }</dt><dd>{ words::large(estimate.run.n_parameters) }</dd></div>
                <div>
                    <dt>{ words::KEPT }</dt>
                    <dd data-testid="run-kept">{ words::kept(estimate.run.kept) }</dd>
                </div>
            </dl>
            if let Some(warning) = warning {
                <div class="note note--warning" role="alert" data-testid="run-warning">
                    { IconName::Alert.svg() }
                    <p>{ warning }</p>
                </div>
            }
            if !estimate.to_fit.is_empty() {
                <Fit changes={estimate.to_fit.clone()} on_fit={props.on_fit.clone()} />
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct FitProps {
    changes: Vec<Change>,
    on_fit: Callback<Vec<Change>>,
}

/// What would make the run fit, and a button that does it.
#[component]
fn Fit(props: &FitProps) -> Html {
    let onclick = {
        let (changes, on_fit) = (props.changes.clone(), props.on_fit.clone());
        move |_| on_fit.emit(changes.clone())
    };
    html! {
        <div class="estimate__fit">
            <ul>
                { for props.changes.iter().map(|change| html! { <li>{ words::fit_change(*change) }</li> }) }
            </ul>
            <Button label={words::MAKE_IT_FIT} {onclick} testid="run-fit" />
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ShareProps {
    label: &'static str,
    needed: u64,
    free: u64,
}

/// How much of what is free will be needed.
#[component]
fn Share(props: &ShareProps) -> Html {
    let fits = props.needed <= props.free;
    let share = 100.0 * props.needed as f64 / props.free.max(1) as f64;
    html! {
        <div class={classes!("share", (!fits).then_some("is-over"))}>
            <p class="share__words">
                <span class="estimate__label">{ props.label }</span>
                <span>
                    <strong>{ number::bytes(props.needed) }</strong>
                    { " " }
                    <span class="share__free">{ words::of_free(props.free) }</span>
                </span>
            </p>
            <svg class="share__bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                <rect class="share__rest" width="100" height="4" />
                // Fills from the right.
                <rect
                    class="share__needed"
                    x={format!("{:.2}", 100.0 - share.clamp(1.0, 100.0))}
                    width={format!("{:.2}", share.clamp(1.0, 100.0))}
                    height="4"
                />
            </svg>
        </div>
    }
}
