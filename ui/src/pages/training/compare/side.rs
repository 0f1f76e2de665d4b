//! Measures, settings and texts of runs in columns.

use super::charts::COLORS;
use crate::components::{Card, LinkTo, Ltr, Switch};
use crate::i18n::compare::{self as words, Row, Value};
use crate::i18n::training;
use crate::route::Route;
use crate::state::job::Shared;
use amoozgar_types::compare::ComparedRun;
use yew::prelude::*;

/// Props of the three.
#[derive(Properties, PartialEq)]
pub struct SideProps {
    /// What is compared.
    pub runs: Shared<Vec<ComparedRun>>,
}

/// What came out.
#[component]
pub fn Measures(props: &SideProps) -> Html {
    html! {
        <Card title={words::MEASURES}>
            { table(words::MEASURES, &props.runs, &words::measures(&props.runs), "compare-measures") }
        </Card>
    }
}

/// What was asked for: what differs, or everything.
#[component]
pub fn SettingsTable(props: &SideProps) -> Html {
    let all = use_state_eq(|| false);
    let rows: Vec<Row> = words::settings(&props.runs)
        .into_iter()
        .filter(|row| *all || row.differs())
        .collect();
    html! {
        <Card title={words::SETTINGS}>
            <Switch
                label={words::SHOW_ALL}
                help={words::SHOW_ALL_HELP}
                checked={*all}
                onchange={let all = all.clone(); move |on| all.set(on)}
                testid="compare-all"
            />
            if rows.is_empty() {
                <p class="muted" data-testid="compare-same">{ words::NO_DIFFERENCES }</p>
            } else {
                { table(words::SETTINGS, &props.runs, &rows, "compare-settings") }
            }
        </Card>
    }
}

/// A heading: the run's colour and its name, which leads to it.
fn name(index: usize, run: &ComparedRun) -> Html {
    let color = COLORS.get(index).map_or("--ink", |color| color.0);
    let to = Route::Job {
        id: run.job.job_id.to_string(),
    };
    html! {
        <span class="compare__name">
            <span class="compare__mark" style={format!("background: var({color})")} aria-hidden="true" />
            <LinkTo {to}><span dir="auto">{ &run.job.name }</span></LinkTo>
        </span>
    }
}

fn table(label: &'static str, runs: &[ComparedRun], rows: &[Row], testid: &'static str) -> Html {
    html! {
        <div class="compare__scroll" tabindex="0" role="region" aria-label={label}>
            <table class="compare__table" data-testid={testid}>
                <thead>
                    <tr>
                        <th scope="col">{ words::WHAT }</th>
                        { for runs.iter().enumerate().map(|(index, run)| html! {
                            <th key={run.job.job_id.to_string()} scope="col">{ name(index, run) }</th>
                        }) }
                    </tr>
                </thead>
                <tbody>
                    { for rows.iter().map(|row| html! {
                        <tr key={row.label}>
                            <th scope="row">{ row.label }</th>
                            { for row.values.iter().enumerate().map(|(index, value)| cell(value, row.best == Some(index))) }
                        </tr>
                    }) }
                </tbody>
            </table>
        </div>
    }
}

fn cell(value: &Value, best: bool) -> Html {
    let shown = match value {
        Value::Words(text) => html! { <span>{ text }</span> },
        Value::Code(text) => html! { <Ltr text={text.clone()} /> },
    };
    html! {
        <td class={best.then_some("is-best")}>
            { shown }
            if best { <span class="compare__best">{ words::BEST }</span> }
        </td>
    }
}

/// What each run wrote last, by prompt.
#[component]
pub fn Texts(props: &SideProps) -> Html {
    let mut prompts: Vec<&str> = Vec::new();
    for sample in props.runs.iter().flat_map(|run| &run.samples) {
        if !prompts.contains(&sample.prompt.as_str()) {
            prompts.push(&sample.prompt);
        }
    }
    html! {
        <Card title={words::SAMPLES} testid="compare-texts">
            if prompts.is_empty() {
                <p class="muted">{ words::NO_SAMPLES }</p>
            }
            { for prompts.into_iter().map(|prompt| html! {
                <section class="compare__texts" key={prompt.to_owned()}>
                    <h3 class="compare__prompt" dir="auto">{ prompt }</h3>
                    <div class="compare__columns">
                        { for props.runs.iter().enumerate().map(|(index, run)| of_run(index, run, prompt)) }
                    </div>
                </section>
            }) }
        </Card>
    }
}

fn of_run(index: usize, run: &ComparedRun, prompt: &str) -> Html {
    let sample = run.samples.iter().find(|sample| sample.prompt == prompt);
    html! {
        <article class="compare__text" key={run.job.job_id.to_string()}>
            <header>
                { name(index, run) }
                if let Some(sample) = sample {
                    <span class="muted">{ training::at_step(sample.step) }</span>
                }
            </header>
            if let Some(sample) = sample {
                <p class="model-text" dir="auto">
                    <span class="model-text__prompt">{ &sample.prompt }</span>
                    { &sample.text }
                </p>
            } else {
                <p class="muted">{ words::NO_TEXT }</p>
            }
        </article>
    }
}
